// Rule 11: an exception that leaves a callback.

#include "support/executors.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <blau/event_loop.hpp>
#include <blau/log.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
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
using blau::test::Manual;
using blau::test::on_loop;
using blau::test::turns;
using blau::test::VirtualLoop;

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

}  // namespace
