// Services of a simulated peripheral that are replaced while something of theirs is under way.

#include "support/sim_addresses.hpp"
#include "support/started.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace blau {
namespace {

using namespace std::chrono_literals;
using sim::World;
using test::Started;

constexpr Property changing = Property::read | Property::write | Property::notify;

struct SimChanges : testing::Test {
  World world;
  sim::Peripheral& device = world.add_peripheral({.address = device_address, .mtu = 23});
  sim::Service* service = &device.add_service(0x1234);
  std::vector<sim::Characteristic*> values = fill(*service, 0x2345);

  /// Two characteristics alike, of this type and the next.
  static std::vector<sim::Characteristic*> fill(sim::Service& service, std::uint32_t type) {
    std::vector<sim::Characteristic*> filled;
    for (std::uint32_t i = 0; i < 2; ++i)
      filled.push_back(&service.add_characteristic({.uuid = type + i, .properties = changing, .value = bytes(1)}));
    return filled;
  }

  /// The service goes, and before anybody hears of it another one has its handles.
  void replace(std::uint32_t type) {
    const auto handle = service->handle().value();
    device.remove_service(*service);
    service = &device.add_service(0x1234, {.handle = handle});
    values = fill(*service, type);
  }

  /// From now on a request and its answer take a second: time for something to happen meanwhile.
  void slow_down() { device.set_latency(1s); }

  /// The same, at a time when something is under way; then until the client has seen it.
  Task<> replace_meanwhile(std::uint32_t type) {
    replace(type);
    co_await sleep_for(5s);
    device.set_latency(15ms);
    co_await sleep_for(60s);
  }

  /// Runs `body(client)` on a link.
  template <class Body>
  void connected(Body body) {
    auto task = [&]() -> Task<> {
      Client client{device_address};
      co_await client.connect();
      co_await body(client);
    };
    world.run(task);
  }
};

TEST_F(SimChanges, ASubscriptionGoesOnWhereItsCharacteristicCameBack) {
  connected([&](Client& client) -> Task<> {
    auto stream = co_await client.subscribe("2345");
    co_await replace_meanwhile(0x2345);
    EXPECT_EQ(values[0]->subscribers(), 1U);
    values[0]->notify(bytes(5));
    const auto value = co_await stream.next();
    EXPECT_EQ(value, bytes(5));
    co_await stream.stop();
    EXPECT_EQ(values[0]->subscribers(), 0U);
  });
}

TEST_F(SimChanges, ASubscriptionEndsWhereItsCharacteristicIsAnother) {
  connected([&](Client& client) -> Task<> {
    auto stream = co_await client.subscribe("2345");
    co_await replace_meanwhile(0x3456);
    const auto value = co_await stream.next();
    EXPECT_FALSE(value.has_value());
    EXPECT_EQ(stream.end_reason()->code(), ErrorCode::attribute_gone);
    EXPECT_EQ(values[0]->subscribers(), 0U);
  });
}

TEST_F(SimChanges, ASubscriptionThatIsRefusedNowEnds) {
  connected([&](Client& client) -> Task<> {
    auto stream = co_await client.subscribe("2345");
    replace(0x2345);
    values[0]->add_fault(
        sim::RequestFault{.request = sim::RequestKind::subscribe, .error = AttError::insufficient_resources});
    const auto value = co_await stream.next();
    EXPECT_FALSE(value.has_value());
    EXPECT_EQ(stream.end_reason()->att(), AttError::insufficient_resources);
  });
}

TEST_F(SimChanges, AConfigurationThatWentToTheOldServiceDoesNotCount) {
  connected([&](Client& client) -> Task<> {
    slow_down();
    Started<Subscription> crossing(client.subscribe("2345"));
    co_await sleep_for(300ms);  // it is there, and not answered
    EXPECT_EQ(values[0]->subscribers(), 1U);
    device.set_latency(15ms);  // of what comes now: it overtakes that answer
    co_await replace_meanwhile(0x2345);
    EXPECT_EQ(crossing.failure(), ErrorCode::attribute_gone);
    auto stream = co_await client.subscribe("2345");
    EXPECT_EQ(values[0]->subscribers(), 1U);
    values[0]->notify(bytes(6));
    const auto value = co_await stream.next();
    EXPECT_EQ(value, bytes(6));
  });
}

TEST_F(SimChanges, WhatWaitsForAnotherAnswerIsNotSentToASuccessor) {
  connected([&](Client& client) -> Task<> {
    slow_down();
    client.write_gatt_char("2345", bytes(7)).start([](const Result<void>&) {});
    Started<void> waiting(client.write_gatt_char("2346", bytes(8)));
    co_await sleep_for(300ms);  // the first is being answered
    co_await replace_meanwhile(0x3456);
    EXPECT_EQ(waiting.failure(), ErrorCode::attribute_gone);
    EXPECT_TRUE(values[0]->writes().empty());
    EXPECT_TRUE(values[1]->writes().empty());
  });
}

TEST_F(SimChanges, ALongWriteIsTakenBack) {
  connected([&](Client& client) -> Task<> {
    slow_down();
    Started<void> writing(client.write_gatt_char("2345", Bytes(100, 7)));
    co_await sleep_for(1500ms);
    co_await replace_meanwhile(0x3456);
    EXPECT_EQ(writing.failure(), ErrorCode::attribute_gone);
    EXPECT_TRUE(values[0]->writes().empty());
    const auto value = co_await client.read_gatt_char("3456");
    EXPECT_EQ(value, bytes(1));
    // The next long write is not mixed with parts that were left behind.
    const Bytes other(60, 9);
    co_await client.write_gatt_char("3456", other);
    EXPECT_EQ(values[0]->value(), other);
  });
}

TEST_F(SimChanges, ALongReadIsNotMixed) {
  const auto first = Bytes(60, 1);
  values[0]->set_value(first);
  connected([&](Client& client) -> Task<> {
    slow_down();
    Started<Bytes> reading(client.read_gatt_char("2345"));
    co_await sleep_for(1500ms);
    co_await replace_meanwhile(0x3456);
    EXPECT_EQ(reading.failure(), ErrorCode::attribute_gone);
  });
}

}  // namespace
}  // namespace blau
