// A world through the public API: time, scanning, connecting, adapters, hooks.

#include "support/sim_addresses.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace blau {
namespace {

using namespace std::chrono_literals;
using sim::World;
using sim::WorldOptions;

sim::Peripheral& add_strap(World& world) {
  auto& strap = world.add_peripheral({.address = device_address, .name = "Strap"});
  auto& rate = strap.add_service(0x180d).add_characteristic({.uuid = 0x2a37, .properties = Property::notify});
  rate.notify_every(1s, [] { return bytes(0, 64); });
  strap.add_service(0x180f).add_characteristic({.uuid = 0x2a19, .properties = Property::read, .value = bytes(97)});
  return strap;
}

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode();
}

Task<int> count_beats(std::string address) {
  int beats = 0;
  Client client{address};
  co_await client.connect();
  auto on_value = [&beats](const Characteristic&, ByteView) { ++beats; };
  co_await client.start_notify(assigned::heart_rate_measurement, on_value);
  co_await sleep_for(30s);
  co_await client.stop_notify(assigned::heart_rate_measurement);
  co_return beats;
}

TEST(SimWorld, CountsBeatsInVirtualTime) {
  World world;
  add_strap(world).drop_link_after(90s);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(world.run(count_beats(device_address)), 30);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  EXPECT_GE(world.elapsed(), 30s);
  EXPECT_LT(world.elapsed(), 32s);
}

TEST(SimWorld, RunsAgainWhereItWas) {
  World world;
  auto& strap = add_strap(world);
  EXPECT_EQ(world.run(count_beats(device_address)), 30);
  EXPECT_EQ(world.run(count_beats(device_address)), 30);
  EXPECT_EQ(strap.connection_count(), 2u);
  EXPECT_GE(world.elapsed(), 60s);
}

Task<std::vector<std::string>> scan(ScannerOptions options = ScannerOptions(), std::chrono::seconds time = 3s) {
  std::vector<std::string> seen;
  for (const auto& [device, data] : co_await Scanner::discover(time, options))
    seen.push_back(device.address().to_string() + " " + data.local_name.value_or("?"));
  co_return seen;
}

TEST(SimWorld, ActiveScanGetsTheScanResponseAndPassiveNot) {
  World world;
  add_strap(world);
  EXPECT_THAT(world.run(scan()), testing::ElementsAre("C0:FF:EE:00:00:01 Strap"));
  ScannerOptions passive;
  passive.mode = ScanMode::passive;
  EXPECT_THAT(world.run(scan(passive)), testing::ElementsAre("C0:FF:EE:00:00:01 ?"));
}

TEST(SimWorld, AdvertisesAsItIsTold) {
  World world;
  auto& strap = add_strap(world);
  sim::AdvertisementOptions data;
  data.flags = std::uint8_t{6};
  data.service_uuids = {0x180d, "180f"};
  data.manufacturer_data[0x02e5] = bytes(1, 2);
  strap.set_advertising({.connectable = false, .data = data});
  auto first = []() -> Task<Advertisement> {
    const auto seen = co_await Scanner::discover(2s);
    co_return seen.at(0);
  };
  const Advertisement seen = world.run(first);
  EXPECT_EQ(seen.data.flags, 6);
  EXPECT_THAT(seen.data.service_uuids, testing::ElementsAre(Uuid{0x180d}, Uuid{0x180f}));
  EXPECT_EQ(seen.data.manufacturer_data.at(0x02e5), bytes(1, 2));
  EXPECT_EQ(seen.data.connectable, false);
  EXPECT_EQ(seen.data.rssi, -60);
  strap.advertise(false);
  EXPECT_TRUE(world.run(scan()).empty());
  strap.advertise(true);
  strap.vanish();
  EXPECT_TRUE(world.run(scan()).empty());
  strap.appear();
  EXPECT_EQ(world.run(scan()).size(), 1u);
}

Task<std::vector<std::pair<std::chrono::nanoseconds, int>>> sightings(World& world, std::size_t count) {
  std::vector<std::pair<std::chrono::nanoseconds, int>> seen;
  Scanner scanner;
  auto advertisements = scanner.advertisements();
  co_await scanner.start();
  while (seen.size() < count) {
    const auto next = co_await advertisements.next();
    seen.emplace_back(world.elapsed(), next->data.rssi);
  }
  co_return seen;
}

auto noisy_sightings(std::uint64_t seed) {
  World world({.seed = seed});
  add_strap(world).set_rssi(-50, 10);
  world.add_peripheral({.address = "C0:FF:EE:00:00:02", .rssi_noise = 5});
  return world.run(sightings(world, 100));
}

TEST(SimWorld, TheSameSeedGivesTheSameEvents) {
  const auto one = noisy_sightings(7);
  EXPECT_EQ(one, noisy_sightings(7));
  EXPECT_NE(one, noisy_sightings(8));
  for (const auto& [time, rssi] : one) EXPECT_TRUE(rssi >= -65 && rssi <= -40) << rssi;
}

