// Rule 9: a value leaves a stream only on delivery, and to one reader.

#include "support/foreign.hpp"
#include "support/manual.hpp"
#include "support/streams.hpp"

#include <blau/stream.hpp>
#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

using Next = Result<std::optional<int>>;

class StreamNext : public StreamScene {};

TEST_F(StreamNext, Rule9ACanceledNextLeavesTheValueQueued) {
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

TEST_F(StreamNext, Rule9ALosingNextLeavesTheValueQueued) {
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

TEST_F(StreamNext, Rule9AWinningNextTakesItsValue) {
  run([this]() -> Task<> {
    push(7, 8);
    auto first = co_await blau::when_any(stream_.next(), sleep_for(1s));
    EXPECT_EQ(std::get<0>(first), 7);
    EXPECT_EQ(co_await stream_.next(), 8);
  });
}

TEST_F(StreamNext, Rule9ADestroyedReaderLeavesTheValueQueued) {
  run([this]() -> Task<> {
    auto awaiting = [this]() -> Foreign { (void)co_await stream_.next(); };
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

TEST_F(StreamNext, Rule9ASecondNextIsBusyWhileOneIsPending) {
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
TEST_F(StreamNext, Rule9NoReaderSeesAnEndThatIsNone) {
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

TEST_F(StreamNext, Rule9TheSameWithOperations) {
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

TEST_F(StreamNext, Rule9CancelThatComesAfterTheValueIsForTheNextOperation) {
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

TEST_F(StreamNext, Rule7ACancelBeforeNextCancelsIt) {
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

}  // namespace
}  // namespace blau::test
