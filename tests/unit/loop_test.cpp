// The loop behind EventLoop: its queue, its runner, its end.

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"
#include "support/room.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#ifdef __linux__
#include <unistd.h>
#endif

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::Task;
using blau::detail::Loop;
using blau::test::code_of;
using blau::test::LoopThread;
using blau::test::on_loop;
using blau::test::VirtualLoop;

/// The order in which calls run that twenty threads have posted, five each.
std::vector<int> order_with(std::optional<std::uint64_t> seed) {
  VirtualLoop loop(seed);
  std::vector<int> order;
  for (int thread = 0; thread < 20; ++thread) {
    std::thread([&] {
      for (int i = 5 * thread; i < 5 * thread + 5; ++i) loop.facade().post([&order, i] { order.push_back(i); });
    }).join();
  }
  loop.loop()->run_until([&order] { return order.size() == 100; });
  return order;
}

TEST(Loop, RunsPostedCallsInTheirOrder) {
  std::vector<int> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order_with(std::nullopt), expected);
}

TEST(Loop, OrderSeedGivesOtherButReproducibleOrders) {
  const auto plain = order_with(std::nullopt);
  const auto one = order_with(1);
  const auto two = order_with(2);
  EXPECT_NE(one, plain);
  EXPECT_NE(one, two);
  EXPECT_EQ(one, order_with(1));
  EXPECT_TRUE(std::is_permutation(one.begin(), one.end(), plain.begin(), plain.end()));
}

TEST(Loop, PostIsNeverInline) {
  VirtualLoop loop;
  bool called = false;
  bool inside = false;
  loop.facade().post([&] {
    loop.facade().post([&called] { called = true; });
    inside = called;
  });
  EXPECT_FALSE(called);
  loop.loop()->run_until([&called] { return called; });
  EXPECT_FALSE(inside);
}

TEST(Loop, TakesPostsOfManyThreadsEachInItsOrder) {
  constexpr int threads = 4;
  constexpr int posts = 500;
  LoopThread runner;
  std::vector<std::vector<int>> seen(threads);
  blau::test::Latch all(threads * posts);
  std::vector<std::jthread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < posts; ++i) {
        runner.facade().post([&, t, i] {
          seen[static_cast<std::size_t>(t)].push_back(i);
          all.count_down();
        });
      }
    });
  }
  all.wait();
  std::vector<int> expected(posts);
  std::iota(expected.begin(), expected.end(), 0);
  for (const auto& order : seen) EXPECT_EQ(order, expected);
}

TEST(Loop, TakesPostsOfOtherThreadsWhileItsQueueNeverEmpties) {
  bool stop = false;
  std::function<void()> again;
  VirtualLoop loop;
  again = [&] {
    if (!stop) loop.facade().post([&again] { again(); });
  };
  std::jthread poster;
  loop.facade().post([&] {
    again();
    poster = std::jthread([&] { loop.facade().post([&stop] { stop = true; }); });
  });
  loop.loop()->run_until([&stop] { return stop; });
  EXPECT_TRUE(stop);
}

TEST(Loop, RunningInsideALoopWouldDeadlock) {
  VirtualLoop outer;
  VirtualLoop inner;
  std::optional<ErrorCode> code;
  outer.facade().post([&] {
    code = code_of([&] {
      inner.loop()->run_until([] { return true; });
      return 0;
    });
  });
  outer.loop()->run_until([&code] { return code.has_value(); });
  EXPECT_EQ(code, ErrorCode::would_deadlock);
}

TEST(Loop, KnowsItsThread) {
  EXPECT_EQ(Loop::current(), nullptr);
  LoopThread runner;
  Loop* seen = nullptr;
  on_loop(runner.loop(), [&seen] { seen = Loop::current(); });
  EXPECT_EQ(seen, runner.loop().get());
  EXPECT_FALSE(runner.loop()->on_thread());
}

// Virtual time.

TEST(Loop, StandingStillInVirtualTimeIsAnError) {
  VirtualLoop loop;
  EXPECT_EQ(code_of([&] {
              loop.loop()->run_until([] { return false; });
              return 0;
            }),
            ErrorCode::stalled);
}

TEST(Loop, HoldStopsTheVirtualClockUntilReleased) {
  VirtualLoop loop;
  const auto begin = loop.facade().now();
  bool expired = false;
  std::optional<std::chrono::nanoseconds> posted_at;
  blau::detail::Timer timer;
  std::jthread other;
  loop.facade().post([&] {
    timer.start_after(*loop.loop(), 1h, [&expired] { expired = true; });
    loop.loop()->hold();
    other = std::jthread([&] {
      loop.facade().post([&] { posted_at = loop.facade().now() - begin; });
      loop.loop()->release();
    });
  });
  loop.loop()->run_until([&expired] { return expired; });
  EXPECT_EQ(posted_at, 0ns);
  EXPECT_EQ(loop.facade().now() - begin, 1h);
}

