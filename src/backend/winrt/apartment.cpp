#include "apartment.hpp"

#include <inspectable.h>

#include <winrt/base.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace blau::detail::windows {
namespace {

constexpr auto patience_at_the_end = std::chrono::seconds(1);

/// Stops a virtual clock while it lives.
class ClockHold {
 public:
  explicit ClockHold(const std::weak_ptr<Loop>& loop) : loop_(loop) {
    if (const auto held = loop_.lock()) held->hold();
  }
  ClockHold(ClockHold&& other) noexcept : loop_(std::exchange(other.loop_, {})) {}
  ClockHold& operator=(ClockHold&&) = delete;
  ~ClockHold() {
    if (const auto held = loop_.lock()) held->release();
  }

 private:
  std::weak_ptr<Loop> loop_;
};

/// Work and the time that it stops.
struct Turn {
  Turn(const std::weak_ptr<Loop>& loop, unique_function<void()> wanted) : hold(loop), work(std::move(wanted)) {}
  ClockHold hold;  // the closure goes first: what its end posts is covered, too
  unique_function<void()> work;

  void run() noexcept {
    try {
      work();
    } catch (...) {  // NOLINT: whoever wants to know catches it in the work itself
    }
    work.reset();
  }
};

/// A place in the MTA for a thread of the library's own. Where COM cannot be initialised every WinRT call says so.
class InMta {
 public:
  InMta() noexcept : entered_(::CoInitializeEx(nullptr, COINIT_MULTITHREADED) >= 0) {}
  ~InMta() {
    if (entered_) ::CoUninitialize();
  }
  InMta(const InMta&) = delete;
  InMta& operator=(const InMta&) = delete;

 private:
  bool entered_;
};

}  // namespace

struct Apartment::Queue {
  explicit Queue(const std::shared_ptr<Loop>& wanted) : loop(wanted) {}

  const std::weak_ptr<Loop> loop;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Turn> turns;  // guarded by mutex
  std::thread::id thread;  // guarded by mutex: none before the first turn
  bool ending = false;     // guarded by mutex: no turn comes any more
  bool ended = false;      // guarded by mutex

  void work();
  void start(const std::shared_ptr<Queue>& self);
};

void Apartment::Queue::work() {
  const InMta in_mta;
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return ending || !turns.empty(); });
    if (turns.empty()) break;
    {
      auto turn = std::move(turns.front());
      turns.pop_front();
      lock.unlock();
      turn.run();
    }
    lock.lock();
  }
  ended = true;
  changed.notify_all();
}

// Detached, so that a call that hangs holds up nobody; the queue lives as long as its thread.
void Apartment::Queue::start(const std::shared_ptr<Queue>& self) {
  std::thread worker([self] { self->work(); });
  thread = worker.get_id();
  worker.detach();
}

Apartment::Apartment(const std::shared_ptr<Loop>& loop) : queue_(std::make_shared<Queue>(loop)) {}

Apartment::~Apartment() {
  std::unique_lock lock(queue_->mutex);
  queue_->ending = true;
  queue_->changed.notify_all();
  // The last user may be work that runs there.
  if (queue_->thread == std::thread::id() || queue_->thread == std::this_thread::get_id()) return;
  queue_->changed.wait_for(lock, patience_at_the_end, [this] { return queue_->ended; });
}

void Apartment::run(unique_function<void()> work) {
  Turn turn(queue_->loop, std::move(work));
  const std::lock_guard lock(queue_->mutex);
  if (queue_->thread == std::thread::id()) queue_->start(queue_);
  queue_->turns.push_back(std::move(turn));
  queue_->changed.notify_all();
}

void Apartment::run_aside(unique_function<void()> work) {
  std::thread([turn = Turn(queue_->loop, std::move(work))]() mutable {
    const InMta in_mta;
    auto running = std::move(turn);
    running.run();
  }).detach();
}

}  // namespace blau::detail::windows
