#pragma once

#include <blau/detail/loop.hpp>
#include <blau/detail/operation_node.hpp>

#include <coroutine>
#include <exception>

namespace blau::detail {

class TaskPromiseBase;

/// The end of a Task that no other Task awaits. Finishing it is a turn of the loop, since a frame cannot destroy itself.
class BLAU_API TaskRoot : public ReadyNode {
 public:
  /// The loop's thread: starts the coroutine.
  void launch(Loop& loop, std::coroutine_handle<> coroutine, TaskPromiseBase& promise);
  /// The loop ends: destroys the frame wherever it is suspended.
  virtual void abandon() noexcept = 0;
  /// The coroutine is at its end: takes the result and destroys the frame.
  virtual void ended() noexcept = 0;
  [[nodiscard]] TaskPromiseBase* promise() const noexcept { return promise_; }

 protected:
  TaskRoot() noexcept = default;
  ~TaskRoot();
  /// Out of the loop's registry.
  void leave() noexcept;

 private:
  friend class Loop;
  void run() final { ended(); }
  void drop() noexcept final { abandon(); }
  Loop* loop_ = nullptr;
  TaskPromiseBase* promise_ = nullptr;
  TaskRoot* registry_previous_ = nullptr;
  TaskRoot* registry_next_ = nullptr;
};

/// What all Tasks share. The loop's thread only.
class BLAU_API TaskPromiseBase : public Cancelable {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().finish();
    }
    void await_resume() const noexcept {}
  };
  FinalAwaiter final_suspend() const noexcept { return {}; }

  /// Cancels what it awaits, or the next operation if it awaits none now; once.
  void cancel() noexcept override;
  [[nodiscard]] bool is_suspended() const noexcept override { return awaited_ && awaited_->is_suspended(); }

  /// Where the coroutine goes on after its end.
  std::coroutine_handle<> finish() noexcept;

  /// Called by awaiters: what the Task waits for from here; null: nothing. Hands on a cancel that waits.
  void await(Cancelable* awaited) noexcept;
  /// Called by awaiters when the Task goes on. A cancel that came too late for what it awaited is for the next.
  void resumed(bool took_cancel) noexcept;
  /// Lets the coroutine go on, as its Task's turn. It may end inside.
  void resume(std::coroutine_handle<> coroutine);
  /// A cancel came while it awaited nothing: takes it.
  [[nodiscard]] bool take_cancel() noexcept { return std::exchange(cancel_pending_, false); }

  Loop* loop = nullptr;
  /// What it makes ready comes from this source; one for a Task and all that it awaits.
  Source source = 0;
  std::coroutine_handle<> continuation;
  TaskRoot* root = nullptr;
  /// Set while the awaiting coroutine is still inside the call that started this one.
  bool starting = false;
  bool finished = false;

 protected:
  TaskPromiseBase() noexcept = default;
  ~TaskPromiseBase() = default;

 private:
  Cancelable* awaited_ = nullptr;
  bool cancel_pending_ = false;
  bool cancel_forwarded_ = false;
  bool canceled_ = false;
};

template <class Promise>
concept IsTaskPromise = std::is_base_of_v<TaskPromiseBase, Promise>;

}  // namespace blau::detail