// Waiting for the loop: what the destructors of clients and scanners rely on.

TEST(Rule12Destructors, RunAndWaitWaitsForTheCallbackThatRuns) {
  LoopThread runner;
  blau::test::Latch callback_runs(1);
  blau::test::Latch go_on(1);
  bool callback_ended = false;
  bool call_saw_the_end = false;
  runner.facade().post([&] {
    callback_runs.count_down();
    go_on.wait();
    callback_ended = true;
  });
  callback_runs.wait();
  std::jthread helper([&go_on] { go_on.count_down(); });
  runner.loop()->run_and_wait([&] { call_saw_the_end = callback_ended; });
  EXPECT_TRUE(call_saw_the_end);
}

TEST(Rule12Destructors, RunAndWaitInsideTheLoopDoesNotWait) {
  LoopThread runner;
  bool inline_call = false;
  on_loop(runner.loop(), [&] { runner.loop()->run_and_wait([&inline_call] { inline_call = true; }); });
  EXPECT_TRUE(inline_call);
}

TEST(Rule12Destructors, RunAndWaitRunsTheLoopThatNobodyRuns) {
  VirtualLoop loop;
  Loop* seen = nullptr;
  loop.loop()->run_and_wait([&seen] { seen = Loop::current(); });
  EXPECT_EQ(seen, loop.loop().get());
  EXPECT_EQ(Loop::current(), nullptr);
}

TEST(Rule12Destructors, RunAndWaitTakesOverWhenTheRunnerLeavesFirst) {
  VirtualLoop loop;
  blau::test::Latch running(1);
  blau::test::Latch leave(1);
  std::thread runner([&] {
    bool left = false;
    loop.facade().post([&] {
      running.count_down();
      leave.wait();
      left = true;
    });
    loop.loop()->run_until([&left] { return left; });
  });
  running.wait();
  bool called = false;
  std::jthread helper([&leave] { leave.count_down(); });
  loop.loop()->run_and_wait([&called] { called = true; });
  EXPECT_TRUE(called);
  runner.join();
}

TEST(Rule12Destructors, RunAndWaitEndsWithTheLoop) {
  for (int i = 0; i < 20; ++i) {
    auto runner = std::make_unique<LoopThread>();
    const auto loop = runner->loop();
    const auto captured = std::make_shared<int>(0);
    blau::test::Barrier together(2);
    std::jthread waiter([&together, loop, captured] {
      together.arrive_and_wait();
      loop->run_and_wait([captured] { ++*captured; });
    });
    together.arrive_and_wait();
    runner.reset();
    waiter.join();
    EXPECT_EQ(*captured, 1) << "it runs, by whomever";
  }
}

TEST(Rule12Destructors, WhatAnAwaitedCallHoldsEndsBeforeTheWaiterGoesOn) {
  LoopThread runner;
  for (int i = 0; i < 200; ++i) {
    const auto captured = std::make_shared<int>(0);
    runner.loop()->run_and_wait([captured] { ++*captured; });
    EXPECT_EQ(captured.use_count(), 1);
  }
}

// The end.

TEST(Rule13Ends, ClosingRunsWhatIsPostedAndThenRefuses) {
  VirtualLoop loop;
  bool before = false;
  bool after = false;
  const auto captured = std::make_shared<int>(0);
  loop.facade().post([&before] { before = true; });
  loop.loop()->close();
  EXPECT_TRUE(before);
  loop.facade().post([&after, captured] { after = true; });
  EXPECT_FALSE(after);
  EXPECT_EQ(captured.use_count(), 1) << "a refused call is destroyed";
  loop.loop()->close();
  EXPECT_TRUE(loop.loop()->closed());
}

TEST(Rule13Ends, EveryPostIsRunOrDestroyedWhileTheLoopCloses) {
  for (int round = 0; round < 30; ++round) {
    auto runner = std::make_unique<LoopThread>();
    const auto loop = runner->loop();
    blau::test::Room room(64);  // without a limit they may post faster than the loop can run
    std::atomic<bool> stop{false};
    blau::test::Barrier together(3);
    auto poster = [&, loop] {
      together.arrive_and_wait();
      while (!stop) loop->post([place = blau::test::Place(room)] {});
    };
    std::jthread first(poster);
    std::jthread second(poster);
    together.arrive_and_wait();
    runner.reset();
    stop = true;
    first.join();
    second.join();
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(room.try_acquire()) << "a post was neither run nor destroyed";
  }
}

