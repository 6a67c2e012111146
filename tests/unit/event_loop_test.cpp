// EventLoop: run, spawn and post.

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <blau/event_loop.hpp>
#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::EventLoop;
using blau::sleep_for;
using blau::Task;
using blau::test::code_of;
using blau::test::LoopThread;
using blau::test::Manual;
using blau::test::on_loop;
using blau::test::turns;
using blau::test::VirtualLoop;

Task<int> give_later(int value) {
  co_await sleep_for(1ms);
  co_return value;
}

TEST(Run, GivesTheTasksResult) {
  EXPECT_EQ(blau::run(give_later(5)), 5);
  blau::run(turns());
}

TEST(Run, KeepsACoroutineFunctionWithItsCapturesAlive) {
  const auto captured = std::make_shared<int>(3);
  const int value = blau::run([captured]() -> Task<int> {
    co_await sleep_for(1ms);
    co_return *captured;
  });
  EXPECT_EQ(value, 3);
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(Run, ThrowsWhatTheTaskThrew) {
  auto fails = []() -> Task<> {
    co_await sleep_for(1ms);
    throw std::out_of_range("odd");
  };
  EXPECT_THROW(blau::run(fails()), std::out_of_range);
  EXPECT_EQ(EventLoop::current(), nullptr);
}

TEST(Run, InsideALoopWouldDeadlock) {
  blau::run([]() -> Task<> {
    EXPECT_EQ(code_of([] { return blau::run(give_later(1)); }), ErrorCode::would_deadlock);
    co_return;
  });
}

TEST(Run, ALoopMayRunAgain) {
  EventLoop loop;
  EXPECT_EQ(loop.run(give_later(1)), 1);
  EXPECT_EQ(loop.run(give_later(2)), 2);
}

TEST(Run, TwoThreadsRunOneLoopOneAfterAnother) {
  EventLoop loop;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  auto work = [&]() -> Task<> {
    most = std::max(most.load(), ++inside);
    co_await sleep_for(1ms);
    --inside;
  };
  {
    std::jthread first([&] { loop.run(work()); });
    std::jthread second([&] { loop.run(work()); });
    std::jthread third([&] { loop.run(work()); });
  }
  EXPECT_EQ(inside, 0);
  EXPECT_GE(most, 1);
}

TEST(Run, EndsAtItsLimit) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  bool ended = false;
  auto advertises_for_ever = [&ended]() -> Task<> {
    const std::unique_ptr<bool, void (*)(bool*)> guard(&ended, [](bool* flag) { *flag = true; });
    for (;;) co_await sleep_for(1s);
  };
  EXPECT_EQ(code_of([&] {
              loop.facade().run(advertises_for_ever(), {.limit = 1h});
              return 0;
            }),
            ErrorCode::timed_out);
  EXPECT_EQ(loop.facade().now() - begin, 1h);
  EXPECT_TRUE(ended) << "the task's frame is gone before run returns";
}

TEST(Run, ATaskThatWaitsForNothingStallsInVirtualTime) {
  VirtualLoop loop;
  Manual<int> work(loop.loop());
  auto waits = [&work]() -> Task<> { (void)co_await work.operation(); };
  EXPECT_EQ(code_of([&] {
              loop.run(waits());
              return 0;
            }),
            ErrorCode::stalled);
}

TEST(Run, SeedsChangeTheOrderOfReadyTasksReproducibly) {
  auto order_of = [](std::uint64_t seed) {
    std::vector<int> order;
    EventLoop loop(blau::EventLoopOptions{.order_seed = seed});
    auto note = [&order](int i) -> Task<> {
      co_await sleep_for(0s);
      order.push_back(i);
    };
    auto all = [&]() -> Task<> {
      std::vector<Task<>> tasks;
      for (int i = 0; i < 20; ++i) tasks.push_back(note(i));
      co_await blau::when_all(std::move(tasks));
    };
    loop.run(all());
    return order;
  };
  EXPECT_NE(order_of(1), order_of(2));
}

// spawn and post.

TEST(Spawn, RunsWithoutBeingWaitedForAndKeepsCaptures) {
  blau::run([]() -> Task<> {
    std::string log;
    std::stop_source ended;
    auto tell_end = [&ended](const int* captured) {
      delete captured;
      ended.request_stop();
    };
    std::shared_ptr<const int> captured(new int(1), tell_end);
    EventLoop::current()->spawn([&log, captured = std::move(captured)]() -> Task<> {
      co_await sleep_for(1ms);
      log += std::to_string(*captured);
    });
    EXPECT_EQ(log, "");
    const auto waited = co_await sleep_for(1min).cancel_with(ended.get_token()).as_result();
    EXPECT_FALSE(waited) << "its captures end with it";
    EXPECT_EQ(log, "1");
  });
}

TEST(Spawn, FromAnotherThreadRunsOnTheLoop) {
  LoopThread runner;
  blau::test::Latch done(1);
  std::thread::id seen;
  runner.facade().spawn([&]() -> Task<> {
    seen = std::this_thread::get_id();
    done.count_down();
    co_return;
  });
  done.wait();
  EXPECT_EQ(seen, runner.thread());
}

TEST(Spawn, OnALoopThatHasEndedDestroysTheTask) {
  auto loop = std::make_unique<VirtualLoop>();
  const auto kept = loop->loop();
  loop->loop()->close();
  const auto captured = std::make_shared<int>(0);
  bool ran = false;
  auto task = [&ran](std::shared_ptr<int>) -> Task<> {
    ran = true;
    co_return;
  };
  loop->facade().spawn(task(captured));
  on_loop(EventLoop::background().loop(), [] {});
  EXPECT_FALSE(ran);
  EXPECT_EQ(captured.use_count(), 1);
}

}  // namespace
