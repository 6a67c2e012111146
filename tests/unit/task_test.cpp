// Tasks: rule 7, awaiting each other, exceptions, the order in which frames end.

#include "latch.hpp"
#include "support/foreign.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::Error;
using blau::ErrorCode;
using blau::Result;
using blau::sleep_for;
using blau::Task;
using blau::test::code_of;
using blau::test::LoopThread;
using blau::test::Manual;
using blau::test::run_virtually;
using blau::test::turns;
using blau::test::VirtualLoop;

static_assert(!std::is_copy_constructible_v<Task<int>> && std::is_nothrow_move_constructible_v<Task<int>>);

Task<int> give(int value) { co_return value; }
Task<int> give_later(int value, std::chrono::nanoseconds delay = 1s) {
  co_await sleep_for(delay);
  co_return value;
}
Task<std::unique_ptr<std::string>> give_text() { co_return std::make_unique<std::string>("text"); }
Task<> fail() {
  co_await sleep_for(1ms);
  throw std::runtime_error("no Error");
}

TEST(Task, GivesValuesThatOnlyMove) {
  run_virtually([]() -> Task<> {
    EXPECT_EQ(*co_await give_text(), "text");
    EXPECT_EQ(co_await give(1) + co_await give_later(2), 3);
  });
}

TEST(Task, IsLazyAndDestroysItsArgumentsUnstarted) {
  bool begun = false;
  const auto argument = std::make_shared<int>(0);
  auto function = [&begun](std::shared_ptr<int>) -> Task<> {
    begun = true;
    co_return;
  };
  {
    const auto task = function(argument);
    EXPECT_EQ(argument.use_count(), 2);
  }
  EXPECT_FALSE(begun);
  EXPECT_EQ(argument.use_count(), 1);
}

TEST(Task, HandsOnAnyException) {
  run_virtually([]() -> Task<> {
    EXPECT_THROW(co_await fail(), std::runtime_error);
    EXPECT_THROW(co_await fail().as_operation(), std::runtime_error) << "an operation of a Task, too";
    EXPECT_EQ(code_of(co_await fail().as_result()), ErrorCode::failed);
  });
  EXPECT_THROW(fail().as_operation().get(), std::runtime_error);
}

TEST(Task, UsingItTwiceIsAnError) {
  run_virtually([]() -> Task<> {
    auto task = give(1);
    EXPECT_EQ(co_await task, 1);
    EXPECT_EQ(code_of([&] { return task.as_operation(); }), ErrorCode::invalid_argument);
  });
}

TEST(Task, LoopsOverTasksThatEndAtOnceDoNotGrowTheStack) {
  run_virtually([]() -> Task<> {
    long sum = 0;
    for (int i = 0; i < 300'000; ++i) sum += co_await give(1);
    EXPECT_EQ(sum, 300'000);
  });
}

Task<int> nested(int depth) {
  if (depth == 0) co_return co_await give_later(0);
  co_return 1 + co_await nested(depth - 1);
}

TEST(Task, AThousandNestedTasksEndOneAfterAnother) {
  EXPECT_EQ(run_virtually([]() { return nested(1000); }), 1000);
}

/// Notes when it is destroyed.
struct Noting {
  Noting(std::vector<std::string>& notes, std::string text) : notes_(&notes), text_(std::move(text)) {}
  Noting(Noting&& other) noexcept : notes_(std::exchange(other.notes_, nullptr)), text_(std::move(other.text_)) {}
  ~Noting() {
    if (notes_) notes_->push_back(text_);
  }
  std::vector<std::string>* notes_;
  std::string text_;
};

Task<int> noting(std::vector<std::string>& notes, Noting argument) {
  (void)argument;
  const Noting local(notes, "local");
  co_await sleep_for(1ms);
  co_return 1;
}

TEST(Task, LocalsAndArgumentsAreGoneBeforeTheResultIsDelivered) {
  VirtualLoop loop;
  std::vector<std::string> notes;
  auto test = [&]() -> Task<> {
    Noting argument(notes, "argument");
    noting(notes, std::move(argument)).as_operation().start([&notes](Result<int>) { notes.push_back("delivered"); });
    co_await sleep_for(1s);
  };
  loop.run(test());
  EXPECT_EQ(notes, (std::vector<std::string>{"local", "argument", "delivered"}));
}

TEST(Task, GetReturnsAfterTheFrameIsGone) {
  for (int i = 0; i < 100; ++i) {
    const auto argument = std::make_shared<int>(0);
    auto function = [](std::shared_ptr<int> held) -> Task<int> {
      (void)held;
      co_return 1;
    };
    EXPECT_EQ(function(argument).as_operation().get(), 1);
    EXPECT_EQ(argument.use_count(), 1);
  }
}

// Rule 7.

TEST(Rule7TaskCancel, CancelsTheOperationThatItAwaits) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::stop_source stop;
    auto inner = [&work]() -> Task<int> { co_return co_await work.operation(); };
    std::optional<Result<int>> seen;
    inner().cancel_with(stop.get_token()).start([&seen](Result<int> result) { seen = std::move(result); });
    EXPECT_EQ(work.begun(), 1);
    stop.request_stop();
    co_await turns(3);
    EXPECT_EQ(work.early_ends(), 1);
    EXPECT_EQ(code_of(*seen), ErrorCode::canceled);
  });
}

