// Rules 1 and 2 of operations: who owns them, how they complete, and that they never do so inline.

#include "latch.hpp"
#include "support/foreign.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"
#include "support/operations.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::Operation;
using blau::Result;
using blau::Task;
using blau::test::code_of;
using blau::test::Foreign;
using blau::test::LoopThread;
using blau::test::Manual;
using blau::test::on_loop;
using blau::test::ready;
using blau::test::refused;
using blau::test::run_virtually;
using blau::test::turns;
using blau::test::VirtualLoop;

static_assert(!std::is_copy_constructible_v<Operation<int>> && std::is_nothrow_move_constructible_v<Operation<int>>);
static_assert(!std::is_aggregate_v<Operation<int>>);

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
  blau::test::Latch delivered(1);
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

}  // namespace
