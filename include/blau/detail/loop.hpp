#pragma once

#include <blau/export.hpp>
#include <blau/unique_function.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace blau {
class EventLoop;
}

namespace blau::detail {

class OperationBase;
class Loop;

/// Who made something ready: a Task, another thread, a peripheral. An `order_seed` never swaps what one source made ready (docs/adr/0005). 0: nobody in particular.
using Source = std::uint64_t;
/// One that nobody else has. Any thread.
[[nodiscard]] BLAU_API Source new_source() noexcept;

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::nanoseconds;

/// A thing in a loop's ready queue. Intrusive: waiting there costs no allocation. It can be in one queue at a time.
class BLAU_API ReadyNode {
 public:
  ReadyNode(const ReadyNode&) = delete;
  ReadyNode& operator=(const ReadyNode&) = delete;

  /// Its turn has come; called on the loop's thread, out of the queue already.
  virtual void run() = 0;
  /// The loop ends and will not run it; called on the loop's thread, or on the caller's where the loop has already ended.
  virtual void drop() noexcept = 0;

 protected:
  ReadyNode() noexcept = default;
  ~ReadyNode() = default;

 private:
  friend class Loop;
  friend class ReadyQueue;
  ReadyNode* previous_ = nullptr;
  ReadyNode* next_ = nullptr;
  Source source_ = 0;
  bool queued_ = false;
};

/// A deadline on a loop's clock. Intrusive; the loop's thread only. Destroying it stops it. It belongs to the source in whose turn it was set.
class BLAU_API Timer {
 public:
  explicit Timer(Loop& loop) noexcept : loop_(&loop) {}
  Timer() noexcept = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { stop(); }

  /// Calls `on_expiry` once at `when`, never from inside this call. A timer that runs is set anew.
  void start_at(Loop& loop, TimePoint when, unique_function<void()> on_expiry);
  /// The same from now on.
  void start_after(Loop& loop, Duration delay, unique_function<void()> on_expiry);
  void stop() noexcept;
  [[nodiscard]] bool running() const noexcept { return position_ != idle; }
  [[nodiscard]] TimePoint when() const noexcept { return when_; }

 private:
  friend class Loop;
  friend class TimerHeap;
  static constexpr std::size_t idle = static_cast<std::size_t>(-1);
  Loop* loop_ = nullptr;
  TimePoint when_{};
  std::uint64_t sequence_ = 0;
  Source source_ = 0;
  std::size_t position_ = idle;
  unique_function<void()> on_expiry_;
};

/// How a loop is made.
struct LoopSettings {
  bool virtual_time = false;
  /// See `EventLoopOptions`.
  std::optional<std::uint64_t> order_seed;
};

/// What must be told when a loop closes, after its operations were canceled: a client releases its link and lets its port go. Intrusive, the loop's thread only.
class BLAU_API LoopMember {
 public:
  LoopMember(const LoopMember&) = delete;
  LoopMember& operator=(const LoopMember&) = delete;
  virtual void loop_closing() noexcept = 0;
  /// The process ends, and nothing will run on the loop any more: only what others must be told is of use.
  virtual void process_exits() noexcept {}

 protected:
  LoopMember() noexcept = default;
  ~LoopMember() { leave(); }
  void join(Loop& loop) noexcept;
  /// Before the last reference may be let go on another thread.
  void leave() noexcept;

 private:
  friend class Loop;
  Loop* loop_ = nullptr;
  LoopMember* previous_ = nullptr;
  LoopMember* next_ = nullptr;
};

/// The event loop behind `EventLoop`: ready queue, timers, operations, tasks. One thread runs it at a time.
class BLAU_API Loop : public std::enable_shared_from_this<Loop> {
 public:
  [[nodiscard]] static std::shared_ptr<Loop> make(const LoopSettings& settings);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The loop that runs on this thread now; null on a plain thread.
  [[nodiscard]] static Loop* current() noexcept;
  /// The loop of `EventLoop::background()`.
  [[nodiscard]] static std::shared_ptr<Loop> background();
  [[nodiscard]] static std::shared_ptr<Loop> current_or_background();

