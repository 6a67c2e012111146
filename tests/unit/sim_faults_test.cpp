// Faults of simulated peripherals by the C++ API; those of world files are in tests/faults.

#include "support/sim_addresses.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace blau {
namespace {

using namespace std::chrono_literals;
using sim::ConnectStep;
using sim::RequestKind;
using sim::World;

struct SimFaults : testing::Test {
  World world;
  sim::Peripheral& device = world.add_peripheral({.address = device_address, .name = "Device"});
  sim::Service& service = device.add_service(0x1234);
  sim::Characteristic& value = service.add_characteristic(
      {.uuid = 0x2345,
       .properties = Property::read | Property::write | Property::write_without_response | Property::notify,
       .value = Bytes(600 / 2, 7)});
  std::vector<DisconnectReason> ends;

  ClientOptions options() {
    ClientOptions made;
    made.on_disconnected = [this](const Disconnection& end) { ends.push_back(end.reason); };
    return made;
  }
  static ErrorCode code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode();
  }
};

template <class T>
std::optional<AttError> att_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().att();
}

TEST_F(SimFaults, ALinkIsLostAtEachStepOfItsTurn) {
  for (const auto step :
       {ConnectStep::before_link, ConnectStep::before_mtu, ConnectStep::in_discovery, ConnectStep::before_resolved}) {
    device.lose_link_at(step, {.skip = 1, .count = 2});
    const auto links = device.connection_count();
    auto body = [&]() -> Task<> {
      Client client{device_address, options()};
      co_await client.connect();
      EXPECT_EQ(client.connect_attempts(), 1u);
      co_await client.disconnect();
      co_await client.connect();
      EXPECT_EQ(client.connect_attempts(), 3u);
      co_await client.disconnect();
      co_await client.connect();
      EXPECT_EQ(client.connect_attempts(), 1u);
      co_await client.disconnect();
    };
    world.run(body);
    EXPECT_EQ(device.connection_count() - links, step == ConnectStep::before_link ? 3u : 5u);
  }
  EXPECT_THAT(ends, testing::Each(DisconnectReason::local)) << "what connect absorbs is not told";
}

TEST_F(SimFaults, ALinkThatIsLostRightAfterTheConnectIsTold) {
  device.lose_link_at(ConnectStep::after_resolved);
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    co_await client.connect();
    co_await sleep_for(1ms);
    EXPECT_FALSE(client.is_connected());
    EXPECT_EQ(client.connect_attempts(), 1u);
  };
  world.run(body);
  EXPECT_THAT(ends, testing::ElementsAre(DisconnectReason::remote));
}

TEST_F(SimFaults, TheNextLinksEndAfterAWhile) {
  device.drop_link_after(90s);
  device.lose_link_after(5s, {.count = 2});
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    for (int i = 0; i < 3; ++i) {
      co_await client.connect();
      co_await sleep_for(10s);
      EXPECT_EQ(client.is_connected(), i == 2);
    }
    co_await sleep_for(85s);
    EXPECT_FALSE(client.is_connected());
  };
  world.run(body);
}

TEST_F(SimFaults, ServicesChangeAtAStep) {
  std::vector<std::string> steps;
  device.at_step(ConnectStep::before_link, [&] { steps.emplace_back("link"); });
  device.at_step(ConnectStep::in_discovery, [&] {
    steps.emplace_back("discovery");
    device.remove_service(service);
    device.add_service(0x4321).add_characteristic({.uuid = 0x5432, .properties = Property::read, .value = bytes(9)});
  });
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    (void)co_await client.get_services();  // no step of a connect
    EXPECT_FALSE(client.services().get_characteristic(Uuid{0x2345}));
    const auto read = co_await client.read_gatt_char("5432");
    EXPECT_EQ(read, bytes(9));
  };
  world.run(body);
  EXPECT_THAT(steps, testing::ElementsAre("link", "discovery"));
}

TEST_F(SimFaults, AStepCallThatThrowsEndsTheRun) {
  device.at_step(ConnectStep::in_discovery, [] { throw std::logic_error("of the test"); });
  auto body = []() -> Task<> {
    Client client{device_address};
    co_await client.connect();
  };
  EXPECT_THROW(world.run(body), std::logic_error);
}

