#pragma once

#include <blau/detail/task_promise.hpp>
#include <blau/operation.hpp>

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

namespace blau {

template <class T>
class Task;

namespace detail {

template <class T>
class TaskPromise final : public TaskPromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class U = T>
    requires std::is_constructible_v<T, U&&>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  T take() {
    if (exception_) std::rethrow_exception(std::move(exception_));
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
  std::exception_ptr exception_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  void take() {
    if (exception_) std::rethrow_exception(std::move(exception_));
  }

 private:
  std::exception_ptr exception_;
};

/// Waits for a Task inside another Task: the same loop, no allocation, no turn of the queue.
template <class T>
class TaskAwaiter {
  using Coroutine = std::coroutine_handle<TaskPromise<T>>;

 public:
  explicit TaskAwaiter(Coroutine task) noexcept : task_(task) {}
  TaskAwaiter(const TaskAwaiter&) = delete;
  TaskAwaiter& operator=(const TaskAwaiter&) = delete;
  ~TaskAwaiter() {
    if (parent_) parent_->await(nullptr);
    if (task_) task_.destroy();
  }

  bool await_ready() const noexcept { return false; }

  // Resumes the awaited Task from here rather than by symmetric transfer: without optimisation GCC makes that a nested
  // call, and a loop over Tasks that end at once would exhaust the stack.
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) {
    static_assert(IsTaskPromise<Promise>, "only a blau::Task awaits a blau::Task; elsewhere await task.as_operation()");
    parent_ = &awaiting.promise();
    auto& child = task_.promise();
    child.loop = parent_->loop;
    child.source = parent_->source;
    child.continuation = awaiting;
    child.starting = true;
    parent_->await(&child);
    task_.resume();
    child.starting = false;
    return !child.finished;
  }

  T await_resume() {
    auto& child = task_.promise();
    std::exchange(parent_, nullptr)->resumed(!child.take_cancel());
    return child.take();
  }

 private:
  Coroutine task_;
  TaskPromiseBase* parent_ = nullptr;
};

template <class T>
class TaskNode;

}  // namespace detail

/// A coroutine of Blau's: `blau::Task<int> f() { co_await …; co_return 1; }`. Lazy and move-only: it runs when another Task awaits it, `run` or `spawn` take it, or
/// it is made an operation.
///
/// It always resumes on the loop where it began. Cancelling it cancels the operation that it awaits, or the next one, once; it may then still await its clean-up.
template <class T = void>
class [[nodiscard]] Task {
 public:
  /// For the compiler.
  using promise_type = detail::TaskPromise<T>;

  Task() noexcept = default;
  /// Takes it over; what was moved from is empty.
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  /// Swaps the two.
  Task& operator=(Task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  /// In another Task, on whose loop it runs.
  [[nodiscard]] detail::TaskAwaiter<T> operator co_await() { return detail::TaskAwaiter<T>(release()); }

  /// The Task as an operation on the loop that starts it. Cancel and time-out wait until the Task has ended.
  ///
  /// `get` on a plain thread starts it on the background loop. What it awaits there of a world, or of a loop that nobody runs, would never end: run such a Task by `World::run` or `EventLoop::run`.
  [[nodiscard]] Operation<T> as_operation();
  /// As `Operation::timeout`; ends after the Task has ended.
  [[nodiscard]] Operation<T> timeout(std::chrono::nanoseconds limit) { return as_operation().timeout(limit); }
  /// As `Operation::cancel_with`; ends after the Task has ended.
  [[nodiscard]] Operation<T> cancel_with(std::stop_token token) { return as_operation().cancel_with(std::move(token)); }
  /// As `Operation::as_result`. An exception that is no `Error` becomes `failed`.
  [[nodiscard]] Operation<Result<T>> as_result() { return as_operation().as_result(); }

  /// For the library: the coroutine, which can be taken once.
  [[nodiscard]] std::coroutine_handle<promise_type> release() {
    if (!coroutine_) throw Error(ErrorCode::invalid_argument, "this task was used before; call its function again");
    return std::exchange(coroutine_, nullptr);
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// A Task as an operation: it ends when the Task has ended.
template <class T>
class TaskNode final : public OperationNode<T>, private TaskRoot {
 public:
  TaskNode(std::shared_ptr<Loop> home, std::coroutine_handle<TaskPromise<T>> task)
      : OperationNode<T>(std::move(home), "task", std::nullopt), task_(task) {
    this->outlasts_early_end_ = true;
  }
  ~TaskNode() override {
    if (task_) task_.destroy();
  }

  /// Nothing of the Task runs any more after this, unless it is the Task itself that calls: then it is canceled. The loop's thread.
  void stop() noexcept {
    if (!task_ || !this->pending()) return;
    const auto self = NodePointer<OperationBase>::share(this);
    if (task_.promise().is_suspended()) {
      abandon();
    } else {
      task_.promise().cancel();
    }
  }

 private:
  void begin() override {
    this->on_early_end([this] {
      if (task_) task_.promise().cancel();
    });
    this->add_ref();  // the frame's
    TaskRoot::launch(*this->home(), task_, task_.promise());
  }

  void ended() noexcept override {
    finish();
    this->release();
  }

  void abandon() noexcept override {
    TaskRoot::leave();
    destroy_frame();
    this->complete(Error(ErrorCode::canceled, "the event loop ended before the task"));
    this->release();
  }

  void finish() noexcept {
    TaskRoot::leave();
    if (task_.promise().take_cancel()) this->forget_cancel();
    try {
      if constexpr (std::is_void_v<T>) {
        task_.promise().take();
        end_with(Result<void>());
      } else {
        end_with(Result<T>(task_.promise().take()));
      }
    } catch (const Error& error) {
      end_with(error);
    } catch (...) {
      destroy_frame();
      this->complete_with(std::current_exception());
    }
  }

  /// Who waits for the end may rely on it that the Task's arguments are gone, too.
  void end_with(Result<T> result) noexcept {
    destroy_frame();
    this->complete(std::move(result));
  }
  void destroy_frame() noexcept { std::exchange(task_, nullptr).destroy(); }

  std::coroutine_handle<TaskPromise<T>> task_;
};

template <class T>
[[nodiscard]] Operation<T> make_task_operation(std::shared_ptr<Loop> loop, Task<T> task) {
  auto* node = new TaskNode<T>(std::move(loop), task.release());
  return Operation<T>(NodePointer<OperationNode<T>>::adopt(node));
}

}  // namespace detail

template <class T>
Operation<T> Task<T>::as_operation() {
  return detail::make_task_operation(nullptr, std::move(*this));
}

}  // namespace blau
