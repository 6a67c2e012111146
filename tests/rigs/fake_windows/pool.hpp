#pragma once

#include <blau/detail/loop.hpp>
#include <blau/unique_function.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace fake_windows {

/// The threads on which Windows tells what happens. One thread: so the order is that of the calls, and the same in each run.
class Pool {
 public:
  /// @param loop its virtual clock waits while work is there
  explicit Pool(std::shared_ptr<blau::detail::Loop> loop);
  ~Pool() { join(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Any thread. Afterwards dropped: when `join` has begun.
  void run(blau::unique_function<void()> work);
  /// Does what is there and ends. Not from its own thread.
  void join();

 private:
  void work();

  std::shared_ptr<blau::detail::Loop> loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<blau::unique_function<void()>> queue_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace fake_windows