TEST_F(SimFaults, ALongReadIsOneRequest) {
  value.set_value(Bytes(512, 7));
  device.lose_link_after(1h);
  value.add_fault({.request = RequestKind::read, .error = AttError::insufficient_resources, .skip = 1});
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    const auto whole = co_await client.read_gatt_char("2345");
    EXPECT_EQ(whole.size(), 512u);
    const auto refused = co_await client.read_gatt_char("2345").as_result();
    EXPECT_EQ(att_of(refused), AttError::insufficient_resources);
    const auto again = co_await client.read_gatt_char("2345");
    EXPECT_EQ(again.size(), 512u);
  };
  world.run(body);
}

TEST_F(SimFaults, RequestsOfAKindAreCountedApart) {
  value.add_fault({.request = RequestKind::write, .error = AttError{0x80}});
  value.add_fault({.request = RequestKind::subscribe, .error = AttError{0x81}});
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    (void)co_await client.read_gatt_char("2345");
    const auto write = co_await client.write_gatt_char("2345", bytes(1)).as_result();
    EXPECT_EQ(att_of(write), AttError{0x80});
    auto ignore = [](const Characteristic&, ByteView) {};
    const auto subscribed = co_await client.start_notify("2345", ignore).as_result();
    EXPECT_EQ(att_of(subscribed), AttError{0x81});
    EXPECT_EQ(value.subscribers(), 0u);
    co_await client.start_notify("2345", ignore);
    EXPECT_EQ(value.subscribers(), 1u);
    co_await client.write_gatt_char("2345", bytes(2));
  };
  world.run(body);
  ASSERT_EQ(value.writes().size(), 2u);
  EXPECT_EQ(value.writes()[0].refused, AttError{0x80});
  EXPECT_FALSE(value.writes()[1].refused.has_value());
  EXPECT_EQ(value.value(), bytes(2));
}

TEST_F(SimFaults, WhatIsTurnedOffIsNoSubscription) {
  value.add_fault({.request = RequestKind::subscribe, .error = AttError{0x81}, .skip = 1});
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    auto ignore = [](const Characteristic&, ByteView) {};
    co_await client.start_notify("2345", ignore);
    co_await client.stop_notify("2345");
    const auto subscribed = co_await client.start_notify("2345", ignore).as_result();
    EXPECT_FALSE(subscribed.has_value());
  };
  world.run(body);
}

TEST_F(SimFaults, AnswersAreLateOrNeverCome) {
  value.set_read_delay(1s);
  value.add_fault({.request = RequestKind::read, .delay = 2s});
  value.add_fault({.request = RequestKind::read, .error = AttError::out_of_range, .delay = 3s});
  value.add_fault({.request = RequestKind::any, .delay = sim::never});
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    co_await client.connect();
    auto before = world.elapsed();
    (void)co_await client.read_gatt_char("2345");
    EXPECT_GE(world.elapsed() - before, 3s);
    before = world.elapsed();
    const auto refused = co_await client.read_gatt_char("2345").timeout(1min).as_result();
    EXPECT_EQ(att_of(refused), AttError::out_of_range);
    EXPECT_GE(world.elapsed() - before, 4s);
    before = world.elapsed();
    const auto unanswered = co_await client.write_gatt_char("2345", bytes(1)).timeout(1min).as_result();
    EXPECT_EQ(unanswered ? ErrorCode() : unanswered.error().code(), ErrorCode::disconnected);
    EXPECT_EQ(world.elapsed() - before, 30s);
    co_await sleep_for(1ms);
  };
  world.run(body);
  EXPECT_THAT(ends, testing::ElementsAre(DisconnectReason::timeout));
}

TEST_F(SimFaults, ACommandThatIsRefusedIsNotTaken) {
  value.add_fault({.request = RequestKind::write, .error = AttError::out_of_range});
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    co_await client.write_gatt_char("2345", bytes(1), {.response = false});
    co_await client.write_gatt_char("2345", bytes(2), {.response = false});
    co_await sleep_for(1s);
  };
  world.run(body);
  EXPECT_EQ(value.value(), bytes(2));
  ASSERT_EQ(value.writes().size(), 2u);
  EXPECT_EQ(value.writes()[0].refused, AttError::out_of_range);
}

TEST_F(SimFaults, ValuesAreDoubledAndLost) {
  std::vector<Bytes> values;
  value.add_fault(sim::NotifyFault{.times = 2});
  value.add_fault(sim::NotifyFault{.times = 0, .skip = 1, .count = 1});
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    EXPECT_EQ(value.notify(bytes(0)), 0u) << "nobody gets it, so it does not count";
    auto on_value = [&values](const Characteristic&, ByteView came) { values.emplace_back(came.begin(), came.end()); };
    co_await client.start_notify("2345", on_value);
    for (unsigned i = 1; i <= 4; ++i) {
      EXPECT_EQ(value.notify(bytes(i)), 1u);
      co_await sleep_for(1s);
    }
  };
  world.run(body);
  EXPECT_THAT(values, testing::ElementsAre(bytes(1), bytes(1), bytes(2), bytes(4)));
}

