// Streams: what they hold, their ends, readers on other loops.

#include "latch.hpp"
#include "support/manual.hpp"
#include "support/streams.hpp"

#include <blau/bytes.hpp>
#include <blau/stream.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

using detail::Channel;
using Next = Result<std::optional<int>>;

class StreamTest : public StreamScene {};

TEST_F(StreamTest, GivesValuesInOrderAndThenItsEnd) {
  run([this]() -> Task<> {
    push(1, 3);
    channel_->end(std::nullopt);
    push(4, 5);
    const auto values = co_await read_all();
    EXPECT_EQ(values, (std::vector{1, 2, 3}));
    EXPECT_FALSE(stream_.end_reason().has_value());
    EXPECT_FALSE((co_await stream_.next()).has_value()) << "and stays ended";
  });
}

TEST_F(StreamTest, TellsWhyItEndedAndTheFirstReasonCounts) {
  run([this]() -> Task<> {
    EXPECT_FALSE(stream_.end_reason().has_value());
    channel_->end(Error(ErrorCode::disconnected, "gone"));
    channel_->end(Error(ErrorCode::failed, "again"));
    EXPECT_FALSE((co_await stream_.next()).has_value());
    EXPECT_EQ(stream_.end_reason()->code(), ErrorCode::disconnected);
  });
}

TEST_F(StreamTest, WakesAReaderThatWaits) {
  run([this]() -> Task<> {
    std::vector<int> seen;
    auto read = [&]() -> Task<> { seen = co_await read_all(); };
    read().as_operation().start([](Result<void>) {});
    co_await turns();
    push(1, 1);
    co_await turns(2);
    push(2, 3);
    co_await turns(2);
    channel_->end(std::nullopt);
    co_await turns(3);
    EXPECT_EQ(seen, (std::vector{1, 2, 3}));
  });
}

TEST_F(StreamTest, DropsTheOldestAndTellsHowMany) {
  make({.capacity = 3, .overflow = Overflow::drop_oldest});
  run([this]() -> Task<> {
    push(1, 10);
    channel_->end(std::nullopt);
    EXPECT_EQ(stream_.dropped(), 7u);
    const auto values = co_await read_all();
    EXPECT_EQ(values, (std::vector{8, 9, 10}));
    EXPECT_EQ(stream_.dropped(), 7u);
  });
}

TEST_F(StreamTest, DropsTheNewestAndTellsHowMany) {
  make({.capacity = 3, .overflow = Overflow::drop_newest});
  run([this]() -> Task<> {
    push(1, 10);
    channel_->end(std::nullopt);
    EXPECT_EQ(stream_.dropped(), 7u);
    const auto values = co_await read_all();
    EXPECT_EQ(values, (std::vector{1, 2, 3}));
  });
}

TEST_F(StreamTest, HoldsOneValueAtLeast) {
  make({.capacity = 0});
  run([this]() -> Task<> {
    push(1, 2);
    EXPECT_EQ(co_await stream_.next(), 2);
    EXPECT_EQ(stream_.dropped(), 1u);
  });
}

TEST_F(StreamTest, KeepsTheOrderWhileItsBufferGrowsAndWrapsRound) {
  make({.capacity = 100});
  run([this]() -> Task<> {
    int next = 1;
    int expected = 1;
    for (int round = 0; round < 50; ++round) {
      push(next, next + 12);
      next += 13;
      for (int i = 0; i < 10; ++i) EXPECT_EQ(co_await stream_.next(), expected++);
      if (HasFailure()) co_return;
      while (next - expected > 80) EXPECT_EQ(co_await stream_.next(), expected++);
    }
    EXPECT_EQ(stream_.dropped(), 0u);
  });
}

// Letting go.

TEST_F(StreamTest, AbandoningItEndsWhatFeedsIt) {
  bool told = false;
  run([&]() -> Task<> {
    channel_->on_abandoned([&told] { told = true; });
    push(1, 1);
    {
      const auto dropped = std::move(stream_);
    }
    EXPECT_TRUE(told);
    push(2, 3);
    EXPECT_EQ(code_of([this] {
                (void)stream_.next();
                return 0;
              }),
              ErrorCode::invalid_argument);
    co_return;
  });
}

