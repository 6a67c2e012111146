#pragma once

#include <blau/detail/ring.hpp>
#include <blau/stream.hpp>
#include <blau/task.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace blau::detail {

/// Feeds a coroutine callback one value at a time: the next waits, in a bounded queue, until the coroutine has ended. The loop's thread only.
template <class Value>
class CallbackQueue : public std::enable_shared_from_this<CallbackQueue<Value>> {
 public:
  /// @param begin makes the coroutine for a value, which lives as long as the coroutine
  CallbackQueue(Loop& loop, const StreamOptions& options, unique_function<Task<void>(const Value&)> begin)
      : loop_(loop), waiting_(options.capacity), overflow_(options.overflow), begin_(std::move(begin)) {}

  void push(Value value) {
    if (closed_) return;
    if (!running_) return start(std::move(value));
    if (waiting_.full()) {
      ++dropped_;
      if (overflow_ == Overflow::drop_newest) return;
      waiting_.drop_front();
    }
    waiting_.push_with([&value](Value& place) { place = std::move(value); });
  }

  /// What waits is not delivered any more; the coroutine that runs may end.
  void stop() noexcept {
    closed_ = true;
    while (!waiting_.empty()) waiting_.drop_front();
  }
  /// Nothing of the callback runs any more.
  void destroy() noexcept {
    stop();
    if (const auto running = std::move(running_)) running->stop();
  }
  [[nodiscard]] bool idle() const noexcept { return !running_; }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  using Running = NodePointer<TaskNode<void>>;

  void start(Value value) {
    auto task = run(this->shared_from_this(), std::move(value));
    running_ = Running::adopt(new TaskNode<void>(loop_.shared_from_this(), task.release()));
    auto* node = running_.get();
    node->start([self = this->shared_from_this(), node] { self->ended(*node); }, OperationBase::Delivery::loop,
                nullptr);
  }

  static Task<void> run(std::shared_ptr<CallbackQueue> self, Value value) {
    auto callback = self->begin_(value);
    co_await std::move(callback);
  }

  void ended(TaskNode<void>& node) {
    const auto result = node.take();
    running_ = Running();
    if (!closed_ && !waiting_.empty()) start(waiting_.pop());
    if (result || loop_.closing()) return;
    if (closed_ && result.error().code() == ErrorCode::canceled) return;
    loop_.unhandled(node.exception() ? node.exception() : std::make_exception_ptr(result.error()));
  }

  Loop& loop_;
  Ring<Value> waiting_;
  const Overflow overflow_;
  unique_function<Task<void>(const Value&)> begin_;
  Running running_;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace blau::detail
