#pragma once

#include <blau/executor.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace blau::test {

/// Keeps what it is given until the test runs or drops it, on any thread.
class ManualExecutor final : public Executor {
 public:
  void post(unique_function<void()> work) override {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    changed_.notify_all();
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return work_.size();
  }
  /// Blocks until there is something.
  [[nodiscard]] unique_function<void()> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !work_.empty(); });
    auto work = std::move(work_.front());
    work_.pop_front();
    return work;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<unique_function<void()>> work_;
};

/// Runs what it is given on a thread of its own.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() : thread_([this] { work(); }) {}
  ~ThreadExecutor() override {
    queue_.post([this] { ends_ = true; });
    thread_.join();
  }
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;
  void post(unique_function<void()> work) override { queue_.post(std::move(work)); }
  [[nodiscard]] std::thread::id thread() const noexcept { return thread_.get_id(); }

 private:
  void work() {
    while (!ends_) queue_.take()();
  }
  ManualExecutor queue_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace blau::test
