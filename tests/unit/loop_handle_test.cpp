// LoopHandle: threads that post to a loop that may be gone.

#include "latch.hpp"
#include "support/loops.hpp"
#include "support/room.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace blau::test {
namespace {

TEST(LoopHandle, PostsToItsLoopFromAnyThread) {
  LoopThread runner;
  const LoopHandle handle = runner.facade().handle();
  test::Latch called(1);
  std::thread::id seen;
  EXPECT_TRUE(handle.post([&] {
    seen = std::this_thread::get_id();
    called.count_down();
  }));
  called.wait();
  EXPECT_EQ(seen, runner.thread());
}

TEST(LoopHandle, OnItsOwnLoopItIsNotInline) {
  run([]() -> Task<> {
    bool called = false;
    EXPECT_TRUE(EventLoop::current()->handle().post([&called] { called = true; }));
    EXPECT_FALSE(called);
    co_await turns();
    EXPECT_TRUE(called);
  });
}

TEST(LoopHandle, DropsWhatComesAfterTheEnd) {
  auto loop = std::make_unique<EventLoop>();
  const LoopHandle handle = loop->handle();
  const LoopHandle copy = handle;
  loop.reset();
  const auto captured = std::make_shared<int>(0);
  EXPECT_FALSE(handle.post([captured] { FAIL() << "the loop is gone"; }));
  EXPECT_FALSE(copy.post([captured] { FAIL() << "the loop is gone"; }));
  EXPECT_FALSE(LoopHandle().post([captured] { FAIL() << "there is no loop"; }));
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(LoopHandle, DropsWhatIsPostedWhileItsLoopIsKeptByObjects) {
  auto loop = std::make_unique<EventLoop>();
  const auto kept = loop->loop();  // as clients and operations do
  const LoopHandle handle = loop->handle();
  loop.reset();
  EXPECT_FALSE(handle.post([] { FAIL() << "the loop has ended"; }));
}

TEST(LoopHandle, ThreadsPostWhileAndAfterTheLoopIsDestroyed) {
  for (int round = 0; round < 50; ++round) {
    Room room(64);
    std::atomic<bool> gone{false};
    std::atomic<int> ran_too_late{0};
    test::Latch busy(2 * 20);
    auto runner = std::make_unique<LoopThread>();
    auto work = [&, handle = runner->facade().handle()] {
      for (int posts = 0, refused = 0; refused < 10; ++posts) {
        auto call = [&, place = Place(room)] { ran_too_late += gone ? 1 : 0; };
        if (!handle.post(std::move(call)) && gone) ++refused;
        if (posts < 20) busy.count_down();
      }
    };
    {
      std::jthread first(work);
      std::jthread second(work);
      busy.wait();
      runner.reset();
      gone = true;
    }
    EXPECT_EQ(ran_too_late, 0);
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(room.try_acquire()) << "a post was neither run nor destroyed";
  }
}

}  // namespace
}  // namespace blau::test
