#pragma once

#include <blau/event_loop.hpp>

#include <memory>
#include <utility>

namespace blau::detail {

/// Puts the public face on a loop that the library made with settings of its own.
struct EventLoopAccess {
  [[nodiscard]] static EventLoop make(std::shared_ptr<Loop> loop) { return EventLoop(std::move(loop)); }
};

}  // namespace blau::detail
