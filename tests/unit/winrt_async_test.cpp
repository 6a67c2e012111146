// The way to Windows' asynchronous operations and back (Bleak's FutureLike), on operations that the test completes.

#include "backend/winrt/async.hpp"
#include "latch.hpp"

#include <blau/event_loop.hpp>

#include <gtest/gtest.h>
#include <objbase.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace {

using blau::Error;
using blau::ErrorCode;
using blau::Result;
using namespace blau::detail::windows;
using ::winrt::Windows::Foundation::AsyncOperationCompletedHandler;
using ::winrt::Windows::Foundation::AsyncStatus;
using ::winrt::Windows::Foundation::IAsyncInfo;
using ::winrt::Windows::Foundation::IAsyncOperation;

using Pending = IAsyncOperation<bool>;

/// Completes when the test says so, on the thread that says it; before its handler is there: in the setter.
class Manual : public ::winrt::implements<Manual, Pending, IAsyncInfo> {
 public:
  void complete(AsyncStatus status, ::winrt::hresult error = {}) {
    AsyncOperationCompletedHandler<bool> handler;
    {
      const std::lock_guard lock(mutex_);
      status_ = status;
      error_ = error;
      handler = handler_;
    }
    if (handler) handler(*this, status);
  }
  [[nodiscard]] bool cancel_requested() const { return canceled_; }

  [[nodiscard]] std::uint32_t Id() const noexcept { return 1; }
  [[nodiscard]] AsyncStatus Status() const noexcept { return status_; }
  [[nodiscard]] ::winrt::hresult ErrorCode() const noexcept { return error_; }
  void Cancel() noexcept { canceled_ = true; }
  void Close() const noexcept {}
  void Completed(const AsyncOperationCompletedHandler<bool>& handler) {
    AsyncStatus status;
    {
      const std::lock_guard lock(mutex_);
      handler_ = handler;
      status = status_;
    }
    if (status != AsyncStatus::Started) handler(*this, status);
  }
  [[nodiscard]] AsyncOperationCompletedHandler<bool> Completed() const { return handler_; }
  [[nodiscard]] bool GetResults() const { return true; }

 private:
  std::mutex mutex_;
  std::atomic<AsyncStatus> status_ = AsyncStatus::Started;
  std::atomic<bool> canceled_ = false;
  ::winrt::hresult error_;
  AsyncOperationCompletedHandler<bool> handler_;
};

std::atomic<int> discarded;

class WinRtAsync : public testing::Test {
 protected:
  WinRtAsync() { discarded = 0; }
  // What a test leaves behind in an apartment holds its objects.
  ~WinRtAsync() override { loop_.loop()->close(); }

  [[nodiscard]] Asked ask() {
    return system_->ask<bool>([pending = operation_.as<Pending>()] { return pending; },
                              [this](const Result<bool>& result) { answer_ = result; },
                              [](const bool&) { ++discarded; });
  }
  void run_until(blau::unique_function<bool()> done) { loop_.loop()->run_until(std::move(done)); }
  /// What was asked of the apartment before has been done, and its posts have run.
  void flush() {
    bool done = false;
    system_->call<void>([] {}, [&done](const Result<void>&) { done = true; });
    run_until([&done] { return done; });
  }

  blau::EventLoop loop_;
  std::shared_ptr<System> system_ = System::make(loop_);
  ::winrt::com_ptr<Manual> operation_ = ::winrt::make_self<Manual>();
  std::optional<Result<bool>> answer_;
};

TEST_F(WinRtAsync, ACallRunsInTheMultiThreadedApartmentOfAThreadOfItsOwn) {
  std::optional<Result<APTTYPE>> type;
  std::thread::id caller;
  system_->call<APTTYPE>(
      [&caller] {
        caller = std::this_thread::get_id();
        APTTYPE found{};
        APTTYPEQUALIFIER qualifier{};
        ::winrt::check_hresult(::CoGetApartmentType(&found, &qualifier));
        return found;
      },
      [&type](const Result<APTTYPE>& found) { type = found; });
  EXPECT_FALSE(type);
  run_until([&type] { return type.has_value(); });
  EXPECT_EQ(type->value(), APTTYPE_MTA);
  EXPECT_NE(caller, std::this_thread::get_id());
}

TEST_F(WinRtAsync, WhatACallThrowsIsItsError) {
  std::optional<Error> error;
  system_->call<int>([]() -> int { throw ::winrt::hresult_access_denied(); },
                     [&error](const Result<int>& result) { error = result.error(); });
  run_until([&error] { return error.has_value(); });
  EXPECT_EQ(error->code(), ErrorCode::access_denied);
}

