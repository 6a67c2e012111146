// get() on a plain thread: it runs a loop that nobody else runs, and makes room for those who do.

#include "latch.hpp"
#include "support/executors.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"
#include "support/scripted_backend.hpp"

#include <blau/client.hpp>
#include <blau/sim.hpp>
#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

/// Ends on its loop after a while.
Operation<int> later(std::shared_ptr<detail::Loop> home, int value, std::chrono::nanoseconds delay = 1ms) {
  auto begin = [value, delay, home](detail::Completer<int> completer) {
    auto timer = std::make_shared<detail::Timer>();
    auto done = std::make_shared<detail::Completer<int>>(std::move(completer));
    timer->start_after(*home, delay, [timer, done, value] { (*done)(value); });
  };
  return detail::make_operation<int>(home, "later", std::nullopt, begin);
}

sim::Peripheral& add_strap(sim::World& world) {
  auto& strap = world.add_peripheral({.address = "C0:FF:EE:00:00:01", .name = "Strap"});
  strap.add_service(0x180f).add_characteristic({.uuid = 0x2a19, .properties = Property::read, .value = bytes(97)});
  return strap;
}

ClientOptions on(sim::World& world) {
  ClientOptions options;
  options.loop = &world.loop();
  return options;
}

TEST(GetDrives, AWorldForAGroupOfItsOperations) {
  sim::World world;
  add_strap(world);
  world.add_peripheral({.address = "C0:FF:EE:00:00:02"});
  Client first("C0:FF:EE:00:00:01", on(world));
  Client second("C0:FF:EE:00:00:02", on(world));
  when_all(first.connect(), second.connect()).get();
  EXPECT_TRUE(first.is_connected() && second.is_connected());
  std::vector<Operation<Bytes>> reads;
  reads.push_back(first.read_gatt_char("2a19"));
  reads.push_back(first.read_gatt_char("2a19"));
  EXPECT_EQ(when_all(std::move(reads)).get(), std::vector<Bytes>(2, bytes(97)));
  std::vector<Operation<Bytes>> race;
  race.push_back(first.read_gatt_char("2a19"));
  EXPECT_EQ(when_any(std::move(race)).get().value, bytes(97));
  EXPECT_EQ(when_any(first.read_gatt_char("2a19"), second.disconnect()).as_result().get()->index(), 1u);
}

TEST(GetDrives, TasksSleepsAndNextOfAGroupRunInTheWorld) {
  sim::World world;
  auto& level = add_strap(world).service(0x180f).add_characteristic({.uuid = 0x2a1b, .properties = Property::notify});
  level.notify_every(1h, [] { return bytes(5); });
  Client client("C0:FF:EE:00:00:01", on(world));
  client.connect().get();
  auto values = client.subscribe("2a1b").get();
  auto task = [&client]() -> Task<int> {
    co_await sleep_for(30min);
    EXPECT_TRUE(EventLoop::current()->loop()->is_virtual());
    co_return (co_await client.read_gatt_char("2a19")).at(0);
  };
  const auto began = world.elapsed();
  auto [value, number, slept] = when_all(values.next(), task(), sleep_for(2h)).get();
  EXPECT_EQ(value, bytes(5));
  EXPECT_EQ(number, 97);
  EXPECT_GE(world.elapsed() - began, 2h) << "its sleep was on the world's clock";
}

TEST(GetDrives, AGroupsLimitIsOnTheWorldsClock) {
  sim::World world;
  Client client("C0:FF:EE:00:00:09", on(world));  // not there
  const auto began = world.elapsed();
  EXPECT_EQ(code_of(when_all(client.connect(), sleep_for(1h)).timeout(3s).as_result().get()), ErrorCode::timed_out);
  EXPECT_EQ(world.elapsed() - began, 3s);
  EXPECT_EQ(code_of(when_all(when_any(client.connect())).timeout(3s).as_result().get()), ErrorCode::timed_out);
  EXPECT_EQ(world.elapsed() - began, 6s);
}

TEST(GetDrives, AGroupThatIsOnlyStartedLivesInTheWorldToo) {
  sim::World world;
  Client client("C0:FF:EE:00:00:09", on(world));
  detail::Loop* seen = nullptr;
  when_all(client.connect(), sleep_for(1h)).start([](Result<void>) {});
  when_all(client.disconnect()).start([&](Result<void>) { seen = detail::Loop::current(); });
  world.advance(1s);
  EXPECT_EQ(seen, world.loop().loop().get());
}

