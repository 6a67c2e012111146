// What peripherals do on the air that most do not: private addresses, long advertisements; and links of other programs.

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
using sim::World;

constexpr const char* other_address = "C0:FF:EE:00:00:02";
constexpr const char* alias = "4A:00:00:00:00:01";

struct SimAir : testing::Test {
  World world;
  sim::Peripheral& device = world.add_peripheral({.address = device_address, .name = "Device"});
  sim::Characteristic& value =
      device.add_service(0x1234).add_characteristic({.uuid = 0x2345, .properties = Property::read, .value = bytes(1)});

  std::optional<ErrorCode> refusal(const std::function<void()>& what) {
    try {
      what();
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }
};

TEST_F(SimAir, APrivateAddressIsTheOnlyWayToAStranger) {
  device.set_private_address(alias);
  EXPECT_EQ(device.address().to_string(), device_address) << "its own stays";
  auto body = [&]() -> Task<> {
    Client by_alias{alias};
    co_await by_alias.connect();
    EXPECT_EQ(by_alias.address().to_string(), alias);
    const auto adapter = co_await Adapter::get_default();
    const auto connected = co_await adapter.connected_devices();
    EXPECT_EQ(connected.size(), 1U);
    if (!connected.empty()) {
      EXPECT_EQ(connected[0].address().to_string(), alias);
    }
    co_await by_alias.disconnect();
    Client by_own{device_address};
    const auto unheard = co_await by_own.connect(ConnectOptions{.timeout = 2s}).as_result();
    EXPECT_FALSE(unheard.has_value());
    if (!unheard) {
      EXPECT_EQ(unheard.error().code(), ErrorCode::device_not_found);
    }
  };
  world.run(body);
}

TEST_F(SimAir, AChangeOfAddressEndsAnAttemptsHope) {
  device.set_connect_time(100ms);
  auto body = [&]() -> Task<> {
    auto found = co_await Scanner::find_device_by_address(device_address);
    EXPECT_TRUE(found.has_value());
    if (!found) co_return;
    Client client{*found};
    world.after(50ms, [&] { device.set_private_address(alias); });
    const auto connected = co_await client.connect(ConnectOptions{.timeout = 2s}).as_result();
    EXPECT_FALSE(connected.has_value());
  };
  world.run(body);
}

TEST_F(SimAir, ABondFollowsEachAddress) {
  auto body = [&]() -> Task<> {
    device.set_private_address(alias);
    const auto met = co_await Scanner::find_device_by_address(alias);
    EXPECT_TRUE(met.has_value());
    if (!met) co_return;
    Client client{*met};
    co_await client.connect();
    co_await client.pair();
    co_await client.disconnect();
    device.set_private_address("4A:00:00:00:00:02");
    co_await client.connect();  // whatever its address is now
    co_await client.disconnect();
    const auto found = co_await Scanner::find_device_by_address(device_address);
    EXPECT_TRUE(found.has_value()) << "by its own";
    co_await client.unpair();
    const auto adapter = co_await Adapter::get_default();
    const auto bonded = co_await adapter.bonded_devices();
    EXPECT_TRUE(bonded.empty());
  };
  world.run(body);
}

TEST_F(SimAir, APrivateAddressIsRandomAndNobodyElses) {
  world.add_peripheral({.address = other_address});
  EXPECT_EQ(refusal([&] { device.set_private_address(other_address); }), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal([&] { device.set_private_address(Address(1, AddressType::public_)); }),
            ErrorCode::invalid_argument);
  EXPECT_EQ(refusal([&] { device.set_private_address(Address()); }), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal([&] { device.set_private_address(alias); }), std::nullopt);
}

sim::AdvertisingOptions with_data(std::size_t size, bool extended) {
  sim::AdvertisingOptions options;
  options.extended = extended;
  options.data.emplace();
  options.data->manufacturer_data.emplace(std::uint16_t{0xffff}, Bytes(size, 7));
  return options;
}

TEST_F(SimAir, OnlyExtendedAdvertisingIsLong) {
  EXPECT_EQ(refusal([&] { device.set_advertising(with_data(28, false)); }), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal([&] { device.set_advertising(with_data(251, true)); }), std::nullopt);
  EXPECT_EQ(refusal([&] { device.set_advertising(with_data(252, true)); }), ErrorCode::invalid_argument)
      << "no structure is so long";
  auto with_response = with_data(100, true);
  with_response.scan_response.emplace();
  EXPECT_EQ(refusal([&] { device.set_advertising(with_response); }), ErrorCode::invalid_argument);
  auto too_long = with_data(250, true);
  too_long.data->raw = Bytes(1650 - 254 + 1);
  EXPECT_EQ(refusal([&] { device.set_advertising(too_long); }), ErrorCode::invalid_argument);
}

TEST_F(SimAir, ExtendedAdvertisingTellsTheNameByItself) {
  sim::AdvertisingOptions options;
  options.extended = true;
  device.set_advertising(options);
  auto body = [&]() -> Task<> {
    const auto found = co_await Scanner::find_device_by_name("Device");
    EXPECT_TRUE(found.has_value());
  };
  world.run(body);
}

TEST_F(SimAir, AnAdapterThatGoesIsToldOfToWhoeverSawIt) {
  std::optional<Error> end;
  auto body = [&]() -> Task<> {
    (void)co_await Adapter::get_default();
    auto& second = world.add_adapter({.name = "hci1"});
    const auto all = co_await Adapter::all();  // in the turn in which it came
    EXPECT_EQ(all.size(), 2U);
    auto states = all.back().state_changes();
    second.unplug();
    const auto state = co_await states.next().timeout(1s);
    EXPECT_FALSE(state.has_value());
    end = states.end_reason();
  };
  world.run(body);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->unavailable_reason(), UnavailableReason::no_adapter);
}

