#include <blau/event_loop.hpp>

#include "event_loop_access.hpp"
#include "loop_impl.hpp"

#include <memory>
#include <thread>

namespace blau {

using detail::Loop;

namespace {

/// Spawned tasks end alone; one that ends because its loop does is no failure.
void report(const std::shared_ptr<Loop>& loop, const Result<void>& result, const std::exception_ptr& exception) {
  if (exception) return loop->unhandled(exception);
  if (result) return;
  const auto code = result.error().code();
  if (loop->closing() && (code == ErrorCode::canceled || code == ErrorCode::loop_closed)) return;
  loop->unhandled(std::make_exception_ptr(result.error()));
}

}  // namespace

namespace {

/// The background loop and its thread. Never destroyed, only ended: objects that outlive it find it closed.
class BackgroundLoop {
 public:
  BackgroundLoop() : facade_(detail::EventLoopAccess::make(Loop::make({}))) {
    facade_.loop()->impl().survives_exceptions = true;
    thread_ = std::thread([this] { work(); });
  }
  void end() {
    const auto& loop = facade_.loop();
    if (loop->on_thread()) return thread_.detach();  // the process exits from inside a callback
    loop->post([this] { ends_ = true; });
    thread_.join();
  }
  [[nodiscard]] EventLoop& facade() noexcept { return facade_; }

 private:
  void work() {
    const auto& loop = facade_.loop();
    loop->run_until([this] { return ends_; });
    loop->finish_disconnects();
    loop->close();
  }

  EventLoop facade_;
  bool ends_ = false;
  std::thread thread_;
};

BackgroundLoop& background_loop() {
  struct EndsWithProcess {
    ~EndsWithProcess() { loop.end(); }
    BackgroundLoop& loop = *new BackgroundLoop;
  };
  static EndsWithProcess guard;
  return guard.loop;
}

}  // namespace

EventLoop::EventLoop(std::shared_ptr<Loop> loop) : loop_(std::move(loop)) { loop_->impl().facade = this; }

EventLoop::EventLoop(const EventLoopOptions& options)
    : EventLoop(Loop::make({.virtual_time = false, .order_seed = options.order_seed})) {
  loop_->set_wants_driver(true);
}

EventLoop::~EventLoop() { loop_->close(); }

// Where nobody catches the exception nothing is unwound, and the links of other tasks would stay up.
void EventLoop::end_by_exception() noexcept { loop_->close(); }

bool LoopHandle::post(unique_function<void()> call) const {
  const auto loop = loop_.lock();
  return loop && loop->post(std::move(call));
}

EventLoop& EventLoop::background() { return background_loop().facade(); }

EventLoop* EventLoop::current() noexcept {
  auto* loop = Loop::current();
  return loop ? &loop->facade() : nullptr;
}

void EventLoop::post(unique_function<void()> call) { loop_->post(std::move(call)); }

void EventLoop::spawn(Task<void> task) {
  auto node = detail::make_task_operation(loop_, std::move(task)).node();
  auto* raw = node.get();
  raw->start([raw, loop = loop_] { report(loop, raw->take(), raw->exception()); },
             detail::OperationBase::Delivery::loop, nullptr);
}

void EventLoop::on_unhandled(std::function<void(std::exception_ptr)> handler) {
  loop_->run_and_wait([&] { loop_->impl().on_unhandled = std::move(handler); });
}

void EventLoop::drive(unique_function<void()> begin, const bool& ended, const RunOptions& options) {
  bool begun = false;
  bool expired = false;
  detail::Timer limit;
  auto done = [&] {
    if (!loop_->on_thread()) return false;  // another thread runs it still
    if (!std::exchange(begun, true)) {
      if (options.limit) limit.start_after(*loop_, *options.limit, [&expired] { expired = true; });
      begin();
    }
    return ended || expired;
  };
  // The loop may be another thread's by now.
  const auto stop_limit = [&] { loop_->run_and_wait([&limit] { limit.stop(); }); };
  try {
    loop_->run_until(done);
    if (!ended) throw Error(ErrorCode::timed_out, "run reached its limit before the task had ended");
  } catch (...) {
    if (ended)
      stop_limit();
    else if (begun)
      loop_->close();  // the task's frame must not outlive what it refers to
    throw;
  }
  stop_limit();
}

std::shared_ptr<Loop> detail::Loop::background() { return background_loop().facade().loop(); }

Operation<void> sleep_for(std::chrono::nanoseconds time) {
  class SleepNode final : public detail::OperationNode<void> {
   public:
    explicit SleepNode(std::chrono::nanoseconds time) noexcept
        : detail::OperationNode<void>(nullptr, "sleep_for", std::nullopt), time_(time) {}

   private:
    void begin() override {
      timer_.start_after(*home(), time_, [this] { complete(Result<void>()); });
      on_early_end([this] { timer_.stop(); });
    }
    std::chrono::nanoseconds time_;
    detail::Timer timer_;
  };
  return Operation<void>(detail::NodePointer<detail::OperationNode<void>>::adopt(new SleepNode(time)));
}

}  // namespace blau
