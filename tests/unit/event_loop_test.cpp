// EventLoop, run, spawn: rules 11 and 13.

#include "support/executors.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <blau/log.hpp>
#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::Error;
using blau::ErrorCode;
using blau::EventLoop;
using blau::Result;
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

// run.

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
    const auto captured = std::make_shared<int>(1);
    EventLoop::current()->spawn([&log, captured]() -> Task<> {
      co_await sleep_for(1ms);
      log += std::to_string(*captured);
    });
    EXPECT_EQ(log, "");
    co_await sleep_for(20ms);
    EXPECT_EQ(log, "1");
    EXPECT_EQ(captured.use_count(), 1);
  });
}

TEST(Spawn, FromAnotherThreadRunsOnTheLoop) {
  LoopThread runner;
  std::latch done(1);
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

// Rule 11.

/// Sees whether clean-up has happened when `run` throws.
struct CleanedUp {
  bool operation_canceled = false;
  bool frame_destroyed = false;
};
Task<> run_until_cleaned(CleanedUp& cleaned) {
  const std::unique_ptr<bool, void (*)(bool*)> guard(&cleaned.frame_destroyed, [](bool* flag) { *flag = true; });
  const auto result = co_await sleep_for(1h).as_result();
  cleaned.operation_canceled = code_of(result) == ErrorCode::canceled;
}

TEST(Rule11Exceptions, OneThatLeavesACallbackEndsRunWhichRethrowsItAfterCleanUp) {
  CleanedUp cleaned;
  auto test = [&]() -> Task<> {
    sleep_for(1ms).start([](Result<void>) { throw std::out_of_range("from a callback"); });
    co_await run_until_cleaned(cleaned);
  };
  EXPECT_THROW(blau::run(test()), std::out_of_range);
  EXPECT_TRUE(cleaned.operation_canceled);
  EXPECT_TRUE(cleaned.frame_destroyed);
}

TEST(Rule11Exceptions, TheSameForPostedCallsTimersAndSpawnedTasks) {
  auto run_with = [](auto begin) {
    CleanedUp cleaned;
    auto test = [&]() -> Task<> {
      begin(*EventLoop::current());
      co_await run_until_cleaned(cleaned);
    };
    EXPECT_THROW(blau::run(test()), std::out_of_range);
    EXPECT_TRUE(cleaned.frame_destroyed);
  };
  run_with([](EventLoop& loop) { loop.post([] { throw std::out_of_range("post"); }); });
  run_with([](EventLoop& loop) {
    auto fails = []() -> Task<> {
      co_await sleep_for(1ms);
      throw std::out_of_range("task");
    };
    loop.spawn(fails());
  });
  blau::detail::Timer timer;
  run_with(
      [&timer](EventLoop& loop) { timer.start_after(*loop.loop(), 1ms, [] { throw std::out_of_range("timer"); }); });
}

TEST(Rule11Exceptions, OneInTheTurnThatEndsTheTaskIsNotLost) {
  VirtualLoop loop;
  Manual<int> work(loop.loop());
  auto test = [&]() -> Task<> {
    work.operation().start([](Result<int>) { throw std::out_of_range("at the end"); });
    work.complete(1);
    co_return;
  };
  EXPECT_THROW(loop.run(test()), std::out_of_range);
}

/// Collects what is logged as an error.
class LogCapture {
 public:
  LogCapture() {
    blau::set_log_sink([this](blau::LogLevel level, std::string_view, std::string_view message) {
      if (level != blau::LogLevel::error) return;
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(message);
    });
  }
  ~LogCapture() { blau::set_log_sink({}); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST(Rule11Exceptions, OnTheBackgroundLoopItIsLoggedAndReportedAndTheLoopGoesOn) {
  auto& background = EventLoop::background();
  const LogCapture log;
  std::vector<std::string> reported;
  background.on_unhandled([&reported](std::exception_ptr exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& error) {
      reported.emplace_back(error.what());
    }
    throw std::runtime_error("the handler fails, too");
  });
  sleep_for(0s).start([](Result<void>) { throw std::out_of_range("one"); });
  auto fails = []() -> Task<> {
    co_await sleep_for(1ms);
    throw Error(ErrorCode::busy, "two");
  };
  background.spawn(fails());
  auto waits = []() -> Task<> { co_await sleep_for(5ms); };
  waits().as_operation().get();
  on_loop(background.loop(), [] {});
  background.on_unhandled({});
  ASSERT_EQ(reported.size(), 2u);
  EXPECT_EQ(reported[0], "one");
  EXPECT_NE(reported[1].find("two"), std::string::npos);
  ASSERT_EQ(log.lines().size(), 4u);
  EXPECT_NE(log.lines()[0].find("one"), std::string::npos);
  EXPECT_NE(log.lines()[1].find("handler"), std::string::npos);
}

TEST(Rule11Exceptions, AHandlerMayReplaceItself) {
  auto& background = EventLoop::background();
  int calls = 0;
  const auto held = std::make_shared<int>(0);
  background.on_unhandled([&calls, held, &background](std::exception_ptr) {
    background.on_unhandled({});
    calls += static_cast<int>(held.use_count() > 0);
  });
  on_loop(background.loop(), [&background] { background.post([] { throw 1; }); });
  on_loop(background.loop(), [] {});
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Rule11Exceptions, WhileTheLoopClosesItIsLogged) {
  const LogCapture log;
  {
    VirtualLoop loop;
    auto start = [] { sleep_for(1h).start([](Result<void> result) { result.value(); }); };
    loop.facade().post(start);
    loop.run(turns());
  }
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_NE(log.lines()[0].find("ended before"), std::string::npos) << log.lines()[0];
}

TEST(Rule11Exceptions, OnAnExecutorItDoesNotUnwindThroughTheUsersCode) {
  blau::test::ManualExecutor executor;
  auto test = [&]() -> Task<> {
    sleep_for(0s).on(executor).start([](Result<void>) { throw std::out_of_range("elsewhere"); });
    co_await turns(2);
    auto work = executor.take();
    EXPECT_NO_THROW(work());
    co_await sleep_for(1h);
  };
  VirtualLoop loop;
  EXPECT_THROW(loop.run(test()), std::out_of_range);
}

// Rule 13.

TEST(Rule13Ends, OperationsThatArePendingCompleteWithCanceledBeforeTheLoopIsGone) {
  std::vector<std::optional<ErrorCode>> codes;
  {
    VirtualLoop loop;
    auto start = [&codes] {
      for (int i = 0; i < 3; ++i) sleep_for(1h).start([&codes](Result<void> r) { codes.push_back(code_of(r)); });
    };
    loop.facade().post(start);
    loop.run(turns());
    EXPECT_TRUE(codes.empty());
  }
  EXPECT_EQ(codes, std::vector<std::optional<ErrorCode>>(3, ErrorCode::canceled));
}

TEST(Rule13Ends, TasksThatCatchCanceledMayAwaitMoreWhichIsRefused) {
  std::string log;
  auto stubborn = [&log]() -> Task<> {
    log += code_of(co_await sleep_for(1h).as_result()) == ErrorCode::canceled ? "canceled;" : "odd;";
    for (int i = 0; i < 2; ++i)
      log += code_of(co_await sleep_for(1s).as_result()) == ErrorCode::loop_closed ? "refused;" : "odd;";
    log += "ended";
  };
  {
    VirtualLoop loop;
    loop.facade().spawn(stubborn());
    loop.run(turns());
  }
  EXPECT_EQ(log, "canceled;refused;refused;ended");
}

TEST(Rule13Ends, ATaskThatNeverGivesUpIsDestroyedInTheEnd) {
  bool destroyed = false;
  auto never_ends = [&destroyed]() -> Task<> {
    const std::unique_ptr<bool, void (*)(bool*)> guard(&destroyed, [](bool* flag) { *flag = true; });
    for (;;) {
      const auto ignored = co_await sleep_for(1s).as_result();
      (void)ignored;
    }
  };
  {
    VirtualLoop loop;
    loop.facade().spawn(never_ends());
    loop.run(turns());
  }
  EXPECT_TRUE(destroyed);
}

TEST(Rule13Ends, ATaskThatWaitsForAnotherLoopIsDestroyed) {
  LoopThread far;
  Manual<int> work(far.loop());
  bool destroyed = false;
  auto waits = [&]() -> Task<> {
    const std::unique_ptr<bool, void (*)(bool*)> guard(&destroyed, [](bool* flag) { *flag = true; });
    (void)co_await work.operation();
  };
  {
    VirtualLoop near;
    near.facade().spawn(waits());
    near.run(turns());
    work.wait_until_begun();
  }
  EXPECT_TRUE(destroyed);
  on_loop(far.loop(), [&work] { EXPECT_EQ(work.early_ends(), 1); });
}

TEST(Rule13Ends, FramesDestroyedByTheEndMayStartOperations) {
  struct StartsAtItsEnd {
    ~StartsAtItsEnd() {
      sleep_for(1s).start([codes = codes](Result<void> result) { codes->push_back(code_of(result)); });
    }
    std::shared_ptr<std::vector<std::optional<ErrorCode>>> codes;
  };
  const auto codes = std::make_shared<std::vector<std::optional<ErrorCode>>>();
  auto waits = [&codes]() -> Task<> {
    const StartsAtItsEnd local{codes};
    co_await sleep_for(1h);
  };
  {
    VirtualLoop loop;
    loop.facade().spawn(waits());
    loop.run(turns());
  }
  EXPECT_EQ(*codes, std::vector<std::optional<ErrorCode>>{ErrorCode::loop_closed});
}

TEST(Rule13Ends, WhatOutlivesItsLoopAnswersLoopClosedOnTheBackgroundLoop) {
  auto loop = std::make_unique<VirtualLoop>();
  Manual<int> work(loop->loop());
  loop.reset();
  std::latch done(1);
  work.operation().start([&](Result<int> result) {
    EXPECT_EQ(code_of(result), ErrorCode::loop_closed);
    EXPECT_EQ(EventLoop::current(), &EventLoop::background());
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(code_of([&] { return work.operation().get(); }), ErrorCode::loop_closed);
  VirtualLoop other;
  auto awaits = [&]() -> Task<> {
    EXPECT_EQ(code_of(co_await work.operation().as_result()), ErrorCode::loop_closed);
    EXPECT_EQ(EventLoop::current(), &other.facade());
  };
  other.run(awaits());
}

TEST(Rule13Ends, OperationsStartedByOtherThreadsWhileItClosesAllComplete) {
  for (int round = 0; round < 50; ++round) {
    auto runner = std::make_unique<LoopThread>();
    const auto loop = runner->loop();
    std::counting_semaphore<64> room(64);
    std::latch busy(100);
    std::atomic<bool> stop{false};
    std::atomic<int> started{0};
    std::atomic<int> closed{0};
    auto starter = [&, loop] {
      auto work = [](blau::detail::Completer<int> done) { done(1); };
      while (!stop || closed == 0) {
        room.acquire();  // would wait for ever if one were lost
        blau::detail::make_operation<int>(loop, "work", std::nullopt, work).start([&](Result<int> result) {
          if (code_of(result) == ErrorCode::loop_closed) ++closed;
          room.release();
        });
        if (started.fetch_add(1) < 100) busy.count_down();
      }
    };
    {
      std::jthread first(starter);
      std::jthread second(starter);
      busy.wait();
      runner.reset();
      stop = true;
    }
    for (int i = 0; i < 64; ++i) room.acquire();
    EXPECT_GT(closed, 0);
  }
}

TEST(Rule13Ends, ALoopMayBeDestroyedOnAnotherThreadThanItRanOn) {
  bool destroyed = false;
  auto loop = std::make_unique<EventLoop>();
  auto waits = [&destroyed]() -> Task<> {
    const std::unique_ptr<bool, void (*)(bool*)> guard(&destroyed, [](bool* flag) { *flag = true; });
    co_await sleep_for(1h);
  };
  loop->spawn(waits());
  std::thread([&loop] { loop->run(turns()); }).join();
  loop.reset();
  EXPECT_TRUE(destroyed);
}

}  // namespace