TEST_F(SimAir, DiscoverForgetsNobody) {
  auto body = [&]() -> Task<> {
    world.add_peripheral({.address = other_address});
    world.after(1s, [&] { device.advertise(false); });
    const auto all = co_await Scanner::discover(20min);
    EXPECT_EQ(all.size(), 2U);
  };
  world.run(body);
}

TEST_F(SimAir, DevicesOfAnAdapterThatIsOffAreListed) {
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    co_await client.pair();
    const auto adapter = co_await Adapter::get_default();
    world.adapter().set_powered(false);
    co_await sleep_for(1s);
    const auto bonded = co_await adapter.bonded_devices();
    EXPECT_EQ(bonded.size(), 1U);
    const auto connected = co_await adapter.connected_devices();
    EXPECT_TRUE(connected.empty());
  };
  world.run(body);
}

TEST_F(SimAir, AnotherProgramsLinkIsAdoptedAndLeft) {
  auto body = [&]() -> Task<> {
    const auto adapter = co_await Adapter::get_default();
    device.hold_link(world.adapter());
    {
      Client client{device_address};
      co_await client.connect();
      const auto read = co_await client.read_gatt_char(Uuid{0x2345});
      EXPECT_EQ(read, bytes(1));
    }
    co_await sleep_for(1s);
    EXPECT_TRUE(device.connected());
    Client client{device_address};
    co_await client.connect();
    co_await client.disconnect();
    EXPECT_FALSE(device.connected()) << "for everybody";
  };
  world.run(body);
  EXPECT_EQ(device.connection_count(), 1U);
}

TEST_F(SimAir, AnotherProgramEndsTheLinkOfAll) {
  std::vector<DisconnectReason> ends;
  auto body = [&]() -> Task<> {
    ClientOptions options;
    options.on_disconnected = [&ends](const Disconnection& end) { ends.push_back(end.reason); };
    Client client{device_address, options};
    co_await client.connect();
    device.hold_link(world.adapter());  // the one that is there
    device.end_held_link();
    co_await sleep_for(1s);
    EXPECT_FALSE(client.is_connected());
    device.end_held_link();  // there is none
  };
  world.run(body);
  EXPECT_THAT(ends, testing::ElementsAre(DisconnectReason::other_program));
}

TEST_F(SimAir, NobodyHoldsALinkThatCannotBe) {
  World another;
  EXPECT_EQ(refusal([&] { device.hold_link(another.adapter()); }), ErrorCode::invalid_argument);
  device.advertise(false);
  auto body = [&]() -> Task<> {
    (void)co_await Adapter::get_default();
    EXPECT_EQ(refusal([&] { device.hold_link(world.adapter()); }), ErrorCode::invalid_argument);
  };
  world.run(body);
}

}  // namespace
}  // namespace blau
