// Links: how they come up, are shared, and end.

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

struct SimLink : testing::Test {
  World world;
  sim::Peripheral& device = world.add_peripheral({.address = device_address, .name = "Device"});
  sim::Characteristic& value = device.add_service(0x1234).add_characteristic(
      {.uuid = 0x2345, .properties = Property::read | Property::write | Property::notify, .value = bytes(1)});
  std::vector<std::string> log;

  ClientOptions options() {
    ClientOptions made;
    made.on_disconnected = [this](const Disconnection& d) {
      log.push_back(std::string(to_string(d.reason)) + " " + d.native);
    };
    return made;
  }
  ErrorCode failure(std::function<Task<>()> body) {
    try {
      world.run(body());
    } catch (const Error& error) {
      last = error;
      return error.code();
    }
    return ErrorCode();
  }
  std::optional<Error> last;
};

TEST_F(SimLink, PeripheralDropsTheLink) {
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    co_await client.connect();
    world.after(5s, [&] { device.drop_link(); });
    co_await sleep_for(6s);
    EXPECT_FALSE(client.is_connected());
    co_await client.connect();
    device.drop_link(DisconnectReason::authentication);
    co_await sleep_for(1s);
  };
  world.run(body);
  EXPECT_THAT(log, testing::ElementsAre("remote remote user terminated connection (0x13)", "authentication "));
  EXPECT_EQ(device.connection_count(), 2u);
}

TEST_F(SimLink, DropAfterCountsFromEachLink) {
  device.drop_link_after(90s);
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    for (int i = 0; i < 2; ++i) {
      co_await client.connect();
      co_await sleep_for(89s);
      EXPECT_TRUE(client.is_connected());
      co_await sleep_for(2s);
      EXPECT_FALSE(client.is_connected());
    }
  };
  world.run(body);
  EXPECT_EQ(log.size(), 2u);
}

TEST_F(SimLink, VanishingEndsTheLinkAfterTheSupervisionTimeout) {
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    co_await client.connect();
    device.vanish();
    co_await sleep_for(400ms);
    EXPECT_TRUE(client.is_connected());
    device.appear();  // in time
    co_await sleep_for(1s);
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(1));
    device.vanish();
    co_await sleep_for(430ms);
    EXPECT_FALSE(client.is_connected());
  };
  world.run(body);
  EXPECT_THAT(log, testing::ElementsAre("timeout connection timeout (0x08)"));
}

TEST_F(SimLink, WhatIsNotThereIsNotFoundAndNotConnectedTo) {
  device.vanish();
  EXPECT_EQ(failure([&]() -> Task<> {
              Client client{device_address};
              co_await client.connect();
            }),
            ErrorCode::device_not_found);
  EXPECT_GE(world.elapsed(), 10s);
  EXPECT_EQ(failure([&]() -> Task<> {
              Client client{Device(Address(device_address), "Device", "known")};
              co_await client.connect();
            }),
            ErrorCode::timed_out);
}

TEST_F(SimLink, AnAttemptWaitsUntilThePeripheralAdvertises) {
  device.advertise(false);
  world.after(8s, [&] { device.advertise(true); });
  auto body = [&]() -> Task<> {
    Client client{Device(Address(device_address), "Device", "known")};
    co_await client.connect();
    EXPECT_GE(world.elapsed(), 8s);
    EXPECT_LT(world.elapsed(), 9s);
  };
  world.run(body);
}

TEST_F(SimLink, CancelTakesAnAttemptBack) {
  device.set_connect_time(5s);
  auto body = [&]() -> Task<> {
    Client client{Device(Address(device_address), "Device", "known")};
    const auto result = co_await client.connect().timeout(1s).as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::timed_out);
    co_await sleep_for(10s);
    EXPECT_FALSE(device.connected());
    EXPECT_EQ(device.connection_count(), 0u);
    device.set_connect_time(50ms);
    co_await client.connect();
    EXPECT_TRUE(device.connected());
  };
  world.run(body);
}

TEST_F(SimLink, CancelDuringDiscoveryTakesTheLinkDown) {
  device.set_latency(2s);
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    const auto result = co_await client.connect().timeout(5s).as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::timed_out);
    co_await sleep_for(10s);
    EXPECT_FALSE(device.connected());
    EXPECT_EQ(device.connection_count(), 1u);
  };
  world.run(body);
  EXPECT_TRUE(log.empty());
}