TEST(GetDrives, TwoWorldsAtOnceAreAnErrorNotAHang) {
  sim::World one;
  sim::World two;
  add_strap(one);
  add_strap(two);
  Client first("C0:FF:EE:00:00:01", on(one));
  Client second("C0:FF:EE:00:00:01", on(two));
  EXPECT_EQ(code_of([&] {
              when_all(first.connect(), second.connect()).get();
              return 0;
            }),
            ErrorCode::would_deadlock);
  first.connect().get();  // one after another is fine
  second.connect().get();
  EXPECT_TRUE(first.is_connected() && second.is_connected());
}

TEST(GetDrives, OfTwoLoopsTheOneThatNobodyRuns) {
  LoopThread run_elsewhere;
  EventLoop mine;
  auto [a, b] = when_all(later(run_elsewhere.loop(), 1), later(mine.loop(), 2)).get();
  EXPECT_EQ(a + b, 3);
  auto [c, d] = when_all(later(mine.loop(), 3), later(run_elsewhere.loop(), 4)).get();
  EXPECT_EQ(c + d, 7);
  auto [e, f] = when_all(later(EventLoop::background().loop(), 5), later(mine.loop(), 6)).get();
  EXPECT_EQ(e + f, 11);
}

TEST(GetDrives, AnExplicitLoopThatNobodyRuns) {
  ScriptedBackend backend;
  EventLoop loop;
  ClientOptions options;
  options.backend = backend.ref();
  options.loop = &loop;
  Client client(known_device(), options);
  const auto here = std::this_thread::get_id();
  std::thread::id answered_on;
  loop.post([&] {
    loop.post([&] {  // after the connect, which was posted behind this
      answered_on = std::this_thread::get_id();
      backend.client().connects.answer(Result<void>());
      backend.client().discoveries.answer(small_database());
    });
  });
  client.connect().get();
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(answered_on, here);
}

TEST(GetDrives, WhatACallbackThrowsComesOutOfGet) {
  EventLoop loop;
  Manual<int> work(loop.loop());
  loop.post([] { throw std::out_of_range("from a callback"); });
  EXPECT_THROW((void)work.operation().get(), std::out_of_range);
  EXPECT_EQ(work.early_ends(), work.begun());
  EXPECT_EQ(later(loop.loop(), 5).get(), 5) << "the loop goes on";
}

TEST(GetDrives, MakesRoomForAThreadThatRunsTheLoop) {
  EventLoop loop;
  Manual<int> work(loop.loop());
  std::promise<int> got;
  std::thread getter([&] { got.set_value(work.operation().get()); });
  work.wait_until_begun();  // it drives the loop now
  // Only this task ends what the getter waits for.
  auto task = [&]() -> Task<> {
    work.complete(7);
    co_return;
  };
  loop.run(task());
  EXPECT_EQ(got.get_future().get(), 7);
  getter.join();
}

TEST(GetDrives, GoesOnWhenTheOtherThreadHasLeftTheLoop) {
  EventLoop loop;
  test::Latch running(1);
  test::Latch waiting(1);
  std::thread runner([&] {
    auto task = [&]() -> Task<> {
      running.count_down();
      waiting.wait();
      co_return;
    };
    loop.run(task());
  });
  running.wait();
  std::thread release([&] { waiting.count_down(); });
  EXPECT_EQ(later(loop.loop(), 3, 20ms).get(), 3);
  runner.join();
  release.join();
}

TEST(GetDrives, TheEndOfTheLoopDoesNotWaitForIt) {
  auto loop = std::make_unique<EventLoop>();
  Manual<int> work(loop->loop());
  std::optional<ErrorCode> code;
  std::thread getter([&] { code = code_of([&] { return work.operation().get(); }); });
  work.wait_until_begun();
  loop.reset();
  getter.join();
  EXPECT_EQ(code, ErrorCode::canceled);
}

TEST(GetDrives, ManyThreadsGetWhileOthersRunAndTheLoopEnds) {
  for (int round = 0; round < 20; ++round) {
    auto loop = std::make_unique<EventLoop>();
    std::atomic<int> odd{0};
    std::atomic<bool> closing{false};
    test::Latch busy(3);
    auto get = [&, home = loop->loop()] {
      for (int i = 0; !closing || i < 20; ++i) {
        const auto code = code_of([&] { return later(home, 1, 10us).get(); });
        if (code && code != ErrorCode::canceled && code != ErrorCode::loop_closed) ++odd;
        if (i == 10) busy.count_down();
      }
    };
    std::vector<std::jthread> getters;
    for (int i = 0; i < 3; ++i) getters.emplace_back(get);
    auto short_task = []() -> Task<> { co_await sleep_for(100us); };
    for (int i = 0; i < 10; ++i) loop->run(short_task());
    busy.wait();
    loop.reset();
    closing = true;
    getters.clear();
    EXPECT_EQ(odd, 0);
  }
}

}  // namespace
}  // namespace blau::test
