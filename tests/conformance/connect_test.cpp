#include "support.hpp"

#include <memory>

namespace blau::conformance {
namespace {

class Connect : public Case {};

const Uuid level_of_gatt = own(0x0102);

Task<Device> find(std::string address) {
  auto found = co_await Scanner::find_device_by_address(address, patience);
  if (!found) throw Error(ErrorCode::device_not_found, "not seen: " + address);
  co_return std::move(*found);
}

BLAU_CASE(Connect, ByDevice) {
  const auto device = co_await find(gatt);
  Client client{device};
  EXPECT_FALSE(client.is_connected());
  co_await client.connect();
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(client.connect_attempts(), 1U);
  const auto value = co_await client.read_gatt_char(level_of_gatt);
  EXPECT_EQ(value, bytes(0x2a));
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, ByAddressScansByItself) {
  Client client{gatt};
  co_await client.connect();
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(client.name(), "Blau Gatt");
  EXPECT_EQ(client.device().address().type(), AddressType::random);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, TheWordsForAnAddress) {
  Client lower{"c4-b1-a0-00-00-01"};
  EXPECT_EQ(lower.address().to_string(), gatt);
  Client typed{Address{std::string_view(gatt), AddressType::random}};
  EXPECT_EQ(typed.address().to_string(), gatt);
  EXPECT_THROW(Client{"Strap"}, Error);
  co_await typed.connect();
  co_await drop_and_await(rig, typed);
}

BLAU_CASE(Connect, SeveralByAddressAtOnce) {
  Client first{gatt};
  Client second{tag};
  Client third{spare};
  co_await when_all(first.connect(), second.connect(), third.connect());
  EXPECT_TRUE(first.is_connected() && second.is_connected() && third.is_connected());
  co_await drop_and_await(rig, first);
  EXPECT_TRUE(second.is_connected());
  co_await drop_and_await(rig, second);
  co_await drop_and_await(rig, third);
}

BLAU_CASE(Connect, ANamelessDeviceThatIsNotThere) {
  Client client{nobody};
  const auto begin = EventLoop::current()->now();
  const auto connected = co_await client.connect(ConnectOptions{.timeout = 500ms}).as_result();
  expect_error(connected, ErrorCode::device_not_found);
  EXPECT_FALSE(client.is_connected());
  const auto took = EventLoop::current()->now() - begin;
  EXPECT_GE(took, 500ms);
  EXPECT_LT(took, 5s);
}

BLAU_CASE(Connect, OptionsLimitTheImplicitScan) {
  ClientOptions options;
  options.timeout = 300ms;
  Client client{nobody, options};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::device_not_found);
}

BLAU_CASE(Connect, TheOperationsOwnTimeoutReplacesBoth) {
  Client client{nobody};
  const auto connected = co_await client.connect().timeout(300ms).as_result();
  expect_error(connected, ErrorCode::timed_out);
}

BLAU_CASE(Connect, TimesOutWhereTheDeviceDoesNotAnswer) {
  const auto device = co_await find(spare);
  co_await rig.advertise(spare, false);
  Client client{device};
  const auto connected = co_await client.connect(ConnectOptions{.timeout = 700ms}).as_result();
  EXPECT_FALSE(connected.has_value());
  if (!connected) {
    // The simulator's radio gives up by itself; BlueZ tries for ever.
    const auto code = connected.error().code();
    EXPECT_TRUE(code == ErrorCode::timed_out || code == ErrorCode::connection_failed) << connected.error().what();
  }
  EXPECT_FALSE(client.is_connected());
  co_await rig.advertise(spare, true);
  co_await client.connect();
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, CancelAndConnectAgain) {
  const auto device = co_await find(spare);
  co_await rig.advertise(spare, false);
  Client client{device};
  std::stop_source stop;
  Inbox<Result<void>> ended;
  client.connect().cancel_with(stop.get_token()).start([&ended](const Result<void>& result) { ended.push(result); });
  co_await sleep_for(100ms);  // so that the request is under way
  EXPECT_EQ(ended.size(), 0U);
  stop.request_stop();
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::canceled);
  co_await rig.advertise(spare, true);
  co_await client.connect();
  EXPECT_TRUE(client.is_connected());
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, CancelBeforeItBegins) {
  Client client{gatt};
  std::stop_source stop;
  stop.request_stop();
  const auto connected = co_await client.connect().cancel_with(stop.get_token()).as_result();
  expect_error(connected, ErrorCode::canceled);
  EXPECT_FALSE(client.is_connected());
  co_await client.connect();
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, TwiceIsNoOp) {
  Client client{gatt};
  co_await client.connect();
  co_await client.connect();
  EXPECT_TRUE(client.is_connected());
  co_await rig.await_links(gatt, 1);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, BusyWhileAnotherIsUnderWay) {
  Client client{gatt};
  const auto [first, second] = co_await when_all(client.connect().as_result(), client.connect().as_result());
  expect_success(first);
  expect_error(second, ErrorCode::busy);
  EXPECT_TRUE(client.is_connected());
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, WhileScanning) {
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  Client client{spare};
  co_await client.connect();
  EXPECT_TRUE(scanner.is_scanning());
  // The scan goes on beside the link.
  for (;;) {
    const auto seen = co_await next_of(sightings);
    if (seen.device.address().to_string() == beacon) break;
  }
  const auto value = co_await client.read_gatt_char(own(0x0d01));
  EXPECT_EQ(value.size(), 2U);
  co_await scanner.stop();
  EXPECT_TRUE(client.is_connected());
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, AgainAfterRemoteEnd) {
  Client client{gatt};
  for (int i = 0; i < 3; ++i) {
    co_await client.connect();
    const auto value = co_await client.read_gatt_char(level_of_gatt);
    EXPECT_EQ(value, bytes(0x2a));
    co_await drop_and_await(rig, client);
    EXPECT_FALSE(client.is_connected());
  }
}