  /// True on the thread that runs this loop.
  [[nodiscard]] bool on_thread() const noexcept { return current() == this; }
  [[nodiscard]] bool is_virtual() const noexcept;
  /// Closing has begun: no new operation starts. Any thread.
  [[nodiscard]] bool closing() const noexcept;
  [[nodiscard]] TimePoint now() const noexcept;

  // Any thread.

  /// Queues `node`. False, and nothing done, if the loop has ended.
  [[nodiscard]] bool schedule(ReadyNode& node) noexcept;
  /// Runs `call` on the loop; destroys it unrun if the loop has ended (false: at once).
  bool post(unique_function<void()> call);
  /// As `unhandled`, from another thread.
  void unhandled_elsewhere(std::exception_ptr exception) noexcept;
  /// Stops a virtual clock as long as holds are there. Every `hold` needs its `release`.
  void hold() noexcept;
  void release() noexcept;

  // The loop's thread only.

  /// Takes a queued node out.
  void unschedule(ReadyNode& node) noexcept;
  /// A user's callback let an exception out (rule 11).
  void unhandled(std::exception_ptr exception) noexcept;
  /// The registry of what runs here and ends with the loop.
  void adopt(OperationBase& operation) noexcept;
  void disown(OperationBase& operation) noexcept;
  /// Something that lives as long as the loop, under a name: the backend instances.
  [[nodiscard]] std::shared_ptr<void> find_service(const std::string& name) const;
  void add_service(const std::string& name, std::shared_ptr<void> service);
  /// A disconnect is under way that the background loop should finish before the process ends; each needs its end.
  void disconnect_begins() noexcept;
  void disconnect_ends() noexcept;
  /// The public face of this loop.
  [[nodiscard]] EventLoop& facade() noexcept;
  /// Whose turn it is.
  [[nodiscard]] Source source() const noexcept;

  // Running and ending.

  /// Runs until `done` says so, on this thread; asks it after each event, on the loop.
  /// @throws what a callback let out; `stalled`; `would_deadlock` inside a loop.
  void run_until(unique_function<bool()> done);
  /// The same for a plain thread that waits for an operation: it runs the loop only while nobody else does, and makes room for those who want to run or to close it. Any thread may be the one
  /// that makes `done` true, if it calls `tell_waiters` then.
  void drive_until(unique_function<bool()> done);
  /// Those who wait for their turn to run the loop look again. Any thread.
  void tell_waiters() noexcept;
  /// True if a plain thread that waits for an operation runs the loop itself while nobody else does: all loops but the background one.
  [[nodiscard]] bool wants_driver() const noexcept;
  void set_wants_driver(bool wants) noexcept;
  /// A thread runs it now. Any thread.
  [[nodiscard]] bool is_run() const noexcept;
  /// Any thread: lets `run_until` look at `done` again.
  void wake() noexcept;
  /// Runs `call` on the loop and waits for its end; at once on the loop's own thread, and where nobody runs the loop.
  void run_and_wait(unique_function<void()> call);
  /// Runs until no disconnect is under way, for two seconds at most.
  void finish_disconnects();
  /// Cancels every operation, runs completions and tasks, then drops the rest. Where nobody runs the loop; waits for that. Idempotent.
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept;
  /// Tells the members that the process ends, on the thread that ends it; unless another one runs the loop.
  void process_exits() noexcept;

  struct Impl;
  /// Private to `src/core`.
  [[nodiscard]] Impl& impl() noexcept { return *impl_; }

 private:
  friend class Timer;
  friend class LoopMember;
  friend class SourceScope;
  explicit Loop(const LoopSettings& settings);
  std::unique_ptr<Impl> impl_;
};

/// While it lives, what becomes ready on the loop comes from this source. The loop's thread.
class BLAU_API SourceScope {
 public:
  SourceScope(Loop& loop, Source source) noexcept;
  ~SourceScope();
  SourceScope(const SourceScope&) = delete;
  SourceScope& operator=(const SourceScope&) = delete;

 private:
  Loop& loop_;
  Source before_;
};

}  // namespace blau::detail
