#pragma once

#include <blau/detail/loop.hpp>
#include <blau/detail/ring.hpp>
#include <blau/operation.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace blau {

/// What a full stream does with one more value. Either way it is counted.
enum class Overflow : std::uint8_t {
  drop_oldest,  ///< makes room: the newest values count
  drop_newest,  ///< refuses it: the first values count
};

/// How much a stream holds for a reader that is slow.
struct StreamOptions {
  std::size_t capacity = 1024;                ///< at least 1
  Overflow overflow = Overflow::drop_oldest;  ///< which value a full one loses
};

namespace detail {

/// Who waits for the next value of a channel. The home loop's thread.
class ChannelWaiter {
 public:
  /// A value is there, or the stream has ended.
  virtual void value_ready() noexcept = 0;

 protected:
  ~ChannelWaiter() = default;
};

/// What a stream and its source share. Waiting and pushing happen on the home loop; a value is taken on the reader's thread, on delivery, so that a reader who
/// gave up leaves it here.
template <class T>
class Channel {
 public:
  Channel(std::shared_ptr<Loop> home, const StreamOptions& options)
      : home_(std::move(home)), values_(options.capacity), overflow_(options.overflow) {}

  // The home loop's thread.

  void push(T value) {
    push_with([&value](T& place) { place = std::move(value); });
  }
  /// Lets `fill(T&)` write the value over an old one, whose buffers it may use again.
  template <class Fill>
  void push_with(Fill&& fill) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;
      if (values_.full()) {
        ++dropped_;
        if (overflow_ == Overflow::drop_newest) return;
        values_.drop_front();
      }
      values_.push_with(fill);
    }
    notify();
  }
  /// No value comes any more. What is queued can still be read. The first reason counts.
  void end(std::optional<Error> reason) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;
      ended_ = true;
      reason_ = std::move(reason);
    }
    notify();
  }
  /// The reader's only, see `begin_reading`.
  void wait(ChannelWaiter& waiter) noexcept { waiter_ = &waiter; }
  void stop_waiting() noexcept { waiter_ = nullptr; }
  /// Called once on the home loop when the reader lets the stream go.
  void on_abandoned(unique_function<void()> hook) noexcept { on_abandoned_ = std::move(hook); }

  // Any thread.

  /// Makes the caller the one reader, until it has taken its value or given up: what `has_news` promised to one must not go to another.
  /// False if there is one already.
  [[nodiscard]] bool begin_reading() noexcept { return !is_read_.exchange(true, std::memory_order_acquire); }
  void end_reading() noexcept { is_read_.store(false, std::memory_order_release); }
  [[nodiscard]] bool has_news() const {
    const std::lock_guard lock(mutex_);
    return ended_ || !values_.empty();
  }
  [[nodiscard]] std::optional<T> take() {
    const std::lock_guard lock(mutex_);
    if (values_.empty()) return std::nullopt;
    return values_.pop();
  }
  /// As `take`, but swaps with `out`; false where `take` gives nothing.
  [[nodiscard]] bool take_into(T& out) {
    const std::lock_guard lock(mutex_);
    if (values_.empty()) return false;
    values_.pop_into(out);
    return true;
  }
  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }
  [[nodiscard]] std::optional<Error> reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }
  /// The reader is gone.
  static void abandon(std::shared_ptr<Channel> channel) {
    auto& loop = *channel->home_;
    auto tell = [channel = std::move(channel)] {
      channel->end(std::nullopt);
      if (auto hook = std::move(channel->on_abandoned_)) hook();
    };
    if (loop.on_thread()) {
      tell();
    } else {
      loop.post(std::move(tell));
    }
  }
  [[nodiscard]] const std::shared_ptr<Loop>& home() const noexcept { return home_; }

 private:
  void notify() noexcept {
    if (auto* waiter = std::exchange(waiter_, nullptr)) waiter->value_ready();
  }

  const std::shared_ptr<Loop> home_;
  mutable std::mutex mutex_;
  Ring<T> values_;
  const Overflow overflow_;
  std::uint64_t dropped_ = 0;
  bool ended_ = false;
  std::optional<Error> reason_;
  ChannelWaiter* waiter_ = nullptr;
  std::atomic<bool> is_read_{false};
  unique_function<void()> on_abandoned_;
};

