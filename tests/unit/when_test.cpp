// when_all and when_any: rule 8, and rule 7 where they wait for Tasks.

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::Error;
using blau::ErrorCode;
using blau::Operation;
using blau::Result;
using blau::sleep_for;
using blau::Task;
using blau::when_all;
using blau::when_any;
using blau::test::code_of;
using blau::test::LoopThread;
using blau::test::Manual;
using blau::test::run_virtually;
using blau::test::turns;
using blau::test::VirtualLoop;

template <class T>
Task<T> later(T value, std::chrono::nanoseconds delay) {
  co_await sleep_for(delay);
  co_return value;
}
Task<int> fail_after(std::chrono::nanoseconds delay, ErrorCode code) {
  co_await sleep_for(delay);
  throw Error(code, "it failed");
}

/// A Task that, canceled, takes its time to clean up.
Task<> slow_to_end(std::chrono::nanoseconds clean_up, bool& cleaned) {
  const auto result = co_await sleep_for(1h).as_result();
  co_await sleep_for(clean_up);
  cleaned = true;
  result.value();
}

using Text = std::unique_ptr<std::string>;
static_assert(
    std::is_same_v<decltype(when_all(std::declval<Operation<void>>(), std::declval<Task<>>())), Operation<void>>);
static_assert(std::is_same_v<decltype(when_all(std::declval<Operation<int>>(), std::declval<Task<>>())),
                             Operation<std::tuple<int, std::monostate>>>);
static_assert(
    std::is_same_v<decltype(when_all(std::declval<Operation<Result<int>>>())), Operation<std::tuple<Result<int>>>>);
static_assert(std::is_same_v<decltype(when_any(std::declval<Operation<int>>(), std::declval<Task<Text>>(),
                                               std::declval<Task<>>())),
                             Operation<std::variant<int, Text, std::monostate>>>);
static_assert(std::is_same_v<decltype(when_all(std::declval<std::vector<Task<>>>())), Operation<void>>);
static_assert(std::is_same_v<decltype(when_all(std::declval<std::vector<Task<int>>>())), Operation<std::vector<int>>>);

// when_all.

TEST(Rule8WhenAll, RunsAtOnceAndGivesATuple) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  auto test = [&]() -> Task<> {
    auto [number, nothing, text] =
        co_await when_all(later(1, 3s), sleep_for(2s), later(std::make_unique<std::string>("t"), 1s));
    EXPECT_EQ(number, 1);
    EXPECT_EQ(*text, "t");
    EXPECT_EQ(nothing, std::monostate());
    EXPECT_EQ(loop.facade().now() - begin, 3s);
  };
  loop.run(test());
}

TEST(Rule8WhenAll, TheFirstFailureCancelsTheRestAndIsTheResult) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  auto test = [&]() -> Task<> {
    Manual<int> work;
    auto all = when_all(work.operation(), fail_after(2s, ErrorCode::busy), fail_after(1s, ErrorCode::disconnected));
    EXPECT_EQ(code_of(co_await all.as_result()), ErrorCode::disconnected);
    EXPECT_EQ(work.early_ends(), 1);
    EXPECT_EQ(loop.facade().now() - begin, 1s);
  };
  loop.run(test());
}

TEST(Rule8WhenAll, KeepsAnExceptionThatIsNoError) {
  run_virtually([]() -> Task<> {
    auto odd = []() -> Task<> {
      co_await sleep_for(1s);
      throw std::out_of_range("odd");
    };
    auto all = when_all(odd(), sleep_for(1h));
    EXPECT_THROW(co_await std::move(all), std::out_of_range);
  });
}

TEST(Rule8WhenAll, WithResultsNothingFails) {
  run_virtually([]() -> Task<> {
    auto [bad, good] = co_await when_all(fail_after(1s, ErrorCode::busy).as_result(), later(2, 2s));
    EXPECT_EQ(code_of(bad), ErrorCode::busy);
    EXPECT_EQ(good, 2);
  });
}

