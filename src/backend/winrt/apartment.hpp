#pragma once

#include <blau/detail/loop.hpp>
#include <blau/unique_function.hpp>

#include <memory>

namespace blau::detail::windows {

/// The thread that calls WinRT objects for one backend instance, in the multi-threaded apartment: so a caller in an STA never hangs, and a call that blocks does not block the loop.
///
/// **Virtual time** stands still from `run` until the work has run and its closure is gone. A fake of Windows that lets a call hang has to give the clock back (`Loop::release`, and `hold` before
/// it returns), as real Windows would let time pass.
class Apartment {
 public:
  explicit Apartment(const std::shared_ptr<Loop>& loop);
  /// Runs what is queued, for a second at most: what hangs longer is left to its thread, and what waits behind it runs if that ever ends.
  ~Apartment();
  Apartment(const Apartment&) = delete;
  Apartment& operator=(const Apartment&) = delete;

  /// Runs `work` on the apartment's thread, one after the other, and destroys it there. Any thread. What it throws is lost.
  void run(unique_function<void()> work);
  /// The same on a thread of its own, for what may hang: closing a service.
  void run_aside(unique_function<void()> work);

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace blau::detail::windows