[[nodiscard]] BLAU_API Error stream_is_awaited_error();
[[nodiscard]] BLAU_API Error canceled_error();

/// `next()` as an operation: for `get`, `start`, time-outs, combinators, and readers on other loops.
template <class T>
class NextNode final : public OperationNode<std::optional<T>>, private ChannelWaiter {
 public:
  explicit NextNode(std::shared_ptr<Channel<T>> channel)
      : OperationNode<std::optional<T>>(channel->home(), "next", std::nullopt), channel_(std::move(channel)) {}

  [[nodiscard]] Result<std::optional<T>> take() override {
    if (!*this->result_) return std::move(*this->result_);
    Result<std::optional<T>> taken = channel_->take();
    let_go();
    return taken;
  }

 private:
  void begin() override {
    if (!channel_->begin_reading()) throw stream_is_awaited_error();
    reads_ = true;
    if (channel_->has_news()) return value_ready();
    channel_->wait(*this);
    this->on_early_end([this] {
      channel_->stop_waiting();
      let_go();
    });
  }
  void value_ready() noexcept override { this->complete(Result<std::optional<T>>(std::nullopt)); }
  void let_go() noexcept override {
    if (reads_.exchange(false)) channel_->end_reading();
  }

  std::shared_ptr<Channel<T>> channel_;
  std::atomic<bool> reads_{false};  // given up at home, delivered on the reader's thread
};

/// What `Stream::next` gives. Awaited in a Task of the stream's own loop it lives in the coroutine's frame and costs no allocation; everything else makes it an operation.
template <class T>
class [[nodiscard]] NextValue : private ReadyNode, private ChannelWaiter, private Cancelable {
 public:
  explicit NextValue(std::shared_ptr<Channel<T>> channel) noexcept : channel_(std::move(channel)) {}
  ~NextValue() {
    if (state_ != State::idle) give_up();
  }

  [[nodiscard]] Operation<std::optional<T>> as_operation() {
    auto* node = new NextNode<T>(channel_);
    return Operation<std::optional<T>>(NodePointer<OperationNode<std::optional<T>>>::adopt(node));
  }
  operator Operation<std::optional<T>>() { return as_operation(); }  // NOLINT: for the combinators

  std::optional<T> get() { return as_operation().get(); }
  template <class Callback>
  void start(Callback&& callback) {
    as_operation().start(std::forward<Callback>(callback));
  }
  [[nodiscard]] auto as_result() { return as_operation().as_result(); }
  [[nodiscard]] auto timeout(std::chrono::nanoseconds limit) { return as_operation().timeout(limit); }
  [[nodiscard]] auto cancel_with(std::stop_token token) { return as_operation().cancel_with(std::move(token)); }
  [[nodiscard]] auto on(Executor& executor) { return as_operation().on(executor); }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if constexpr (IsTaskPromise<Promise>) {
      if (coroutine.promise().loop == channel_->home().get()) return suspend_here(coroutine);
    }
    elsewhere_.emplace(as_operation().node());
    elsewhere_->await_suspend(coroutine);
    return true;
  }

  std::optional<T> await_resume() {
    if (elsewhere_) return elsewhere_->await_resume();
    const Reading reading = finish_wait();
    return channel_->take();
  }

 protected:
  [[nodiscard]] bool resume_into(T& out) {
    if (elsewhere_) {
      auto value = elsewhere_->await_resume();
      if (value) out = std::move(*value);
      return value.has_value();
    }
    const Reading reading = finish_wait();
    return channel_->take_into(out);
  }

 private:
  enum class State : std::uint8_t { idle, waiting, queued, canceled, refused };

  /// Ends the turn of the one reader.
  struct Reading {
    explicit Reading(Channel<T>& read) noexcept : channel(read) {}
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { channel.end_reading(); }
    Channel<T>& channel;
  };

  Reading finish_wait() {
    const auto state = std::exchange(state_, State::idle);
    if (auto* promise = std::exchange(promise_, nullptr)) promise->resumed(state == State::canceled);
    if (state == State::canceled) throw canceled_error();
    if (state == State::refused) throw stream_is_awaited_error();
    return Reading(*channel_);
  }

  template <class Promise>
  bool suspend_here(std::coroutine_handle<Promise> coroutine) {
    auto& promise = coroutine.promise();
    if (promise.take_cancel()) return resume_at_once(State::canceled);
    if (!channel_->begin_reading()) return resume_at_once(State::refused);
    if (channel_->has_news()) return resume_at_once(State::queued);
    channel_->wait(*this);
    state_ = State::waiting;
    coroutine_ = coroutine;
    promise_ = &promise;
    promise.await(this);
    return true;
  }
  bool resume_at_once(State state) noexcept {
    state_ = state;
    return false;
  }
  void value_ready() noexcept override { wake(State::queued); }
  void cancel() noexcept override {
    if (state_ != State::waiting) return;
    channel_->stop_waiting();
    channel_->end_reading();
    wake(State::canceled);
  }
  void wake(State state) noexcept {
    state_ = state;
    (void)channel_->home()->schedule(*this);
  }
  void give_up() noexcept {
    if (state_ == State::waiting) channel_->stop_waiting();
    if (state_ == State::waiting || state_ == State::queued) channel_->end_reading();
    channel_->home()->unschedule(*this);
    if (promise_) promise_->await(nullptr);
  }
  void run() override { promise_->resume(coroutine_); }
  void drop() noexcept override {}

  std::shared_ptr<Channel<T>> channel_;
  State state_ = State::idle;
  std::coroutine_handle<> coroutine_;
  TaskPromiseBase* promise_ = nullptr;
  std::optional<OperationAwaiter<std::optional<T>>> elsewhere_;
};