TEST(Rule8WhenAll, Ranges) {
  run_virtually([]() -> Task<> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(later(i, std::chrono::seconds(5 - i)));
    const auto values = co_await when_all(std::move(tasks));
    EXPECT_EQ(values, (std::vector{0, 1, 2, 3, 4}));

    std::vector<Operation<void>> sleeps;
    for (int i = 0; i < 5; ++i) sleeps.push_back(sleep_for(1s));
    co_await when_all(std::move(sleeps));

    std::vector<Operation<int>> none;
    const auto empty = co_await when_all(std::move(none));
    EXPECT_TRUE(empty.empty());
  });
}

TEST(Rule8WhenAll, AFailingRangeCancelsTheRest) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    std::vector<Operation<int>> range;
    range.push_back(work.operation());
    range.push_back(fail_after(1s, ErrorCode::busy).as_operation());
    auto all = when_all(std::move(range));
    EXPECT_EQ(code_of(co_await all.as_result()), ErrorCode::busy);
    EXPECT_EQ(work.early_ends(), 1);
  });
}

TEST(Rule8WhenAll, TakesOperationsOfOtherLoops) {
  LoopThread far;
  VirtualLoop near;
  auto test = [&]() -> Task<> {
    for (int i = 0; i < 100; ++i) {
      auto work = [i](blau::detail::Completer<int> done) { done(i); };
      auto remote = blau::detail::make_operation<int>(far.loop(), "far", std::nullopt, work);
      auto [a, b] = co_await when_all(std::move(remote), later(1, 0s));
      EXPECT_EQ(a + b, i + 1);
      EXPECT_EQ(blau::EventLoop::current(), &near.facade());
    }
  };
  near.run(test());
}

TEST(Rule8WhenAll, WorksForAPlainThread) {
  auto [a, b] = when_all(later(1, 1ms), later(2, 0ms)).get();
  EXPECT_EQ(a + b, 3);
}

// when_any.

TEST(Rule8WhenAny, TheFirstCompletionWinsAndLosersAreCanceled) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  auto test = [&]() -> Task<> {
    Manual<std::string> work;
    auto first = co_await when_any(work.operation(), later(2, 2s), later(1, 1s));
    EXPECT_EQ(first.index(), 2u);
    EXPECT_EQ(std::get<2>(first), 1);
    EXPECT_EQ(work.early_ends(), 1);
    EXPECT_EQ(loop.facade().now() - begin, 1s);
  };
  loop.run(test());
}

TEST(Rule8WhenAny, AnErrorIsACompletion) {
  run_virtually([]() -> Task<> {
    Manual<int> work;
    auto any = when_any(work.operation(), fail_after(1s, ErrorCode::busy), sleep_for(2s));
    EXPECT_EQ(code_of(co_await any.as_result()), ErrorCode::busy);
    EXPECT_EQ(work.early_ends(), 1);
  });
}

TEST(Rule8WhenAny, TwoInTheSameTurnTheFirstWinsAndTheOtherChangesNothing) {
  run_virtually([]() -> Task<> {
    auto first = co_await when_any(sleep_for(1s), later(5, 1s), fail_after(1s, ErrorCode::busy));
    EXPECT_EQ(first.index(), 0u);
  });
}

TEST(Rule8WhenAny, Ranges) {
  run_virtually([]() -> Task<> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(later(10 + i, std::chrono::seconds(i == 3 ? 1 : 60)));
    const auto first = co_await when_any(std::move(tasks));
    EXPECT_EQ(first.index, 3u);
    EXPECT_EQ(first.value, 13);

    std::vector<Operation<void>> none;
    auto empty = when_any(std::move(none));
    EXPECT_EQ(code_of(co_await empty.as_result()), ErrorCode::invalid_argument);
  });
}

TEST(Rule8WhenAny, Nests) {
  run_virtually([]() -> Task<> {
    auto inner = when_all(later(1, 1s), sleep_for(2s));
    auto first = co_await when_any(std::move(inner), sleep_for(1h));
    EXPECT_EQ(first.index(), 0u);
    EXPECT_EQ(std::get<0>(std::get<0>(first)), 1);
  });
}

// Ends of groups.

