// blau::async: Blau's operations with Asio's completion tokens.

#include "support/manual.hpp"

#include <blau/interop/asio.hpp>

#include <asio/awaitable.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <asio/version.hpp>
#if ASIO_VERSION >= 102400
#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#endif

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using blau::Error;
using blau::ErrorCode;
using blau::Operation;
using blau::Result;
using blau::test::code_of;
using blau::test::Manual;
#if ASIO_VERSION >= 102400
using asio::as_tuple;
using asio::deferred;
#else
using asio::experimental::as_tuple;
using asio::experimental::deferred;
#endif

const std::shared_ptr<blau::detail::Loop>& background() { return blau::EventLoop::background().loop(); }

/// An operation of the background loop that ends at once.
template <class T>
Operation<T> ended(Result<T> result) {
  auto starter = [result](blau::detail::Completer<T> done) { done(result); };
  return blau::detail::make_operation<T>(background(), "ended", std::nullopt, starter);
}
Error att_error() { return Error(blau::AttError::insufficient_encryption, "pair first"); }

/// Calls on the background loop and waits for the end of the call.
template <class Call>
void on_background(Call call) {
  std::promise<void> done;
  background()->post([&] {
    call();
    done.set_value();
  });
  done.get_future().wait();
}

std::optional<ErrorCode> code_in(const std::exception_ptr& exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

TEST(AsioToken, CallbackWithoutExecutorIsCalledOnTheLoop) {
  std::promise<std::thread::id> called;
  std::thread::id loop_thread;
  on_background([&] { loop_thread = std::this_thread::get_id(); });
  blau::async(ended<int>(87), [&](std::exception_ptr exception, int value) {
    EXPECT_FALSE(exception);
    EXPECT_EQ(value, 87);
    called.set_value(std::this_thread::get_id());
  });
  EXPECT_EQ(called.get_future().get(), loop_thread);
}

TEST(AsioToken, IsNeverCalledInsideTheCallThatStartsIt) {
  bool inside = true;
  bool was_inside = true;
  std::promise<void> called;
  on_background([&] {
    blau::async(ended<void>(Result<void>()), [&](std::exception_ptr) {
      was_inside = inside;
      called.set_value();
    });
    inside = false;
  });
  called.get_future().wait();
  EXPECT_FALSE(was_inside);
}

TEST(AsioToken, KeepsTheContextAtWorkAndCallsThere) {
  asio::io_context io;
  Manual<int> manual(background());
  std::optional<int> got;
  blau::async(manual.operation(), asio::bind_executor(io, [&](std::exception_ptr, int value) {
                EXPECT_TRUE(io.get_executor().running_in_this_thread());
                got = value;
              }));
  manual.wait_until_begun();
  EXPECT_EQ(io.poll(), 0U);
  EXPECT_FALSE(io.stopped());  // nothing to do now, and work outstanding
  on_background([&] { manual.complete(5); });
  io.run();
  EXPECT_EQ(got, 5);
  EXPECT_TRUE(io.stopped());
}

TEST(AsioToken, FutureHasTheValueOrTheError) {
  EXPECT_EQ(blau::async(ended<std::string>("Strap"), asio::use_future).get(), "Strap");
  blau::async(ended<void>(Result<void>()), asio::use_future).get();
  asio::io_context io;
  auto refused = blau::async(ended<int>(att_error()), asio::bind_executor(io, asio::use_future));
  io.run();
  EXPECT_EQ(code_of([&] { return refused.get(); }), ErrorCode::att);
}

// On one thread: the thread sanitizer does not see how the standard library counts who holds an exception.
TEST(AsioToken, ErrorKeepsItsMessageAndItsAttribute) {
  std::promise<void> called;
  auto starter = [](blau::detail::Completer<int> done) { done(att_error()); };
  auto refused = blau::detail::make_operation<int>(background(), "refused", std::nullopt, starter);
  blau::async(std::move(refused), [&](std::exception_ptr exception, int) {
    try {
      std::rethrow_exception(exception);
    } catch (const Error& error) {
      EXPECT_EQ(error.att(), blau::AttError::insufficient_encryption);
      EXPECT_STREQ(error.what(), "pair first");
    }
    called.set_value();
  });
  called.get_future().wait();
}

TEST(AsioToken, ResultHasTheErrorWithoutException) {
  auto got = blau::async(ended<int>(att_error()).as_result(), asio::use_future).get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().att(), blau::AttError::insufficient_encryption);
  EXPECT_EQ(*blau::async(ended<int>(3).as_result(), asio::use_future).get(), 3);
}

