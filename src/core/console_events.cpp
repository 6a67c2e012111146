// Windows only. Not by the signals of the C runtime: its SIGBREAK for a window that is closed ends the process when the
// handler returns, before any link is down; and Asio sets its handler anew after it has told, also where that was the last time.

#include "console_events.hpp"

#include <algorithm>
#include <csignal>
#include <mutex>
#include <utility>
#include <vector>

#include <windows.h>

namespace blau::detail {
namespace {

BOOL WINAPI on_console_event(DWORD event);

/// Who wants to be told. Never destroyed: the system's thread may come while the process ends.
class Listeners {
 public:
  static Listeners& of_process() {
    static auto& listeners = *new Listeners;
    return listeners;
  }

  void add(const ConsoleEvents& listener) {
    const std::lock_guard lock(mutex_);
    if (listeners_.empty()) SetConsoleCtrlHandler(&on_console_event, TRUE);
    listeners_.push_back(&listener);
  }
  void remove(const ConsoleEvents& listener) {
    const std::lock_guard lock(mutex_);
    std::erase(listeners_, &listener);
    if (listeners_.empty()) SetConsoleCtrlHandler(&on_console_event, FALSE);
  }
  /// False if nobody listens.
  bool tell(int signal) {
    const std::lock_guard lock(mutex_);
    for (const auto* listener : listeners_) listener->tell(signal);
    return !listeners_.empty();
  }

 private:
  std::mutex mutex_;
  std::vector<const ConsoleEvents*> listeners_;
};

BOOL WINAPI on_console_event(DWORD event) {
  const bool may_stay = event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
  if (!Listeners::of_process().tell(event == CTRL_C_EVENT ? SIGINT : SIGTERM)) return FALSE;
  // The system ends the process when this returns, or after some seconds: time to take links down, and to end by itself.
  if (!may_stay) Sleep(INFINITE);
  return TRUE;
}

}  // namespace

ConsoleEvents::ConsoleEvents(std::function<void(int)> told) : told_(std::move(told)) {
  Listeners::of_process().add(*this);
}

ConsoleEvents::~ConsoleEvents() { Listeners::of_process().remove(*this); }

}  // namespace blau::detail
