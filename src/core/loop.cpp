#include "loop_impl.hpp"

#include "log_internal.hpp"
#include "process_exit.hpp"

#include <blau/error.hpp>

#include <asio/post.hpp>

#include <utility>

namespace blau::detail {
namespace {

thread_local Loop* current_loop = nullptr;

Source source_of_this_thread() noexcept {
  thread_local const Source source = new_source();
  return source;
}

/// A posted call.
class PostNode final : public ReadyNode {
 public:
  explicit PostNode(unique_function<void()> call) noexcept : call_(std::move(call)) {}
  void run() override {
    const std::unique_ptr<PostNode> self(this);
    call_();
  }
  void drop() noexcept override { delete this; }

 private:
  unique_function<void()> call_;
};

/// Makes this thread the one that runs the loop, as soon as no other does.
class Runner {
 public:
  /// A guest takes the loop only where no owner wants it, and leaves when one does: `Loop::drive_until`.
  enum class Kind : std::uint8_t { owner, guest };

  Runner(Loop& loop, const std::function<bool()>& give_up, Kind kind = Kind::owner)
      : loop_(loop), previous_(current_loop) {
    auto& impl = loop.impl();
    std::unique_lock lock(impl.mutex);
    runs_ = kind == Kind::owner ? wait_as_owner(lock, give_up) : wait_as_guest(lock, give_up);
    if (!runs_) return;
    impl.occupied = true;
    impl.by_guest = kind == Kind::guest;
    current_loop = &loop;
  }
  ~Runner() {
    if (!runs_) return;
    current_loop = previous_;
    auto& impl = loop_.impl();
    const std::lock_guard lock(impl.mutex);
    impl.occupied = false;
    impl.runner_left.notify_all();  // under the lock: who is told may destroy the loop
  }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  [[nodiscard]] bool runs() const noexcept { return runs_; }

 private:
  bool wait_as_owner(std::unique_lock<std::mutex>& lock, const std::function<bool()>& give_up) {
    auto& impl = loop_.impl();
    if (impl.occupied && !give_up()) {
      ++impl.owners_waiting;
      if (impl.by_guest) impl.wake();
      impl.runner_left.wait(lock, [&] { return !impl.occupied || give_up(); });
      if (--impl.owners_waiting == 0) impl.runner_left.notify_all();  // guests may have their turn
    }
    return !impl.occupied;
  }
  bool wait_as_guest(std::unique_lock<std::mutex>& lock, const std::function<bool()>& give_up) {
    auto& impl = loop_.impl();
    const auto is_free = [&impl] { return !impl.occupied && impl.owners_waiting == 0; };
    impl.runner_left.wait(lock, [&] { return is_free() || give_up(); });
    return is_free();
  }

  Loop& loop_;
  Loop* previous_;
  bool runs_ = false;
};

/// A posted call that another thread waits for, and keeps. Tells that thread the end, whether it ran or not: the loop may close before its turn.
class AwaitedCall {
 public:
  struct State {
    unique_function<void()> call;
    bool ran = false;  // the loop's thread, then after `ended` the waiting one's
    std::atomic<bool> ended{false};
  };
  AwaitedCall(Loop& loop, State& state) noexcept : loop_(&loop), state_(&state) {}
  AwaitedCall(AwaitedCall&& other) noexcept : loop_(other.loop_), state_(std::exchange(other.state_, nullptr)) {}
  AwaitedCall& operator=(AwaitedCall&&) = delete;
  ~AwaitedCall() {
    if (!state_) return;
    const auto keep = loop_->weak_from_this().lock();
    state_->ended.store(true);
    loop_->wake();
  }
  void operator()() {
    state_->ran = true;
    state_->call();
  }

 private:
  Loop* loop_;
  State* state_;
};

bool never() { return false; }

}  // namespace

std::shared_ptr<Loop> Loop::make(const LoopSettings& settings) { return std::shared_ptr<Loop>(new Loop(settings)); }

Loop::Loop(const LoopSettings& settings) : impl_(std::make_unique<Impl>(settings)) {}

Loop::~Loop() {
  if (!closed()) close();
}

Loop* Loop::current() noexcept { return current_loop; }

std::shared_ptr<Loop> Loop::current_or_background() {
  if (current_loop) return current_loop->shared_from_this();
  return background();
}

bool Loop::is_virtual() const noexcept { return impl_->settings.virtual_time; }

bool Loop::closing() const noexcept { return impl_->closing.load(std::memory_order_acquire); }

TimePoint Loop::now() const noexcept { return impl_->now(); }

EventLoop& Loop::facade() noexcept { return *impl_->facade; }

bool Loop::schedule(ReadyNode& node) noexcept {
  if (on_thread()) {
    if (impl_->ended) return false;  // only this thread writes it
    node.source_ = impl_->source;
    impl_->ready.push(node);
    return true;
  }
  node.source_ = impl_->settings.order_seed ? source_of_this_thread() : 0;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->ended) return false;
    impl_->inbox.push(node);
  }
  impl_->wake();
  return true;
}

