#pragma once

#include <blau/detail/loop.hpp>

namespace blau::detail {

/// Waits for a file descriptor on a loop. The loop's thread only; destroying it ends the wait and leaves the descriptor open.
/// One watch a descriptor; before the descriptor is closed the watch is destroyed. A descriptor that cannot be waited for is a std::system_error.
class FdWatch {
 public:
  FdWatch(Loop& loop, int fd);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  /// Calls `ready` each time the descriptor can be read (or has hung up), until destroyed or set anew. Level-triggered: what was not read calls again.
  void on_readable(unique_function<void()> ready);
  /// Calls `ready` once when the descriptor can be written.
  void once_writable(unique_function<void()> ready);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace blau::detail
