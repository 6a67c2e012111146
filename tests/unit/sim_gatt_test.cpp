// Values over simulated links.

#include "support/sim_addresses.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace blau {
namespace {

using namespace std::chrono_literals;
using sim::World;

constexpr Property everything =
    Property::read | Property::write | Property::write_without_response | Property::notify | Property::indicate;

struct SimGatt : testing::Test {
  World world;
  sim::Peripheral& device = world.add_peripheral({.address = device_address, .name = "Device"});
  sim::Service& service = device.add_service(0x1234);
  sim::Characteristic& value =
      service.add_characteristic({.uuid = 0x2345, .properties = everything, .value = bytes(1)});

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

TEST_F(SimGatt, ReadsAndWritesAndRemembersThem) {
  connected([&](Client& client) -> Task<> {
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(1));
    co_await client.write_gatt_char("2345", bytes(2, 3));
    co_await client.write_gatt_char("2345", bytes(4), WriteOptions{.response = false});
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(4));
    const Bytes long_value(512, 0x55);
    co_await client.write_gatt_char("2345", long_value);
    EXPECT_EQ(co_await client.read_gatt_char("2345"), long_value);
  });
  ASSERT_EQ(value.writes().size(), 3u);
  EXPECT_EQ(value.writes()[0].value, bytes(2, 3));
  EXPECT_TRUE(value.writes()[0].with_response);
  EXPECT_FALSE(value.writes()[1].with_response);
  EXPECT_EQ(value.writes()[2].value.size(), 512u);
  EXPECT_LT(value.writes()[0].time, value.writes()[2].time);
  value.set_value(bytes(9));
  EXPECT_EQ(value.value(), bytes(9));
  value.clear_writes();
  EXPECT_TRUE(value.writes().empty());
}

TEST_F(SimGatt, SmallMtuIsHonoured) {
  auto& small = world.add_peripheral({.address = "C0:FF:EE:00:00:02", .mtu = 23});
  small.add_service(0x1234).add_characteristic({.uuid = 0x2345, .properties = everything, .value = Bytes(100, 7)});
  auto task = [&]() -> Task<> {
    Client client{"C0:FF:EE:00:00:02"};
    co_await client.connect();
    EXPECT_EQ(client.mtu_size(), 23);
    EXPECT_EQ(co_await client.read_gatt_char("2345"), Bytes(100, 7));
    co_await client.write_gatt_char("2345", Bytes(80, 8));
    const auto too_long =
        co_await client.write_gatt_char("2345", Bytes(21), WriteOptions{.response = false}).as_result();
    EXPECT_EQ(too_long.error().code(), ErrorCode::invalid_argument);
    auto values = co_await client.subscribe("2345");
    small.characteristic(0x2345).notify(Bytes(40, 1));
    EXPECT_EQ(*co_await values.next(), Bytes(20, 1));
  };
  world.run(task);
  EXPECT_EQ(small.characteristic(0x2345).value(), Bytes(80, 8));
}

TEST_F(SimGatt, HooksAnswer) {
  int level = 0;
  value.on_read([&] { return bytes(++level); });
  value.on_write([](ByteView given) -> sim::WriteAnswer {
    if (given.size() > 1) return AttError::value_not_allowed;
    return std::nullopt;
  });
  connected([&](Client& client) -> Task<> {
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(1));
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(2));
    co_await client.write_gatt_char("2345", bytes(5));
    const auto refused = co_await client.write_gatt_char("2345", bytes(5, 6)).as_result();
    EXPECT_EQ(refused.error().att(), AttError::value_not_allowed);
    value.on_read([]() -> sim::ReadAnswer { return static_cast<AttError>(0x80); });
    const auto failed = co_await client.read_gatt_char("2345").as_result();
    EXPECT_EQ(failed.error().att(), static_cast<AttError>(0x80));
  });
  ASSERT_EQ(value.writes().size(), 2u);
  EXPECT_EQ(value.writes()[1].refused, AttError::value_not_allowed);
  EXPECT_EQ(value.value(), bytes(5));
}

