// Rules 1 to 6 of operations: how they begin, complete, are canceled, and where their result goes.

#include "support/executors.hpp"
#include "support/foreign.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::Error;
using blau::ErrorCode;
using blau::Operation;
using blau::Result;
using blau::sleep_for;
using blau::Task;
using blau::test::code_of;
using blau::test::Foreign;
using blau::test::LoopThread;
using blau::test::Manual;
using blau::test::ManualExecutor;
using blau::test::on_loop;
using blau::test::run_virtually;
using blau::test::ThreadExecutor;
using blau::test::turns;
using blau::test::VirtualLoop;

static_assert(!std::is_copy_constructible_v<Operation<int>> && std::is_nothrow_move_constructible_v<Operation<int>>);
static_assert(!std::is_aggregate_v<Operation<int>>);

/// An operation that is there at once.
Operation<int> ready(int value, std::shared_ptr<blau::detail::Loop> home = nullptr) {
  return blau::detail::make_operation<int>(std::move(home), "ready", std::nullopt,
                                           [value](blau::detail::Completer<int> done) { done(value); });
}
Operation<int> refused() {
  return blau::detail::make_operation<int>(nullptr, "refused", std::nullopt, [](blau::detail::Completer<int>) {
    throw Error(ErrorCode::invalid_argument, "a bad argument");
  });
}

// Rule 1: one completion, or none if the awaiter is gone.

TEST(Rule1Ownership, GivesAValueAnErrorOrAForeignException) {
  run_virtually([]() -> Task<> {
    EXPECT_EQ(co_await ready(5), 5);
    const auto result = co_await refused().as_result();
    EXPECT_EQ(code_of(result), ErrorCode::invalid_argument);
    EXPECT_STREQ(result.error().what(), "a bad argument");
    auto starter = [](blau::detail::Completer<int>) { throw std::string("odd"); };
    auto odd = blau::detail::make_operation<int>(nullptr, "odd", std::nullopt, starter);
    EXPECT_THROW(co_await std::move(odd), std::string);
    auto odd_again = blau::detail::make_operation<int>(nullptr, "odd", std::nullopt, starter);
    EXPECT_EQ(code_of(co_await odd_again.as_result()), ErrorCode::failed);
  });
}

TEST(Rule1Ownership, CompletesOnceThoughTheWorkAnswersTwice) {
  run_virtually([]() -> Task<> {
    int calls = 0;
    std::shared_ptr<blau::detail::Completer<int>> kept;
    auto starter = [&kept](blau::detail::Completer<int> done) {
      kept = std::make_shared<blau::detail::Completer<int>>(std::move(done));
    };
    blau::detail::make_operation<int>(nullptr, "twice", std::nullopt, starter).start([&calls](Result<int> result) {
      ++calls;
      EXPECT_EQ(*result, 1);
    });
    (*kept)(1);
    (*kept)(2);
    co_await turns(2);
    EXPECT_EQ(calls, 1);
  });
}

TEST(Rule1Ownership, ADroppedRequestIsAFailure) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::optional<ErrorCode> code;
    work.operation().start([&code](Result<int> result) { code = code_of(result); });
    work.drop();
    EXPECT_FALSE(code.has_value());
    co_await turns(2);
    EXPECT_EQ(code, ErrorCode::failed);
  });
}

