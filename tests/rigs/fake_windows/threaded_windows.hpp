#pragma once

#include "fake_windows.hpp"

#include <blau/detail/loop.hpp>
#include <blau/sim.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

namespace fake_windows {

/// A world in real time with a thread of its own, as a radio has it, and the fake Windows on it: for programs whose loops know nothing of the world.
class ThreadedWindows {
 public:
  explicit ThreadedWindows(blau::sim::World& world)
      : loop_(world.loop().loop()),
        thread_([this] { loop_->run_until([this] { return ends_.load(); }); }),
        windows_(std::in_place, world) {}
  ~ThreadedWindows() {
    windows_.reset();
    ends_ = true;
    loop_->wake();
    thread_.join();
  }
  ThreadedWindows(const ThreadedWindows&) = delete;
  ThreadedWindows& operator=(const ThreadedWindows&) = delete;

 private:
  std::shared_ptr<blau::detail::Loop> loop_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
  std::optional<FakeWindows> windows_;
};

}  // namespace fake_windows
