#pragma once

#include <blau/detail/operation_node.hpp>
#include <blau/detail/task_promise.hpp>
#include <blau/error.hpp>
#include <blau/executor.hpp>
#include <blau/result.hpp>

#include <chrono>
#include <coroutine>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace blau {

template <class T>
class Operation;

namespace detail {

/// `Operation<Result<T>>` and `Operation<T>` share their node.
template <class T>
struct OperationTraits {
  using Value = T;
  static constexpr bool as_result = false;
};
template <class T>
struct OperationTraits<Result<T>> {
  using Value = T;
  static constexpr bool as_result = true;
};

/// Waits for an operation in a coroutine. In a Task it resumes on the Task's loop, in a foreign coroutine on the operation's loop or its executor.
template <class T>
class OperationAwaiter {
  using Value = typename OperationTraits<T>::Value;

 public:
  explicit OperationAwaiter(NodePointer<OperationNode<Value>> node) noexcept : node_(std::move(node)) {}
  OperationAwaiter(const OperationAwaiter&) = delete;
  OperationAwaiter& operator=(const OperationAwaiter&) = delete;
  ~OperationAwaiter() {
    if (started_) node_->detach();
    if (promise_) promise_->await(nullptr);
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> coroutine) {
    const auto node = node_;  // an operation that another thread completes at once may destroy this awaiter
    started_ = true;
    if constexpr (IsTaskPromise<Promise>) {
      promise_ = &coroutine.promise();
      auto resume = [coroutine] { coroutine.promise().resume(coroutine); };
      node->start(resume, OperationBase::Delivery::loop, promise_->loop->shared_from_this());
      promise_->await(node.get());
    } else {
      auto resume = [coroutine] { coroutine.resume(); };
      node->start(resume, node->executor() ? OperationBase::Delivery::executor : OperationBase::Delivery::loop,
                  nullptr);
    }
  }

  T await_resume() {
    started_ = false;
    if (auto* promise = std::exchange(promise_, nullptr)) promise->resumed(node_->took_cancel());
    if constexpr (OperationTraits<T>::as_result) {
      return node_->take();
    } else {
      return node_->take_or_throw();
    }
  }

 private:
  NodePointer<OperationNode<Value>> node_;
  TaskPromiseBase* promise_ = nullptr;
  bool started_ = false;
};

}  // namespace detail

/// One result that will be there later: a `T` or an `Error`.
///
/// Lazy: nothing happens until it is awaited, waited for or started, and that is possible once. Move-only. It owns copies of its arguments, and may outlive what made it.
/// A started operation completes exactly once, with its value, an error, or `canceled`; never from inside the call that started it; and never if the coroutine that awaits it was destroyed.
///
/// **Threads.** Any thread may start it; cancelling is possible from any thread by a stop token.
///
/// **Errors of every operation**, beside those that the function names which made it: `canceled`, `timed_out`, `loop_closed`.
template <class T>
class [[nodiscard]] Operation {
 public:
  /// What it gives: `T`, or with `as_result` the value inside.
  using Value = typename detail::OperationTraits<T>::Value;
  /// For the library.
  using Node = detail::OperationNode<Value>;

  /// For the library.
  explicit Operation(detail::NodePointer<Node> node) noexcept : node_(std::move(node)) {}
  /// Takes it over; what was moved from is empty.
  Operation(Operation&&) noexcept = default;
  /// Drops what this one was, which then never begins.
  Operation& operator=(Operation&&) noexcept = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() = default;

  /// In any coroutine. A `blau::Task` goes on on its own loop, another coroutine on the object's loop or on the executor of `on`.
  /// @throws Error
  [[nodiscard]] detail::OperationAwaiter<T> operator co_await() { return detail::OperationAwaiter<T>(node()); }

  /// Blocks until the result is there; for a plain thread. Runs the operation's loop meanwhile if no other thread does: a simulated world, an explicit `EventLoop` (see there). `when_all` and
  /// `when_any` do so for the operations that they were given; where those belong to two loops that nobody runs, it throws `would_deadlock` at once.
  /// @throws Error; `would_deadlock` on the thread of any Blau loop; where it runs the loop, what a callback lets out, and `stalled` in virtual time.
  T get() {
    const auto waited = node();
    waited->wait();
    if constexpr (detail::OperationTraits<T>::as_result) {
      return waited->take();
    } else {
      return waited->take_or_throw();
    }
  }

  /// Calls `callback(Result<Value>)` on the object's loop, or on the executor of `on`.
  template <class Callback>
    requires std::is_invocable_v<std::decay_t<Callback>&, Result<Value>>
  void start(Callback&& callback) {
    auto started = node();
    auto* raw = started.get();
    const auto delivery =
        raw->executor() ? detail::OperationBase::Delivery::executor : detail::OperationBase::Delivery::loop;
    raw->start([raw, call = std::decay_t<Callback>(std::forward<Callback>(callback))]() mutable { call(raw->take()); },
               delivery, nullptr);
  }

  /// The same without exceptions: awaiting or waiting gives a `Result`.
  [[nodiscard]] Operation<Result<Value>> as_result() { return Operation<Result<Value>>(node()); }

  /// Ends with `timed_out` if it takes longer, in place of its own default limit. Counts from the start, on the loop's clock.
  [[nodiscard]] Operation timeout(std::chrono::nanoseconds limit) {
    unused().set_timeout(limit);
    return std::move(*this);
  }

  /// Ends with `canceled` when the token says so.
  [[nodiscard]] Operation cancel_with(std::stop_token token) {
    unused().set_stop_token(std::move(token));
    return std::move(*this);
  }

  /// Where `start`'s callback and foreign coroutines go on. `get` and a `Task` ignore it. The executor must outlive the operation.
  [[nodiscard]] Operation on(Executor& executor) {
    unused().set_executor(executor);
    return std::move(*this);
  }

  /// For the combinators: the node, which can be taken once.
  [[nodiscard]] detail::NodePointer<Node> node() {
    (void)unused();
    return std::move(node_);
  }

 private:
  Node& unused() {
    if (!node_) throw Error(ErrorCode::invalid_argument, "this operation was used before; make a new one");
    return *node_;
  }

  detail::NodePointer<Node> node_;
};

namespace detail {

/// An operation that begins by calling `starter(Completer<T>)` on the loop.
/// @param loop null: the loop that starts it. @param name what the time-out's message calls it; must live for ever.
template <class T, class Starter>
[[nodiscard]] Operation<T> make_operation(std::shared_ptr<Loop> loop, const char* name, std::optional<Duration> timeout,
                                          Starter starter) {
  using Node = StarterNode<T, Starter>;
  auto* node = new Node(std::move(loop), name, timeout, std::move(starter));
  return Operation<T>(NodePointer<OperationNode<T>>::adopt(node));
}

}  // namespace detail
}  // namespace blau
