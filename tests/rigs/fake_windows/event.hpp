#pragma once

#include "host.hpp"
#include "platform.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace fake_windows {

/// An event as Windows has it: handlers by token, called on the pool. Any thread.
template <class Delegate>
class Event {
 public:
  winrt::event_token add(const Delegate& handler) {
    const std::lock_guard lock(handlers_->mutex);
    const winrt::event_token token{++handlers_->last};
    handlers_->list.emplace_back(token.value, handler);
    return token;
  }
  void remove(winrt::event_token token) noexcept {
    const std::lock_guard lock(handlers_->mutex);
    std::erase_if(handlers_->list, [token](const auto& entry) { return entry.first == token.value; });
  }
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock(handlers_->mutex);
    return handlers_->list.empty();
  }
  /// Whoever is there when it is told. Those that went in between are not called, which Windows does not promise.
  template <class... Args>
  void raise(Host& host, const Args&... args) const {
    if (empty()) return;
    host.elsewhere([handlers = handlers_, args...] { call(*handlers, args...); });
  }
  /// On this thread.
  template <class... Args>
  void raise_here(const Args&... args) const {
    call(*handlers_, args...);
  }

 private:
  struct Handlers {
    std::mutex mutex;
    std::int64_t last = 0;
    std::vector<std::pair<std::int64_t, Delegate>> list;
  };
  template <class... Args>
  static void call(Handlers& handlers, const Args&... args) {
    std::vector<std::pair<std::int64_t, Delegate>> now;
    {
      const std::lock_guard lock(handlers.mutex);
      now = handlers.list;
    }
    for (const auto& [token, handler] : now) handler(args...);
  }

  std::shared_ptr<Handlers> handlers_ = std::make_shared<Handlers>();
};

}  // namespace fake_windows