asio::awaitable<int> in_asio(Operation<int> good, Operation<int> bad) {
  const int value = co_await blau::async(std::move(good), asio::use_awaitable);
  try {
    co_await blau::async(std::move(bad), asio::use_awaitable);
  } catch (const Error& error) {
    if (error.att() == blau::AttError::insufficient_encryption) co_return value;
  }
  co_return -1;
}

TEST(AsioToken, AwaitableGivesTheValueAndThrowsTheError) {
  asio::io_context io;
  auto value = asio::co_spawn(io, in_asio(ended<int>(42), ended<int>(att_error())), asio::use_future);
  io.run();
  EXPECT_EQ(value.get(), 42);
}

TEST(AsioToken, DeferredStartsWhenItIsCalled) {
  Manual<int> manual(background());
  auto later = blau::async(manual.operation(), deferred);
  on_background([] {});
  EXPECT_EQ(manual.begun(), 0);
  auto value = std::move(later)(asio::use_future);
  manual.wait_until_begun();
  on_background([&] { manual.complete(6); });
  EXPECT_EQ(value.get(), 6);
}

asio::awaitable<std::optional<ErrorCode>> code_by_tuple(Operation<int> operation) {
  const auto [exception, value] = co_await blau::async(std::move(operation), as_tuple(asio::use_awaitable));
  EXPECT_EQ(value, 0);
  co_return code_in(exception);
}

TEST(AsioToken, TupleHasBoth) {
  asio::io_context io;
  auto code = asio::co_spawn(io, code_by_tuple(ended<int>(att_error())), asio::use_future);
  io.run();
  EXPECT_EQ(code.get(), ErrorCode::att);
}

blau::Task<int> throws_something_else() {
  co_await blau::sleep_for(std::chrono::nanoseconds(0));
  throw std::out_of_range("not Blau's");
}

TEST(AsioToken, TaskRunsAndItsExceptionKeepsItsType) {
  EXPECT_THROW(blau::async(throws_something_else(), asio::use_future).get(), std::out_of_range);
}

TEST(AsioToken, StreamGivesItsValuesAndItsEnd) {
  auto channel = std::make_shared<blau::detail::Channel<int>>(background(), blau::StreamOptions());
  blau::Stream<int> stream(channel);
  on_background([&] {
    channel->push(1);
    channel->end(std::nullopt);
  });
  EXPECT_EQ(blau::async(stream.next(), asio::use_future).get(), 1);
  EXPECT_EQ(blau::async(stream.next(), asio::use_future).get(), std::nullopt);
}

class AsioCancel : public ::testing::TestWithParam<asio::cancellation_type> {};

TEST_P(AsioCancel, EndsTheOperation) {
  asio::io_context io;
  asio::cancellation_signal signal;
  Manual<int> manual(background());
  std::exception_ptr got;
  auto handler = [&](std::exception_ptr exception, int) { got = exception; };
  blau::async(manual.operation(), asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(io, handler)));
  manual.wait_until_begun();
  signal.emit(GetParam());
  io.run();
  EXPECT_EQ(code_in(got), ErrorCode::canceled);
  EXPECT_EQ(manual.early_ends(), 1);
  EXPECT_FALSE(signal.slot().has_handler());
}

std::string name_of(const ::testing::TestParamInfo<asio::cancellation_type>& type) {
  if (type.param == asio::cancellation_type::terminal) return "terminal";
  if (type.param == asio::cancellation_type::partial) return "partial";
  return type.param == asio::cancellation_type::total ? "total" : "all";
}

INSTANTIATE_TEST_SUITE_P(Types, AsioCancel,
                         ::testing::Values(asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                           asio::cancellation_type::total, asio::cancellation_type::all),
                         name_of);

TEST(AsioToken, CancelThatComesTooLateDoesNothing) {
  asio::io_context io;
  asio::cancellation_signal signal;
  int got = 0;
  auto handler = [&](std::exception_ptr, int value) { got = value; };
  Manual<int> manual(background());
  blau::async(manual.operation(), asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(io, handler)));
  manual.wait_until_begun();
  on_background([&] { manual.complete(7); });
  on_background([] {});
  signal.emit(asio::cancellation_type::terminal);  // completed, and the handler not called yet
  io.run();
  signal.emit(asio::cancellation_type::terminal);
  EXPECT_EQ(got, 7);
}

