// Links that another program of this machine has made.

#include "support.hpp"

namespace blau::conformance {
namespace {

class ForeignLink : public Case {};

Task<std::size_t> links_of_machine() {
  const auto adapter = co_await Adapter::get_default();
  const auto devices = co_await adapter.connected_devices();
  co_return devices.size();
}

/// Ends it with the case; it was up until now, longer than any disconnect takes.
Task<> expect_held(Rig& rig) {
  // BlueZ 5.82 may tell of a connected device what it heard before.
  if (rig.is_simulated()) {
    const auto heard = co_await Scanner::find_device_by_address(gatt, 3s);
    EXPECT_FALSE(heard.has_value()) << "it advertises: the link has ended";
  }
  EXPECT_EQ(co_await links_of_machine(), 1U);
  co_await rig.await_links(gatt, 1);
  co_await rig.let_link_go(gatt);
}

BLAU_CASE(ForeignLink, IsAmongTheConnectedDevices) {
  if (!can(rig, Ability::other_program)) co_return;
  co_await rig.hold_link(gatt);
  const auto adapter = co_await Adapter::get_default();
  const auto devices = co_await adapter.connected_devices();
  BLAU_REQUIRE(devices.size() == 1);
  EXPECT_EQ(devices[0].address().to_string(), gatt);
  EXPECT_EQ(devices[0].name(), "Blau Gatt");
  Client client{devices[0]};
  co_await client.connect();
  EXPECT_EQ(client.connect_attempts(), 1U);
  const auto value = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(value, bytes(0x2a));
  co_await client.disconnect();
}

// It does not advertise: a scan would not find it.
BLAU_CASE(ForeignLink, IsAdoptedByAddressWithoutAScan) {
  if (!can(rig, Ability::other_program)) co_return;
  co_await rig.hold_link(gatt);
  {
    Client client{gatt};
    co_await client.connect();
    EXPECT_TRUE(client.is_connected());
    const auto value = co_await client.read_gatt_char(own(0x0102));
    EXPECT_EQ(value, bytes(0x2a));
  }
  // The end of an object ends only what it has made.
  Client again{gatt};
  co_await again.connect();
  co_await rig.await_links(gatt, 1);
  co_await again.disconnect();
}

BLAU_CASE(ForeignLink, StaysUpWhereItsAdopterIsDestroyed) {
  if (!can(rig, Ability::other_program)) co_return;
  co_await rig.hold_link(gatt);
  {
    Client client{gatt};
    co_await client.connect();
  }
  co_await expect_held(rig);
}

BLAU_CASE(ForeignLink, StaysUpWhereTheAdoptionWasTakenBack) {
  if (!can(rig, Ability::other_program)) co_return;
  co_await rig.hold_link(gatt);
  std::stop_source stop;
  Client client{gatt};
  auto connect = client.connect().cancel_with(stop.get_token());
  stop.request_stop();
  const auto connected = co_await connect.as_result();
  expect_error(connected, ErrorCode::canceled);
  co_await expect_held(rig);
}

BLAU_CASE(ForeignLink, StaysUpWhereOnlyTheHoldIsReleased) {
  if (!can(rig, Ability::other_program)) co_return;
  if (rig.is_simulated()) {
    skip("only BlueZ has a client that releases without a disconnect");
    co_return;
  }
  co_await rig.hold_link(gatt);
  ClientOptions options;
  options.bluez.release_only = true;
  Client client{gatt, options};
  co_await client.connect();
  co_await client.disconnect();
  EXPECT_FALSE(client.is_connected());
  co_await expect_held(rig);
}

BLAU_CASE(ForeignLink, EndsByADisconnectForEverybody) {
  if (!can(rig, Ability::other_program)) co_return;
  if (!can(rig, Ability::end_other_links)) co_return;
  co_await rig.hold_link(gatt);
  Client client{gatt};
  co_await client.connect();
  co_await client.disconnect();
  co_await rig.await_links(gatt, 0);
  EXPECT_EQ(co_await links_of_machine(), 0U);
}

BLAU_CASE(ForeignLink, ItsEndByTheOtherProgramIsTold) {
  if (!can(rig, Ability::other_program)) co_return;
  co_await rig.hold_link(gatt);
  Inbox<Disconnection> gone;
  ClientOptions options;
  options.on_disconnected = [gone](const Disconnection& end) { gone.push(end); };
  Client client{gatt, options};
  co_await client.connect();
  co_await rig.let_link_go(gatt);
  co_await gone.reach(1);
  EXPECT_NE(gone.items()[0].reason, DisconnectReason::local) << "it was not this program";
  EXPECT_FALSE(client.is_connected());
}

}  // namespace
}  // namespace blau::conformance