void Loop::unschedule(ReadyNode& node) noexcept { impl_->ready.remove(node); }

bool Loop::post(unique_function<void()> call) {
  auto node = std::make_unique<PostNode>(std::move(call));
  if (!schedule(*node)) return false;
  (void)node.release();
  return true;
}

void Loop::hold() noexcept { impl_->holds.fetch_add(1); }

void Loop::release() noexcept {
  if (impl_->holds.fetch_sub(1) == 1) impl_->wake();
}

void Loop::wake() noexcept {
  tell_waiters();
  impl_->wake();
}

void Loop::tell_waiters() noexcept {
  const std::lock_guard lock(impl_->mutex);  // a waiter between its look and its wait must not miss this
  impl_->runner_left.notify_all();
}

void Loop::unhandled(std::exception_ptr exception) noexcept {
  const bool ends_run = !impl_->survives_exceptions && !closing() && !impl_->pending_exception;
  if (ends_run) {
    impl_->pending_exception = std::move(exception);
    return;
  }
  log_exception("a callback let an exception out", exception);
  if (!impl_->survives_exceptions || !impl_->on_unhandled) return;
  try {
    const auto handler = impl_->on_unhandled;  // it may replace itself
    handler(std::move(exception));
  } catch (...) {
    log_exception("the handler of unhandled exceptions let one out", std::current_exception());
  }
}

void Loop::unhandled_elsewhere(std::exception_ptr exception) noexcept {
  if (closed()) return log_exception("a callback let an exception out", exception);
  post([this, exception] { unhandled(exception); });
}

void Loop::adopt(OperationBase& operation) noexcept {
  operation.registered_ = true;
  operation.registry_previous_ = nullptr;
  operation.registry_next_ = impl_->first_operation;
  if (impl_->first_operation) impl_->first_operation->registry_previous_ = &operation;
  impl_->first_operation = &operation;
}

void Loop::disown(OperationBase& operation) noexcept {
  auto*& before = operation.registry_previous_ ? operation.registry_previous_->registry_next_ : impl_->first_operation;
  before = operation.registry_next_;
  if (operation.registry_next_) operation.registry_next_->registry_previous_ = operation.registry_previous_;
  operation.registry_previous_ = operation.registry_next_ = nullptr;
  operation.registered_ = false;
}

std::shared_ptr<void> Loop::find_service(const std::string& name) const {
  const auto found = impl_->services.find(name);
  return found == impl_->services.end() ? nullptr : found->second;
}

void Loop::add_service(const std::string& name, std::shared_ptr<void> service) {
  impl_->services[name] = std::move(service);
}

bool Loop::is_run() const noexcept {
  const std::lock_guard lock(impl_->mutex);
  return impl_->occupied;
}

Source Loop::source() const noexcept { return impl_->source; }

bool Loop::wants_driver() const noexcept { return impl_->wants_driver.load(); }
void Loop::set_wants_driver(bool wants) noexcept { impl_->wants_driver.store(wants); }

bool Loop::closed() const noexcept {
  const std::lock_guard lock(impl_->mutex);
  return impl_->ended;
}

void Loop::run_until(unique_function<bool()> done) {
  if (current_loop) {
    throw Error(ErrorCode::would_deadlock, "this thread runs an event loop already; await here instead of waiting");
  }
  const Runner runner(*this, [&done] { return done(); });
  if (!runner.runs()) return;
  for (;;) {
    const bool ends = done();
    if (impl_->pending_exception) std::rethrow_exception(std::exchange(impl_->pending_exception, nullptr));
    if (ends) return;
    if (!impl_->run_one(*this)) impl_->wait_for_work(*this);
  }
}