TEST_F(SimLink, RefusedConnectionsFail) {
  device.refuse_connections(true);
  EXPECT_EQ(failure([&]() -> Task<> {
              Client client{device_address};
              co_await client.connect();
            }),
            ErrorCode::connection_failed);
}

TEST_F(SimLink, ClientsShareALinkAndTheLastOneEndsIt) {
  auto body = [&]() -> Task<> {
    Client one{device_address, options()};
    Client two{device_address, options()};
    co_await when_all(one.connect(), two.connect());
    EXPECT_EQ(device.connection_count(), 1u);
    int of_one = 0;
    int of_two = 0;
    auto on_one = [&](const Characteristic&, ByteView) { ++of_one; };
    auto on_two = [&](const Characteristic&, ByteView) { ++of_two; };
    co_await one.start_notify("2345", on_one);
    co_await two.start_notify("2345", on_two);
    EXPECT_EQ(value.notify(bytes(7)), 1u);
    co_await sleep_for(1s);
    EXPECT_EQ(of_one + of_two, 2);
    co_await one.disconnect();
    EXPECT_TRUE(device.connected());
    EXPECT_EQ(value.notify(bytes(8)), 1u);
    co_await sleep_for(1s);
    EXPECT_EQ(of_one, 1);
    EXPECT_EQ(of_two, 2);
    co_await two.stop_notify("2345");
    EXPECT_EQ(value.subscribers(), 0u);
    co_await two.disconnect();
    EXPECT_FALSE(device.connected());
  };
  world.run(body);
  EXPECT_THAT(log, testing::ElementsAre(testing::StartsWith("local"), testing::StartsWith("local")));
}

TEST_F(SimLink, AConnectDuringTheEndOfTheLinkMakesANewOne) {
  auto body = [&]() -> Task<> {
    Client one{device_address};
    Client two{device_address};
    co_await one.connect();
    co_await when_all(one.disconnect(), two.connect());
    EXPECT_TRUE(two.is_connected());
    EXPECT_EQ(device.connection_count(), 2u);
  };
  world.run(body);
}

TEST_F(SimLink, DestroyedClientLetsGoOfTheLink) {
  auto body = [&]() -> Task<> {
    {
      Client client{device_address, options()};
      co_await client.connect();
    }
    EXPECT_TRUE(device.connected());
    co_await sleep_for(1s);
    EXPECT_FALSE(device.connected());
  };
  world.run(body);
  EXPECT_TRUE(log.empty());
}

TEST_F(SimLink, AdapterOffEndsLinksAndScansAndAttempts) {
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    co_await client.connect();
    ScannerOptions ending;
    ending.resume = false;
    Scanner scanner{ending};
    auto advertisements = scanner.advertisements();
    co_await scanner.start();
    world.after(1s, [&] { world.adapter().set_powered(false); });
    Client absent{Device(Address("C0:FF:EE:00:00:09"), "Absent", "known")};
    const auto attempt = co_await absent.connect().as_result();
    EXPECT_EQ(attempt.error().code(), ErrorCode::bluetooth_not_available);
    EXPECT_EQ(attempt.error().unavailable_reason(), UnavailableReason::powered_off);
    EXPECT_FALSE(client.is_connected());
    while (co_await advertisements.next()) {
    }
    EXPECT_EQ(advertisements.end_reason()->code(), ErrorCode::bluetooth_not_available);
    world.adapter().set_powered(true);
    co_await client.connect();
  };
  world.run(body);
  EXPECT_THAT(log, testing::ElementsAre("adapter_off "));
}

TEST_F(SimLink, AMomentWithoutPowerEndsLinksToo) {
  auto body = [&]() -> Task<> {
    Client client{device_address, options()};
    co_await client.connect();
    world.adapter().set_powered(false);
    world.adapter().set_powered(true);
    co_await sleep_for(1s);
    EXPECT_FALSE(client.is_connected());
    EXPECT_EQ(world.adapter().connections(), 0u);
  };
  world.run(body);
  EXPECT_THAT(log, testing::ElementsAre("adapter_off "));
}

