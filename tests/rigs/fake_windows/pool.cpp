#include "pool.hpp"

#include "platform.hpp"

#include <utility>

namespace fake_windows {

Pool::Pool(std::shared_ptr<blau::detail::Loop> loop) : loop_(std::move(loop)), thread_([this] { work(); }) {}

void Pool::run(blau::unique_function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (ends_) return;
  loop_->hold();
  queue_.push_back(std::move(work));
  changed_.notify_one();
}

void Pool::work() {
  winrt::init_apartment();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !queue_.empty(); });
    if (queue_.empty()) break;
    auto next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    next();
    next.reset();
    loop_->release();
    lock.lock();
  }
  lock.unlock();
  winrt::uninit_apartment();
}

void Pool::join() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace fake_windows
