// Rule 3 of operations: any thread starts one, the work stays on the object's loop. And get().

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"
#include "support/operations.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::Result;
using blau::sleep_for;
using blau::Task;
using blau::test::code_of;
using blau::test::LoopThread;
using blau::test::Manual;
using blau::test::on_loop;
using blau::test::ready;
using blau::test::refused;
using blau::test::run_virtually;
using blau::test::VirtualLoop;

TEST(Rule3AnyThread, StartsFromManyThreadsAndWorksOnItsLoop) {
  constexpr int threads = 4;
  constexpr int each = 200;
  LoopThread runner;
  std::atomic<int> wrong_thread{0};
  blau::test::Latch delivered(threads * each);
  auto work = [&](blau::detail::Completer<int> done) {
    if (std::this_thread::get_id() != runner.thread()) ++wrong_thread;
    done(1);
  };
  std::vector<std::jthread> starters;
  for (int t = 0; t < threads; ++t) {
    starters.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        blau::detail::make_operation<int>(runner.loop(), "work", 1h, work).start([&](Result<int> result) {
          if (!result || std::this_thread::get_id() != runner.thread()) ++wrong_thread;
          delivered.count_down();
        });
      }
    });
  }
  delivered.wait();
  EXPECT_EQ(wrong_thread, 0);
}

TEST(Rule3AnyThread, GetsFromManyThreadsAtOnce) {
  LoopThread runner;
  std::atomic<int> sum{0};
  {
    std::vector<std::jthread> getters;
    for (int t = 0; t < 4; ++t)
      getters.emplace_back([&] {
        for (int i = 0; i < 200; ++i) sum += ready(1, runner.loop()).get();
      });
  }
  EXPECT_EQ(sum, 800);
}

TEST(Rule3AnyThread, GetDrivesAWorldThatNobodyRunsFromManyThreadsAtOnce) {
  VirtualLoop loop;
  loop.loop()->set_wants_driver(true);
  std::atomic<int> done{0};
  auto sleep_there = [&loop](blau::detail::Completer<void> completer) {
    auto timer = std::make_shared<blau::detail::Timer>();
    auto shared = std::make_shared<blau::detail::Completer<void>>(std::move(completer));
    timer->start_after(*loop.loop(), 1s, [timer, shared] { (*shared)(Result<void>()); });
  };
  {
    std::vector<std::jthread> getters;
    for (int t = 0; t < 4; ++t)
      getters.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          blau::detail::make_operation<void>(loop.loop(), "sleep", std::nullopt, sleep_there).get();
          ++done;
        }
      });
  }
  EXPECT_EQ(done, 200);
}

TEST(Rule3AnyThread, AGetThatAStalledWorldEndsLeavesNothingBehind) {
  VirtualLoop loop;
  loop.loop()->set_wants_driver(true);
  Manual<int> work(loop.loop());
  EXPECT_EQ(code_of([&] { return work.operation().get(); }), ErrorCode::stalled);
  EXPECT_EQ(work.early_ends(), 1) << "the abandoned operation was canceled";
  loop.loop()->run_and_wait([&work] { EXPECT_FALSE(work.pending()); });
}

TEST(Rule3AnyThread, StartsInsideCallbacks) {
  LoopThread runner;
  blau::test::Latch done(1);
  ready(1, runner.loop()).start([&](Result<int>) {
    ready(2, runner.loop()).start([&](Result<int> second) {
      EXPECT_EQ(*second, 2);
      done.count_down();
    });
  });
  done.wait();
}

// get().

TEST(Get, OnALoopsThreadWouldDeadlock) {
  run_virtually([]() -> Task<> {
    EXPECT_EQ(code_of([] { return ready(1).get(); }), ErrorCode::would_deadlock);
    co_return;
  });
  std::optional<ErrorCode> code;
  on_loop(blau::EventLoop::background().loop(), [&code] {
    code = code_of([] {
      sleep_for(0s).get();
      return 0;
    });
  });
  EXPECT_EQ(code, ErrorCode::would_deadlock);
}

TEST(Get, GivesResultsAndThrowsErrors) {
  EXPECT_EQ(ready(3).get(), 3);
  EXPECT_EQ(ready(3).as_result().get().value(), 3);
  EXPECT_EQ(code_of([] { return refused().get(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(refused().as_result().get()), ErrorCode::invalid_argument);
}

TEST(Get, EndsWhenItsLoopEnds) {
  auto runner = std::make_unique<LoopThread>();
  Manual<int> work(runner->loop());
  std::optional<ErrorCode> code;
  std::jthread waiting([&] { code = code_of([&] { return work.operation().get(); }); });
  work.wait_until_begun();
  runner.reset();
  waiting.join();
  EXPECT_EQ(code, ErrorCode::canceled);
}

}  // namespace
