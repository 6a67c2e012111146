// What operations, streams and tasks cost, counted: allocations of this thread. Not under a sanitizer, whose runtime has an operator new of its own.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define BLAU_TEST_SANITIZED
#endif
#endif
#if !defined(BLAU_TEST_SANITIZED) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

#include "support/loops.hpp"

#include <blau/bytes.hpp>
#include <blau/stream.hpp>
#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace std::chrono_literals;
using blau::Bytes;
using blau::Result;
using blau::Stream;
using blau::Task;
using blau::detail::Channel;
using blau::test::run_virtually;
using blau::test::turns;

/// How many allocations happened since it was made.
class Allocations {
 public:
  [[nodiscard]] std::size_t count() const noexcept { return allocations - begin_; }

 private:
  std::size_t begin_ = allocations;
};

/// An operation with a time-out, as those of a client have.
blau::Operation<int> read_like(const std::shared_ptr<blau::detail::Loop>& loop) {
  auto starter = [](blau::detail::Completer<int> done) { done(1); };
  return blau::detail::make_operation<int>(loop, "read", 10s, starter);
}

TEST(Cost, CountsAllocations) {
  const Allocations counted;
  const auto one = std::make_unique<int>(1);
  EXPECT_EQ(counted.count(), 1u);
}

TEST(Cost, OneAllocationAnOperationThatATaskAwaits) {
  run_virtually([]() -> Task<> {
    const auto loop = blau::detail::Loop::current_or_background();
    EXPECT_EQ(co_await read_like(loop), 1);  // the heap of timers has grown
    const Allocations counted;
    for (int i = 0; i < 100; ++i) (void)co_await read_like(loop);
    EXPECT_EQ(counted.count(), 100u);
  });
}

TEST(Cost, OneAllocationAnOperationWithACallback) {
  run_virtually([]() -> Task<> {
    const auto loop = blau::detail::Loop::current_or_background();
    EXPECT_EQ(co_await read_like(loop), 1);
    int sum = 0;
    const Allocations counted;
    for (int i = 0; i < 100; ++i) read_like(loop).start([&sum](Result<int> result) { sum += *result; });
    EXPECT_EQ(counted.count(), 100u);
    co_await turns();
    EXPECT_EQ(sum, 100);
  });
}

TEST(Cost, OneMoreForAGroup) {
  run_virtually([]() -> Task<> {
    const auto loop = blau::detail::Loop::current_or_background();
    EXPECT_EQ(co_await read_like(loop), 1);
    const Allocations counted;
    (void)co_await blau::when_all(read_like(loop), read_like(loop), read_like(loop));
    EXPECT_EQ(counted.count(), 4u);
  });
}

TEST(Cost, ATaskAwaitedByATaskAllocatesItsFrameOnly) {
  run_virtually([]() -> Task<> {
    auto give = [](int value) -> Task<int> { co_return value; };
    const Allocations counted;
    for (int i = 0; i < 100; ++i) (void)co_await give(i);
    EXPECT_LE(counted.count(), 100u);
  });
}

TEST(Cost, NoAllocationForAStreamsValueBeyondItsOwnBuffer) {
  run_virtually([]() -> Task<> {
    const auto channel =
        std::make_shared<Channel<Bytes>>(blau::detail::Loop::current_or_background(), blau::StreamOptions());
    Stream<Bytes> stream(channel);
    const Bytes value(20, 0x5a);
    auto push = [&] { channel->push_with([&value](Bytes& place) { place.assign(value.begin(), value.end()); }); };
    push();
    EXPECT_EQ(co_await stream.next(), value);
    const Allocations counted;
    for (int i = 0; i < 100; ++i) {
      push();
      (void)co_await stream.next();
    }
    EXPECT_LE(counted.count(), 100u);
  });
}

TEST(Cost, NoneAtAllWithNextInto) {
  run_virtually([]() -> Task<> {
    const auto channel =
        std::make_shared<Channel<Bytes>>(blau::detail::Loop::current_or_background(), blau::StreamOptions());
    Stream<Bytes> stream(channel);
    const Bytes value(20, 0x5a);
    auto push = [&] { channel->push_with([&value](Bytes& place) { place.assign(value.begin(), value.end()); }); };
    Bytes got;
    for (int i = 0; i < 20; ++i) {  // every place has a buffer now
      push();
      EXPECT_TRUE(co_await stream.next_into(got));
    }
    const Allocations counted;
    for (int i = 0; i < 1000; ++i) {
      push();
      (void)co_await stream.next_into(got);
    }
    EXPECT_EQ(counted.count(), 0u);
    EXPECT_EQ(got, value);
  });
}

// The reader waits first, and is resumed by a turn of the loop.
TEST(Cost, NoneForAReaderThatIsWoken) {
  run_virtually([]() -> Task<> {
    const auto channel =
        std::make_shared<Channel<Bytes>>(blau::detail::Loop::current_or_background(), blau::StreamOptions());
    const Bytes value(20, 0x5a);
    int received = 0;
    auto read = [&]() -> Task<> {
      Stream<Bytes> stream(channel);
      Bytes got;
      while (co_await stream.next_into(got)) ++received;
    };
    blau::EventLoop::current()->spawn(read());
    struct Turn final : blau::detail::ReadyNode {
      void run() override { coroutine.resume(); }
      void drop() noexcept override {}
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> waiting) {
        coroutine = waiting;
        (void)blau::detail::Loop::current()->schedule(*this);
      }
      void await_resume() const noexcept {}
      std::coroutine_handle<> coroutine;
    };
    std::size_t after_growth = 0;
    for (int i = 0; i < 1000; ++i) {
      if (i == 100) after_growth = allocations;
      channel->push_with([&value](Bytes& place) { place.assign(value.begin(), value.end()); });
      co_await Turn();
    }
    EXPECT_EQ(allocations - after_growth, 0u);
    EXPECT_EQ(received, 1000);
    channel->end(std::nullopt);
  });
}

TEST(Cost, ATimerAllocatesNothing) {
  run_virtually([]() -> Task<> {
    auto& loop = *blau::detail::Loop::current();
    blau::detail::Timer timer;
    timer.start_after(loop, 1s, [] {});
    const Allocations counted;
    for (int i = 0; i < 100; ++i) timer.start_after(loop, 1s, [] {});
    EXPECT_EQ(counted.count(), 0u);
    co_return;
  });
}

}  // namespace

#endif
