#pragma once

#include "ready_queue.hpp"
#include "timer_heap.hpp"

#include <blau/detail/loop.hpp>
#include <blau/detail/operation_node.hpp>
#include <blau/detail/task_promise.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

namespace blau {
class EventLoop;
}

namespace blau::detail {

struct Loop::Impl {
  explicit Impl(const LoopSettings& wanted);

  // The runner's thread.

  /// Does one thing that is ready. False if nothing is.
  bool run_one(Loop& loop);
  /// Handles what descriptors and other threads have for this loop, without waiting. False if that was nothing.
  bool poll(Loop& loop);
  [[nodiscard]] bool timer_is_due() const noexcept { return !timers.empty() && timers.next() <= now(); }
  /// A timer is due: is it before what is ready?
  [[nodiscard]] bool timer_goes_first() const noexcept;
  /// With a seed, of the events that may come next: any. False if there is none.
  bool run_any(Loop& loop, bool with_timers);
  void run_node(Loop& loop, ReadyNode& node);
  void run_timer(Loop& loop, Timer& timer);
  /// Waits for something to become ready. Virtual time jumps.
  void wait_for_work(Loop& loop);
  /// Without holds: on to the next timer.
  void advance();
  void set_alarm();
  [[nodiscard]] TimePoint next_timer() const noexcept { return timers.empty() ? TimePoint::max() : timers.next(); }
  void collect();
  template <class Call>
  void run_guarded(Loop& loop, Call&& call) {
    try {
      call();
    } catch (...) {
      loop.unhandled(std::current_exception());
    }
  }
  /// Ends all operations. Gives those that go on until their Tasks have ended.
  [[nodiscard]] std::vector<NodePointer<OperationBase>> close_operations(Loop& loop);
  /// Runs what is ready and what that makes ready; descriptors and timers have no turn any more.
  void drain(Loop& loop);

  // Any thread.

  void wake();
  [[nodiscard]] TimePoint now() const noexcept;

  /// The seed's choice, see docs/adr/0005.
  struct Choice {
    explicit Choice(std::uint64_t seed) : random(seed) {}
    std::mt19937_64 random;
    // Kept for their memory.
    std::vector<Timer*> timers;
    std::vector<ReadyNode*> nodes;
    std::unordered_set<Source> seen;
  };

  const LoopSettings settings;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::steady_timer alarm{io};
  TimePoint alarm_at = TimePoint::max();

  ReadyQueue ready;
  TimerHeap timers;
  std::optional<Choice> choice;
  Source source = 0;  ///< whose turn it is
  unsigned runs_since_poll = 0;
  unsigned timers_in_a_row = 0;
  std::atomic<TimePoint::rep> virtual_now;

  std::mutex mutex;
  std::condition_variable runner_left;
  ReadyQueue inbox;       // guarded by mutex
  bool occupied = false;  // guarded by mutex: a thread runs the loop
  bool by_guest = false;  // guarded by mutex: that thread leaves when an owner comes
  bool ended = false;     // guarded by mutex: takes nothing any more
  std::atomic<bool> wake_pending{false};
  std::atomic<bool> closing{false};
  std::atomic<bool> wants_driver{false};
  std::atomic<int> owners_waiting{0};  // changed under mutex
  std::atomic<int> holds{0};

  OperationBase* first_operation = nullptr;
  TaskRoot* first_root = nullptr;
  LoopMember* first_member = nullptr;
  std::map<std::string, std::shared_ptr<void>> services;

  int pending_disconnects = 0;
  std::exception_ptr pending_exception;
  std::function<void(std::exception_ptr)> on_unhandled;
  bool survives_exceptions = false;
  EventLoop* facade = nullptr;
};

}  // namespace blau::detail
