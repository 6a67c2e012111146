// Rule 13: the end of a loop, and what outlives it.

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"
#include "support/operations.hpp"
#include "support/room.hpp"

#include <blau/event_loop.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::EventLoop;
using blau::Result;
using blau::sleep_for;
using blau::Task;
using blau::test::code_of;
using blau::test::LoopThread;
using blau::test::Manual;
using blau::test::on_loop;
using blau::test::turns;
using blau::test::VirtualLoop;

TEST(Rule13Ends, OperationsThatArePendingCompleteWithCanceledBeforeTheLoopIsGone) {
  std::vector<std::optional<ErrorCode>> codes;
  {
    VirtualLoop loop;
    auto start = [&codes] {
      for (int i = 0; i < 3; ++i) sleep_for(1h).start([&codes](Result<void> r) { codes.push_back(code_of(r)); });
    };
    loop.facade().post(start);
    loop.run(turns());
    EXPECT_TRUE(codes.empty());
  }
  EXPECT_EQ(codes, std::vector<std::optional<ErrorCode>>(3, ErrorCode::canceled));
}

TEST(Rule13Ends, TasksThatCatchCanceledMayAwaitMoreWhichIsRefused) {
  std::string log;
  auto stubborn = [&log]() -> Task<> {
    log += code_of(co_await sleep_for(1h).as_result()) == ErrorCode::canceled ? "canceled;" : "odd;";
    for (int i = 0; i < 2; ++i)
      log += code_of(co_await sleep_for(1s).as_result()) == ErrorCode::loop_closed ? "refused;" : "odd;";
    log += "ended";
  };
  {
    VirtualLoop loop;
    loop.facade().spawn(stubborn());
    loop.run(turns());
  }
  EXPECT_EQ(log, "canceled;refused;refused;ended");
}

TEST(Rule13Ends, ATaskThatNeverGivesUpIsDestroyedInTheEnd) {
  bool destroyed = false;
  auto never_ends = [&destroyed]() -> Task<> {
    const std::unique_ptr<bool, void (*)(bool*)> guard(&destroyed, [](bool* flag) { *flag = true; });
    for (;;) {
      const auto ignored = co_await sleep_for(1s).as_result();
      (void)ignored;
    }
  };
  {
    VirtualLoop loop;
    loop.facade().spawn(never_ends());
    loop.run(turns());
  }
  EXPECT_TRUE(destroyed);
}

TEST(Rule13Ends, ATaskThatWaitsForAnotherLoopIsDestroyed) {
  LoopThread far;
  Manual<int> work(far.loop());
  bool destroyed = false;
  auto waits = [&]() -> Task<> {
    const std::unique_ptr<bool, void (*)(bool*)> guard(&destroyed, [](bool* flag) { *flag = true; });
    (void)co_await work.operation();
  };
  {
    VirtualLoop near;
    near.facade().spawn(waits());
    near.run(turns());
    work.wait_until_begun();
  }
  EXPECT_TRUE(destroyed);
  on_loop(far.loop(), [&work] { EXPECT_EQ(work.early_ends(), 1); });
}

TEST(Rule13Ends, FramesDestroyedByTheEndMayStartOperations) {
  struct StartsAtItsEnd {
    ~StartsAtItsEnd() {
      sleep_for(1s).start([codes = codes](Result<void> result) { codes->push_back(code_of(result)); });
    }
    std::shared_ptr<std::vector<std::optional<ErrorCode>>> codes;
  };
  const auto codes = std::make_shared<std::vector<std::optional<ErrorCode>>>();
  auto waits = [&codes]() -> Task<> {
    const StartsAtItsEnd local{codes};
    co_await sleep_for(1h);
  };
  {
    VirtualLoop loop;
    loop.facade().spawn(waits());
    loop.run(turns());
  }
  EXPECT_EQ(*codes, std::vector<std::optional<ErrorCode>>{ErrorCode::loop_closed});
}

TEST(Rule13Ends, WhatOutlivesItsLoopAnswersLoopClosedOnTheBackgroundLoop) {
  auto loop = std::make_unique<VirtualLoop>();
  Manual<int> work(loop->loop());
  loop.reset();
  blau::test::Latch done(1);
  work.operation().start([&](Result<int> result) {
    EXPECT_EQ(code_of(result), ErrorCode::loop_closed);
    EXPECT_EQ(EventLoop::current(), &EventLoop::background());
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(code_of([&] { return work.operation().get(); }), ErrorCode::loop_closed);
  VirtualLoop other;
  auto awaits = [&]() -> Task<> {
    EXPECT_EQ(code_of(co_await work.operation().as_result()), ErrorCode::loop_closed);
    EXPECT_EQ(EventLoop::current(), &other.facade());
  };
  other.run(awaits());
}

TEST(Rule13Ends, OperationsStartedByOtherThreadsWhileItClosesAllComplete) {
  for (int round = 0; round < 50; ++round) {
    auto runner = std::make_unique<LoopThread>();
    const auto loop = runner->loop();
    blau::test::Room room(64);
    blau::test::Latch busy(100);
    std::atomic<bool> stop{false};
    std::atomic<int> started{0};
    std::atomic<int> closed{0};
    auto starter = [&, loop] {
      auto work = [](blau::detail::Completer<int> done) { done(1); };
      while (!stop || closed == 0) {
        room.acquire();  // would wait for ever if one were lost
        blau::detail::make_operation<int>(loop, "work", std::nullopt, work).start([&](Result<int> result) {
          if (code_of(result) == ErrorCode::loop_closed) ++closed;
          room.release();
        });
        if (started.fetch_add(1) < 100) busy.count_down();
      }
    };
    {
      std::jthread first(starter);
      std::jthread second(starter);
      busy.wait();
      runner.reset();
      stop = true;
    }
    for (int i = 0; i < 64; ++i) room.acquire();
    EXPECT_GT(closed, 0);
  }
}

TEST(Rule13Ends, ALoopMayBeDestroyedOnAnotherThreadThanItRanOn) {
  bool destroyed = false;
  auto loop = std::make_unique<EventLoop>();
  auto waits = [&destroyed]() -> Task<> {
    const std::unique_ptr<bool, void (*)(bool*)> guard(&destroyed, [](bool* flag) { *flag = true; });
    co_await sleep_for(1h);
  };
  loop->spawn(waits());
  std::thread([&loop] { loop->run(turns()); }).join();
  loop.reset();
  EXPECT_TRUE(destroyed);
}

}  // namespace
