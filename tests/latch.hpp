#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace blau::test {

/// `std::latch`, which waits by `std::atomic::wait`: GCC 12's loses wake-ups there where the system has no futex, at MinGW within
/// fifty rounds of two threads.
class Latch {
 public:
  explicit Latch(std::ptrdiff_t expected) : expected_(expected) {}

  void count_down(std::ptrdiff_t arrived = 1) {
    const std::lock_guard lock(mutex_);
    expected_ -= arrived;
    if (expected_ == 0) all_came_.notify_all();  // under the lock: who is told may destroy the latch
  }
  [[nodiscard]] bool try_wait() const {
    const std::lock_guard lock(mutex_);
    return expected_ == 0;
  }
  void wait() const {
    std::unique_lock lock(mutex_);
    all_came_.wait(lock, [this] { return expected_ == 0; });
  }
  void arrive_and_wait() {
    count_down();
    wait();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable all_came_;
  std::ptrdiff_t expected_;
};

/// `std::barrier`, for the same reason.
class Barrier {
 public:
  explicit Barrier(std::ptrdiff_t count) : count_(count), expected_(count) {}

  void arrive_and_wait() {
    std::unique_lock lock(mutex_);
    if (--expected_ == 0) {
      expected_ = count_;
      ++round_;
      all_came_.notify_all();
      return;
    }
    all_came_.wait(lock, [this, now = round_] { return round_ != now; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_came_;
  const std::ptrdiff_t count_;
  std::ptrdiff_t expected_;
  std::size_t round_ = 0;
};

}  // namespace blau::test
