#include "support.hpp"

namespace blau::conformance {
namespace {

class Adapters : public Case {};

BLAU_CASE(Adapters, DefaultAdapterIsPoweredAndUsable) {
  const auto adapter = co_await Adapter::get_default();
  EXPECT_EQ(adapter.id(), rig.default_adapter());
  EXPECT_TRUE(adapter.powered());
  EXPECT_TRUE(adapter.is_default());
  EXPECT_FALSE(adapter.unusable().has_value());
  EXPECT_NE(adapter.address(), Address());
}

BLAU_CASE(Adapters, AllListsEachOnce) {
  const auto adapters = co_await Adapter::all();
  BLAU_REQUIRE(adapters.size() == 1);
  const auto chosen = co_await Adapter::get_default();
  EXPECT_EQ(adapters[0].id(), chosen.id());
  EXPECT_EQ(adapters[0].address(), chosen.address());
}

BLAU_CASE(Adapters, NoDeviceIsConnectedOrBondedAtFirst) {
  const auto adapter = co_await Adapter::get_default();
  const auto connected = co_await adapter.connected_devices();
  EXPECT_TRUE(connected.empty());
  const auto bonded = co_await adapter.bonded_devices();
  EXPECT_TRUE(bonded.empty());
}

BLAU_LINKED_CASE(Adapters, TellsConnectedDevices) {
  const auto adapter = co_await Adapter::get_default();
  const auto connected = co_await adapter.connected_devices();
  BLAU_REQUIRE(connected.size() == 1);
  EXPECT_EQ(connected[0].address(), client.address());
}

BLAU_LINKED_CASE(Adapters, FiltersConnectedDevicesByService) {
  const auto adapter = co_await Adapter::get_default();
  std::vector<Uuid> its_own{own(0x0200)};
  const auto found = co_await adapter.connected_devices(its_own);
  EXPECT_EQ(found.size(), 1U);
  std::vector<Uuid> foreign{own(0x0d00)};
  const auto none = co_await adapter.connected_devices(foreign);
  EXPECT_TRUE(none.empty());
}

BLAU_LINKED_CASE(Adapters, TellsBondedDevices) {
  if (!can(rig, Ability::pairing)) co_return;
  const auto adapter = co_await Adapter::get_default();
  co_await client.pair();
  const auto bonded = co_await adapter.bonded_devices();
  BLAU_REQUIRE(bonded.size() == 1);
  EXPECT_EQ(bonded[0].address().to_string(), gatt);
  EXPECT_EQ(bonded[0].adapter(), adapter.id());
  co_await client.disconnect();
  co_await rig.await_links(gatt, 0);
  const auto without_link = co_await adapter.bonded_devices();
  EXPECT_EQ(without_link.size(), 1U);
  const auto connected = co_await adapter.connected_devices();
  EXPECT_TRUE(connected.empty());
  co_await client.unpair();
  const auto none = co_await adapter.bonded_devices();
  EXPECT_TRUE(none.empty());
}

BLAU_CASE(Adapters, UnknownAdapterOfAScanner) {
  ScannerOptions options;
  options.adapter = "hci7";
  Scanner scanner{options};
  const auto started = co_await scanner.start().as_result();
  expect_error(started, rig.unknown_adapter());
  EXPECT_FALSE(scanner.is_scanning());
}

BLAU_CASE(Adapters, UnknownAdapterOfAClient) {
  ClientOptions options;
  options.adapter = "hci7";
  Client client{gatt, options};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, rig.unknown_adapter());
  EXPECT_FALSE(client.is_connected());
}

BLAU_CASE(Adapters, ChosenByNameOrAddress) {
  const auto adapter = co_await Adapter::get_default();
  const std::vector<std::string> choices{adapter.id(), adapter.address().to_string()};
  for (const auto& choice : choices) {
    ScannerOptions options;
    options.adapter = choice;
    const auto found = co_await Scanner::find_device_by_address(spare, patience, options);
    BLAU_REQUIRE(found.has_value());
    EXPECT_EQ(found->adapter(), adapter.id());
  }
}

/// The state of an adapter, as soon as it is so. @throws Error `timed_out`
Task<AdapterState> state_with(Stream<AdapterState>& states, bool powered) {
  for (;;) {
    auto state = co_await next_of(states);
    if (state.powered == powered) co_return state;
  }
}

BLAU_CASE(Adapters, SwitchingOffIsSeenAndGivesItsReason) {
  const auto adapter = co_await Adapter::get_default();
  auto states = adapter.state_changes();
  co_await rig.set_powered(false);
  const auto off = co_await state_with(states, false);
  EXPECT_EQ(off.id, adapter.id());

  const auto none = co_await Adapter::get_default().as_result();
  expect_error(none, ErrorCode::bluetooth_not_available);
  if (!none) {
    EXPECT_EQ(none.error().unavailable_reason(), UnavailableReason::powered_off);
  }

  Scanner scanner;
  const auto started = co_await scanner.start().as_result();
  expect_error(started, ErrorCode::bluetooth_not_available);
  Client client{gatt};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::bluetooth_not_available);

  co_await rig.set_powered(true);
  const auto state = co_await state_with(states, true);
  EXPECT_FALSE(state.unusable.has_value());
  co_await client.connect();
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Adapters, SwitchingOffEndsScanAndLink) {
  Inbox<Disconnection> gone;
  ClientOptions options;
  options.on_disconnected = [&gone](const Disconnection& end) { gone.push(end); };
  Client client{gatt, options};
  co_await client.connect();
  ScannerOptions ending;
  ending.resume = false;
  Scanner scanner{ending};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto adapter = co_await Adapter::get_default();
  auto states = adapter.state_changes();

  co_await rig.set_powered(false);
  co_await gone.reach(1);
  EXPECT_EQ(gone.items()[0].reason, DisconnectReason::adapter_off);
  co_await drain(sightings);
  BLAU_REQUIRE(sightings.end_reason().has_value());
  EXPECT_EQ(sightings.end_reason()->code(), ErrorCode::bluetooth_not_available);
  EXPECT_FALSE(scanner.is_scanning());

  co_await rig.set_powered(true);
  (void)co_await state_with(states, true);
  co_await scanner.start();
  co_await scanner.stop();
}

BLAU_CASE(Adapters, ScanResumesWhenTheAdapterIsBack) {
  Inbox<ErrorCode> interruptions;
  ScannerOptions options;
  options.on_interrupted = [&interruptions](const Error& error) { interruptions.push(error.code()); };
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  co_await rig.set_powered(false);
  co_await interruptions.reach(1);
  EXPECT_EQ(interruptions.items()[0], ErrorCode::bluetooth_not_available);
  EXPECT_FALSE(scanner.is_scanning());
  co_await rig.set_powered(true);
  bool heard_again = false;
  while (!heard_again) {
    const auto seen = co_await sightings.next();
    BLAU_REQUIRE(seen.has_value());
    heard_again = scanner.is_scanning();
  }
  co_await scanner.stop();
}

}  // namespace
}  // namespace blau::conformance