TEST_F(SimGatt, ErrorsAndSecurityAnswer) {
  service.add_characteristic({.uuid = 0x0001, .properties = everything, .security = sim::Security::encrypted});
  connected([&](Client& client) -> Task<> {
    value.set_read_error(AttError::unlikely_error);
    value.set_write_error(AttError::insufficient_resources);
    EXPECT_EQ((co_await client.read_gatt_char("2345").as_result()).error().att(), AttError::unlikely_error);
    EXPECT_EQ((co_await client.write_gatt_char("2345", bytes(1)).as_result()).error().att(),
              AttError::insufficient_resources);
    value.set_read_error(std::nullopt);
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(1));
    EXPECT_EQ((co_await client.read_gatt_char("0001").as_result()).error().att(),
              AttError::insufficient_authentication);
    EXPECT_EQ((co_await client.subscribe("0001").as_result()).error().att(), AttError::insufficient_authentication);
    co_await client.pair();
    EXPECT_TRUE((co_await client.read_gatt_char("0001").as_result()).has_value());
  });
}

TEST_F(SimGatt, LateAnswersAndNoAnswer) {
  connected([&](Client& client) -> Task<> {
    value.set_read_delay(5s);
    auto began = world.elapsed();
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(1));
    EXPECT_EQ(world.elapsed() - began, 5s + 15ms);
    value.set_write_delay(2s);
    began = world.elapsed();
    co_await client.write_gatt_char("2345", bytes(3));
    EXPECT_EQ(world.elapsed() - began, 2s + 15ms);
    value.set_read_delay(sim::never);
    const auto result = co_await client.read_gatt_char("2345").timeout(20s).as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::timed_out);
  });
}

TEST_F(SimGatt, BurstArrivesWholeAndInOrder) {
  connected([&](Client& client) -> Task<> {
    auto values = co_await client.subscribe("2345");
    for (int i = 0; i < 200; ++i) EXPECT_EQ(value.notify(bytes(i, i >> 8)), 1u);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(*co_await values.next(), bytes(i, i >> 8));
    EXPECT_EQ(values.dropped(), 0u);
  });
}

TEST_F(SimGatt, IndicationsGoToThoseWhoAskedForThem) {
  connected([&](Client& client) -> Task<> {
    std::vector<Bytes> seen;
    auto on_value = [&](const Characteristic&, ByteView v) { seen.emplace_back(v.begin(), v.end()); };
    co_await client.start_notify("2345", on_value);
    EXPECT_EQ(value.indicate(bytes(1)), 0u);
    co_await client.stop_notify("2345");
    NotifyOptions options;
    options.force_indicate = true;
    co_await client.start_notify("2345", on_value, options);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(value.indicate(bytes(i)), 1u);
    EXPECT_EQ(value.notify(bytes(5)), 1u);  // as an indication
    co_await sleep_for(1s);
    EXPECT_THAT(seen, testing::ElementsAre(bytes(0), bytes(1), bytes(2), bytes(3), bytes(4), bytes(5)));
  });
}

TEST_F(SimGatt, SchedulesFollowSubscriptions) {
  int made = 0;
  value.notify_every(1s, [&] { return bytes(made++); });
  connected([&](Client& client) -> Task<> {
    co_await sleep_for(10s);
    EXPECT_EQ(made, 0);
    auto on_value = [](const Characteristic&, ByteView) {};
    co_await client.start_notify("2345", on_value);
    EXPECT_EQ(value.subscribers(), 1u);
    co_await sleep_for(5s);
    EXPECT_EQ(made, 5);
    co_await client.stop_notify("2345");
    co_await sleep_for(5s);
    EXPECT_EQ(made, 5);
    co_await client.start_notify("2345", on_value);
    value.notify_every(100ms, [&] { return bytes(made++); });
    co_await sleep_for(1s);
    EXPECT_EQ(made, 15);
    value.stop_notifying();
    co_await sleep_for(1s);
    EXPECT_EQ(made, 15);
  });
}

TEST_F(SimGatt, EchoesInTheSameService) {
  auto& uart = device.add_service("6e400001-b5a3-f393-e0a9-e50e24dcca9e");
  uart.add_characteristic({.uuid = 0x0002, .properties = Property::write_without_response, .echo_to = 0x0003});
  uart.add_characteristic({.uuid = 0x0003, .properties = Property::notify | Property::read});
  connected([&](Client& client) -> Task<> {
    auto values = co_await client.subscribe("0003");
    co_await client.write_gatt_char("0002", bytes_of("hello"));
    EXPECT_EQ(*co_await values.next(), bytes_of("hello"));
    EXPECT_EQ(co_await client.read_gatt_char("0003"), bytes_of("hello"));
  });
}

