#pragma once

#include "core/event_loop_access.hpp"
#include "latch.hpp"

#include <blau/event_loop.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace blau::test {

/// An event loop on virtual time, for this thread.
class VirtualLoop {
 public:
  explicit VirtualLoop(std::optional<std::uint64_t> seed = std::nullopt)
      : facade_(detail::EventLoopAccess::make(detail::Loop::make({.virtual_time = true, .order_seed = seed}))) {}

  [[nodiscard]] EventLoop& facade() noexcept { return facade_; }
  [[nodiscard]] const std::shared_ptr<detail::Loop>& loop() const noexcept { return facade_.loop(); }
  template <class T>
  T run(Task<T> task) {
    return facade_.run(std::move(task));
  }

 private:
  EventLoop facade_;
};

/// Runs a coroutine function on a virtual loop of its own.
template <class Function>
auto run_virtually(Function function, std::optional<std::uint64_t> seed = std::nullopt) {
  VirtualLoop loop(seed);
  return loop.run(function());
}

/// Calls on a loop and waits until that has been done, so that a test can look at what belongs to the loop's thread.
template <class Call>
void on_loop(const std::shared_ptr<detail::Loop>& loop, Call call) {
  Latch done(1);
  loop->post([&] {
    call();
    done.count_down();
  });
  done.wait();
}

/// What is posted to a loop of this thread has run when this gives its result.
inline Task<> turns(int count = 1) {
  for (int i = 0; i < count; ++i) co_await sleep_for(std::chrono::nanoseconds(0));
}

/// An event loop that runs on a thread of its own until this is destroyed.
class LoopThread {
 public:
  LoopThread() {
    thread_ = std::thread([this] { loop_.run(until_stopped(stop_.get_token())); });
    on_loop(loop_.loop(), [] {});
  }
  ~LoopThread() { end(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  /// Nobody runs the loop afterwards; it is not closed yet.
  void end() {
    if (!thread_.joinable()) return;
    stop_.request_stop();
    thread_.join();
  }
  [[nodiscard]] EventLoop& facade() noexcept { return loop_; }
  [[nodiscard]] const std::shared_ptr<detail::Loop>& loop() const noexcept { return loop_.loop(); }
  [[nodiscard]] std::thread::id thread() const noexcept { return thread_.get_id(); }

 private:
  static Task<> until_stopped(std::stop_token stop) {
    const auto ended = co_await sleep_for(std::chrono::hours(1)).cancel_with(std::move(stop)).as_result();
    (void)ended;
  }

  EventLoop loop_;
  std::stop_source stop_;
  std::thread thread_;
};

}  // namespace blau::test