void Loop::drive_until(unique_function<bool()> done) {
  for (;;) {
    const Runner guest(*this, [&done] { return done(); }, Runner::Kind::guest);
    if (!guest.runs()) return;
    while (impl_->owners_waiting == 0) {
      const bool ends = done();
      if (impl_->pending_exception) std::rethrow_exception(std::exchange(impl_->pending_exception, nullptr));
      if (ends) return;
      if (!impl_->run_one(*this)) impl_->wait_for_work(*this);
    }
  }
}

void Loop::run_and_wait(unique_function<void()> call) {
  if (on_thread()) return call();
  {
    const Runner alone(*this, [] { return true; }, Runner::Kind::guest);
    if (alone.runs()) return call();
  }
  AwaitedCall::State state{std::move(call)};
  post(AwaitedCall(*this, state));
  // Whoever runs the loop may leave it before the call's turn: then it is this thread's. Who closes it may drop the call.
  {
    const Runner successor(*this, [&state] { return state.ended.load(); }, Runner::Kind::guest);
    for (; !state.ended.load(); impl_->run_one(*this)) impl_->collect();
  }
  if (state.ran) return;
  const Runner last(*this, never);
  state.call();
}

void Loop::disconnect_begins() noexcept { ++impl_->pending_disconnects; }
void Loop::disconnect_ends() noexcept { --impl_->pending_disconnects; }

void Loop::finish_disconnects() {
  constexpr std::chrono::seconds patience{2};
  bool expired = false;
  Timer limit;
  bool begun = false;
  run_until([&] {
    if (!std::exchange(begun, true)) limit.start_after(*this, patience, [&expired] { expired = true; });
    if (!expired && impl_->pending_disconnects > 0) return false;
    limit.stop();
    return true;
  });
}

void Loop::close() noexcept {
  std::optional<Runner> runner;
  if (!on_thread()) runner.emplace(*this, never);
  if (impl_->closing.exchange(true)) return;
  auto outlasting = impl_->close_operations(*this);
  while (auto* member = impl_->first_member) {
    member->leave();
    member->loop_closing();
  }
  impl_->drain(*this);
  while (impl_->first_root) impl_->first_root->abandon();
  impl_->drain(*this);
  for (const auto& operation : outlasting) operation->close_at_last();  // they wait for another loop
  outlasting.clear();
  impl_->drain(*this);
  std::exchange(impl_->services, {}).clear();
  impl_->drain(*this);
  impl_->timers.clear();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ended = true;
  }
  for (impl_->collect(); !impl_->ready.empty(); impl_->collect()) impl_->ready.pop().drop();
}

void Loop::process_exits() noexcept {
  // What is virtual ends with the process anyway. The background loop's thread ends by itself, in order.
  if (is_virtual() || closed() || (!on_thread() && is_run())) return;
  run_and_wait([this] {
    for (auto* member = impl_->first_member; member; member = member->next_) member->process_exits();
  });
}

Source new_source() noexcept {
  static std::atomic<Source> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

SourceScope::SourceScope(Loop& loop, Source source) noexcept
    : loop_(loop), before_(std::exchange(loop.impl().source, source)) {}

SourceScope::~SourceScope() { loop_.impl().source = before_; }

void LoopMember::leave() noexcept {
  if (!loop_) return;
  (previous_ ? previous_->next_ : loop_->impl().first_member) = next_;
  if (next_) next_->previous_ = previous_;
  loop_ = nullptr;
}

void LoopMember::join(Loop& loop) noexcept {
  loop_ = &loop;
  previous_ = nullptr;
  next_ = loop.impl().first_member;
  if (next_)
    next_->previous_ = this;
  else
    tell_of_exit(loop);
  loop.impl().first_member = this;
}

void Timer::start_at(Loop& loop, TimePoint when, unique_function<void()> on_expiry) {
  stop();
  if (loop.closing()) return;  // no time passes there any more
  loop_ = &loop;
  source_ = loop.source();
  on_expiry_ = std::move(on_expiry);
  loop.impl().timers.add(*this, when);
}

void Timer::start_after(Loop& loop, Duration delay, unique_function<void()> on_expiry) {
  const auto now = loop.now();
  const auto longest = TimePoint::max() - now;
  start_at(loop, delay < longest ? now + std::chrono::duration_cast<Clock::duration>(delay) : TimePoint::max(),
           std::move(on_expiry));
}

void Timer::stop() noexcept {
  if (position_ == idle) return;
  loop_->impl().timers.remove(*this);
  on_expiry_.reset();
}

}  // namespace blau::detail
