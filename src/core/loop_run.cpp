// How a loop turns: what is ready, what is due, what to wait for.

#include "loop_impl.hpp"

#include <blau/error.hpp>

#include <asio/post.hpp>

namespace blau::detail {

Loop::Impl::Impl(const LoopSettings& wanted)
    : settings(wanted), virtual_now(TimePoint{std::chrono::hours(1)}.time_since_epoch().count()) {
  if (settings.order_seed) random.emplace(*settings.order_seed);
}

TimePoint Loop::Impl::now() const noexcept {
  if (!settings.virtual_time) return Clock::now();
  return TimePoint(Clock::duration(virtual_now.load(std::memory_order_relaxed)));
}

void Loop::Impl::wake() {
  if (!wake_pending.exchange(true)) asio::post(io, [] {});
}

void Loop::Impl::collect() {
  wake_pending.store(false);
  const std::lock_guard lock(mutex);
  ready.append(inbox);
}

bool Loop::Impl::run_one(Loop& loop) {
  // Descriptors get their turn also while the queue never empties.
  constexpr unsigned runs_between_polls = 64;
  if (++runs_since_poll >= runs_between_polls || ready.empty()) {
    runs_since_poll = 0;
    run_guarded(loop, [this] { io.poll(); });
    collect();
  }
  const bool due = !timers.empty() && timers.next() <= now();
  if (!due && ready.empty()) return false;
  const bool timer_first = due && (!random || (*random)() % (ready.size() + 1) == 0);
  if (timer_first || ready.empty()) {
    auto expired = timers.pop();
    run_guarded(loop, [&expired] { expired(); });
    return true;
  }
  auto& node = ready.pop(random ? &*random : nullptr);
  run_guarded(loop, [&node] { node.run(); });
  return true;
}

void Loop::Impl::wait_for_work() {
  if (settings.virtual_time) {
    if (holds.load() > 0) {
      io.run_one();
      return collect();
    }
    collect();  // a release of the last hold follows the posts that it covered
    if (!ready.empty()) return;
    if (timers.empty()) {
      throw Error(ErrorCode::stalled, "virtual time stands still: nothing is ready and nothing is scheduled");
    }
    virtual_now.store(timers.next().time_since_epoch().count());
    return;
  }
  const auto next = timers.empty() ? TimePoint::max() : timers.next();
  if (next != alarm_at) {
    alarm_at = next;
    if (next == TimePoint::max()) {
      alarm.cancel();
    } else {
      alarm.expires_at(next);
      alarm.async_wait([this, next](const std::error_code& error) {
        if (!error && alarm_at == next) alarm_at = TimePoint::max();
      });
    }
  }
  io.run_one();
  collect();
}

void Loop::Impl::drain(Loop& loop, std::size_t most) {
  collect();
  while (most-- > 0 && !ready.empty()) {
    auto& node = ready.pop(random ? &*random : nullptr);
    run_guarded(loop, [&node] { node.run(); });
    collect();
  }
}

}  // namespace blau::detail
