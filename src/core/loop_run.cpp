// How a loop turns: what is ready, what is due, what to wait for.

#include "loop_impl.hpp"

#include <blau/error.hpp>

#include <asio/post.hpp>

namespace blau::detail {
namespace {

// Only file descriptors may have something that nobody told of. To look costs a call of the system, in virtual time for each event.
#ifdef _WIN32
constexpr bool has_descriptors = false;
#else
constexpr bool has_descriptors = true;
#endif

}  // namespace

Loop::Impl::Impl(const LoopSettings& wanted)
    : settings(wanted), virtual_now(TimePoint{std::chrono::hours(1)}.time_since_epoch().count()) {
  if (settings.order_seed) choice.emplace(*settings.order_seed);
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

bool Loop::Impl::timer_goes_first() const noexcept {
  constexpr unsigned most_in_a_row = 64;  // one that is set anew at once must not starve the queue
  return ready.empty() || timers_in_a_row < most_in_a_row;
}

bool Loop::Impl::poll(Loop& loop) {
  runs_since_poll = 0;
  bool handled = true;  // also where a handler let an exception out
  run_guarded(loop, [&] { handled = io.poll() > 0; });
  collect();
  return handled;
}

bool Loop::Impl::run_one(Loop& loop) {
  // Descriptors and other threads get their turn also while the queue never empties. Real time waits for them where
  // nothing is ready; virtual time has to look, since it does not wait.
  constexpr unsigned runs_between_polls = 64;
  const bool may_have_some = has_descriptors || wake_pending.load();
  const bool looks =
      ++runs_since_poll >= runs_between_polls || (settings.virtual_time && ready.empty() && may_have_some);
  if (looks && poll(loop)) return true;
  if (ready.empty()) collect();
  if (choice) return run_any(loop, true);
  const bool due = timer_is_due();
  if (!due && ready.empty()) return false;
  if (due && timer_goes_first()) {
    ++timers_in_a_row;
    run_timer(loop, timers.first());
    return true;
  }
  timers_in_a_row = 0;
  run_node(loop, ready.pop());
  return true;
}

bool Loop::Impl::run_any(Loop& loop, bool with_timers) {
  choice->timers.clear();
  choice->nodes.clear();
  choice->seen.clear();
  if (with_timers && timer_is_due()) timers.add_firsts(choice->timers, choice->seen);
  choice->seen.clear();  // a timer does not hold back what its source made ready, nor the other way round
  ready.add_firsts(choice->nodes, choice->seen);
  const std::size_t due = choice->timers.size();
  const std::size_t all = due + choice->nodes.size();
  if (all == 0) return false;
  const auto chosen = static_cast<std::size_t>(all == 1 ? 0 : choice->random() % all);
  if (chosen < due) {
    run_timer(loop, *choice->timers[chosen]);
  } else {
    auto& node = *choice->nodes[chosen - due];
    ready.remove(node);
    run_node(loop, node);
  }
  return true;
}

void Loop::Impl::run_node(Loop& loop, ReadyNode& node) {
  const SourceScope turn(loop, node.source_);
  run_guarded(loop, [&node] { node.run(); });
}

void Loop::Impl::run_timer(Loop& loop, Timer& timer) {
  const SourceScope turn(loop, timer.source_);
  auto expired = timers.take(timer);
  run_guarded(loop, [&expired] { expired(); });
}

void Loop::Impl::wait_for_work(Loop& loop) {
  if (settings.virtual_time && holds.load() == 0) return advance();
  if (!settings.virtual_time) set_alarm();
  run_guarded(loop, [this] { io.run_one(); });
  collect();
}

void Loop::Impl::advance() {
  collect();  // a release of the last hold follows the posts that it covered
  if (!ready.empty()) return;
  if (next_timer() == TimePoint::max()) {
    if (!has_descriptors && io.poll() > 0) return;
    throw Error(ErrorCode::stalled, "virtual time stands still: nothing is ready and nothing is scheduled");
  }
  virtual_now.store(next_timer().time_since_epoch().count());
}

void Loop::Impl::set_alarm() {
  const auto next = next_timer();
  // Each request sets a deadline and takes it back. An alarm that is a little early costs a turn of the loop, once; a new one costs
  // several system calls for each request.
  constexpr auto early_enough = std::chrono::seconds(1);
  if (next >= alarm_at && next - alarm_at < early_enough) return;
  alarm_at = next;
  if (next == TimePoint::max()) {
    alarm.cancel();
    return;
  }
  alarm.expires_at(next);
  alarm.async_wait([this, next](const std::error_code& error) {
    if (!error && alarm_at == next) alarm_at = TimePoint::max();
  });
}

std::vector<NodePointer<OperationBase>> Loop::Impl::close_operations(Loop& loop) {
  std::vector<NodePointer<OperationBase>> outlasting;
  while (first_operation) {
    auto operation = NodePointer<OperationBase>::share(first_operation);
    operation->close();
    if (first_operation != operation.get()) continue;
    loop.disown(*operation);
    outlasting.push_back(std::move(operation));
  }
  return outlasting;
}

void Loop::Impl::drain(Loop& loop) {
  collect();  // once: other threads that go on to post must not keep the loop alive for ever
  // Nor must a task that starts operation after operation though each is refused.
  std::size_t turns_left = 10'000 + 10 * ready.size();
  while (turns_left-- > 0 && !ready.empty()) {
    if (choice) {
      run_any(loop, false);
    } else {
      run_node(loop, ready.pop());
    }
  }
}

}  // namespace blau::detail