TEST(Rule7TaskCancel, ReachesThroughTasksThatAwaitEachOther) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::stop_source stop;
    auto inner = [&work]() -> Task<int> { co_return co_await work.operation(); };
    auto middle = [&inner]() -> Task<int> { co_return co_await inner() + 1; };
    auto outer = [&middle]() -> Task<int> { co_return co_await middle() + 1; };
    auto operation = outer().cancel_with(stop.get_token());
    auto later = [&stop]() -> Task<> {
      co_await sleep_for(1s);
      stop.request_stop();
    };
    later().as_operation().start([](Result<void>) {});
    EXPECT_EQ(code_of(co_await operation.as_result()), ErrorCode::canceled);
    EXPECT_EQ(work.early_ends(), 1);
  });
}

TEST(Rule7TaskCancel, CancelsTheNextOperationIfItAwaitsNone) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    auto inner = [&stop]() -> Task<std::string> {
      std::string log;
      stop.request_stop();  // while it awaits nothing
      log += "runs on;";
      if (code_of(co_await sleep_for(1h).as_result()) == ErrorCode::canceled) log += "first canceled;";
      if (co_await sleep_for(1s).as_result()) log += "second not";
      co_return log;
    };
    auto operation = inner().cancel_with(stop.get_token());
    EXPECT_EQ(co_await std::move(operation), "runs on;first canceled;second not");
  });
}

TEST(Rule7TaskCancel, MayAwaitItsCleanUpAndEndsOnlyThen) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  auto test = [&]() -> Task<> {
    bool cleaned = false;
    auto inner = [&cleaned]() -> Task<> {
      const auto result = co_await sleep_for(1h).as_result();
      EXPECT_EQ(code_of(result), ErrorCode::canceled);
      co_await sleep_for(3s);  // the clean-up
      cleaned = true;
      result.value();
    };
    const auto result = co_await inner().timeout(10s).as_result();
    EXPECT_EQ(code_of(result), ErrorCode::timed_out) << "not canceled: the limit was the reason";
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(loop.facade().now() - begin, 13s);
  };
  loop.run(test());
}

TEST(Rule7TaskCancel, ATaskThatSucceedsInSpiteOfItGivesItsValue) {
  run_virtually([]() -> Task<> {
    auto stubborn = []() -> Task<int> {
      const auto ignored = co_await sleep_for(1h).as_result();
      (void)ignored;
      co_return 5;
    };
    EXPECT_EQ(co_await stubborn().timeout(1s), 5);
  });
}

TEST(Rule7TaskCancel, OnceOnly) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    int canceled = 0;
    auto inner = [&canceled]() -> Task<> {
      for (int i = 0; i < 3; ++i) {
        const auto result = co_await sleep_for(10s).as_result();
        if (code_of(result) == ErrorCode::canceled) ++canceled;
      }
    };
    // The token and the time-out, which comes while the clean-up runs.
    auto operation = inner().cancel_with(stop.get_token()).timeout(5s);
    sleep_for(1s).start([&stop](Result<void>) { stop.request_stop(); });
    co_await std::move(operation);
    EXPECT_EQ(canceled, 1);
  });
}

// A cancel that meets an operation which is complete but not delivered yet must not be lost: a Task that awaits in a
// loop would never end.
TEST(Rule7TaskCancel, OneThatComesAfterTheCompletionIsForTheNextOperation) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::stop_source stop;
    auto inner = [&work]() -> Task<std::string> {
      std::string log = std::to_string(co_await work.operation()) + ";";
      if (code_of(co_await sleep_for(1h).as_result()) == ErrorCode::canceled) log += "next canceled";
      co_return log;
    };
    std::string log;
    inner().cancel_with(stop.get_token()).start([&log](Result<std::string> result) { log = *result; });
    work.complete(1);
    stop.request_stop();
    co_await sleep_for(1min);
    EXPECT_EQ(log, "1;next canceled");
  });
}

