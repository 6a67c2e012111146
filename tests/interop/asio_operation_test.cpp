// blau::use_operation and blau::executor_of: Asio's operations in Blau's coroutines.

#include "support/manual.hpp"

#include <blau/interop/asio.hpp>
#include <blau/sim.hpp>
#include <blau/when.hpp>

#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/connect_pipe.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/readable_pipe.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>
#include <asio/writable_pipe.hpp>
#include <asio/write.hpp>
#if ASIO_VERSION >= 102400
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#endif

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>

namespace {

using namespace std::chrono_literals;
using blau::ErrorCode;
using blau::Task;
using blau::use_operation;
using blau::test::code_of;
#if ASIO_VERSION >= 102400
using asio::as_tuple;
#else
using asio::experimental::as_tuple;
#endif

/// Runs a coroutine function on a loop of its own.
template <class Function>
auto run_here(Function function) {
  blau::EventLoop loop;
  return loop.run(function());
}

/// A pipe whose ends a thread of Asio's serves.
struct Pipe {
  asio::thread_pool pool{1};
  asio::readable_pipe in{pool};
  asio::writable_pipe out{pool};
  Pipe() { asio::connect_pipe(in, out); }
};

TEST(AsioOperation, TimerIsAwaitedAndGoesOnOnTheLoop) {
  asio::thread_pool pool(1);
  const auto here = std::this_thread::get_id();
  auto body = [&]() -> Task<bool> {
    asio::steady_timer timer(pool, 1ms);
    co_await timer.async_wait(use_operation);
    co_return std::this_thread::get_id() == here;
  };
  EXPECT_TRUE(run_here(body));
}

TEST(AsioOperation, IsLazy) {
  asio::io_context io;
  asio::steady_timer timer(io, 0ms);
  auto operation = timer.async_wait(use_operation);
  io.run();
  EXPECT_TRUE(io.stopped());  // it ran out of work: nothing was initiated
}

TEST(AsioOperation, ComposedOperationGivesItsValue) {
  Pipe pipe;
  std::array<char, 4> data{};
  auto body = [&]() -> Task<std::size_t> {
    co_await asio::async_write(pipe.out, asio::buffer("ab", 2), use_operation);
    co_await asio::async_write(pipe.out, asio::buffer("cd", 2), use_operation);
    co_return co_await asio::async_read(pipe.in, asio::buffer(data), use_operation);
  };
  EXPECT_EQ(run_here(body), 4U);
  EXPECT_EQ(std::string(data.data(), data.size()), "abcd");
}

TEST(AsioOperation, OtherCodesAreThrownAsAsioDoes) {
  Pipe pipe;
  pipe.out.close();
  std::array<char, 4> data{};
  auto body = [&]() -> Task<std::error_code> {
    try {
      co_await asio::async_read(pipe.in, asio::buffer(data), use_operation);
    } catch (const std::system_error& error) {
      co_return error.code();
    }
    co_return std::error_code();
  };
  EXPECT_EQ(run_here(body), asio::error::eof);
}

TEST(AsioOperation, AResultHoldsWhatAsioSaid) {
  Pipe pipe;
  pipe.out.close();
  std::array<char, 4> data{};
  auto body = [&]() -> Task<> {
    const auto result = co_await asio::async_read(pipe.in, asio::buffer(data), use_operation).as_result();
    EXPECT_EQ(code_of(result), ErrorCode::failed);
    EXPECT_EQ(result.error().what(), make_error_code(asio::error::eof).message());
    EXPECT_EQ(result.error().native(), "asio.misc:2");
  };
  run_here(body);
}

TEST(AsioOperation, TupleHasTheCode) {
  Pipe pipe;
  pipe.out.close();
  std::array<char, 4> data{};
  const auto [code, count] = asio::async_read(pipe.in, asio::buffer(data), as_tuple(use_operation)).get();
  EXPECT_EQ(code, asio::error::eof);
  EXPECT_EQ(count, 0U);
}

asio::awaitable<std::string> name_or_throw(bool good) {
  if (!good) throw blau::Error(blau::AttError::invalid_offset, "too far");
  co_return "Strap";
}

TEST(AsioOperation, CoroutineOfAsioGivesItsValue) {
  asio::thread_pool pool(1);
  EXPECT_EQ(asio::co_spawn(pool, name_or_throw(true), use_operation).get(), "Strap");
}

TEST(AsioOperation, CoroutineOfAsioGivesItsError) {
  asio::io_context io;
  auto body = [&]() -> Task<std::optional<blau::AttError>> {
    blau::EventLoop::current()->post([&io] { io.run(); });
    const auto refused = co_await asio::co_spawn(io, name_or_throw(false), use_operation).as_result();
    if (refused) co_return std::nullopt;
    co_return refused.error().att();
  };
  EXPECT_EQ(run_here(body), blau::AttError::invalid_offset);
}

TEST(AsioOperation, SeveralValuesAreATuple) {
  auto initiate = [](auto handler) { std::move(handler)(1, std::string("one")); };
  auto operation = asio::async_initiate<const blau::use_operation_t&, void(int, std::string)>(initiate, use_operation);
  EXPECT_EQ(operation.get(), std::make_tuple(1, std::string("one")));
}

TEST(AsioOperation, WhatInitiationThrowsIsTheResult) {
  auto initiate = [](auto&&) { throw std::out_of_range("no such thing"); };
  auto operation = asio::async_initiate<const blau::use_operation_t&, void(std::error_code)>(initiate, use_operation);
  EXPECT_THROW(operation.get(), std::out_of_range);
}

TEST(AsioOperation, CancelEndsAsiosOperation) {
  asio::thread_pool pool(1);
  asio::steady_timer timer(pool, 1h);
  std::stop_source stop;
  auto body = [&]() -> Task<std::optional<ErrorCode>> {
    auto waiting = timer.async_wait(use_operation).cancel_with(stop.get_token());
    blau::EventLoop::current()->post([&stop] { stop.request_stop(); });
    co_return code_of(co_await waiting.as_result());
  };
  EXPECT_EQ(run_here(body), ErrorCode::canceled);
  EXPECT_EQ(timer.cancel(), 0U);
}

TEST(AsioOperation, AsiosOwnCancelIsOne) {
  asio::thread_pool pool(1);
  asio::steady_timer timer(pool, 1h);
  auto body = [&]() -> Task<std::optional<ErrorCode>> {
    blau::EventLoop::current()->post([&timer] { timer.cancel(); });
    co_return code_of(co_await timer.async_wait(use_operation).as_result());
  };
  EXPECT_EQ(run_here(body), ErrorCode::canceled);
}

TEST(AsioOperation, TimeOutEndsAsiosOperation) {
  Pipe pipe;
  std::array<char, 4> data{};
  auto reading = asio::async_read(pipe.in, asio::buffer(data), use_operation);
  EXPECT_EQ(code_of(reading.timeout(1ms).as_result().get()), ErrorCode::timed_out);
}

TEST(AsioOperation, EndsOnlyWhenAsiosHasEnded) {
  asio::thread_pool pool(1);
  std::promise<void> canceled;
  std::promise<void> go_on;
  bool ended = false;
  auto initiate = [&](auto handler) {  // one that takes its time to be canceled
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    asio::get_associated_cancellation_slot(*shared).assign([&, shared](asio::cancellation_type) {
      canceled.set_value();
      asio::post(pool, [&, shared] {
        go_on.get_future().wait();
        ended = true;
        std::move (*shared)(asio::error::operation_aborted);
      });
    });
  };
  auto operation = asio::async_initiate<const blau::use_operation_t&, void(std::error_code)>(initiate, use_operation);
  std::jthread releases([&] {
    canceled.get_future().wait();
    go_on.set_value();
  });
  EXPECT_EQ(code_of(operation.timeout(1ms).as_result().get()), ErrorCode::timed_out);
  EXPECT_TRUE(ended);
}

TEST(AsioOperation, ContextThatEndsFailsIt) {
  auto io = std::make_unique<asio::io_context>();
  auto timer = std::make_unique<asio::steady_timer>(*io, 1h);
  auto body = [&]() -> Task<std::optional<ErrorCode>> {
    blau::EventLoop::current()->post([&] {
      timer.reset();
      io.reset();
    });
    auto waiting = timer->async_wait(use_operation);
    co_return code_of(co_await waiting.as_result());
  };
  EXPECT_EQ(run_here(body), ErrorCode::loop_closed);
}

TEST(AsioOperation, LoopMayEndBefore) {
  asio::io_context io;
  asio::steady_timer timer(io, 0ms);
  {
    blau::EventLoop loop;
    auto wait = [&]() -> Task<> { co_await timer.async_wait(use_operation); };
    loop.spawn(wait);
    auto turn = []() -> Task<> { co_await blau::sleep_for(0ns); };
    loop.run(turn());
  }
  EXPECT_EQ(io.run(), 1U);  // its handler finds no loop any more
}

TEST(AsioOperation, VirtualTimeStandsStillMeanwhile) {
  asio::thread_pool pool(1);
  auto world = blau::sim::World();
  auto body = [&]() -> Task<bool> {
    const auto begin = blau::EventLoop::current()->now();
    asio::steady_timer timer(pool, 5ms);
    auto late = timer.async_wait(use_operation).timeout(1ms).as_result();
    const auto result = co_await late;
    co_return result.has_value() && blau::EventLoop::current()->now() == begin;
  };
  EXPECT_TRUE(world.run(body()));
}

TEST(AsioExecutor, RunsHandlersOnTheLoop) {
  asio::thread_pool pool(1);
  blau::EventLoop loop;
  asio::steady_timer timer(pool, 0ms);
  blau::test::Manual<int> manual(loop.loop());
  std::thread::id thread;
  auto body = [&]() -> Task<int> {
    auto handler = [&](std::error_code) {
      thread = std::this_thread::get_id();
      manual.complete(8);
    };
    auto operation = manual.operation();
    loop.post([&timer, &loop, handler] { timer.async_wait(asio::bind_executor(blau::executor_of(loop), handler)); });
    co_return co_await operation;
  };
  EXPECT_EQ(loop.run(body()), 8);
  EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST(AsioExecutor, IsComparedByItsLoop) {
  blau::EventLoop one;
  blau::EventLoop other;
  EXPECT_EQ(blau::executor_of(one), blau::executor_of(one));
  EXPECT_NE(blau::executor_of(one), blau::executor_of(other));
  EXPECT_TRUE(asio::execution::is_executor_v<decltype(blau::executor_of(one))>);
}

}  // namespace