TEST(AsioToken, CancelAndEndAtOnceCallTheHandlerOnce) {
  for (int round = 0; round < 200; ++round) {
    asio::io_context io;
    asio::cancellation_signal signal;
    Manual<int> manual(background());
    int calls = 0;
    auto handler = [&calls](std::exception_ptr, int) { ++calls; };
    blau::async(manual.operation(), asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(io, handler)));
    manual.wait_until_begun();
    background()->post([manual]() mutable { manual.complete(1); });
    signal.emit(asio::cancellation_type::terminal);
    io.run();
    EXPECT_EQ(calls, 1);
  }
}

asio::awaitable<std::optional<ErrorCode>> code_of_awaited(Operation<int> operation) {
  try {
    co_await blau::async(std::move(operation), asio::use_awaitable);
  } catch (const Error& error) {
    co_return error.code();
  }
  co_return std::nullopt;
}

TEST(AsioToken, CancelOfACoroutineReachesWhatItAwaits) {
  asio::io_context io;
  asio::cancellation_signal signal;
  Manual<int> manual(background());
  auto code = asio::co_spawn(io, code_of_awaited(manual.operation()),
                             asio::bind_cancellation_slot(signal.slot(), asio::use_future));
  io.poll();
  manual.wait_until_begun();
  signal.emit(asio::cancellation_type::terminal);
  io.run();
  EXPECT_EQ(code.get(), ErrorCode::canceled);
  EXPECT_EQ(manual.early_ends(), 1);
}

/// Counts what it allocates.
template <class T>
struct CountingAllocator {
  using value_type = T;
  explicit CountingAllocator(std::atomic<int>& counter) : count(&counter) {}
  template <class U>
  CountingAllocator(const CountingAllocator<U>& other) : count(other.count) {}  // NOLINT: an allocator converts
  T* allocate(std::size_t size) { return ++*count, std::allocator<T>().allocate(size); }
  void deallocate(T* place, std::size_t size) { std::allocator<T>().deallocate(place, size); }
  friend bool operator==(const CountingAllocator&, const CountingAllocator&) = default;
  std::atomic<int>* count;
};

TEST(AsioToken, PostsWithTheHandlersAllocator) {
  std::atomic<int> allocated{0};
  asio::io_context io;
  bool called = false;
  auto handler = asio::bind_executor(io, [&](std::exception_ptr, int) { called = true; });
  blau::async(ended<int>(1), asio::bind_allocator(CountingAllocator<char>(allocated), handler));
  io.run();
  EXPECT_TRUE(called);
  EXPECT_EQ(allocated, 1);
}

asio::awaitable<void> wait_for(Operation<int> operation, std::shared_ptr<int> held) {
  co_await blau::async(std::move(operation), asio::use_awaitable);
  ++*held;
}

TEST(AsioToken, ContextThatEndsDestroysTheHandlerAndCancels) {
  Manual<int> manual(background());
  auto held = std::make_shared<int>(0);
  {
    asio::io_context io;
    asio::co_spawn(io, wait_for(manual.operation(), held), asio::detached);
    io.poll();
    manual.wait_until_begun();
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  on_background([] {});
  EXPECT_EQ(manual.early_ends(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(AsioToken, ContextMayEndWithAHandlerThatWasPosted) {
  auto held = std::make_shared<int>(0);
  {
    asio::io_context io;
    Manual<int> manual(background());
    blau::async(manual.operation(), asio::bind_executor(io, [held](std::exception_ptr, int) { ++*held; }));
    manual.wait_until_begun();
    on_background([&] { manual.complete(1); });
    on_background([] {});
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(AsioToken, ContextsEndWhileOperationsDo) {
  for (int round = 0; round < 100; ++round) {
    auto called = std::make_shared<std::atomic<int>>(0);
    {
      asio::thread_pool pool(1);
      for (int i = 0; i < 8; ++i) {
        auto count = [called](std::exception_ptr, int) { ++*called; };
        blau::async(ended<int>(i), asio::bind_executor(asio::make_strand(pool), count));
      }
      pool.stop();
    }
    EXPECT_EQ(called.use_count(), 1);
  }
}

TEST(AsioToken, ManyThreadsStartAndTake) {
  constexpr int threads = 3;
  constexpr int each = 200;
  std::atomic<int> sum{0};
  asio::thread_pool pool(2);
  {
    std::vector<std::jthread> starters;
    for (int t = 0; t < threads; ++t) {
      starters.emplace_back([&] {
        auto add = [&sum](std::exception_ptr, int value) { sum += value; };
        for (int i = 0; i < each; ++i) blau::async(ended<int>(1), asio::bind_executor(pool, add));
      });
    }
  }
  pool.join();
  EXPECT_EQ(sum, threads * each);
}

}  // namespace
