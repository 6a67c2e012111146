// termination_signal, and how the background loop ends with the process. Signals and exits take processes of their own.

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::EventLoop;
using blau::Result;
using blau::sleep_for;
using blau::Task;
using blau::termination_signal;
using blau::test::code_of;
using blau::test::Manual;
using blau::test::on_loop;
using blau::test::turns;

Task<int> wait_and_raise(int signal) {
  EventLoop::current()->post([signal] { std::raise(signal); });
  co_return co_await termination_signal();
}

TEST(TerminationSignal, GivesTheSignalsNumber) {
  EXPECT_EQ(blau::run(wait_and_raise(SIGTERM)), SIGTERM);
  EXPECT_EQ(blau::run(wait_and_raise(SIGINT)), SIGINT);
}

TEST(TerminationSignal, ReachesEveryOneThatWaits) {
  auto both = []() -> Task<> {
    EventLoop::current()->post([] { std::raise(SIGTERM); });
    auto [one, two] = co_await blau::when_all(termination_signal(), termination_signal());
    EXPECT_EQ(one + two, 2 * SIGTERM);
  };
  blau::run(both());
}

TEST(TerminationSignal, ReachesACallbackOnTheBackgroundLoop) {
  blau::test::Latch done(1);
  termination_signal().start([&done](Result<int> signal) {
    EXPECT_EQ(*signal, SIGTERM);
    done.count_down();
  });
  on_loop(EventLoop::background().loop(), [] {});  // now it waits
  std::raise(SIGTERM);
  done.wait();
}

TEST(TerminationSignal, CanBeCanceled) {
  EXPECT_EQ(
      code_of([] { return blau::run([]() -> Task<int> { co_return co_await termination_signal().timeout(1ms); }); }),
      ErrorCode::timed_out);
}

/// How a process ends by a signal that nobody waits for.
auto killed_by(int signal) {
#ifdef _WIN32
  (void)signal;
  return testing::ExitedWithCode(3);  // so the C runtime does it
#else
  return testing::KilledBySignal(signal);
#endif
}

class TerminationDeathTest : public testing::Test {
 protected:
  TerminationDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(TerminationDeathTest, AfterACompletionTheSignalEndsTheProcessAgain) {
  auto test = [] {
    blau::run(wait_and_raise(SIGTERM));
    std::raise(SIGTERM);
    std::exit(1);
  };
  EXPECT_EXIT(test(), killed_by(SIGTERM), "");
}

TEST_F(TerminationDeathTest, AfterTheSignalInTheSameLoopToo) {
  auto test = [] {
    auto twice = []() -> Task<> {
      EXPECT_EQ(co_await wait_and_raise(SIGTERM), SIGTERM);
      std::raise(SIGTERM);
      std::exit(1);
    };
    blau::run(twice());
  };
  EXPECT_EXIT(test(), killed_by(SIGTERM), "");
}

TEST_F(TerminationDeathTest, AfterACancelToo) {
  auto test = [] {
    const auto loop = std::make_unique<EventLoop>();  // lives on
    auto waits = []() -> Task<> { (void)co_await termination_signal().timeout(1ms).as_result(); };
    loop->run(waits());
    std::raise(SIGINT);
    std::exit(1);
  };
  EXPECT_EXIT(test(), killed_by(SIGINT), "");
}

TEST_F(TerminationDeathTest, AfterTheLoopsEndToo) {
  auto test = [] {
    EventLoop loop;
    loop.spawn([]() -> Task<> { (void)co_await termination_signal(); });
    loop.run(turns());
    loop.loop()->close();
    std::raise(SIGINT);
    std::exit(1);
  };
  EXPECT_EXIT(test(), killed_by(SIGINT), "");
}

// The end of the process.

void say(const char* text) {
  std::fputs(text, stderr);
  std::fflush(stderr);
}

TEST_F(TerminationDeathTest, Rule13ExitCancelsWhatIsPendingOnTheBackgroundLoop) {
  auto test = [] {
    sleep_for(1h).start([](Result<void> result) { say(code_of(result) == ErrorCode::canceled ? "canceled" : "odd"); });
    std::exit(0);
  };
  EXPECT_EXIT(test(), testing::ExitedWithCode(0), "^canceled$");
}

TEST_F(TerminationDeathTest, Rule13ExitFinishesDisconnectsThatWereStarted) {
  auto test = [] {
    const auto& loop = EventLoop::background().loop();
    on_loop(loop, [&loop] {
      loop->disconnect_begins();
      sleep_for(50ms).start([loop](Result<void> result) {
        say(result ? "finished" : "canceled");
        loop->disconnect_ends();
      });
    });
    std::exit(0);
  };
  EXPECT_EXIT(test(), testing::ExitedWithCode(0), "^finished$");
}

TEST_F(TerminationDeathTest, Rule13ButForTwoSecondsAtMost) {
  auto test = [] {
    const auto& loop = EventLoop::background().loop();
    on_loop(loop, [&loop] { loop->disconnect_begins(); });
    static const auto begin = std::chrono::steady_clock::now();
    sleep_for(1h).start([](Result<void>) {
      const auto waited = std::chrono::steady_clock::now() - begin;
      say(waited >= 2s && waited < 10s ? "capped" : "odd");
    });
    std::exit(0);
  };
  EXPECT_EXIT(test(), testing::ExitedWithCode(0), "^capped$");
}

TEST_F(TerminationDeathTest, Rule13ExitInsideACallbackOfTheBackgroundLoop) {
  auto test = [] {
    EventLoop::background().post([] { std::exit(3); });
    blau::test::Latch(1).wait();
  };
  EXPECT_EXIT(test(), testing::ExitedWithCode(3), "");
}

TEST_F(TerminationDeathTest, Rule13AStaticObjectThatOutlivesTheBackgroundLoopFindsItClosed) {
  auto test = [] {
    struct AsksAtItsEnd {
      ~AsksAtItsEnd() {
        const auto code = code_of([this] { return work->operation().get(); });
        say(code == ErrorCode::loop_closed ? "closed;" : "odd;");
        work->operation().start([](Result<int>) { say("delivered"); });
        EventLoop::background().post([] { say("posted"); });
        EventLoop::background().loop()->run_and_wait([] { say("inline"); });
      }
      std::optional<Manual<int>> work;
    };
    static AsksAtItsEnd object;  // before the background loop begins: so it ends after it
    object.work.emplace(EventLoop::background().loop());
    std::exit(0);
  };
  EXPECT_EXIT(test(), testing::ExitedWithCode(0), "^closed;inline$");
}

TEST_F(TerminationDeathTest, Rule13ExitWhileOtherThreadsPost) {
  auto test = [] {
    for (int i = 0; i < 3; ++i) {
      std::thread([] {
        for (;;) on_loop(EventLoop::background().loop(), [] {});
      }).detach();
    }
    sleep_for(5ms).get();
    std::exit(0);
  };
  EXPECT_EXIT(test(), testing::ExitedWithCode(0), "");
}

}  // namespace
