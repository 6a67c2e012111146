#include "support.hpp"

namespace blau::conformance {
namespace {

class Disconnect : public Case {};

/// A client that notes each end of its link.
struct Watched {
  explicit Watched(const std::string& address) : client(address, watching()) {}
  ClientOptions watching() {
    ClientOptions options;
    options.on_disconnected = [this](const Disconnection& end) { ends.push(end); };
    return options;
  }
  Inbox<Disconnection> ends;
  Client client;
};

BLAU_CASE(Disconnect, EndsTheLinkAndIsIdempotent) {
  Watched watched{gatt};
  auto& client = watched.client;
  co_await client.disconnect();
  co_await client.connect();
  co_await client.disconnect();
  EXPECT_FALSE(client.is_connected());
  co_await rig.await_links(gatt, 0);
  co_await client.disconnect();
  co_await watched.ends.reach(1);
  EXPECT_EQ(watched.ends.size(), 1U);
  EXPECT_EQ(watched.ends.items()[0].reason, DisconnectReason::local);
  EXPECT_EQ(watched.ends.items()[0].device.address().to_string(), gatt);
}

BLAU_CASE(Disconnect, TwoAtOnceBothEnd) {
  Watched watched{gatt};
  auto& client = watched.client;
  co_await client.connect();
  co_await when_all(client.disconnect(), client.disconnect());
  EXPECT_FALSE(client.is_connected());
  co_await watched.ends.reach(1);
  EXPECT_EQ(watched.ends.size(), 1U);
}

BLAU_CASE(Disconnect, ByThePeripheralIsToldOnceWithItsReason) {
  Watched watched{gatt};
  co_await watched.client.connect();
  co_await rig.drop_link(gatt);
  co_await watched.ends.reach(1);
  EXPECT_EQ(watched.ends.items()[0].reason, rig.reason_of_remote_end());
  EXPECT_FALSE(watched.client.is_connected());
  // Nothing more comes with the next link.
  co_await watched.client.connect();
  EXPECT_EQ(watched.ends.size(), 1U);
  co_await rig.drop_link(gatt);
  co_await watched.ends.reach(2);
}

BLAU_CASE(Disconnect, OfAPeripheralThatVanishes) {
  Watched watched{spare};
  co_await watched.client.connect();
  co_await rig.vanish(spare);
  co_await watched.ends.reach(1, 30s);
  EXPECT_EQ(watched.ends.items()[0].reason, rig.reason_of_lost_link());
  co_await rig.appear(spare);
  co_await watched.client.connect();
  co_await drop_and_await(rig, watched.client);
}

BLAU_CASE(Disconnect, ADeviceThatEndsEachLinkByItself) {
  Watched watched{dropper};
  co_await watched.client.connect();
  const auto value = co_await watched.client.read_gatt_char(own(0x0c03));
  EXPECT_EQ(value.size(), 2U);
  co_await watched.ends.reach(1);
  EXPECT_EQ(watched.ends.items()[0].reason, rig.reason_of_remote_end());
}

BLAU_CASE(Disconnect, IsNotToldForAConnectThatFailed) {
  Watched watched{nobody};
  const auto connected = co_await watched.client.connect(ConnectOptions{.timeout = 300ms}).as_result();
  EXPECT_FALSE(connected.has_value());
  co_await watched.client.disconnect();
  EXPECT_EQ(watched.ends.size(), 0U);
}

BLAU_CASE(Disconnect, TakesAPendingConnectBack) {
  const auto device = co_await Scanner::find_device_by_address(spare, patience);
  BLAU_REQUIRE(device.has_value());
  co_await rig.advertise(spare, false);
  Client client{*device};
  Inbox<Result<void>> ended;
  client.connect().start([&ended](const Result<void>& result) { ended.push(result); });
  co_await client.disconnect();
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::canceled);
  EXPECT_FALSE(client.is_connected());
  co_await rig.advertise(spare, true);
}

BLAU_CASE(Disconnect, EndsAPendingReadOnce) {
  Watched watched{gatt};
  co_await watched.client.connect();
  Inbox<Result<Bytes>> reads;
  watched.client.read_gatt_char(own(0x0107)).start([&reads](Result<Bytes> value) { reads.push(std::move(value)); });
  co_await rig.drop_link(gatt);
  co_await watched.ends.reach(1);
  co_await reads.reach(1);
  expect_error(reads.items()[0], ErrorCode::disconnected);
  // Whatever the system still answers comes to nobody.
  co_await watched.client.connect();
  (void)co_await watched.client.read_gatt_char(own(0x0107));
  EXPECT_EQ(reads.size(), 1U);
  co_await drop_and_await(rig, watched.client);
}

BLAU_CASE(Disconnect, EndsWhatIsQueuedToo) {
  Watched watched{gatt};
  auto& client = watched.client;
  co_await client.connect();
  Inbox<ErrorCode> codes;
  auto note = [&codes](const auto& result) { codes.push(result ? ErrorCode::failed : result.error().code()); };
  for (int i = 0; i < 3; ++i) client.read_gatt_char(own(0x0107)).start(note);
  for (int i = 0; i < 3; ++i) client.write_gatt_char(own(0x0206), bytes(i)).start(note);
  co_await rig.drop_link(gatt);
  co_await codes.reach(6);
  for (const auto code : codes.items()) EXPECT_EQ(to_string(code), "disconnected");
}

BLAU_CASE(Disconnect, OfOnesOwnEndsAPendingReadToo) {
  Client client{gatt};
  co_await client.connect();
  auto read = client.read_gatt_char(own(0x0107)).as_result();
  const auto [value, ended] = co_await when_all(std::move(read), client.disconnect().as_result());
  // BlueZ takes two seconds to disconnect: there the peripheral may answer before.
  if (rig.is_simulated() || !value) expect_error(value, ErrorCode::disconnected);
  expect_success(ended);
}

BLAU_CASE(Disconnect, TheDestructorAsksForIt) {
  {
    Client client{gatt};
    co_await client.connect();
    co_await rig.await_links(gatt, 1);
  }
  co_await rig.await_links(gatt, 0);
}

BLAU_CASE(Disconnect, TheDestructorDoesNotCallBack) {
  int calls = 0;
  {
    ClientOptions options;
    options.on_disconnected = [&calls](const Disconnection&) { ++calls; };
    Client client{gatt, options};
    co_await client.connect();
  }
  co_await rig.await_links(gatt, 0);
  EXPECT_EQ(calls, 0);
}

BLAU_CASE(Disconnect, TheEndOfTheLoopEndsTheLink) {
  // `client` lives in a frame that outlives nothing: the loop ends right after the connect.
  Client client{gatt};
  co_await client.connect();
  EXPECT_TRUE(client.is_connected());
}

BLAU_LINKED_CASE(Disconnect, TheCallbackCanBeReplacedAndRemoved) {
  int first = 0;
  Inbox<int> second;
  auto count_first = [&first](const Disconnection&) { ++first; };
  auto count_second = [&second](const Disconnection&) { second.push(0); };
  client.set_disconnected_callback(count_first);
  client.set_disconnected_callback(count_second);
  co_await rig.drop_link(gatt);
  co_await second.reach(1);
  EXPECT_EQ(first, 0);
  client.set_disconnected_callback(nullptr);
  co_await client.connect();
  co_await client.disconnect();
  EXPECT_EQ(second.size(), 1U);
}

BLAU_CASE(Disconnect, EverythingNeedsAConnection) {
  Client client{gatt};
  const auto read = co_await client.read_gatt_char(own(0x0102)).as_result();
  expect_error(read, ErrorCode::not_connected);
  const auto written = co_await client.write_gatt_char(own(0x0201), bytes(1)).as_result();
  expect_error(written, ErrorCode::not_connected);
  auto ignore = [](const Characteristic&, ByteView) {};
  const auto started = co_await client.start_notify(own(0x0301), ignore).as_result();
  expect_error(started, ErrorCode::not_connected);
  const auto stopped = co_await client.stop_notify(own(0x0301)).as_result();
  expect_error(stopped, ErrorCode::not_connected);
  const auto subscribed = co_await client.subscribe(own(0x0301)).as_result();
  expect_error(subscribed, ErrorCode::not_connected);
  const auto descriptor = co_await client.read_gatt_descriptor(Handle{12}).as_result();
  expect_error(descriptor, ErrorCode::not_connected);
  const auto paired = co_await client.pair().as_result();
  expect_error(paired, ErrorCode::not_connected);
  const auto services = co_await client.get_services().as_result();
  expect_error(services, ErrorCode::services_not_discovered);
  EXPECT_EQ(client.dropped_values(own(0x0301)), 0U);
  EXPECT_THROW((void)client.services(), Error);
  EXPECT_THROW((void)client.mtu_size(), Error);
  EXPECT_FALSE(client.is_connected());
}

BLAU_LINKED_CASE(Disconnect, AfterwardsOperationsFailAsBefore) {
  co_await drop_and_await(rig, client);
  const auto read = co_await client.read_gatt_char(own(0x0102)).as_result();
  expect_error(read, ErrorCode::not_connected);
  EXPECT_THROW((void)client.services(), Error);
  EXPECT_THROW((void)client.mtu_size(), Error);
}

}  // namespace
}  // namespace blau::conformance