TEST_F(StreamTest, AbandoningItOnAnotherThreadTellsItsLoop) {
  LoopThread runner;
  const auto channel = std::make_shared<Channel<int>>(runner.loop(), StreamOptions());
  test::Latch told(1);
  std::thread::id seen;
  channel->on_abandoned([&] {
    seen = std::this_thread::get_id();
    told.count_down();
  });
  {
    const Stream<int> dropped(channel);
  }
  told.wait();
  EXPECT_EQ(seen, runner.thread());
}

TEST_F(StreamTest, ANextThatIsPendingWhenTheStreamGoesSeesTheEnd) {
  run([this]() -> Task<> {
    std::optional<Next> seen;
    stream_.next().start([&seen](Next next) { seen = std::move(next); });
    {
      const auto dropped = std::move(stream_);
    }
    co_await turns(2);
    EXPECT_FALSE(seen.value().value().has_value());
  });
}

TEST_F(StreamTest, ATaskThatWaitsWhenTheLoopClosesIsCanceled) {
  std::optional<ErrorCode> code;
  auto read = [&]() -> Task<> {
    try {
      (void)co_await stream_.next();
    } catch (const Error& error) {
      code = error.code();
    }
  };
  loop_.facade().spawn(read());
  loop_.run(turns());
  loop_.loop()->close();
  EXPECT_EQ(code, ErrorCode::canceled);
}

// Other readers.

TEST(StreamReaders, ATaskOnAnotherLoopReadsEverything) {
  LoopThread far;
  const auto channel = std::make_shared<Channel<int>>(far.loop(), StreamOptions());
  constexpr int count = 500;
  std::jthread source([&] {
    for (int i = 0; i < count; ++i) far.facade().post([channel, i] { channel->push(i); });
    far.facade().post([channel] { channel->end(std::nullopt); });
  });
  VirtualLoop near;
  auto read = [&]() -> Task<int> {
    Stream<int> stream(channel);
    int expected = 0;
    while (auto value = co_await stream.next()) EXPECT_EQ(*value, expected++);
    co_return expected;
  };
  EXPECT_EQ(near.run(read()), count);
}

TEST(StreamReaders, APlainThreadReadsWithGet) {
  LoopThread far;
  const auto channel = std::make_shared<Channel<int>>(far.loop(), StreamOptions());
  far.facade().post([channel] {
    channel->push(1);
    channel->push(2);
    channel->end(Error(ErrorCode::disconnected, "gone"));
  });
  Stream<int> stream(channel);
  EXPECT_EQ(stream.next().get(), 1);
  EXPECT_EQ(stream.next().get(), 2);
  EXPECT_EQ(stream.next().get(), std::nullopt);
  EXPECT_EQ(stream.end_reason()->code(), ErrorCode::disconnected);
}

TEST(StreamReaders, TwoReadersOnOtherThreadsNeverLoseAValueNorSeeAFalseEnd) {
  LoopThread far;
  const auto channel = std::make_shared<Channel<int>>(far.loop(), StreamOptions());
  Stream<int> stream(channel);
  constexpr int count = 300;
  std::atomic<int> sum{0};
  std::atomic<int> taken{0};
  auto read = [&] {
    for (;;) {
      const auto next = stream.next().as_result().get();
      if (!next) {
        EXPECT_EQ(code_of(next), ErrorCode::busy);
        std::this_thread::yield();
        continue;
      }
      if (!*next) return;
      sum += **next;
      ++taken;
    }
  };
  std::jthread first(read);
  std::jthread second(read);
  for (int i = 0; i < count; ++i) on_loop(far.loop(), [&] { channel->push(1); });
  on_loop(far.loop(), [&] { channel->end(std::nullopt); });
  first.join();
  second.join();
  EXPECT_EQ(sum, count);
  EXPECT_EQ(taken, count);
}

TEST(StreamReaders, NextIntoSwapsBuffersAlsoFromAnotherLoop) {
  LoopThread far;
  const auto channel = std::make_shared<Channel<blau::Bytes>>(far.loop(), StreamOptions());
  far.facade().post([channel] {
    channel->push(blau::bytes(1, 2));
    channel->end(std::nullopt);
  });
  VirtualLoop near;
  auto read = [&]() -> Task<> {
    Stream<blau::Bytes> stream(channel);
    blau::Bytes value = blau::bytes(9);
    EXPECT_TRUE(co_await stream.next_into(value));
    EXPECT_EQ(value, blau::bytes(1, 2));
    EXPECT_FALSE(co_await stream.next_into(value));
  };
  near.run(read());
}

}  // namespace
}  // namespace blau::test