TEST(SimWorld, AdvertisingIntervalHasJitterOfTenMilliseconds) {
  World world;
  world.add_peripheral({.address = device_address});
  const auto seen = world.run(sightings(world, 200));
  bool differs = false;
  for (std::size_t i = 1; i < seen.size(); ++i) {
    const auto gap = seen[i].first - seen[i - 1].first;
    EXPECT_TRUE(gap >= 100ms && gap <= 110ms) << gap.count();
    differs = differs || gap != seen[1].first - seen[0].first;
  }
  EXPECT_TRUE(differs);
}

TEST(SimWorld, WaitingForWhatCannotComeStalls) {
  World world;
  add_strap(world);
  auto wait_for_ever = [&world]() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    co_await client.read_gatt_char("2a19");
    auto values = co_await client.subscribe("2a37");
    world.peripheral(device_address).characteristic(0x2a37).stop_notifying();
    (void)co_await values.next();
  };
  EXPECT_EQ(code_of([&] { world.run(wait_for_ever); }), ErrorCode::stalled);
  world.peripheral(device_address).characteristic(0x2a37).notify_every(1s, [] { return bytes(0, 64); });
  EXPECT_EQ(world.run(count_beats(device_address)), 30);  // on a new loop
}

TEST(SimWorld, LimitEndsAScanForNothing) {
  World world;
  add_strap(world);
  auto look_for_ever = []() -> Task<> {
    Scanner scanner;
    auto advertisements = scanner.advertisements();
    co_await scanner.start();
    while (co_await advertisements.next()) {
    }
  };
  EXPECT_EQ(code_of([&] { world.run(look_for_ever, RunOptions{.limit = 1h}); }), ErrorCode::timed_out);
}

TEST(SimWorld, AnIdleConnectionTakesNoEvents) {
  World world;
  add_strap(world);
  auto stay = []() -> Task<> {
    Client client{device_address};
    co_await client.connect();
    co_await sleep_for(std::chrono::hours(24 * 365 * 10));
    EXPECT_TRUE(client.is_connected());
  };
  const auto began = std::chrono::steady_clock::now();
  world.run(stay);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST(SimWorld, WhatAHookThrowsEndsRun) {
  World world;
  auto& strap = add_strap(world);
  strap.characteristic(0x2a37).notify_every(1s, []() -> Bytes { throw std::runtime_error("no pulse"); });
  EXPECT_THROW(world.run(count_beats(device_address)), std::runtime_error);
  strap.characteristic(0x2a37).notify_every(1s, [] { return bytes(1); });
  strap.characteristic(0x2a19).on_read([]() -> sim::ReadAnswer { throw std::runtime_error("empty"); });
  auto read = []() -> Task<Bytes> {
    Client client{device_address};
    co_await client.connect();
    co_return co_await client.read_gatt_char("2a19");
  };
  EXPECT_THROW((void)world.run(read), std::runtime_error);
  world.after(1s, [] { throw std::logic_error("script"); });
  EXPECT_THROW(world.advance(2s), std::logic_error);
  EXPECT_EQ(world.run(count_beats(device_address)), 30);
}

TEST(SimWorld, ScriptsRunAtTheirTime) {
  World world;
  std::vector<std::chrono::nanoseconds> times;
  world.after(90s, [&] { times.push_back(world.elapsed()); });
  world.after(10s, [&] {
    times.push_back(world.elapsed());
    world.after(5s, [&] { times.push_back(world.elapsed()); });
  });
  world.advance(100s);
  EXPECT_THAT(times, testing::ElementsAre(10s, 15s, 90s));
  EXPECT_EQ(world.elapsed(), 100s);
}

TEST(SimWorld, GetDrivesTheWorld) {
  World world;
  add_strap(world);
  ClientOptions options;
  options.loop = &world.loop();
  Client client{device_address, options};
  client.connect().get();
  EXPECT_EQ(client.read_gatt_char("2a19").get(), bytes(97));
  EXPECT_EQ(client.mtu_size(), 517);
  client.disconnect().get();
  EXPECT_FALSE(world.peripheral(device_address).connected());
}

TEST(SimWorld, AHoldStopsTheClock) {
  World world;
  auto held = [&world]() -> Task<std::chrono::nanoseconds> {
    const auto began = world.elapsed();
    auto hold = world.hold();
    std::thread other([&world, hold = std::move(hold)]() mutable {
      world.loop().post([] {});
      {
        const auto ends = std::move(hold);
      }
    });
    co_await sleep_for(1s);
    other.join();
    co_return world.elapsed() - began;
  };
  EXPECT_EQ(world.run(held), 1s);
}

TEST(SimWorld, OrderSeedStillDeliversNotificationsInOrder) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    WorldOptions options;
    options.order_seed = seed;
    World world(options);
    auto& rate = add_strap(world).characteristic(0x2a37);
    std::uint8_t turn = 0;
    rate.notify_every(10ms, [&turn] { return bytes(turn++); });
    auto collect = []() -> Task<std::vector<int>> {
      Client client{device_address};
      co_await client.connect();
      auto values = co_await client.subscribe("2a37");
      std::vector<int> seen;
      while (seen.size() < 50) {
        const auto value = co_await values.next();
        seen.push_back(value->at(0));
      }
      co_return seen;
    };
    const auto seen = world.run(collect);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
  }
}

