#include "log_internal.hpp"

#include <blau/detail/operation_node.hpp>
#include <blau/stream.hpp>

#include <condition_variable>
#include <mutex>
#include <string>

namespace blau {

Executor::~Executor() = default;

namespace detail {

Error canceled_error() { return {ErrorCode::canceled, "the operation was canceled"}; }

Error stream_is_awaited_error() {
  return {ErrorCode::busy, "somebody waits for this stream's next value already; one reader at a time"};
}

namespace {

Error loop_closed_error() {
  return {ErrorCode::loop_closed, "the event loop of this object has ended; make a new object on a loop that runs"};
}

std::string in_seconds(Duration duration) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (milliseconds % 1000 == 0) return std::to_string(milliseconds / 1000) + " s";
  return std::to_string(milliseconds) + " ms";
}

/// What an executor gets: runs the delivery or, destroyed unrun, gives it up.
class ExecutorDelivery {
 public:
  using Deliver = void (*)(OperationBase&, bool wanted) noexcept;
  ExecutorDelivery(OperationBase& operation, Deliver deliver) noexcept : operation_(&operation), deliver_(deliver) {}
  ExecutorDelivery(ExecutorDelivery&& other) noexcept
      : operation_(std::exchange(other.operation_, nullptr)), deliver_(other.deliver_) {}
  ExecutorDelivery& operator=(ExecutorDelivery&&) = delete;
  ~ExecutorDelivery() {
    if (operation_) deliver_(*operation_, false);
  }
  void operator()() { deliver_(*std::exchange(operation_, nullptr), true); }

