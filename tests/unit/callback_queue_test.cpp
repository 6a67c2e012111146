// Rule 10: coroutine callbacks run one after another, and what they were given lives until they end.

#include "support/loops.hpp"
#include "support/manual.hpp"

#include "core/callback_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::Overflow;
using blau::sleep_for;
using blau::StreamOptions;
using blau::Task;
using blau::detail::CallbackQueue;
using blau::test::VirtualLoop;

using Value = std::shared_ptr<int>;
using Queue = CallbackQueue<Value>;

class Rule10Callbacks : public testing::Test {
 protected:
  std::shared_ptr<Queue> make(StreamOptions options, blau::unique_function<Task<void>(const Value&)> begin) {
    return std::make_shared<Queue>(*loop_.loop(), options, std::move(begin));
  }
  template <class Function>
  void run(Function function) {
    loop_.run(function());
  }
  static Value value(int n) { return std::make_shared<int>(n); }

  /// Takes a second for each value.
  Task<> slow(Value kept) {
    most_ = std::max(most_, ++inside_);
    const std::unique_ptr<int, void (*)(int*)> leaves(&inside_, [](int* inside) { --*inside; });
    co_await sleep_for(1s);
    seen_.push_back(*kept);
  }
  std::shared_ptr<Queue> make_slow(StreamOptions options = StreamOptions()) {
    return make(options, [this](const Value& v) { return slow(v); });
  }

  VirtualLoop loop_;
  int inside_ = 0;
  int most_ = 0;
  std::vector<int> seen_;
};

TEST_F(Rule10Callbacks, NeverOverlapAndKeepTheOrder) {
  const auto queue = make_slow();
  run([&]() -> Task<> {
    for (int i = 0; i < 10; ++i) queue->push(value(i));
    co_await sleep_for(1min);
  });
  EXPECT_EQ(most_, 1);
  EXPECT_EQ(seen_, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(Rule10Callbacks, ASuspendedOneHoldsBackTheNextInABoundedQueueThatCountsDrops) {
  const auto oldest = make_slow({.capacity = 2, .overflow = Overflow::drop_oldest});
  run([&]() -> Task<> {
    for (int i = 0; i < 10; ++i) oldest->push(value(i));
    co_await sleep_for(1min);
  });
  EXPECT_EQ(seen_, (std::vector{0, 8, 9}));
  EXPECT_EQ(oldest->dropped(), 7u);

  seen_.clear();
  const auto newest = make_slow({.capacity = 2, .overflow = Overflow::drop_newest});
  run([&]() -> Task<> {
    for (int i = 0; i < 10; ++i) newest->push(value(i));
    co_await sleep_for(1min);
  });
  EXPECT_EQ(seen_, (std::vector{0, 1, 2}));
  EXPECT_EQ(newest->dropped(), 7u);
}

// The callback gets a reference, as a user's does, and uses it after it was suspended.
TEST_F(Rule10Callbacks, ArgumentsLiveUntilTheCoroutineHasEnded) {
  std::string log;
  auto by_reference = [&log](const Value& v) -> Task<void> {
    co_await sleep_for(1s);
    log += std::to_string(*v);
  };
  const auto queue = make({}, by_reference);
  const auto watched = value(7);
  run([&]() -> Task<> {
    queue->push(watched);
    EXPECT_EQ(watched.use_count(), 2);
    co_await sleep_for(2s);
    EXPECT_EQ(watched.use_count(), 1);
  });
  EXPECT_EQ(log, "7");
}

TEST_F(Rule10Callbacks, StopDoesNotWaitForTheOneThatRunsNorBeginAnother) {
  const auto queue = make_slow();
  run([&]() -> Task<> {
    queue->push(value(1));
    queue->push(value(2));
    queue->stop();
    queue->push(value(3));
    EXPECT_TRUE(seen_.empty());
    co_await sleep_for(1min);
  });
  EXPECT_EQ(seen_, std::vector{1});
}

TEST_F(Rule10Callbacks, DestroyEndsTheOneThatIsSuspended) {
  const auto queue = make_slow();
  run([&]() -> Task<> {
    queue->push(value(1));
    queue->push(value(2));
    queue->destroy();
    EXPECT_EQ(inside_, 0);
    co_await sleep_for(1min);
  });
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(queue.use_count(), 1) << "nothing of it runs on";
}

TEST_F(Rule10Callbacks, OneThatDestroysItsOwnQueueRunsToItsNextSuspension) {
  std::string log;
  std::shared_ptr<Queue> queue;
  auto destroys = [&](const Value& v) -> Task<void> {
    queue->destroy();
    log += std::to_string(*v) + ";";
    co_await sleep_for(1s);
    log += "not canceled";
  };
  queue = make({}, destroys);
  run([&]() -> Task<> {
    queue->push(value(1));
    co_await sleep_for(1min);
  });
  EXPECT_EQ(log, "1;");
}

TEST_F(Rule10Callbacks, Rule11AnExceptionEndsRunAndTheNextValueIsStillServed) {
  int calls = 0;
  auto fails = [&calls](const Value&) -> Task<void> {
    ++calls;
    co_await sleep_for(1s);
    throw std::out_of_range("from a coroutine callback");
  };
  const auto queue = make({}, fails);
  auto test = [&]() -> Task<> {
    queue->push(value(1));
    queue->push(value(2));
    co_await sleep_for(1h);
  };
  EXPECT_THROW(loop_.run(test()), std::out_of_range);
  EXPECT_EQ(calls, 2);
}

TEST_F(Rule10Callbacks, Rule13ASuspendedOneEndsWithItsLoop) {
  const auto watched = value(1);
  const auto queue = make_slow();
  run([&]() -> Task<> {
    queue->push(watched);
    co_return;
  });
  EXPECT_EQ(inside_, 1);
  loop_.loop()->close();
  EXPECT_EQ(inside_, 0);
  EXPECT_EQ(watched.use_count(), 1);
  EXPECT_EQ(queue.use_count(), 1);
}

}  // namespace