TEST(SimWorld, DefaultWorldAndFilesAndText) {
  World world = World::default_world();
  EXPECT_GE(world.peripherals().size(), 3u);
  EXPECT_GE(world.run(scan()).size(), 3u);
  World conformance = World::load(std::string(BLAU_SOURCE_DIR) + "/tests/conformance/world.json");
  EXPECT_FALSE(conformance.run(scan()).empty());
  World none = World::from_json(R"({"blau_world": 1, "adapters": []})");
  EXPECT_EQ(code_of([&] { (void)none.run(scan()); }), ErrorCode::bluetooth_not_available);
  EXPECT_EQ(code_of([] { (void)World::from_json("{", "bad.json"); }), ErrorCode::invalid_argument);
}

TEST(SimWorld, BadPartsAreRefused) {
  World world;
  add_strap(world);
  const auto refused = [&](sim::PeripheralOptions options) {
    return code_of([&] { world.add_peripheral(options); }) == ErrorCode::invalid_argument;
  };
  EXPECT_TRUE(refused({.address = device_address}));
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({.address = "C0:FF:EE:00:00:02", .mtu = 22}));
  EXPECT_TRUE(refused({.address = "C0:FF:EE:00:00:02", .name = std::string(249, 'x')}));
  EXPECT_TRUE(refused({.address = "C0:FF:EE:00:00:02", .advertising = {.interval = 5ms}}));
  EXPECT_EQ(code_of([&] { world.add_peripheral({.address = "strap"}); }), ErrorCode::invalid_argument);
  auto& strap = world.peripheral(device_address);
  EXPECT_EQ(code_of([&] { strap.add_service(0x1800); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([&] { strap.add_service(-1); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([&] { strap.add_service(0x1234, {.handle = 3}); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([&] { (void)strap.service(0x1234); }), ErrorCode::attribute_not_found);
  EXPECT_EQ(code_of([&] { (void)world.peripheral("C0:FF:EE:00:00:09"); }), ErrorCode::device_not_found);
  EXPECT_EQ(code_of([&] { strap.service(0x180d).add_characteristic({.uuid = 0x2a38, .value = Bytes(513)}); }),
            ErrorCode::invalid_argument);
  sim::AdvertisementOptions long_data;
  long_data.raw = Bytes(32);
  EXPECT_EQ(code_of([&] { strap.set_advertising({.data = long_data}); }), ErrorCode::invalid_argument);
  EXPECT_EQ(world.run(count_beats(device_address)), 30);
}

TEST(SimWorld, VirtualWorldServesItsOwnLoopOnly) {
  World world;
  add_strap(world);
  ScannerOptions options;
  options.backend = world.backend();
  EXPECT_EQ(code_of([&] { (void)run(scan(options)); }), ErrorCode::invalid_argument);
  EXPECT_EQ(world.run(scan(options)).size(), 1u);
}

TEST(SimWorld, RealTimeWorldServesOneLoopAtATime) {
  World world({.real_time = true});
  add_strap(world);
  auto read = [backend = world.backend()]() -> Task<Bytes> {
    ClientOptions options;
    options.backend = backend;
    Client client{device_address, options};
    co_await client.connect();
    co_return co_await client.read_gatt_char("2a19");
  };
  EXPECT_EQ(run(read), bytes(97));
  EXPECT_EQ(run(read), bytes(97));
  EXPECT_EQ(world.peripheral(device_address).connection_count(), 2u);
  EXPECT_EQ(world.run(read), bytes(97));
  EXPECT_EQ(code_of([&] { (void)run(read); }), ErrorCode::busy);  // its own loop lives
}

TEST(SimWorld, EndsWhileTheBackgroundLoopUsesIt) {
  std::atomic<int> made{0};
  std::promise<DisconnectReason> ended;
  std::optional<Client> client;
  {
    World world({.real_time = true});
    auto& strap = add_strap(world);
    strap.characteristic(0x2a37).notify_every(1ms, [&made] { return bytes(++made); });
    ClientOptions options;
    options.backend = world.backend();
    options.on_disconnected = [&ended](const Disconnection& d) { ended.set_value(d.reason); };
    client.emplace(Device(Address(device_address), "Strap", "known"), options);
    client->connect().get();
    auto values = client->subscribe("2a37").get();
    for (int i = 0; i < 20; ++i) {
      std::promise<void> turned;
      EventLoop::background().post([&turned] { turned.set_value(); });
      turned.get_future().wait();
    }
  }
  const int then = made;
  const auto result = client->read_gatt_char("2a19").as_result().get();
  EXPECT_EQ(result.error().code(), ErrorCode::not_connected);
  EXPECT_EQ(ended.get_future().get(), DisconnectReason::backend_lost);
  EXPECT_EQ(client->connect().as_result().get().error().code(), ErrorCode::backend_lost);
  EXPECT_EQ(made, then);
}

}  // namespace
}  // namespace blau