TEST_F(SimFaults, WhatIsClearedHappensNoMore) {
  device.lose_link_at(ConnectStep::before_mtu, {.count = 9});
  device.lose_link_after(1s, {.count = 9});
  device.at_step(ConnectStep::in_discovery, [] { ADD_FAILURE(); });
  value.add_fault({.error = AttError::out_of_range, .count = 9});
  device.clear_faults();
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    EXPECT_EQ(client.connect_attempts(), 1u);
    (void)co_await client.read_gatt_char("2345");
    co_await sleep_for(2s);
    EXPECT_TRUE(client.is_connected());
  };
  world.run(body);
}

TEST_F(SimFaults, WhatMakesNoSenseIsRefused) {
  auto& plain = device.add_service(0x1111).add_characteristic({.uuid = 0x2222, .properties = Property::read});
  const auto wrong = ErrorCode::invalid_argument;
  EXPECT_EQ(code_of([&] { value.add_fault(sim::RequestFault{}); }), wrong);
  EXPECT_EQ(code_of([&] { value.add_fault({.error = AttError::out_of_range, .delay = sim::never}); }), wrong);
  EXPECT_EQ(code_of([&] { value.add_fault({.error = AttError::out_of_range, .count = 0}); }), wrong);
  EXPECT_EQ(code_of([&] { value.add_fault({.delay = -1s}); }), wrong);
  EXPECT_EQ(code_of([&] { plain.add_fault({.request = RequestKind::write, .delay = 1s}); }), wrong);
  EXPECT_EQ(code_of([&] { plain.add_fault(sim::NotifyFault{}); }), wrong);
  EXPECT_EQ(code_of([&] { value.add_fault(sim::NotifyFault{.times = 1}); }), wrong);
  EXPECT_EQ(code_of([&] { value.add_fault(sim::NotifyFault{.count = 0}); }), wrong);
  EXPECT_EQ(code_of([&] { device.lose_link_at(ConnectStep::before_link, {.count = 0}); }), wrong);
  EXPECT_EQ(code_of([&] { device.lose_link_after(-1ms); }), wrong);
  EXPECT_EQ(code_of([&] { device.at_step(ConnectStep::before_link, nullptr); }), wrong);
}

TEST_F(SimFaults, TimesOfAFileAreThoseOfTheWorld) {
  World from_file = World::from_json(R"({"blau_world": 1, "peripherals": [{"address": "C0:00:00:00:00:77", "services": [
      {"uuid": "fff0", "characteristics": [{"uuid": "fff1", "properties": ["read"]}]},
      {"uuid": "fff2", "handle": 99}]}], "faults": [
      {"fault": "request", "address": "C0:00:00:00:00:77", "characteristic": "fff1", "error": 128, "at_ms": 60000},
      {"fault": "services", "address": "C0:00:00:00:00:77", "remove": 99, "at_ms": 61000},
      {"fault": "link", "address": "C0:00:00:00:00:77", "at_ms": 62000},
      {"fault": "link", "address": "C0:00:00:00:00:77", "step": "before_link", "at_ms": 61500}]})");
  auto body = [&]() -> Task<> {
    Client client{"C0:00:00:00:00:77", options()};
    co_await client.connect();
    (void)co_await client.read_gatt_char("fff1");
    co_await sleep_for(60s - from_file.elapsed());
    const auto refused = co_await client.read_gatt_char("fff1").as_result();
    EXPECT_EQ(att_of(refused), AttError{0x80});
    (void)co_await client.read_gatt_char("fff1");
    co_await sleep_for(61900ms - from_file.elapsed());
    const auto services = co_await client.get_services();
    EXPECT_FALSE(services.get_service(Uuid{0xfff2}));
    EXPECT_TRUE(client.is_connected());
    co_await sleep_for(62001ms - from_file.elapsed());
    EXPECT_FALSE(client.is_connected());
    co_await client.connect();
    EXPECT_EQ(client.connect_attempts(), 2u);
  };
  from_file.run(body);
  EXPECT_THAT(ends, testing::Contains(DisconnectReason::remote));
}

}  // namespace
}  // namespace blau
