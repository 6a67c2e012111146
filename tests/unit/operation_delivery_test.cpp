// Rule 6 of operations: where the result goes.

#include "latch.hpp"
#include "support/executors.hpp"
#include "support/foreign.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"
#include "support/operations.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::Result;
using blau::sleep_for;
using blau::Task;
using blau::test::code_of;
using blau::test::Foreign;
using blau::test::LoopThread;
using blau::test::ManualExecutor;
using blau::test::on_loop;
using blau::test::ready;
using blau::test::refused;
using blau::test::run_virtually;
using blau::test::ThreadExecutor;
using blau::test::turns;
using blau::test::VirtualLoop;

TEST(Rule6WhereItGoesOn, StartCallsBackOnTheObjectsLoop) {
  LoopThread runner;
  blau::test::Latch done(1);
  std::thread::id seen;
  ready(1, runner.loop()).start([&](Result<int>) {
    seen = std::this_thread::get_id();
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(seen, runner.thread());
}

TEST(Rule6WhereItGoesOn, AnOperationWithoutAnObjectTakesTheLoopThatStartsIt) {
  VirtualLoop loop;
  blau::detail::Loop* seen = nullptr;
  loop.facade().post([&] { sleep_for(1s).start([&](Result<void>) { seen = blau::detail::Loop::current(); }); });
  loop.loop()->run_until([&seen] { return seen != nullptr; });
  EXPECT_EQ(seen, loop.loop().get());

  blau::test::Latch done(1);
  sleep_for(0s).start([&](Result<void>) {
    EXPECT_EQ(blau::EventLoop::current(), &blau::EventLoop::background());
    done.count_down();
  });
  done.wait();
}

TEST(Rule6WhereItGoesOn, AForeignCoroutineGoesOnOnTheObjectsLoop) {
  LoopThread runner;
  blau::test::Latch done(1);
  std::thread::id seen;
  int value = 0;
  auto awaiting = [&]() -> Foreign {
    value = co_await ready(4, runner.loop());
    seen = std::this_thread::get_id();
    done.count_down();
  };
  auto foreign = awaiting();
  done.wait();
  on_loop(runner.loop(), [&] { EXPECT_TRUE(foreign.done()); });
  EXPECT_EQ(seen, runner.thread());
  EXPECT_EQ(value, 4);
}

TEST(Rule6WhereItGoesOn, AForeignCoroutineSeesErrorsAsExceptions) {
  VirtualLoop loop;
  auto test = [&]() -> Task<> {
    auto awaiting = []() -> Foreign { (void)co_await refused(); };
    auto foreign = awaiting();
    co_await turns();
    EXPECT_TRUE(foreign.done());
    EXPECT_EQ(code_of([&] {
                foreign.rethrow();
                return 0;
              }),
              ErrorCode::invalid_argument);
  };
  loop.run(test());
}

TEST(Rule6WhereItGoesOn, AnExecutorThatRunsLaterOnAnotherThread) {
  LoopThread runner;
  ThreadExecutor executor;
  blau::test::Latch done(2);
  std::thread::id of_callback;
  std::thread::id of_coroutine;
  ready(1, runner.loop()).on(executor).start([&](Result<int> result) {
    EXPECT_EQ(*result, 1);
    of_callback = std::this_thread::get_id();
    done.count_down();
  });
  auto awaiting = [&]() -> Foreign {
    EXPECT_EQ(co_await ready(2, runner.loop()).on(executor), 2);
    of_coroutine = std::this_thread::get_id();
    done.count_down();
  };
  auto foreign = awaiting();
  done.wait();
  EXPECT_EQ(of_callback, executor.thread());
  EXPECT_EQ(of_coroutine, executor.thread());
  blau::test::Latch idle(1);  // its frame ends there before it is destroyed here
  executor.post([&idle] { idle.count_down(); });
  idle.wait();
}

TEST(Rule6WhereItGoesOn, AnExecutorThatDestroysDetaches) {
  VirtualLoop loop;
  ManualExecutor executor;
  const auto held = std::make_shared<int>(0);
  bool called = false;
  auto test = [&]() -> Task<> {
    ready(1).on(executor).start([held, &called](Result<int>) { called = true; });
    co_await turns();
  };
  loop.run(test());
  EXPECT_EQ(held.use_count(), 2);
  {
    const auto destroyed = executor.take();
  }
  EXPECT_EQ(held.use_count(), 1) << "the callback is gone";
  EXPECT_FALSE(called);
}

TEST(Rule6WhereItGoesOn, AnExecutorMayRunAfterTheLoopHasEnded) {
  ManualExecutor executor;
  int value = 0;
  {
    VirtualLoop loop;
    auto test = [&]() -> Task<> {
      ready(7).on(executor).start([&value](Result<int> result) { value = *result; });
      co_await turns();
    };
    loop.run(test());
  }
  executor.take()();
  EXPECT_EQ(value, 7);
}

TEST(Rule6WhereItGoesOn, GetAndTasksIgnoreTheExecutor) {
  ManualExecutor executor;
  EXPECT_EQ(ready(1).on(executor).get(), 1);
  run_virtually([&executor]() -> Task<> { EXPECT_EQ(co_await ready(2).on(executor), 2); });
  EXPECT_EQ(executor.size(), 0u);
}

TEST(Rule6WhereItGoesOn, ATaskResumesOnItsOwnLoopWhereverTheObjectLives) {
  LoopThread far;
  VirtualLoop near;
  auto test = [&]() -> Task<> {
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(co_await ready(i, far.loop()), i);
      EXPECT_EQ(blau::EventLoop::current(), &near.facade());
    }
  };
  near.run(test());
}

TEST(Rule6WhereItGoesOn, AVirtualClockWaitsForAnotherLoop) {
  LoopThread far;
  bool expired = false;
  VirtualLoop near;
  const auto begin = near.facade().now();
  auto test = [&]() -> Task<> {
    auto limited = ready(1, far.loop());
    sleep_for(1h).start([&expired](Result<void>) { expired = true; });
    EXPECT_EQ(co_await std::move(limited), 1);
    EXPECT_FALSE(expired) << "awaiting another loop holds the clock";
    EXPECT_EQ(near.facade().now() - begin, 0ns);
  };
  near.run(test());
}

}  // namespace