TEST_F(SimLink, AdaptersSayWhyTheyCannotBeUsed) {
  auto scan = []() -> Task<> { (void)co_await Scanner::discover(1s); };
  auto reason = [&] {
    EXPECT_EQ(failure(scan), ErrorCode::bluetooth_not_available);
    return last->unavailable_reason();
  };
  auto& adapter = world.adapter();
  adapter.set_powered(false);
  EXPECT_EQ(reason(), UnavailableReason::powered_off);
  adapter.set_blocked(true);
  EXPECT_EQ(reason(), UnavailableReason::blocked);
  adapter.unplug();
  EXPECT_EQ(reason(), UnavailableReason::no_adapter);
  world.add_adapter({.name = "hci1", .central = false});
  EXPECT_EQ(reason(), UnavailableReason::no_central_role);
  world.add_adapter({.name = "hci2"});
  EXPECT_EQ(failure(scan), ErrorCode());
  auto unknown = []() -> Task<> {
    ScannerOptions options;
    options.adapter = "hci7";
    (void)co_await Scanner::discover(1s, options);
  };
  EXPECT_EQ(failure(unknown), ErrorCode::invalid_argument);
}

TEST_F(SimLink, AdapterChangesAreTold) {
  auto body = [&]() -> Task<std::vector<std::string>> {
    std::vector<std::string> seen;
    const auto all = co_await Adapter::all();
    EXPECT_EQ(all.size(), 1u);
    auto changes = all.at(0).state_changes();
    world.after(1s, [&] { world.adapter().set_powered(false); });
    world.after(2s, [&] { world.adapter().set_powered(true); });
    world.after(3s, [&] { world.adapter().unplug(); });
    while (auto state = co_await changes.next()) seen.push_back(state->powered ? "on" : "off");
    co_return seen;
  };
  EXPECT_THAT(world.run(body), testing::ElementsAre("off", "on"));
}

TEST_F(SimLink, FullAdapterRefuses) {
  world.add_adapter({.name = "hci0", .max_connections = 1});
  auto& other = world.add_peripheral({.address = "C0:FF:EE:00:00:02"});
  auto body = [&]() -> Task<> {
    Client one{device_address};
    Client two{"C0:FF:EE:00:00:02"};
    co_await one.connect();
    co_await two.connect();
  };
  EXPECT_EQ(failure(body), ErrorCode::too_many_connections);
  EXPECT_EQ(other.connection_count(), 0u);
}

TEST_F(SimLink, TwoAdaptersTwoWorldsOfTheirOwn) {
  world.add_adapter({.name = "hci0"});
  world.add_adapter({.name = "hci1"});
  auto body = [&]() -> Task<> {
    ClientOptions second;
    second.adapter = "hci1";
    Client client{device_address, second};
    co_await client.connect();
    EXPECT_EQ(client.device().adapter(), "hci1");
    EXPECT_EQ(world.adapter("hci1").connections(), 1u);
    EXPECT_EQ(world.adapter("hci0").connections(), 0u);
  };
  world.run(body);
}

TEST_F(SimLink, AFrozenPeripheralEndsTheLinkAfterThirtySeconds) {
  auto body = [&]() -> Task<> {
    ClientOptions patient = options();
    patient.operation_timeout = 5min;
    Client client{device_address, patient};
    co_await client.connect();
    device.stall();
    const auto began = world.elapsed();
    const auto result = co_await client.read_gatt_char("2345").as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::disconnected);
    EXPECT_EQ(world.elapsed() - began, 30s);
    co_await sleep_for(1s);
  };
  world.run(body);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(SimLink, AFrozenPeripheralGoesOn) {
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    device.stall();
    world.after(3s, [&] { device.resume(); });
    EXPECT_EQ(co_await client.read_gatt_char("2345"), bytes(1));
  };
  world.run(body);
  EXPECT_GE(world.elapsed(), 3s);
}

TEST_F(SimLink, HooksTellOfLinks) {
  std::vector<std::string> told;
  device.on_connected([&] { told.push_back("up"); });
  device.on_disconnected([&](DisconnectReason reason) { told.emplace_back(to_string(reason)); });
  auto body = [&]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    co_await client.disconnect();
  };
  world.run(body);
  EXPECT_THAT(told, testing::ElementsAre("up", "local"));
}

TEST_F(SimLink, WorldEndsBeforeItsClients) {
  std::optional<Client> survivor;
  {
    World short_lived;
    short_lived.add_peripheral({.address = device_address});
    auto body = [&]() -> Task<> {
      survivor.emplace(device_address);
      co_await survivor->connect();
    };
    short_lived.run(body);
    EXPECT_TRUE(survivor->is_connected());
  }
  EXPECT_FALSE(survivor->is_connected());
  EXPECT_EQ(survivor->read_gatt_char("2345").as_result().get().error().code(), ErrorCode::loop_closed);
}

}  // namespace
}  // namespace blau