TEST_F(SimGatt, DescriptorsAndExtendedPropertiesAndIncludes) {
  auto& c = service.add_characteristic({.uuid = 0x0005, .properties = Property::read | Property::reliable_write});
  auto& d = c.add_descriptor({.uuid = 0x2901, .value = bytes_of("name"), .writable = true});
  auto& other = device.add_service(0x4321, {.primary = false});
  service.include(other);
  connected([&](Client& client) -> Task<> {
    const auto found = *client.services().get_characteristic("0005");
    EXPECT_TRUE(has(found.properties(), Property::reliable_write));
    const auto descriptor = *found.descriptor(Uuid{0x2901});
    EXPECT_EQ(descriptor.handle(), d.handle());
    EXPECT_EQ(co_await client.read_gatt_descriptor(descriptor), bytes_of("name"));
    co_await client.write_gatt_descriptor(descriptor, bytes_of("other"));
    EXPECT_EQ(d.value(), bytes_of("other"));
    const auto included = client.services().get_service(Uuid{0x1234})->included_services();
    EXPECT_EQ(included.size(), 1u);
    EXPECT_TRUE(!included.empty() && !included[0].is_primary());
  });
  ASSERT_EQ(d.writes().size(), 1u);
  EXPECT_EQ(d.writes()[0].value, bytes_of("other"));
}

TEST_F(SimGatt, ServiceChangesAreTold) {
  connected([&](Client& client) -> Task<> {
    auto changes = client.service_changes();
    const auto old = *client.services().get_characteristic("2345");
    auto& added = device.add_service(0x9999);
    added.add_characteristic({.uuid = 0x0009, .properties = Property::read, .value = bytes(9)});
    const auto services = *co_await changes.next();
    EXPECT_TRUE(services.get_service(Uuid{0x9999}).has_value());
    EXPECT_EQ(co_await client.read_gatt_char("0009"), bytes(9));
    device.remove_service(service);
    EXPECT_FALSE((co_await changes.next())->get_service(Uuid{0x1234}).has_value());
    const auto gone = co_await client.read_gatt_char(old).as_result();
    EXPECT_FALSE(gone.has_value());
    EXPECT_EQ(value.value(), bytes(1));
    EXPECT_THROW((void)device.service(0x1234), Error);
  });
}

TEST_F(SimGatt, FixedServicesRefuseMore) {
  EXPECT_GT(value.handle().value(), 9);
  EXPECT_THROW(service.add_characteristic({.uuid = 0x0001}), Error);
  EXPECT_THROW(value.add_descriptor({.uuid = 0x2901}), Error);
  EXPECT_NO_THROW(device.add_service(0x7777).add_characteristic({.uuid = 0x0001}));
}

TEST_F(SimGatt, AThrowingCallbackEndsRunAndLeavesTheWorldWhole) {
  value.notify_every(1s, [] { return bytes(1); });
  auto task = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    auto on_value = [](const Characteristic&, ByteView) { throw std::runtime_error("user"); };
    co_await client.start_notify("2345", on_value);
    co_await sleep_for(10s);
  };
  EXPECT_THROW(world.run(task), std::runtime_error);
  EXPECT_FALSE(device.connected());
  connected([&](Client& client) -> Task<> { EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(1)); });
}

TEST_F(SimGatt, ChangesFromInsideHooksAndCallbacks) {
  value.on_write([&](ByteView) { device.drop_link(); });
  connected([&](Client& client) -> Task<> {
    const auto result = co_await client.write_gatt_char("2345", bytes(1)).as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::disconnected);
  });
  value.on_write([&](ByteView) { device.remove_service(service); });
  connected([&](Client& client) -> Task<> {
    (void)co_await client.write_gatt_char("2345", bytes(1)).as_result();
    co_await sleep_for(1s);
    EXPECT_FALSE(client.services().get_service(Uuid{0x1234}).has_value());
  });
}

}  // namespace
}  // namespace blau
