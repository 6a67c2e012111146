#pragma once

#include <functional>

namespace blau::detail {

/// What a Windows console tells its programs, for which Unix has signals.
class ConsoleEvents {
 public:
  /// `told` is called for each event, with the signal that stands for it: SIGINT for Ctrl-C, SIGTERM for Ctrl-Break, for the window
  /// that is closed, and for the end of the session. On a thread of the system, and not after the destructor; not to destroy this object in it.
  explicit ConsoleEvents(std::function<void(int)> told);
  ~ConsoleEvents();
  ConsoleEvents(const ConsoleEvents&) = delete;
  ConsoleEvents& operator=(const ConsoleEvents&) = delete;

  void tell(int signal) const { told_(signal); }

 private:
  std::function<void(int)> told_;
};

}  // namespace blau::detail
