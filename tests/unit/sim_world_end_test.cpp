// The end of a world that another thread's loop uses, whatever that loop does at the time.

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/sim_addresses.hpp"

#include <blau/client.hpp>
#include <blau/event_loop.hpp>
#include <blau/scanner.hpp>
#include <blau/sim.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 20;

/// A world on real time with a peripheral whose hooks count, as long as they may be called.
struct CountedEnd {
  explicit CountedEnd(std::atomic<bool>& gone) : gone(gone) {
    auto& strap = world->add_peripheral({.address = device_address, .advertising = {.interval = 20ms}});
    strap.set_connect_time(0ms);
    strap.set_latency(0ms);
    auto& rate = strap.add_service(0x180d).add_characteristic({.uuid = 0x2a37, .properties = Property::notify});
    rate.notify_every(100us, [this] {
      if (this->gone) ++calls_after_the_end;
      return bytes(1);
    });
  }
  Task<> use(test::Latch& connected) {
    ClientOptions options;
    options.backend = world->backend();
    return use_with(std::move(options), connected);
  }
  static Task<> use_with(ClientOptions options, test::Latch& connected) {
    Client client(Device(Address(device_address), "Strap", "known"), std::move(options));
    const auto up = co_await client.connect().as_result();
    if (up) {
      auto values = co_await client.subscribe("2a37").as_result();
      connected.count_down();
      if (values) {
        while (co_await values->next()) {
        }
      }
    } else {
      connected.count_down();
    }
  }

  std::optional<sim::World> world{sim::WorldOptions{.real_time = true}};
  std::atomic<bool>& gone;
  std::atomic<int> calls_after_the_end{0};
};

TEST(SimWorldEnd, WhileAnotherThreadRunsTheLoopThatUsesIt) {
  for (int round = 0; round < rounds; ++round) {
    std::atomic<bool> gone{false};
    CountedEnd counted(gone);
    test::Latch connected(1);
    std::thread user([&] { run(counted.use(connected)); });
    connected.wait();
    counted.world.reset();
    gone = true;
    user.join();
    EXPECT_EQ(counted.calls_after_the_end, 0);
  }
}

TEST(SimWorldEnd, WhileTheLoopThatUsesItEnds) {
  for (int round = 0; round < rounds; ++round) {
    std::atomic<bool> gone{false};
    CountedEnd counted(gone);
    test::Latch connected(1);
    std::stop_source stop;
    std::thread user([&] {
      run([&]() -> Task<> {
        const auto ended = co_await counted.use(connected).cancel_with(stop.get_token()).as_result();
        (void)ended;
      });
    });
    connected.wait();
    test::Latch together(2);
    std::thread stopper([&] {
      together.arrive_and_wait();
      stop.request_stop();
    });
    together.arrive_and_wait();
    counted.world.reset();
    gone = true;
    stopper.join();
    user.join();
    EXPECT_EQ(counted.calls_after_the_end, 0);
  }
}

TEST(SimWorldEnd, WhileAnotherLoopTakesIt) {
  for (int round = 0; round < rounds; ++round) {
    std::atomic<bool> gone{false};
    CountedEnd counted(gone);
    ClientOptions options;
    options.backend = counted.world->backend();
    test::Latch connected(1);
    test::Latch together(2);
    std::thread user([&] {
      together.arrive_and_wait();
      run(CountedEnd::use_with(options, connected));
    });
    together.arrive_and_wait();
    counted.world.reset();
    gone = true;
    user.join();
    EXPECT_EQ(counted.calls_after_the_end, 0);
  }
}

TEST(SimWorldEnd, ALoopThatNobodyRunsLetsItGo) {
  EventLoop loop;
  std::optional<sim::World> world(sim::WorldOptions{.real_time = true});
  world->add_peripheral({.address = device_address});
  ClientOptions options;
  options.backend = world->backend();
  options.loop = &loop;
  std::optional<DisconnectReason> reason;
  options.on_disconnected = [&reason](const Disconnection& end) { reason = end.reason; };
  Client client(Device(Address(device_address), "Strap", "known"), options);
  auto connect = [&]() -> Task<> { co_await client.connect(); };
  loop.run(connect());
  world.reset();
  EXPECT_FALSE(client.is_connected());
  loop.run(turns());
  EXPECT_EQ(reason, DisconnectReason::backend_lost);
}

TEST(SimWorldEnd, NobodyTakesItAfterwards) {
  BackendRef backend;
  {
    sim::World world({.real_time = true});
    backend = world.backend();
  }
  ScannerOptions options;
  options.backend = backend;
  auto scan = [&options]() -> Task<std::optional<ErrorCode>> {
    Scanner scanner(options);
    const auto started = co_await scanner.start().as_result();
    std::optional<ErrorCode> code;
    if (!started) code = started.error().code();
    co_return code;
  };
  EXPECT_EQ(run(scan), ErrorCode::backend_lost);
}

TEST(SimWorldEnd, AFailedRunLetsTheNextLoopHaveIt) {
  sim::World world({.real_time = true});
  auto& strap = world.add_peripheral({.address = device_address});
  strap.add_service(0x180f).add_characteristic({.uuid = 0x2a19, .properties = Property::read, .value = bytes(97)});
  auto fail = []() -> Task<> {
    EventLoop::current()->post([] { throw std::out_of_range("a callback's"); });
    co_await sleep_for(1h);
  };
  EXPECT_THROW(world.run(fail()), std::out_of_range);
  auto read = []() -> Task<Bytes> {
    Client client(Device(Address(device_address), "Strap", "known"));
    co_await client.connect();
    co_return co_await client.read_gatt_char("2a19");
  };
  EXPECT_EQ(world.run(read()), bytes(97));
}

}  // namespace
}  // namespace blau::test