BLAU_CASE(Connect, AgainAfterOwnDisconnect) {
  Client client{spare};
  co_await client.connect();
  co_await client.disconnect();
  co_await client.connect();
  EXPECT_TRUE(client.is_connected());
  const auto value = co_await client.read_gatt_char(own(0x0d01));
  EXPECT_EQ(value.size(), 2U);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, ANewClientRightAfterAnOldOneWasDestroyed) {
  {
    Client old{spare};
    co_await old.connect();
  }
  Client client{spare};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(own(0x0d01));
  EXPECT_EQ(value.size(), 2U);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, WithConnectionRunsItsBody) {
  auto body = [](Client& client) -> Task<Bytes> {
    EXPECT_TRUE(client.is_connected());
    co_return co_await client.read_gatt_char(level_of_gatt);
  };
  const auto value = co_await with_connection(gatt, ClientOptions(), body);
  EXPECT_EQ(value, bytes(0x2a));
  co_await rig.await_links(gatt, 0);
}

BLAU_CASE(Connect, WithConnectionDisconnectsOnAnException) {
  auto body = [](Client& client) -> Task<> {
    (void)co_await client.read_gatt_char(level_of_gatt);
    throw std::runtime_error("the body's own");
  };
  bool thrown = false;
  try {
    co_await with_connection(gatt, ClientOptions(), body);
  } catch (const std::runtime_error& error) {
    thrown = std::string(error.what()) == "the body's own";
  }
  EXPECT_TRUE(thrown);
  co_await rig.await_links(gatt, 0);
}

BLAU_CASE(Connect, WithConnectionDisconnectsOnCancel) {
  std::stop_source stop;
  auto body = [&stop](Client& client) -> Task<> {
    (void)co_await client.read_gatt_char(level_of_gatt);
    stop.request_stop();
    co_await sleep_for(patience);
  };
  auto task = with_connection(gatt, ClientOptions(), body);
  const auto ended = co_await std::move(task).cancel_with(stop.get_token()).as_result();
  expect_error(ended, ErrorCode::canceled);
  co_await rig.await_links(gatt, 0);
}

BLAU_CASE(Connect, WithConnectionTellsWhyItCannot) {
  ClientOptions options;
  options.timeout = 300ms;
  auto body = [](Client&) -> Task<> {
    ADD_FAILURE() << "the body ran";
    co_return;
  };
  auto task = with_connection(nobody, options, body);
  const auto ended = co_await std::move(task).as_result();
  expect_error(ended, ErrorCode::device_not_found);
}