TEST(Rule7TaskCancel, OneThatComesTooLateForAnotherLoopIsForTheNextOperation) {
  LoopThread far;
  for (int i = 0; i < 100; ++i) {
    Manual<int> work(far.loop());
    VirtualLoop near;
    std::stop_source stop;
    auto inner = [&]() -> Task<int> {
      int canceled = 0;
      if (code_of(co_await work.operation().as_result()) == ErrorCode::canceled) ++canceled;
      if (code_of(co_await sleep_for(1h).as_result()) == ErrorCode::canceled) ++canceled;
      co_return canceled;
    };
    near.loop()->hold();  // until the stop was asked for
    std::jthread completes([&, i] {
      work.wait_until_begun();
      if (i % 2 == 0) far.facade().post([work]() mutable { work.complete(1); });
      stop.request_stop();
      if (i % 2 == 1) far.facade().post([work]() mutable { work.complete(1); });
      near.loop()->release();
    });
    const int canceled = near.facade().run([](Task<int> task, std::stop_token token) -> Task<int> {
      co_return co_await task.cancel_with(std::move(token));
    }(inner(), stop.get_token()));
    EXPECT_EQ(canceled, 1) << "round " << i;
  }
}

TEST(Rule7TaskCancel, OneThatAChildDidNotUseIsForItsParent) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    auto child = [&stop]() -> Task<> {
      stop.request_stop();
      co_return;  // awaits nothing any more
    };
    auto parent = [&child]() -> Task<bool> {
      co_await child();
      const auto result = co_await sleep_for(1h).as_result();
      co_return code_of(result) == ErrorCode::canceled;
    };
    auto operation = parent().cancel_with(stop.get_token());
    EXPECT_TRUE(co_await std::move(operation));
  });
}

TEST(Rule7TaskCancel, OneThatATaskMadeAnOperationDidNotUseIsForTheAwaitingTask) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    auto child = [&stop]() -> Task<> {
      co_await sleep_for(1s);
      stop.request_stop();
    };
    auto parent = [&child]() -> Task<bool> {
      co_await child().timeout(1min);
      const auto result = co_await sleep_for(1h).as_result();
      co_return code_of(result) == ErrorCode::canceled;
    };
    auto operation = parent().cancel_with(stop.get_token());
    EXPECT_TRUE(co_await std::move(operation));
  });
}

TEST(Rule7TaskCancel, BeforeItsStartTheTaskDoesNotRun) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    stop.request_stop();
    bool ran = false;
    const auto argument = std::make_shared<int>(0);
    auto inner = [&ran](std::shared_ptr<int>) -> Task<> {
      ran = true;
      co_return;
    };
    auto operation = inner(argument).cancel_with(stop.get_token());
    EXPECT_EQ(code_of(co_await operation.as_result()), ErrorCode::canceled);
    EXPECT_FALSE(ran);
    EXPECT_EQ(argument.use_count(), 2) << "the operation owns the unstarted frame";
  });
}

TEST(Task, ADestroyedFrameDestroysTheTasksThatItAwaits) {
  VirtualLoop loop;
  Manual<int> work(loop.loop());
  std::vector<std::string> notes;
  auto inner = [&]() -> Task<int> {
    const Noting local(notes, "inner");
    co_return co_await work.operation();
  };
  auto outer = [&]() -> Task<int> {
    const Noting local(notes, "outer");
    co_return co_await inner();
  };
  auto test = [&]() -> Task<> {
    {
      auto awaiting = [&]() -> blau::test::Foreign { (void)co_await outer().as_operation(); };
      auto foreign = awaiting();
    }
    EXPECT_EQ(work.early_ends(), 1) << "the Task of a destroyed awaiter is canceled, not torn down";
    co_await turns(3);
    EXPECT_EQ(notes, (std::vector<std::string>{"inner", "outer"}));
  };
  loop.run(test());
}

// Where it runs.

TEST(Task, OneThatIsMadeAnOperationRunsOnTheLoopThatStartsIt) {
  blau::test::Latch done(1);
  auto task = []() -> Task<blau::EventLoop*> {
    co_await sleep_for(0s);
    co_return blau::EventLoop::current();
  };
  task().as_operation().start([&](Result<blau::EventLoop*> loop) {
    EXPECT_EQ(*loop, &blau::EventLoop::background());
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(task().as_operation().get(), &blau::EventLoop::background());
}

}  // namespace
