#include "connect_turns.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

namespace blau::detail {

struct ConnectTurns::Waiter {
  unique_function<void()> on_turn;
};

/// All queues of one backend instance.
struct ConnectTurns::Queues {
  std::shared_ptr<backend::Backend> backend;  // so that its address stays its own
  std::map<std::string, std::shared_ptr<Queue>> by_adapter;
  int connecting = 0;  // those, too, whose turn is over
};

class ConnectTurns::Queue final : public std::enable_shared_from_this<Queue> {
 public:
  Queue(Loop& loop, Queues& all) : loop_(loop), all_(all) {}

  void add(Waiter& waiter) {
    waiters_.push_back(&waiter);
    ++all_.connecting;
  }
  [[nodiscard]] bool is_first(const Waiter& waiter) const noexcept { return waiters_.front() == &waiter; }

  void begin() {
    limit_.start_after(loop_, longest_turn, [this] { next(); });
    // Empty where it has not asked to be told yet, or was told: a new waiter may lie where an old one lay.
    if (auto on_turn = std::exchange(waiters_.front()->on_turn, nullptr)) on_turn();
  }

  void remove(Waiter& waiter) noexcept {
    --all_.connecting;
    const auto place = std::find(waiters_.begin(), waiters_.end(), &waiter);
    if (place == waiters_.end()) return;  // its time was over before
    if (place == waiters_.begin()) return next();
    waiters_.erase(place);
  }

 private:
  void next() noexcept {
    limit_.stop();
    waiters_.pop_front();
    if (waiters_.empty()) return;
    // Not from inside the end of the one before: it may be in the middle of something.
    loop_.post([weak = weak_from_this(), due = waiters_.front()] {
      const auto self = weak.lock();
      if (self && !self->waiters_.empty() && self->waiters_.front() == due) self->begin();
    });
  }

  Loop& loop_;
  Queues& all_;
  Timer limit_;
  std::deque<Waiter*> waiters_;  // the first one has its turn
};

ConnectTurns::Turn::Turn() noexcept = default;
ConnectTurns::Turn::Turn(Turn&&) noexcept = default;
ConnectTurns::Turn::Turn(std::shared_ptr<Queues> queues, std::shared_ptr<Queue> queue,
                         std::unique_ptr<Waiter> waiter) noexcept
    : queues_(std::move(queues)), queue_(std::move(queue)), waiter_(std::move(waiter)) {}

ConnectTurns::Turn& ConnectTurns::Turn::operator=(Turn&& other) noexcept {
  std::swap(queues_, other.queues_);
  std::swap(queue_, other.queue_);
  std::swap(waiter_, other.waiter_);
  return *this;
}

ConnectTurns::Turn::~Turn() {
  if (queue_) queue_->remove(*waiter_);
}

std::shared_ptr<ConnectTurns::Queues> ConnectTurns::all(Loop& loop, const std::shared_ptr<backend::Backend>& backend) {
  // By instance, as the implicit scan.
  const auto name = "connect-turns:" + std::to_string(reinterpret_cast<std::uintptr_t>(backend.get()));
  if (auto known = loop.find_service(name)) return std::static_pointer_cast<Queues>(std::move(known));
  auto made = std::make_shared<Queues>();
  made->backend = backend;
  loop.add_service(name, made);
  return made;
}

ConnectTurns::Turn ConnectTurns::line_up(Loop& loop, const std::shared_ptr<backend::Backend>& backend,
                                         const std::string& adapter) {
  const auto queues = all(loop, backend);
  auto& queue = queues->by_adapter[adapter];
  if (!queue) queue = std::make_shared<Queue>(loop, *queues);
  auto waiter = std::make_unique<Waiter>();
  queue->add(*waiter);
  return Turn(queues, queue, std::move(waiter));
}

bool ConnectTurns::in_use(Loop& loop, const std::shared_ptr<backend::Backend>& backend) {
  return all(loop, backend)->connecting > 0;
}

void ConnectTurns::Turn::then(unique_function<void()> on_turn) {
  waiter_->on_turn = std::move(on_turn);
  if (queue_->is_first(*waiter_)) queue_->begin();
}

}  // namespace blau::detail