BLAU_CASE(Connect, WhenOneFailsTheOtherIsTakenBack) {
  ClientOptions impatient;
  impatient.timeout = 300ms;
  Client there{spare};
  Client absent{nobody, impatient};
  co_await rig.advertise(spare, false);
  const auto both = co_await when_all(there.connect(), absent.connect()).as_result();
  expect_error(both, ErrorCode::device_not_found);
  EXPECT_FALSE(there.is_connected());
  co_await rig.advertise(spare, true);
  co_await rig.await_links(spare, 0);
}

/// Begins a connect to Gatt and holds it in the middle of the discovery.
Task<> connect_and_stall(Rig& rig, Operation<void> connect, Inbox<Result<void>> ended) {
  // A simulated peripheral that is stalled is not heard; a discovery on another rig may be over before it is.
  if (!rig.is_simulated()) co_await rig.stall(gatt);
  std::move(connect).start([ended](const Result<void>& result) { ended.push(result); });
  co_await rig.await_links(gatt, 1);
  if (rig.is_simulated()) co_await rig.stall(gatt);
  EXPECT_EQ(ended.size(), 0U) << "the discovery was over before";
}

BLAU_CASE(Connect, CanceledDuringDiscovery) {
  if (!can(rig, Ability::stall)) co_return;
  Client client{gatt};
  Inbox<Result<void>> ended;
  std::stop_source stop;
  co_await connect_and_stall(rig, client.connect().cancel_with(stop.get_token()), ended);
  stop.request_stop();
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::canceled);
  EXPECT_FALSE(client.is_connected());
  co_await rig.resume(gatt);
  co_await client.connect();
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, TimesOutDuringDiscovery) {
  if (!can(rig, Ability::stall)) co_return;
  Client client{gatt};
  Inbox<Result<void>> ended;
  co_await connect_and_stall(rig, client.connect(ConnectOptions{.timeout = 1500ms}), ended);
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::timed_out);
  EXPECT_FALSE(client.is_connected());
  co_await rig.resume(gatt);
  co_await client.connect();
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Connect, ALinkThatEndsDuringDiscoveryIsMadeAgain) {
  if (!can(rig, Ability::end_abruptly)) co_return;
  Client client{gatt};
  Inbox<Result<void>> ended;
  co_await connect_and_stall(rig, client.connect(), ended);
  co_await rig.drop_link(gatt);
  co_await rig.resume(gatt);
  co_await ended.reach(1);
  expect_success(ended.items()[0]);
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(client.connect_attempts(), 2U);
  co_await drop_and_await(rig, client);
  EXPECT_EQ(ended.size(), 1U);
}

BLAU_CASE(Connect, FailsWhereEachLinkEndsDuringDiscovery) {
  if (!rig.is_simulated()) {
    skip("as many attempts as there are take too long in real time");
    co_return;
  }
  Client client{gatt};
  Inbox<Result<void>> ended;
  auto note = [ended](const Result<void>& result) { ended.push(result); };
  client.connect().start(note);
  while (ended.size() == 0) {
    const auto is_up = co_await rig.await_links(gatt, 1).as_result();
    if (is_up) co_await rig.drop_link(gatt);
  }
  expect_error(ended.items()[0], ErrorCode::connection_failed);
  EXPECT_GT(client.connect_attempts(), 1U);
  EXPECT_FALSE(client.is_connected());
}

BLAU_LINKED_CASE(Connect, MtuIsTheTrueOne) {
  EXPECT_EQ(client.mtu_size(), 517);
  const auto services = client.services();
  const auto found = services.get_characteristic(own(0x0203));
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->max_write_without_response_size(), 512U);
  co_return;
}

BLAU_CASE(Connect, ASmallMtuIsTold) {
  Client client{tag};
  co_await client.connect();
  EXPECT_EQ(client.mtu_size(), 48);
  const auto found = client.services().get_characteristic(own(0x0901));
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->max_write_without_response_size(), 45U);
  co_await drop_and_await(rig, client);
  EXPECT_EQ(found->max_write_without_response_size(), 20U);
}

}  // namespace
}  // namespace blau::conformance
