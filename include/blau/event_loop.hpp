#pragma once

#include <blau/detail/loop.hpp>
#include <blau/export.hpp>
#include <blau/operation.hpp>
#include <blau/task.hpp>
#include <blau/unique_function.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace blau {

namespace detail {
struct EventLoopAccess;
}
/// How an event loop is made.
struct EventLoopOptions {
  /// For tests: chooses what runs next at random, in an order that this number decides, so that races can be searched for. Absent: first come, first served.
  ///
  /// Only orders that can happen are tried. What one *source* makes ready keeps its order: a Task, another thread, a simulated peripheral, a file descriptor each are one; a callback belongs to
  /// the source that caused it. Timers keep the order of their deadlines, and equal deadlines of one source the order in which they were set. All else is open: which source's event comes next,
  /// and whether a timer that is due comes before what is ready.
  std::optional<std::uint64_t> order_seed = std::nullopt;
};

/// Lets threads that know nothing of a loop's life post to it: those of a Bluetooth system, of a thread pool. A value; any thread, also when the loop is gone.
class BLAU_API LoopHandle {
 public:
  /// Of no loop.
  LoopHandle() noexcept = default;
  /// Calls `call` on the loop, not from inside this function. False if the loop has ended: `call` was destroyed then. After true it may still be destroyed unrun, when the loop ends before its turn.
  bool post(unique_function<void()> call) const;

 private:
  friend class EventLoop;
  explicit LoopHandle(std::weak_ptr<detail::Loop> loop) noexcept : loop_(std::move(loop)) {}
  std::weak_ptr<detail::Loop> loop_;
};

/// How long `run` may run.
struct RunOptions {
  /// Ends `run` with `timed_out` after this much of the loop's time.
  std::optional<std::chrono::nanoseconds> limit = std::nullopt;
};

/// What everything of Blau's lives on: one thread at a time runs it, and there coroutines resume and callbacks are called, one after another.
///
/// `blau::run` makes one; `background()` is there for programs without coroutines; an explicit one goes into the options of `Client` and `Scanner`.
///
/// **Who runs it.** A thread that calls `run`. While there is none, a plain thread in `Operation::get()` runs the loop of the operation that it waits for, until it has the result: callbacks are
/// called on that thread then. It makes room at once for a thread that calls `run` or destroys the loop, and goes on waiting. Nobody else runs a loop: an operation that was only started stays
/// where it is until somebody does.
///
/// **Threads.** `post`, `spawn`, `handle` and `now` from any thread, while the object lives; the others where they say so.
class BLAU_API EventLoop {
 public:
  /// Of its times; virtual time has the same type.
  using Clock = std::chrono::steady_clock;

  /// A loop that nobody runs yet.
  explicit EventLoop(const EventLoopOptions& options = EventLoopOptions());
  /// Ends the loop: every operation completes with `canceled`, completions and tasks run, the rest is dropped. Links that it holds are released.
  /// Waits for a thread that runs it; so not from inside the loop. An exception that leaves a callback now goes to the log.
  /// Where the process ends first (`std::exit` in a callback, a loop that is never destroyed) links are released then, unless another thread still runs the loop.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// The loop of objects that are made outside any loop. Its thread starts on first use and ends with the process: then disconnects that were started are finished
  /// for at most two seconds, and the rest is canceled.
  [[nodiscard]] static EventLoop& background();
  /// The loop that runs on this thread now; null on a plain thread.
  [[nodiscard]] static EventLoop* current() noexcept;

  /// Calls `call` on the loop, not from inside this function. Any thread. Dropped unrun if the loop has ended.
  void post(unique_function<void()> call);
  /// For threads that may outlive this object. Any thread.
  [[nodiscard]] LoopHandle handle() const noexcept { return LoopHandle(loop_); }
  /// Runs a Task on the loop, without waiting for it. Any thread. An exception that leaves it is handled as one that leaves a callback.
  void spawn(Task<void> task);
  /// The same, keeping a coroutine function with captures alive until it has ended.
  template <class Function>
    requires std::is_invocable_r_v<Task<void>, Function&>
  void spawn(Function function) {
    spawn(keep_alive(std::move(function)));
  }

  /// The loop's clock: steady time, or a simulated world's.
  [[nodiscard]] Clock::time_point now() const noexcept { return loop_->now(); }

  /// Runs the loop on this thread until the task has ended, and gives its result. The loop lives on; `run` may be called again. Waits while another thread runs the loop.
  /// @throws what the task threw; what a callback let out; Error `would_deadlock` on a thread that runs a loop already, `timed_out` at the limit, `stalled` in virtual time, `loop_closed` after an
  /// exception has ended the loop.
  template <class T>
  T run(Task<T> task, const RunOptions& options = RunOptions()) {
    auto node = detail::make_task_operation(loop_, std::move(task)).node();
    auto* raw = node.get();
    bool ended = false;
    drive([raw, &ended] { raw->start([&ended] { ended = true; }, detail::OperationBase::Delivery::direct, nullptr); },
          ended, options);
    return raw->take_or_throw();
  }

  /// Takes exceptions that leave callbacks and spawned tasks, on the loop's thread. Only the background loop uses it: elsewhere such an exception ends `run`, which throws it
  /// and ends the loop. Any thread.
  void on_unhandled(std::function<void(std::exception_ptr)> handler);

  /// For the library.
  [[nodiscard]] const std::shared_ptr<detail::Loop>& loop() const noexcept { return loop_; }
  /// For the library: an exception is about to leave what made this loop.
  void end_by_exception() noexcept;

 private:
  friend struct detail::EventLoopAccess;
  explicit EventLoop(std::shared_ptr<detail::Loop> loop);
  template <class Function>
  static Task<void> keep_alive(Function function) {
    co_await function();
  }
  void drive(unique_function<void()> begin, const bool& ended, const RunOptions& options);

  std::shared_ptr<detail::Loop> loop_;
};

/// Makes an event loop on this thread, runs the task on it, ends the loop, and gives the task's result.
/// @throws what the task threw and what a callback let out, both after the clean-up; Error `would_deadlock` on a thread that runs a loop already.
template <class T>
T run(Task<T> task, const RunOptions& options = RunOptions()) {
  EventLoop loop;
  try {
    return loop.run(std::move(task), options);
  } catch (...) {
    loop.end_by_exception();
    throw;
  }
}

/// The same for a coroutine function, which is kept alive with its captures until the loop has ended.
template <class Function>
  requires requires(Function& function) { function().release(); }
auto run(Function function, const RunOptions& options = RunOptions()) {
  return run(function(), options);
}

/// Ends after this time on the clock of the loop that starts it. Errors: `canceled`.
[[nodiscard]] BLAU_API Operation<void> sleep_for(std::chrono::nanoseconds time);

/// Ends when the program is asked to end: SIGINT or SIGTERM on Linux, Ctrl-C and console close on Windows. Gives the signal's number.
/// On Windows that is SIGINT for Ctrl-C, and SIGTERM for Ctrl-Break, a console that is closed and the end of the session; of the last two
/// the system leaves the program some five seconds.
///
/// While at least one such operation is pending the signal does not end the process; afterwards it does again.
/// Errors: `canceled`, `failed` if signals cannot be waited for.
[[nodiscard]] BLAU_API Operation<int> termination_signal();

}  // namespace blau
