#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>

namespace blau::fake {

using std::chrono::nanoseconds;

/// sd-event's loop. Everything in this program runs on it. It is not the library's own, so that a fault there cannot hide itself here.
class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  [[nodiscard]] sd_event* get() const noexcept { return event_; }
  /// Runs until `quit`, SIGTERM or SIGINT.
  void run();
  void quit();
  /// Calls `work` soon: after what runs now, before anything is waited for.
  void post(std::function<void()> work);

 private:
  static int on_posted(sd_event_source*, void* self) noexcept;

  sd_event* event_ = nullptr;
  sd_event_source* posted_source_ = nullptr;
  std::deque<std::function<void()>> posted_;
};

/// Calls something once, later. Destroying or stopping it takes that back, inside the call, too.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { sd_event_source_disable_unref(source_); }

  void start(Loop& loop, nanoseconds delay, std::function<void()> work);
  void stop() noexcept;
  [[nodiscard]] bool running() const noexcept { return running_; }

 private:
  static int on_time(sd_event_source*, std::uint64_t, void* self) noexcept;

  sd_event_source* source_ = nullptr;
  std::function<void()> work_;
  bool running_ = false;
};

/// Calls something whenever a descriptor is ready, as long as it lives.
class Watch {
 public:
  /// @param events EPOLLIN and the like
  Watch(Loop& loop, int fd, std::uint32_t events, std::function<void(std::uint32_t)> ready);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { sd_event_source_disable_unref(source_); }
  /// Other events from now on. A descriptor can have one watch only.
  void set_events(std::uint32_t events) noexcept { sd_event_source_set_io_events(source_, events); }

 private:
  static int on_ready(sd_event_source*, int fd, std::uint32_t events, void* self) noexcept;

  sd_event_source* source_ = nullptr;
  std::function<void(std::uint32_t)> ready_;
};

}  // namespace blau::fake
