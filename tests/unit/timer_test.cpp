#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::detail::Timer;
using blau::test::VirtualLoop;

class TimerTest : public testing::Test {
 protected:
  [[nodiscard]] std::chrono::nanoseconds elapsed() { return loop_.facade().now() - begin_; }
  void run_until(const bool& done) {
    loop_.loop()->run_until([&done] { return done; });
  }
  void start(Timer& timer, std::chrono::nanoseconds delay, blau::unique_function<void()> call) {
    timer.start_after(*loop_.loop(), delay, std::move(call));
  }

  VirtualLoop loop_;
  std::chrono::steady_clock::time_point begin_ = loop_.facade().now();
};

TEST_F(TimerTest, ExpiresOnceAtItsTime) {
  int calls = 0;
  bool done = false;
  Timer timer;
  Timer end;
  start(timer, 90s, [&] {
    ++calls;
    EXPECT_EQ(elapsed(), 90s);
    EXPECT_FALSE(timer.running());
  });
  start(end, 1h, [&done] { done = true; });
  EXPECT_TRUE(timer.running());
  run_until(done);
  EXPECT_EQ(calls, 1);
}

TEST_F(TimerTest, ExpiryIsNeverInline) {
  bool done = false;
  Timer timer;
  start(timer, -5s, [&done] { done = true; });
  EXPECT_FALSE(done);
  run_until(done);
  EXPECT_EQ(elapsed(), 0ns) << "time does not go back for a deadline that is over";
}

TEST_F(TimerTest, SameTimesExpireInTheOrderOfTheirStart) {
  std::array<Timer, 20> timers;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < timers.size(); ++i) start(timers[i], 1s, [&order, i] { order.push_back(i); });
  loop_.loop()->run_until([&] { return order.size() == timers.size(); });
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(TimerTest, AnyMixOfStartsAndStopsExpiresInOrder) {
  std::mt19937 random(7);
  constexpr std::size_t count = 300;
  std::vector<Timer> timers(count);
  std::vector<std::chrono::nanoseconds> expected;
  std::vector<std::chrono::nanoseconds> seen;
  for (int round = 0; round < 3; ++round)  // starts anew what runs already
    for (auto& timer : timers)
      start(timer, std::chrono::milliseconds(random() % 50), [&] { seen.push_back(elapsed()); });
  for (auto& timer : timers) {
    if (random() % 2 == 0) timer.stop();
    if (timer.running()) expected.push_back(timer.when() - begin_);
  }
  std::sort(expected.begin(), expected.end());
  loop_.loop()->run_until([&] { return seen.size() == expected.size(); });
  EXPECT_EQ(seen, expected);
}

TEST_F(TimerTest, AStoppedOrDestroyedTimerLetsItsCallGo) {
  const auto held = std::make_shared<int>(0);
  Timer stopped;
  start(stopped, 1s, [held] {});
  stopped.stop();
  EXPECT_EQ(held.use_count(), 1);
  {
    Timer destroyed;
    start(destroyed, 1s, [held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TimerTest, MayBeStartedStoppedAndDestroyedInItsOwnCall) {
  bool done = false;
  int calls = 0;
  auto timer = std::make_unique<Timer>();
  std::function<void()> again = [&] {
    if (++calls < 3) return start(*timer, 1s, [&again] { again(); });
    timer->stop();
    timer.reset();
    done = true;
  };
  start(*timer, 1s, [&again] { again(); });
  run_until(done);
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(TimerTest, OneMayStopAnotherThatIsDueAsWell) {
  bool done = false;
  bool wrong = false;
  Timer first;
  Timer second;
  Timer last;
  start(first, 1s, [&second] { second.stop(); });
  start(second, 1s, [&wrong] { wrong = true; });
  start(last, 2s, [&done] { done = true; });
  run_until(done);
  EXPECT_FALSE(wrong);
}

TEST_F(TimerTest, TheLongestDelayDoesNotOverflow) {
  bool done = false;
  Timer never;
  Timer soon;
  start(never, std::chrono::nanoseconds::max(), [] { FAIL() << "292 years later"; });
  start(soon, 1s, [&done] { done = true; });
  run_until(done);
  EXPECT_TRUE(never.running());
}

TEST_F(TimerTest, VirtualTimeStandsStillRatherThanJumpToTheEndOfTime) {
  Timer never;
  start(never, std::chrono::nanoseconds::max(), [] {});
  EXPECT_THROW(loop_.loop()->run_until([] { return false; }), blau::Error);
}

TEST_F(TimerTest, ATimerThatIsAlwaysDueDoesNotStarveTheQueue) {
  bool done = false;
  Timer busy;
  std::function<void()> again = [&] { start(busy, 0s, [&again] { again(); }); };
  again();
  loop_.facade().post([&done] { done = true; });
  run_until(done);
}

TEST_F(TimerTest, ClosingTheLoopStopsTimersAndRefusesNewOnes) {
  const auto held = std::make_shared<int>(0);
  Timer timer;
  start(timer, 1s, [held] {});
  loop_.loop()->close();
  EXPECT_FALSE(timer.running());
  EXPECT_EQ(held.use_count(), 1);
  start(timer, 1s, [held] {});
  EXPECT_FALSE(timer.running());
  EXPECT_EQ(held.use_count(), 1);
}

TEST(RealTimer, ExpiresOnTheSteadyClockNotBeforeItsTime) {
  const auto begin = std::chrono::steady_clock::now();
  blau::sleep_for(20ms).get();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
}

TEST(RealTimer, AnEarlierTimerOvertakesTheAlarmThatIsSet) {
  blau::EventLoop loop;
  Timer late;
  Timer early;
  bool done = false;
  std::jthread other;
  auto begin = [&] {
    // Far enough that only an alarm left as it was can reach it, however slow the machine is.
    late.start_after(*loop.loop(), 30s, [&done] { done = true; });
    // Set while the loop already waits for the later one.
    other = std::jthread([&] { loop.post([&] { early.start_after(*loop.loop(), 5ms, [&done] { done = true; }); }); });
  };
  loop.post(begin);
  loop.loop()->run_until([&done] { return done; });
  EXPECT_TRUE(late.running());
}

}  // namespace
