// Streams: rule 9, overflow, ends, readers on other loops.

#include "support/foreign.hpp"
#include "support/loops.hpp"
#include "support/manual.hpp"

#include <blau/bytes.hpp>
#include <blau/stream.hpp>
#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using blau::Error;
using blau::ErrorCode;
using blau::Overflow;
using blau::Result;
using blau::sleep_for;
using blau::Stream;
using blau::StreamOptions;
using blau::Task;
using blau::detail::Channel;
using blau::test::code_of;
using blau::test::LoopThread;
using blau::test::on_loop;
using blau::test::turns;
using blau::test::VirtualLoop;

using Next = Result<std::optional<int>>;

class StreamTest : public testing::Test {
 protected:
  explicit StreamTest(StreamOptions options = StreamOptions()) { make(options); }
  void make(StreamOptions options) {
    channel_ = std::make_shared<Channel<int>>(loop_.loop(), options);
    stream_ = Stream<int>(channel_);
  }
  void push(int first, int last) {
    for (int i = first; i <= last; ++i) channel_->push(i);
  }
  template <class Function>
  void run(Function function) {
    loop_.run(function());
  }
  Task<std::vector<int>> read_all() {
    std::vector<int> values;
    while (auto value = co_await stream_.next()) values.push_back(*value);
    co_return values;
  }

  VirtualLoop loop_;
  std::shared_ptr<Channel<int>> channel_;
  Stream<int> stream_;
};

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

// Rule 9.

TEST_F(StreamTest, Rule9ACanceledNextLeavesTheValueQueued) {
  run([this]() -> Task<> {
    EXPECT_EQ(code_of(co_await stream_.next().timeout(1s).as_result()), ErrorCode::timed_out);
    push(1, 1);
    EXPECT_EQ(co_await stream_.next(), 1);

    std::stop_source stop;
    Next seen(std::nullopt);
    auto read = [this]() -> Task<std::optional<int>> { co_return co_await stream_.next(); };
    read().cancel_with(stop.get_token()).start([&seen](Next next) { seen = std::move(next); });
    stop.request_stop();
    push(2, 2);  // after the cancel, before its delivery
    co_await turns(3);
    EXPECT_EQ(code_of(seen), ErrorCode::canceled);
    EXPECT_EQ(co_await stream_.next(), 2);
  });
}

TEST_F(StreamTest, Rule9ALosingNextLeavesTheValueQueued) {
  run([this]() -> Task<> {
    for (int i = 0; i < 3; ++i) {
      auto both = blau::when_any(sleep_for(1s), stream_.next());
      auto operation = std::move(both);
      // Both become ready in the same turn, the timer first.
      sleep_for(1s).start([this, i](Result<void>) { push(i, i); });
      auto first = co_await std::move(operation);
      EXPECT_EQ(first.index(), 0u);
      EXPECT_EQ(co_await stream_.next(), i) << "and the stream can be read again at once";
    }
  });
}

TEST_F(StreamTest, Rule9AWinningNextTakesItsValue) {
  run([this]() -> Task<> {
    push(7, 8);
    auto first = co_await blau::when_any(stream_.next(), sleep_for(1s));
    EXPECT_EQ(std::get<0>(first), 7);
    EXPECT_EQ(co_await stream_.next(), 8);
  });
}

TEST_F(StreamTest, Rule9ADestroyedReaderLeavesTheValueQueued) {
  run([this]() -> Task<> {
    auto awaiting = [this]() -> blau::test::Foreign { (void)co_await stream_.next(); };
    {
      auto waiting = awaiting();
      co_await turns();
    }
    push(1, 1);
    {
      auto ready_but_undelivered = awaiting();
    }
    EXPECT_EQ(co_await stream_.next(), 1);
  });
}

TEST_F(StreamTest, Rule9ASecondNextIsBusyWhileOneIsPending) {
  run([this]() -> Task<> {
    std::vector<std::optional<ErrorCode>> codes;
    auto note = [&codes](Next next) { codes.push_back(code_of(next)); };
    stream_.next().start(note);
    stream_.next().start(note);
    EXPECT_EQ(code_of(co_await stream_.next().as_result()), ErrorCode::busy) << "as an operation";
    auto in_a_task = [this]() -> Task<> { (void)co_await stream_.next(); };
    EXPECT_EQ(code_of(co_await in_a_task().as_result()), ErrorCode::busy) << "in a Task's frame";
    push(1, 1);
    co_await turns(2);
    EXPECT_EQ(codes, (std::vector<std::optional<ErrorCode>>{ErrorCode::busy, std::nullopt}));
  });
}

// A second reader between a value's arrival and its delivery took the first one's value; the first then saw an end
// where there was none.
TEST_F(StreamTest, Rule9NoReaderSeesAnEndThatIsNone) {
  run([this]() -> Task<> {
    std::optional<Next> first;
    auto read = [this]() -> Task<std::optional<int>> { co_return co_await stream_.next(); };
    read().as_operation().start([&first](Next next) { first = std::move(next); });
    co_await turns();
    push(1, 1);  // the first reader's resumption is queued
    const auto second = co_await stream_.next().as_result();
    EXPECT_EQ(code_of(second), ErrorCode::busy);
    co_await turns(2);
    EXPECT_EQ(first.value().value(), 1);
  });
}

TEST_F(StreamTest, Rule9TheSameWithOperations) {
  run([this]() -> Task<> {
    std::vector<Next> seen;
    auto note = [&seen](Next next) { seen.push_back(std::move(next)); };
    push(1, 2);
    stream_.next().start(note);
    stream_.next().start(note);
    co_await turns(2);
    EXPECT_EQ(seen.at(0).value(), 1);
    EXPECT_EQ(code_of(seen.at(1)), ErrorCode::busy);
    // Inside its own callback the next one may be asked for.
    int second = 0;
    auto chain = [this, &second](Next next) {
      second = **next;
      stream_.next().start([](Next end) { EXPECT_EQ(code_of(end), std::nullopt); });
    };
    stream_.next().start(chain);
    co_await turns(2);
    EXPECT_EQ(second, 2);
    channel_->end(std::nullopt);
    co_await turns(2);
  });
}

TEST_F(StreamTest, Rule9CancelThatComesAfterTheValueIsForTheNextOperation) {
  run([this]() -> Task<> {
    std::stop_source stop;
    std::string log;
    auto read = [this]() -> Task<std::string> {
      std::string text = std::to_string((co_await stream_.next()).value()) + ";";
      try {
        (void)co_await stream_.next();
      } catch (const Error& error) {
        text += error.code() == ErrorCode::canceled ? "canceled" : "odd";
      }
      co_return text;
    };
    read().cancel_with(stop.get_token()).start([&log](Result<std::string> result) { log = *result; });
    co_await turns();
    push(1, 1);
    stop.request_stop();
    co_await turns(3);
    EXPECT_EQ(log, "1;canceled");
  });
}

TEST_F(StreamTest, Rule7ACancelBeforeNextCancelsIt) {
  run([this]() -> Task<> {
    std::stop_source stop;
    push(1, 1);
    auto read = [&]() -> Task<> {
      stop.request_stop();
      (void)co_await stream_.next();
    };
    auto operation = read().cancel_with(stop.get_token());
    EXPECT_EQ(code_of(co_await operation.as_result()), ErrorCode::canceled);
    EXPECT_EQ(co_await stream_.next(), 1);
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
  std::latch told(1);
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
