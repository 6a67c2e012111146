#pragma once

#include <blau/detail/loop.hpp>
#include <blau/error.hpp>
#include <blau/executor.hpp>
#include <blau/result.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace blau::detail {

/// Something that a `Task` waits for and that can be canceled. The loop of the Task calls it.
class BLAU_API Cancelable {
 public:
  virtual void cancel() noexcept = 0;
  /// False for a Task that runs at this moment, or awaits one that does.
  [[nodiscard]] virtual bool is_suspended() const noexcept { return true; }

 protected:
  ~Cancelable() = default;
};

/// The one allocation of an operation: arguments, result, handler, and its places in queue and registry.
///
/// **Threads.** `home` is the loop of the object that works, `target` the loop whose thread takes the result. Work, time-out, cancel and completion happen at home;
/// `deliver_` and `delivered_` belong to the target. The starter's writes come before both through the queue's lock.
class BLAU_API OperationBase : public ReadyNode, public Cancelable {
 public:
  /// Where the result goes. `direct`: on the home loop's thread, inside the completion, for a thread that waits.
  enum class Delivery : std::uint8_t { loop, executor, direct };

  void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;

  // Before the start.
  void set_timeout(Duration timeout) noexcept {
    timeout_ = timeout;
    has_own_timeout_ = true;
  }
  void set_stop_token(std::stop_token token) noexcept { stop_token_ = std::move(token); }
  void set_executor(Executor& executor) noexcept { executor_ = &executor; }
  /// It will end with `canceled`, without any work.
  void cancel_before_start() noexcept { cancel_requested_ = true; }
  [[nodiscard]] Executor* executor() const noexcept { return executor_; }
  [[nodiscard]] Loop* home() const noexcept { return home_.get(); }
  [[nodiscard]] bool has_own_timeout() const noexcept { return has_own_timeout_; }

  /// @param target the loop that takes the result; null: the home loop. Throws `invalid_argument` if it was started before.
  void start(unique_function<void()> deliver, Delivery delivery, std::shared_ptr<Loop> target);
  /// Blocks a plain thread until the result is there. @throws Error `would_deadlock` on a loop's thread, and where it would have to run two loops.
  void wait();
  /// The loops that must turn for this to end, as far as they are known before the start.
  virtual void add_homes(std::vector<std::shared_ptr<Loop>>& homes);
  /// Nobody wants the result any more. The target's thread.
  void detach() noexcept;
  /// Any thread.
  void cancel() noexcept override;
  /// After the delivery: a cancel reached it in time.
  [[nodiscard]] bool took_cancel() const noexcept { return took_cancel_; }

  // The home loop's thread.

  [[nodiscard]] bool pending() const noexcept { return phase_ == Phase::running; }
  /// What stops the work; called once, after an early end, at once if that was before. Not after a completion.
  void on_early_end(unique_function<void()> hook) noexcept;
  /// Ends it with an error before its work is done.
  void end_early(const Error& error) noexcept;
  /// The working side let its Completer go without an answer.
  void answer_dropped() noexcept;
  /// The loop closes.
  void close() noexcept;
  /// The loop has closed, and this outlasted it: ends it whatever it waits for.
  void close_at_last() noexcept;

 protected:
  OperationBase(std::shared_ptr<Loop> home, const char* name, std::optional<Duration> timeout) noexcept;
  virtual ~OperationBase();

  /// Begins the work; an exception of it becomes the result.
  virtual void begin() = 0;
  /// Stores the error as the result.
  virtual void store_error(const Error& error) noexcept = 0;
  virtual void store_exception(std::exception_ptr exception) noexcept = 0;
  /// It was delivered, or nobody wants it: what waited in it for its reader is free. The target's thread; not for `direct`.
  virtual void let_go() noexcept {}
  /// The work ended without having noticed a cancel: who forwarded it may do so again.
  void forget_cancel() noexcept { took_cancel_ = false; }

  /// The result is stored: hands it over. False if there is one already.
  bool settle() noexcept;
  [[nodiscard]] bool settled() const noexcept { return phase_ >= Phase::settled; }

  /// An early end asks the work to end and waits for it (rule 7: operations made of Tasks).
  bool outlasts_early_end_ = false;
  /// With `outlasts_early_end_`: what ended it early.
  std::optional<Error> early_error_;

 private:
  friend class Loop;
  enum class Phase : std::uint8_t { idle, started, running, settled };

  void run() final;
  void drop() noexcept final;
  void begin_at_home() noexcept;
  void begin_guarded() noexcept;
  void end_canceled() noexcept;
  void arm() noexcept;
  void dispatch() noexcept;
  void redirect_to_background() noexcept;
  void deliver_now();
  void deliver_on_executor(bool wanted) noexcept;
  void fail_unstarted(const Error& error) noexcept;
  [[nodiscard]] std::shared_ptr<Loop> choose_home(bool waits);
  [[nodiscard]] Error timed_out_error() const;

  struct StopRequested {
    OperationBase* operation;
    void operator()() const noexcept { operation->cancel(); }
  };