 private:
  OperationBase* operation_;
  Deliver deliver_;
};

}  // namespace

OperationBase::OperationBase(std::shared_ptr<Loop> home, const char* name, std::optional<Duration> timeout) noexcept
    : home_(std::move(home)), name_(name), timeout_(timeout) {}

OperationBase::~OperationBase() = default;

void OperationBase::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void OperationBase::start(unique_function<void()> deliver, Delivery delivery, std::shared_ptr<Loop> target) {
  if (phase_ != Phase::idle) throw Error(ErrorCode::invalid_argument, "this operation was started before");
  if (!home_) home_ = target ? target : choose_home(false);
  deliver_ = std::move(deliver);
  delivery_ = delivery;
  target_ = target ? std::move(target) : home_;
  add_ref();  // the loop's, until it is delivered
  if (target_ != home_ && target_->is_virtual()) {
    target_->hold();
    holds_target_ = true;
  }
  phase_ = Phase::started;
  if (home_->on_thread()) return begin_at_home();
  if (!home_->schedule(*this)) fail_unstarted(loop_closed_error());
}

void OperationBase::add_homes(std::vector<std::shared_ptr<Loop>>& homes) {
  if (home_) homes.push_back(home_);
}

// Of what has no object. On a plain thread combinators live with what they were given, so that whoever waits for them drives that.
std::shared_ptr<Loop> OperationBase::choose_home(bool waits) {
  if (auto* current = Loop::current()) return current->shared_from_this();
  std::vector<std::shared_ptr<Loop>> homes;
  add_homes(homes);
  std::shared_ptr<Loop> chosen;
  bool is_run = true;
  for (auto& home : homes) {
    if (!home->wants_driver() || home->closing() || home == chosen) continue;
    const bool stands = !home->is_run();
    if (waits && stands && !is_run) {
      throw Error(
          ErrorCode::would_deadlock,
          "these operations belong to two event loops that nobody runs, and one thread cannot run both; wait for "
          "them one after another, or run the loops on threads of their own");
    }
    if (chosen && !stands) continue;
    chosen = std::move(home);
    is_run = !stands;
  }
  return chosen ? chosen : Loop::background();
}

void OperationBase::begin_at_home() noexcept {
  phase_ = Phase::running;
  home_->adopt(*this);
  if (home_->closing()) return end_early(loop_closed_error());
  if (cancel_requested_ || stop_token_.stop_requested()) return end_canceled();
  const auto self = NodePointer<OperationBase>::share(this);  // the work may complete it at once
  arm();
  if (!settled()) begin_guarded();
}

void OperationBase::begin_guarded() noexcept {
  beginning_ = true;
  try {
    begin();
  } catch (const Error& error) {
    if (settled()) return;
    store_error(error);
    settle();
  } catch (...) {
    if (settled()) return;
    store_exception(std::current_exception());
    settle();
  }
  beginning_ = false;
  if (answer_dropped_) answer_dropped();
}

// An exception that leaves the starter destroys the Completer on its way, and is the better answer.
void OperationBase::answer_dropped() noexcept {
  if (!pending()) return;
  answer_dropped_ = true;
  if (beginning_) return;
  store_error({ErrorCode::failed, "the request was dropped without an answer: a defect of the backend"});
  settle();
}

void OperationBase::arm() noexcept {
  if (timeout_) deadline_.start_after(*home_, *timeout_, [this] { end_early(timed_out_error()); });
  if (stop_token_.stop_possible()) stop_callback_.emplace(stop_token_, StopRequested{this});
}

Error OperationBase::timed_out_error() const {
  return {ErrorCode::timed_out, std::string(name_) + " took longer than its limit of " + in_seconds(*timeout_)};
}

void OperationBase::cancel() noexcept {
  if (home_->on_thread()) {
    cancel_requested_ = true;
    return end_canceled();
  }
  home_->post([self = NodePointer<OperationBase>::share(this)] { self->cancel(); });
}

void OperationBase::end_canceled() noexcept {
  if (phase_ != Phase::running || early_error_) return;
  took_cancel_ = true;
  end_early(canceled_error());
}

void OperationBase::on_early_end(unique_function<void()> hook) noexcept {
  if (!settled()) {
    on_early_end_ = std::move(hook);
  } else if (ended_early_) {
    hook();
  }
}

void OperationBase::end_early(const Error& error) noexcept {
  if (phase_ != Phase::running) return;
  const auto self = NodePointer<OperationBase>::share(this);
  ended_early_ = true;
  if (outlasts_early_end_) {
    if (early_error_) return;
    early_error_ = error;
    if (on_early_end_) return on_early_end_();
    store_error(error);
    settle();
    return;
  }
  auto hook = std::move(on_early_end_);
  store_error(error);
  settle();
  if (hook) hook();
}

void OperationBase::close() noexcept { end_early({ErrorCode::canceled, "the event loop ended before the operation"}); }

void OperationBase::close_at_last() noexcept {
  if (!pending()) return;
  const auto self = NodePointer<OperationBase>::share(this);
  store_error(early_error_.value_or(canceled_error()));
  settle();
}

bool OperationBase::settle() noexcept {
  if (settled()) return false;
  phase_ = Phase::settled;
  deadline_.stop();
  stop_callback_.reset();
  if (registered_) home_->disown(*this);
  auto hook = std::move(on_early_end_);  // what it holds on to ends here, after the hand-over
  dispatch();
  return true;
}

void OperationBase::dispatch() noexcept {
  switch (delivery_) {
    case Delivery::direct: return deliver_now();
    case Delivery::executor:
      return executor_->post(ExecutorDelivery(
          *this, [](OperationBase& operation, bool wanted) noexcept { operation.deliver_on_executor(wanted); }));
    case Delivery::loop: {
      const auto target = target_;  // once it is queued, its delivery may let the loop's last owner go
      if (!target->schedule(*this)) redirect_to_background();
    }
  }
}

// The loop that was to take the result has ended. A Task that awaited it ended with its loop and has detached.
void OperationBase::redirect_to_background() noexcept {
  if (std::exchange(holds_target_, false)) target_->release();
  const auto background = Loop::background();
  target_ = background;
  if (background->schedule(*this)) return;
  deliver_.reset();  // the process ends
  deliver_now();
}

void OperationBase::fail_unstarted(const Error& error) noexcept {
  store_error(error);
  phase_ = Phase::settled;
  dispatch();
}

void OperationBase::run() {
  if (phase_ == Phase::started) return begin_at_home();
  deliver_now();
}

void OperationBase::drop() noexcept {
  if (phase_ == Phase::started) return fail_unstarted(loop_closed_error());
  if (deliver_) return redirect_to_background();
  deliver_now();
}

void OperationBase::deliver_now() {
  const auto self = NodePointer<OperationBase>::adopt(this);
  if (std::exchange(holds_target_, false)) target_->release();
  delivered_ = true;
  if (auto deliver = std::move(deliver_)) deliver();
  if (delivery_ != Delivery::direct) let_go();
}

// Nothing unwinds into the user's executor: an exception goes where those of the loop's callbacks go.
void OperationBase::deliver_on_executor(bool wanted) noexcept {
  const auto loop = home_;
  if (!wanted) deliver_.reset();
  try {
    deliver_now();
  } catch (...) {
    loop->unhandled_elsewhere(std::current_exception());
  }
}

void OperationBase::detach() noexcept {
  if (delivered_) return;
  deliver_.reset();
  if (home_->on_thread() && settled()) return let_go();
  cancel();
}

void OperationBase::wait() {
  if (Loop::current()) {
    throw Error(ErrorCode::would_deadlock,
                "get() would block the event loop that has to do the work; await or start the operation here");
  }
  if (!home_) home_ = choose_home(true);
  std::mutex mutex;
  std::condition_variable changed;
  bool there = false;
  const auto loop = home_;
  auto signal = [&mutex, &changed, &there, loop] {  // its own `loop`: after `there` the waiting frame may be gone
    {
      const std::lock_guard lock(mutex);
      there = true;
      changed.notify_all();
    }
    if (loop->wants_driver()) loop->tell_waiters();
  };
  start(signal, Delivery::direct, nullptr);
  if (home_->wants_driver()) {
    try {
      return loop->drive_until([&] {
        const std::lock_guard lock(mutex);
        return there;
      });
    } catch (...) {  // world stalled, or a callback threw: what waits here must not be told any more
      loop->run_and_wait([this] { detach(); });
      throw;
    }
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return there; });
}

}  // namespace detail
}  // namespace blau