TEST(Rule13Ends, CloseFromAnotherThreadWaitsForTheRunner) {
  VirtualLoop loop;
  blau::test::Latch running(1);
  blau::test::Latch leave(1);
  std::atomic<bool> left{false};
  std::jthread runner([&] {
    loop.facade().post([&] {
      running.count_down();
      leave.wait();
      left = true;
    });
    loop.loop()->run_until([&left] { return left.load(); });
  });
  running.wait();
  std::jthread helper([&leave] { leave.count_down(); });
  loop.loop()->close();
  EXPECT_TRUE(left);
}

struct Member final : blau::detail::LoopMember {
  explicit Member(Loop& loop) { join(loop); }
  void loop_closing() noexcept override {
    ++told;
    victim.reset();
  }
  int told = 0;
  std::unique_ptr<Member> victim;
};

TEST(Rule13Ends, MembersAreToldOnceThoughTheyDestroyEachOther) {
  VirtualLoop loop;
  auto last = std::make_unique<Member>(*loop.loop());
  auto middle = std::make_unique<Member>(*loop.loop());
  Member first(*loop.loop());
  first.victim = std::move(middle);
  loop.loop()->close();
  EXPECT_EQ(first.told, 1);
  EXPECT_EQ(last->told, 1);
}

TEST(Rule13Ends, AMemberThatLeftIsNotTold) {
  VirtualLoop loop;
  Member stays(*loop.loop());
  {
    Member goes(*loop.loop());
  }
  loop.loop()->close();
  EXPECT_EQ(stays.told, 1);
}

TEST(Rule13Ends, ServicesEndWithTheLoopAndMayAskForOthers) {
  struct Service {
    explicit Service(Loop& wanted) : loop(wanted) {}
    ~Service() { EXPECT_EQ(loop.find_service("other"), nullptr); }
    Loop& loop;
  };
  VirtualLoop loop;
  auto service = std::make_shared<Service>(*loop.loop());
  const std::weak_ptr<Service> alive = service;
  loop.loop()->add_service("test", std::move(service));
  EXPECT_NE(loop.loop()->find_service("test"), nullptr);
  loop.loop()->close();
  EXPECT_TRUE(alive.expired());
}

// No hidden cost.

#ifdef __linux__  // which counts how often a thread has slept

long voluntary_switches(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(status, line);) {
    const std::string key = "voluntary_ctxt_switches:";
    if (line.rfind(key, 0) == 0) return std::stol(line.substr(key.size()));
  }
  return -1;
}

// Idleness can only be measured over a stretch of time, here a quarter of a second: this waits for nothing else.
TEST(Loop, AnIdleLoopMakesNoWakeUp) {
  LoopThread runner;
  pid_t thread = 0;
  on_loop(runner.loop(), [&thread] { thread = ::gettid(); });
  blau::run(blau::test::turns());
  const long before = voluntary_switches(thread);
  ASSERT_GE(before, 0);
  blau::sleep_for(250ms).get();
  const long switches = voluntary_switches(thread) - before;
  EXPECT_LE(switches, 1) << "one for going to sleep after the last call";
}

TEST(Loop, AStoppedTimerWakesNobody) {
  LoopThread runner;
  pid_t thread = 0;
  on_loop(runner.loop(), [&thread] { thread = ::gettid(); });
  blau::detail::Timer timer;
  on_loop(runner.loop(), [&] { timer.start_after(*runner.loop(), 100ms, [] {}); });
  on_loop(runner.loop(), [&] { timer.stop(); });
  const long before = voluntary_switches(thread);
  blau::sleep_for(250ms).get();
  EXPECT_LE(voluntary_switches(thread) - before, 1);
}

#endif

// The alarm of the first one stays set: it comes too early for the second.
TEST(Loop, ATimerComesInTimeAfterAnEarlierOneWasStopped) {
  LoopThread runner;
  blau::detail::Timer early, late;
  std::promise<blau::detail::TimePoint> came;
  on_loop(runner.loop(), [&] { early.start_after(*runner.loop(), 20ms, [] {}); });
  const auto begin = blau::detail::Clock::now();
  on_loop(runner.loop(), [&] {
    early.stop();
    late.start_after(*runner.loop(), 60ms, [&] { came.set_value(blau::detail::Clock::now()); });
  });
  EXPECT_GE(came.get_future().get() - begin, 60ms);
}

}  // namespace