TEST(Rule1Ownership, UsingItTwiceIsAnError) {
  VirtualLoop loop;
  auto operation = ready(1, loop.loop());
  operation.start([](Result<int>) {});
  EXPECT_EQ(code_of([&] {
              operation.start([](Result<int>) {});
              return 0;
            }),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([&] { return operation.get(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([&] { return operation.timeout(1s); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([&] { return operation.cancel_with({}); }), ErrorCode::invalid_argument);
}

TEST(Rule1Ownership, AnOperationThatNobodyStartsDoesNothing) {
  Manual<int> work;
  {
    auto unused = work.operation();
  }
  EXPECT_EQ(work.begun(), 0);
}

/// A Task of which the test decides when it is destroyed: at the end of `destroyed_awaiter`.
class DestroyedAwaiter : public testing::Test {
 protected:
  Foreign await_work() {
    const Resumed guard{*this};
    (void)co_await work_.operation();
    resumed_ = true;
  }
  struct Resumed {
    DestroyedAwaiter& test;
    ~Resumed() { ++test.frames_destroyed_; }
  };

  VirtualLoop loop_;
  Manual<std::shared_ptr<int>> work_{loop_.loop()};
  bool resumed_ = false;
  int frames_destroyed_ = 0;
};

TEST_F(DestroyedAwaiter, Rule1BeforeTheStartNothingBegins) {
  Task<> task = [](Manual<std::shared_ptr<int>>& work) -> Task<> { (void)co_await work.operation(); }(work_);
  {
    const Task<> destroyed = std::move(task);
  }
  EXPECT_EQ(work_.begun(), 0);
}

TEST_F(DestroyedAwaiter, Rule1WhilePendingItCancelsAndALateResultIsDiscarded) {
  auto test = [this]() -> Task<> {
    auto foreign = await_work();
    EXPECT_EQ(work_.begun(), 1);
    foreign.destroy();
    EXPECT_EQ(frames_destroyed_, 1);
    EXPECT_EQ(work_.early_ends(), 1) << "the work was told to stop";
    const auto late = std::make_shared<int>(1);
    work_.complete(late);
    EXPECT_EQ(late.use_count(), 1) << "the late result is gone";
    co_await turns(2);
    EXPECT_FALSE(resumed_);
  };
  loop_.run(test());
}

TEST_F(DestroyedAwaiter, Rule1AfterCompletionBeforeDelivery) {
  auto test = [this]() -> Task<> {
    auto foreign = await_work();
    const auto value = std::make_shared<int>(1);
    work_.complete(value);
    foreign.destroy();
    EXPECT_EQ(work_.early_ends(), 0);
    co_await turns(2);
    EXPECT_FALSE(resumed_);
    EXPECT_EQ(value.use_count(), 1) << "the undelivered result is gone";
  };
  loop_.run(test());
}

TEST_F(DestroyedAwaiter, Rule1StartedOnAnotherThread) {
  LoopThread runner;
  Manual<int> work(runner.loop());
  // The foreign coroutine is resumed on the operation's loop, so it may only be destroyed there.
  std::optional<Foreign> foreign;
  bool resumed = false;
  auto awaiting = [&]() -> Foreign {
    (void)co_await work.operation();
    resumed = true;
  };
  foreign.emplace(awaiting());
  work.wait_until_begun();
  on_loop(runner.loop(), [&] { foreign.reset(); });
  on_loop(runner.loop(), [&] { EXPECT_EQ(work.early_ends(), 1); });
  EXPECT_FALSE(resumed);
}

// Rule 2: copies of its arguments, never inline.

TEST(Rule2NeverInline, NotEvenForAResultThatIsThereOrABadArgument) {
  run_virtually([]() -> Task<> {
    int calls = 0;
    auto count = [&calls](Result<int>) { ++calls; };
    ready(1).start(count);
    refused().start(count);
    std::stop_source stopped;
    stopped.request_stop();
    ready(1).cancel_with(stopped.get_token()).start(count);
    EXPECT_EQ(calls, 0);
    co_await turns();
    EXPECT_EQ(calls, 3);
  });
}

TEST(Rule2NeverInline, NotWhenCanceledByTheCallerEither) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    bool called = false;
    std::stop_source stop;
    work.operation().cancel_with(stop.get_token()).start([&called](Result<int>) { called = true; });
    stop.request_stop();
    EXPECT_FALSE(called);
    co_await turns();
    EXPECT_TRUE(called);
  });
}

TEST(Rule2NeverInline, NotOnALoopThatHasEnded) {
  auto loop = std::make_unique<VirtualLoop>();
  const auto home = loop->loop();
  loop.reset();
  std::latch delivered(1);
  std::thread::id starting;
  std::thread::id delivering;
  bool inside = true;
  // On the background loop itself, where inline would be possible.
  on_loop(blau::EventLoop::background().loop(), [&] {
    starting = std::this_thread::get_id();
    ready(1, home).start([&](Result<int> result) {
      EXPECT_FALSE(inside);
      EXPECT_EQ(code_of(result), ErrorCode::loop_closed);
      delivering = std::this_thread::get_id();
      delivered.count_down();
    });
    inside = false;
  });
  delivered.wait();
  EXPECT_EQ(starting, delivering);
}

TEST(Rule2NeverInline, AnErrorThrownByTheStarterIsTheResultNotTheDroppedCompleter) {
  run_virtually([]() -> Task<> {
    const auto result = co_await refused().as_result();
    EXPECT_EQ(code_of(result), ErrorCode::invalid_argument);
  });
}

TEST(Rule2NeverInline, ItMayOutliveWhatMadeIt) {
  run_virtually([]() -> Task<> {
    auto work = std::make_unique<Manual<std::string>>();
    auto operation = work->operation();
    work.reset();
    auto limited = std::move(operation).timeout(1s);
    EXPECT_EQ(code_of(co_await limited.as_result()), ErrorCode::timed_out);
  });
}

// Rule 3: any thread starts; the work stays on the object's loop.

TEST(Rule3AnyThread, StartsFromManyThreadsAndWorksOnItsLoop) {
  constexpr int threads = 4;
  constexpr int each = 200;
  LoopThread runner;
  std::atomic<int> wrong_thread{0};
  std::latch delivered(threads * each);
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
  std::latch done(1);
  ready(1, runner.loop()).start([&](Result<int>) {
    ready(2, runner.loop()).start([&](Result<int> second) {
      EXPECT_EQ(*second, 2);
      done.count_down();
    });
  });
  done.wait();
}

// Rule 4: cancel completes at once, whatever the work does.

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
    std::latch delivered(1);
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
    std::latch delivered(1);
    std::latch together(2);
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

// Rule 5: time-outs on the loop's clock.

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

// Rule 6: where the result goes.

TEST(Rule6WhereItGoesOn, StartCallsBackOnTheObjectsLoop) {
  LoopThread runner;
  std::latch done(1);
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

  std::latch done(1);
  sleep_for(0s).start([&](Result<void>) {
    EXPECT_EQ(blau::EventLoop::current(), &blau::EventLoop::background());
    done.count_down();
  });
  done.wait();
}

TEST(Rule6WhereItGoesOn, AForeignCoroutineGoesOnOnTheObjectsLoop) {
  LoopThread runner;
  std::latch done(1);
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
  std::latch done(2);
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
  std::latch idle(1);  // its frame ends there before it is destroyed here
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