TEST(Rule7Groups, EndAfterTheirTasksHaveEnded) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  auto test = [&]() -> Task<> {
    bool cleaned = false;
    auto any = when_any(slow_to_end(5s, cleaned), sleep_for(1s));
    auto first = co_await std::move(any);
    EXPECT_EQ(first.index(), 1u);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(loop.facade().now() - begin, 6s);

    cleaned = false;
    auto all = when_all(slow_to_end(5s, cleaned), fail_after(1s, ErrorCode::busy));
    EXPECT_EQ(code_of(co_await all.as_result()), ErrorCode::busy);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(loop.facade().now() - begin, 12s);
  };
  loop.run(test());
}

TEST(Rule7Groups, ATimeOutEndsAllChildrenAndIsTheResult) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  auto test = [&]() -> Task<> {
    bool cleaned = false;
    Manual<int> work;
    auto all = when_all(work.operation(), slow_to_end(5s, cleaned)).timeout(10s);
    EXPECT_EQ(code_of(co_await all.as_result()), ErrorCode::timed_out);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(work.early_ends(), 1);
    EXPECT_EQ(loop.facade().now() - begin, 15s);
  };
  loop.run(test());
}

TEST(Rule7Groups, CancelingTheTaskCancelsTheChildren) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    Manual<int> one;
    Manual<int> two;
    auto waits = [&]() -> Task<> { (void)co_await when_all(one.operation(), two.operation()); };
    auto operation = waits().cancel_with(stop.get_token());
    sleep_for(1s).start([&stop](Result<void>) { stop.request_stop(); });
    EXPECT_EQ(code_of(co_await operation.as_result()), ErrorCode::canceled);
    EXPECT_EQ(one.early_ends() + two.early_ends(), 2);
  });
}

// A child that is a Task runs while the group still starts its children, and may end it.
TEST(Rule7Groups, OneThatIsCanceledWhileItStartsStillWaitsForItsChildren) {
  run_virtually([]() -> Task<> {
    std::stop_source stop;
    bool cleaned = false;
    Manual<int> never;
    auto stops = [&stop]() -> Task<> {
      stop.request_stop();
      co_return;
    };
    auto all = when_all(slow_to_end(5s, cleaned), stops(), never.operation()).cancel_with(stop.get_token());
    EXPECT_EQ(code_of(co_await all.as_result()), ErrorCode::canceled);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(never.begun(), 0) << "what starts after the cancel starts canceled";
  });
}

TEST(Rule1Groups, AGroupWhoseAwaiterIsDestroyedCancelsItsChildren) {
  VirtualLoop loop;
  Manual<int> work(loop.loop());
  auto test = [&]() -> Task<> {
    auto waits = [&work]() -> Task<> { (void)co_await when_all(work.operation(), sleep_for(1h)); };
    {
      std::stop_source stop;
      auto any = when_any(waits(), sleep_for(1s));
      auto first = co_await std::move(any);
      EXPECT_EQ(first.index(), 1u);
    }
    EXPECT_EQ(work.early_ends(), 1);
  };
  loop.run(test());
}

TEST(Rule13Groups, AGroupThatWaitsForAnotherLoopEndsWithItsOwn) {
  LoopThread far;
  Manual<int> work(far.loop());
  std::optional<ErrorCode> code;
  int calls = 0;
  blau::test::Latch blocked(1);
  blau::test::Latch go_on(1);
  {
    VirtualLoop near;
    auto start = [&] {
      when_all(work.operation(), sleep_for(1h)).start([&](auto result) {
        ++calls;
        code = code_of(result);
      });
    };
    near.facade().post(start);
    near.run(turns());
    work.wait_until_begun();
    // The other loop answers nothing, not even the cancel, before this one is closed.
    far.facade().post([&] {
      blocked.count_down();
      go_on.wait();
    });
    blocked.wait();
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(code, ErrorCode::canceled);
  go_on.count_down();
  blau::test::on_loop(far.loop(), [&work] { EXPECT_EQ(work.early_ends(), 1); });
  // The child's end is delivered where the group's loop is no more; that must change nothing.
  blau::test::on_loop(blau::EventLoop::background().loop(), [] {});
  EXPECT_EQ(calls, 1);
}

}  // namespace