TEST_F(WinRtAsync, TakesACompletionInsideTheSetter) {
  operation_->complete(AsyncStatus::Completed);
  const auto asked = ask();
  EXPECT_FALSE(answer_);
  run_until([this] { return answer_.has_value(); });
  EXPECT_TRUE(answer_->value());
  EXPECT_FALSE(asked.pending());
}

TEST_F(WinRtAsync, TakesACompletionOnAnyThread) {
  const auto asked = ask();
  flush();
  EXPECT_TRUE(asked.pending());
  std::thread pool([this] { operation_->complete(AsyncStatus::Completed); });
  run_until([this] { return answer_.has_value(); });
  pool.join();
  EXPECT_TRUE(answer_->value());
}

TEST_F(WinRtAsync, TellsHowItFailed) {
  operation_->complete(AsyncStatus::Error, static_cast<::winrt::hresult>(0x80650005));
  const auto asked = ask();
  run_until([this] { return answer_.has_value(); });
  EXPECT_EQ(answer_->error().att(), blau::AttError::insufficient_authentication);
}

TEST_F(WinRtAsync, TellsThatItDidNotEvenStart) {
  const auto asked = system_->ask<bool>([]() -> Pending { throw ::winrt::hresult_not_implemented(); },
                                        [this](const Result<bool>& result) { answer_ = result; });
  run_until([this] { return answer_.has_value(); });
  EXPECT_EQ(answer_->error().code(), ErrorCode::not_supported);
}

TEST_F(WinRtAsync, ACancelOfWindowsIsTold) {
  operation_->complete(AsyncStatus::Canceled);
  const auto asked = ask();
  run_until([this] { return answer_.has_value(); });
  EXPECT_EQ(answer_->error().code(), ErrorCode::canceled);
}

TEST_F(WinRtAsync, CancelIsAWishAndTheResultIsStillAwaited) {
  auto asked = ask();
  flush();
  asked.cancel();
  flush();
  EXPECT_TRUE(operation_->cancel_requested());
  EXPECT_TRUE(asked.pending());
  operation_->complete(AsyncStatus::Completed);
  run_until([this] { return answer_.has_value(); });
  EXPECT_TRUE(answer_->value());
  EXPECT_EQ(discarded, 0);
}

TEST_F(WinRtAsync, DroppingItCancelsAndClosesALateResult) {
  {
    const auto asked = ask();
    flush();
  }
  flush();
  EXPECT_TRUE(operation_->cancel_requested());
  EXPECT_EQ(discarded, 0);
  operation_->complete(AsyncStatus::Completed);
  flush();
  EXPECT_EQ(discarded, 1);
  EXPECT_FALSE(answer_);
}

TEST_F(WinRtAsync, AResultOnItsWayIsClosedWhenItWasDroppedMeanwhile) {
  auto asked = ask();
  flush();
  operation_->complete(AsyncStatus::Completed);
  asked.drop();
  flush();
  flush();
  EXPECT_EQ(discarded, 1);
  EXPECT_FALSE(answer_);
}

TEST_F(WinRtAsync, OneThatWasDroppedBeforeItsTurnIsNotStarted) {
  blau::test::Latch go(1);
  system_->apartment().run([&go] { go.wait(); });
  bool started = false;
  auto asked = system_->ask<bool>(
      [&started, pending = operation_.as<Pending>()] {
        started = true;
        return pending;
      },
      [this](const Result<bool>& result) { answer_ = result; });
  asked.drop();
  go.count_down();
  flush();
  EXPECT_FALSE(started);
}

TEST_F(WinRtAsync, AResultAfterTheEndOfTheSystemIsClosed) {
  const auto asked = ask();
  flush();
  system_.reset();
  EXPECT_FALSE(asked.pending());
  operation_->complete(AsyncStatus::Completed);
  bool turned = false;
  loop_.post([&turned] { turned = true; });
  run_until([&turned] { return turned; });
  EXPECT_EQ(discarded, 1);
  EXPECT_FALSE(answer_);
}

// A hang is not the loop's: it turns, and its end does not wait for it for ever.
TEST_F(WinRtAsync, ACallThatHangsHoldsUpNobodyForEver) {
  const auto released = std::make_shared<blau::test::Latch>(1);
  std::promise<void> ended;
  system_->apartment().run([released] { released->wait(); });
  system_->apartment().run([&ended] { ended.set_value(); });
  bool turned = false;
  loop_.post([&turned] { turned = true; });
  run_until([&turned] { return turned; });
  system_.reset();
  released->count_down();
  ended.get_future().wait();  // what waited behind it still runs
}

}  // namespace