  std::atomic<int> references_{1};
  Phase phase_ = Phase::idle;
  Delivery delivery_ = Delivery::loop;
  bool has_own_timeout_ = false;
  bool cancel_requested_ = false;
  bool took_cancel_ = false;
  bool ended_early_ = false;
  bool beginning_ = false;
  bool answer_dropped_ = false;
  bool registered_ = false;
  bool holds_target_ = false;
  bool delivered_ = false;
  std::shared_ptr<Loop> home_;
  std::shared_ptr<Loop> target_;
  Executor* executor_ = nullptr;
  const char* name_;
  std::optional<Duration> timeout_;
  Timer deadline_;
  unique_function<void()> deliver_;
  unique_function<void()> on_early_end_;
  std::stop_token stop_token_;
  std::optional<std::stop_callback<StopRequested>> stop_callback_;
  OperationBase* registry_previous_ = nullptr;
  OperationBase* registry_next_ = nullptr;
};

/// A counted pointer to an operation's node.
template <class Node>
class NodePointer {
 public:
  NodePointer() noexcept = default;
  /// Takes over the reference that a new node begins with.
  static NodePointer adopt(Node* node) noexcept {
    NodePointer made;
    made.node_ = node;
    return made;
  }
  static NodePointer share(Node* node) noexcept {
    node->add_ref();
    return adopt(node);
  }
  template <class Derived>
    requires std::is_convertible_v<Derived*, Node*>
  NodePointer(NodePointer<Derived> other) noexcept : node_(other.release()) {}  // NOLINT: to the base
  NodePointer(NodePointer&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodePointer(const NodePointer& other) noexcept : node_(other.node_) {
    if (node_) node_->add_ref();
  }
  NodePointer& operator=(NodePointer other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodePointer() {
    if (node_) node_->release();
  }
  [[nodiscard]] Node* get() const noexcept { return node_; }
  [[nodiscard]] Node* release() noexcept { return std::exchange(node_, nullptr); }
  Node* operator->() const noexcept { return node_; }
  Node& operator*() const noexcept { return *node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }

 private:
  Node* node_ = nullptr;
};

/// An operation's node with its result.
template <class T>
class OperationNode : public OperationBase {
 public:
  /// The end of the work. Ignored if it ended early before.
  void complete(Result<T> result) noexcept {
    if (settled()) return;
    if (early_error_ && !result && result.error().code() == ErrorCode::canceled) result = Result<T>(*early_error_);
    result_.emplace(std::move(result));
    settle();
  }
  /// The work ended with an exception that is no `Error`.
  void complete_with(std::exception_ptr exception) noexcept {
    if (settled()) return;
    store_exception(std::move(exception));
    settle();
  }

  /// The result; once, on delivery.
  [[nodiscard]] virtual Result<T> take() { return std::move(*result_); }
  /// The result, or the exception that is no `Error`.
  [[nodiscard]] T take_or_throw() {
    if (exception_) std::rethrow_exception(std::move(exception_));
    return take().value();
  }
  [[nodiscard]] const std::exception_ptr& exception() const noexcept { return exception_; }

 protected:
  using OperationBase::OperationBase;
  void store_error(const Error& error) noexcept override { result_.emplace(error); }
  void store_exception(std::exception_ptr exception) noexcept override {
    result_.emplace(Error(ErrorCode::failed, "an exception ended the task"));
    exception_ = std::move(exception);
  }

  std::optional<Result<T>> result_;
  std::exception_ptr exception_;
};

/// The working side's end of an operation: completes it once. Home loop's thread only. One that is destroyed unused completes with `failed`, so that nobody waits for ever.
template <class T>
class Completer {
 public:
  Completer() noexcept = default;
  explicit Completer(NodePointer<OperationNode<T>> node) noexcept : node_(std::move(node)) {}
  Completer(Completer&&) noexcept = default;
  Completer& operator=(Completer&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Completer() {
    if (node_) node_->answer_dropped();
  }

  /// Completes it; later calls do nothing.
  void operator()(Result<T> result) noexcept {
    if (const auto node = std::move(node_)) node->complete(std::move(result));
  }
  /// False after the end, early or not.
  [[nodiscard]] bool pending() const noexcept { return node_ && node_->pending(); }
  /// True if the caller gave a limit of his own for the whole operation.
  [[nodiscard]] bool has_own_timeout() const noexcept { return node_ && node_->has_own_timeout(); }
  /// Called once if the operation ends early: by cancel, time-out, or because nobody wants it any more.
  void on_early_end(unique_function<void()> hook) noexcept { node_->on_early_end(std::move(hook)); }
  explicit operator bool() const noexcept { return static_cast<bool>(node_); }

 private:
  NodePointer<OperationNode<T>> node_;
};

/// The node of `make_operation`: begins by calling its starter with a completer.
template <class T, class Starter>
class StarterNode final : public OperationNode<T> {
 public:
  StarterNode(std::shared_ptr<Loop> home, const char* name, std::optional<Duration> timeout, Starter&& starter)
      : OperationNode<T>(std::move(home), name, timeout), starter_(std::move(starter)) {}

 private:
  void begin() override { starter_(Completer<T>(NodePointer<OperationNode<T>>::share(this))); }

  Starter starter_;
};

}  // namespace blau::detail
