// Rules 4 and 5 of operations: cancel completes at once, whatever the work does; time-outs run on the loop's clock.

#include "latch.hpp"
#include "support/executors.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <string>
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
using blau::test::ManualExecutor;
using blau::test::on_loop;
using blau::test::run_virtually;
using blau::test::turns;
using blau::test::VirtualLoop;

TEST(Rule4Cancel, BeforeTheStartNoWorkBegins) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::stop_source stop;
    stop.request_stop();
    auto operation = work.operation().cancel_with(stop.get_token());
    EXPECT_EQ(code_of(co_await operation.as_result()), ErrorCode::canceled);
    EXPECT_EQ(work.begun(), 0);
  });
}

TEST(Rule4Cancel, WhilePendingItCompletesAtOnceAndTellsTheWork) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::stop_source stop;
    std::vector<std::optional<ErrorCode>> results;
    work.operation().cancel_with(stop.get_token()).start([&](Result<int> r) { results.push_back(code_of(r)); });
    stop.request_stop();
    EXPECT_EQ(work.early_ends(), 1);
    co_await turns();
    EXPECT_EQ(results, std::vector{std::optional(ErrorCode::canceled)});
    work.complete(5);  // what the system answers late
    co_await turns();
    EXPECT_EQ(results.size(), 1u);
  });
}

TEST(Rule4Cancel, AfterCompletionTheValueStays) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::stop_source stop;
    std::optional<Result<int>> seen;
    work.operation().cancel_with(stop.get_token()).start([&seen](Result<int> r) { seen = std::move(r); });
    work.complete(5);
    stop.request_stop();
    co_await turns(2);
    EXPECT_EQ(**seen, 5);
    EXPECT_EQ(work.early_ends(), 0);
  });
}

TEST(Rule4Cancel, FromAnotherThreadRacingTheCompletion) {
  LoopThread runner;
  int values = 0;
  int cancels = 0;
  for (int i = 0; i < 300; ++i) {
    Manual<int> work(runner.loop());
    std::stop_source stop;
    blau::test::Latch delivered(1);
    work.operation().cancel_with(stop.get_token()).start([&](Result<int> result) {
      ++(result ? values : cancels);
      delivered.count_down();
    });
    work.wait_until_begun();
    std::jthread canceler([&stop] { stop.request_stop(); });
    runner.facade().post([work]() mutable { work.complete(1); });
    delivered.wait();
  }
  EXPECT_EQ(values + cancels, 300);
}

TEST(Rule4Cancel, AStopThatComesWhileItBeginsDoesNotStartTheWork) {
  // The token is looked at, then subscribed to: a stop in between is reported inside the subscription.
  LoopThread runner;
  for (int i = 0; i < 500; ++i) {
    Manual<int> work(runner.loop());
    std::stop_source stop;
    blau::test::Latch delivered(1);
    blau::test::Latch together(2);
    std::jthread canceler([&] {
      together.arrive_and_wait();
      stop.request_stop();
    });
    auto operation = work.operation().cancel_with(stop.get_token());
    together.arrive_and_wait();
    operation.start([&delivered](Result<int> result) {
      EXPECT_EQ(code_of(result), ErrorCode::canceled);
      delivered.count_down();
    });
    delivered.wait();
    on_loop(runner.loop(), [&work] { EXPECT_EQ(work.early_ends(), work.begun()); });
  }
}

TEST(Rule4Cancel, AWorkerThatAsksTooLateToBeToldIsTold) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    bool told = false;
    auto starter = [&](blau::detail::Completer<int> done) {
      stop.request_stop();  // ends the operation inside its own start
      EXPECT_FALSE(done.pending());
      done.on_early_end([&told] { told = true; });
    };
    auto operation = blau::detail::make_operation<int>(nullptr, "odd", std::nullopt, starter);
    auto cancelable = std::move(operation).cancel_with(stop.get_token());
    EXPECT_EQ(code_of(co_await cancelable.as_result()), ErrorCode::canceled);
    EXPECT_TRUE(told);
  });
}

// Rule 5.

TEST(Rule5Timeout, RunsOnTheLoopsClock) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  Manual<int> work;
  auto test = [&]() -> Task<> {
    const auto result = co_await work.operation().timeout(90s).as_result();
    EXPECT_EQ(code_of(result), ErrorCode::timed_out);
    EXPECT_NE(std::string(result.error().what()).find("90 s"), std::string::npos) << result.error().what();
  };
  loop.run(test());
  EXPECT_EQ(loop.facade().now() - begin, 90s);
  EXPECT_EQ(work.early_ends(), 1);
}

TEST(Rule5Timeout, ReplacesTheDefaultDeadline) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  auto test = []() -> Task<> {
    Manual<int> work;
    EXPECT_EQ(code_of(co_await work.operation(10s).as_result()), ErrorCode::timed_out);
    EXPECT_EQ(code_of(co_await work.operation(10s).timeout(60s).as_result()), ErrorCode::timed_out);
    EXPECT_EQ(code_of(co_await work.operation(10s).timeout(1s).as_result()), ErrorCode::timed_out);
  };
  loop.run(test());
  EXPECT_EQ(loop.facade().now() - begin, 71s);
}

TEST(Rule5Timeout, CountsFromTheStart) {
  VirtualLoop loop;
  auto test = [&]() -> Task<> {
    Manual<int> work;
    auto operation = work.operation().timeout(5s);
    co_await sleep_for(1h);
    const auto begin = loop.facade().now();
    EXPECT_EQ(code_of(co_await operation.as_result()), ErrorCode::timed_out);
    EXPECT_EQ(loop.facade().now() - begin, 5s);
  };
  loop.run(test());
}

TEST(Rule5Timeout, DoesNotComeAfterACompletion) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    int calls = 0;
    work.operation().timeout(1s).start([&calls](Result<int> result) {
      ++calls;
      EXPECT_EQ(*result, 3);
    });
    work.complete(3);
    co_await sleep_for(1min);
    EXPECT_EQ(calls, 1);
  });
}

TEST(Rule5Timeout, TimeoutCancelAndExecutorCombineInAnyOrder) {
  VirtualLoop loop;
  ManualExecutor executor;
  std::stop_source stop;
  int timed_out = 0;
  auto count = [&timed_out](Result<int> result) { timed_out += code_of(result) == ErrorCode::timed_out ? 1 : 0; };
  auto test = [&]() -> Task<> {
    Manual<int> work;
    Manual<int> other;
    work.operation().timeout(1s).cancel_with(stop.get_token()).on(executor).as_result().start(count);
    other.operation().as_result().on(executor).cancel_with(stop.get_token()).timeout(1s).start(count);
    co_await sleep_for(2s);
  };
  loop.run(test());
  ASSERT_EQ(executor.size(), 2u);
  executor.take()();
  executor.take()();
  EXPECT_EQ(timed_out, 2);
}

}  // namespace
