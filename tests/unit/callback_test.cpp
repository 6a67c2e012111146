// The guard against GCC 12's fault with temporaries in statements with co_await: the check, and that what it lets pass is safe.

#include "support/loops.hpp"

#include <blau/callback.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using blau::moved;
using blau::Task;
using blau::detail::survives_gcc12;
using blau::test::run_virtually;
using blau::test::turns;

/// As an awaitable function of the library takes a callback; its value is the check's answer.
template <class Callback>
constexpr bool passes(Callback&&) noexcept {
  return survives_gcc12<Callback>;
}

void plain(int) {}

TEST(Gcc12Guard, AcceptsWhatHasANameOrIsTriviallyCopyable) {
  int number = 0;
  const auto held = std::make_shared<int>(0);
  auto named = [held](int) {};
  const auto named_and_const = [held](int) {};
  std::function<void(int)> function = plain;
  EXPECT_TRUE(passes(named));
  EXPECT_TRUE(passes(named_and_const));
  EXPECT_TRUE(passes(function));
  EXPECT_TRUE(passes([](int) {}));
  EXPECT_TRUE(passes([&number](int) { ++number; }));
  EXPECT_TRUE(passes([number](int) { (void)number; }));
  EXPECT_TRUE(passes(plain));
  EXPECT_TRUE(passes(&plain));
  EXPECT_TRUE(passes(moved(named)));
  EXPECT_EQ(number, 0);
}

TEST(Gcc12Guard, RefusesTemporariesThatOwnSomething) {
  const auto held = std::make_shared<int>(0);
  const std::string text = "text";
  auto named = [held](int) {};
  EXPECT_FALSE(passes([held](int) {}));
  EXPECT_FALSE(passes([text](int) {}));
  EXPECT_FALSE(passes(std::function<void(int)>(plain)));
  EXPECT_FALSE(passes(std::function<void(int)>([held](int) {})));
  EXPECT_FALSE(passes(std::move(named))) << "cannot be told from a temporary: say moved(named)";
}

TEST(Gcc12Guard, MovedMovesWhatHasAName) {
  auto named = [held = std::make_unique<int>(5)](int n) { return *held + n; };
  auto taken = moved(named);
  EXPECT_EQ(taken(1), 6);
  auto taken_again = std::move(taken);
  EXPECT_EQ(taken_again(2), 7);
  static_assert(std::is_invocable_r_v<int, decltype(taken)&, int>);
  static_assert(!std::is_invocable_v<decltype(taken)&, std::string>, "callable with what the callable takes, no more");
}

/// As start_notify: keeps a copy of its callback, and is awaited.
template <class Callback>
blau::Operation<void> keep(std::function<void(std::shared_ptr<int>)> keep, Callback&& callback) {
  BLAU_CHECK_CALLBACK(Callback);
  auto call = std::make_shared<std::decay_t<Callback>>(std::forward<Callback>(callback));
  auto starter = [keep = std::move(keep), call](blau::detail::Completer<void> done) {
    keep((*call)());
    done(blau::Result<void>());
  };
  return blau::detail::make_operation<void>(nullptr, "keep", std::nullopt, starter);
}

// Under GCC 12 a captured shared_ptr would be destroyed once too often here.
TEST(Gcc12Guard, WhatPassesIsDestroyedOnceInAStatementWithCoAwait) {
  const auto held = std::make_shared<int>(0);
  run_virtually([&held]() -> Task<> {
    int calls = 0;
    auto count = [&calls](std::shared_ptr<int> got) { calls += got ? 1 : 0; };
    auto named = [kept = std::shared_ptr<int>(held)] { return kept; };
    co_await keep(count, named);
    co_await turns();  // an operation lives until the coroutine that it resumed has suspended again
    EXPECT_EQ(held.use_count(), 2);
    co_await keep(count, blau::moved(named));
    co_await turns();
    EXPECT_EQ(held.use_count(), 1);
    const auto* raw = &held;
    co_await keep(count, [raw] { return *raw; });
    co_await turns();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(calls, 3);
  });
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