/// What `Stream::next_into` gives.
template <class T>
class [[nodiscard]] NextInto : private NextValue<T> {
 public:
  NextInto(std::shared_ptr<Channel<T>> channel, T& out) noexcept : NextValue<T>(std::move(channel)), out_(&out) {}
  using NextValue<T>::await_ready;
  using NextValue<T>::await_suspend;
  bool await_resume() { return this->resume_into(*out_); }

 private:
  T* out_;
};

}  // namespace detail

/// Many results, in order: `while (auto value = co_await stream.next())`. Move-only; letting it go ends what feeds it.
///
/// Bounded: a reader that is too slow loses values as `StreamOptions::overflow` says, and `dropped` tells how many. A value leaves the stream only when it is delivered: a canceled
/// `next`, or one that lost in `when_any`, leaves it.
///
/// **Threads.** One reader at a time, on any thread.
template <class T>
class Stream {
 public:
  /// An empty place for a stream.
  Stream() noexcept = default;
  /// For the library.
  explicit Stream(std::shared_ptr<detail::Channel<T>> channel) noexcept : channel_(std::move(channel)) {}
  /// Takes it over; what was moved from is empty.
  Stream(Stream&&) noexcept = default;
  /// Swaps the two.
  Stream& operator=(Stream&& other) noexcept {
    std::swap(channel_, other.channel_);
    return *this;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    if (channel_) detail::Channel<T>::abandon(std::move(channel_));
  }

  /// The next value; empty when the stream has ended. Await it, or `get`, `start`, `timeout` and so on as with an `Operation`.
  /// Errors: `busy` while another `next` waits, `canceled`, `timed_out`. @throws Error `invalid_argument` at once if this stream was moved away.
  [[nodiscard]] detail::NextValue<T> next() { return detail::NextValue<T>(channel()); }

  /// Awaits the next value and swaps it with `out`, whose buffer is used again: no allocation at all. False when the stream has ended.
  /// `out` must live until then. Errors as `next`.
  [[nodiscard]] detail::NextInto<T> next_into(T& out) { return detail::NextInto<T>(channel(), out); }

  /// How many values were lost because the reader was too slow.
  [[nodiscard]] std::uint64_t dropped() const { return channel_ ? channel_->dropped() : 0; }

  /// Why it ended, where that was an error: `disconnected`, `loop_closed` and so on. Empty while it runs and after a regular end.
  [[nodiscard]] std::optional<Error> end_reason() const { return channel_ ? channel_->reason() : std::nullopt; }

 private:
  [[nodiscard]] const std::shared_ptr<detail::Channel<T>>& channel() const {
    if (!channel_) throw Error(ErrorCode::invalid_argument, "this stream was moved away");
    return channel_;
  }

  std::shared_ptr<detail::Channel<T>> channel_;
};

}  // namespace blau
