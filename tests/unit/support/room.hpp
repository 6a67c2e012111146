#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace blau::test {

/// A semaphore, for the reason of `Latch`.
class Room {
 public:
  explicit Room(int places) : places_(places) {}

  void acquire() {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [this] { return places_ > 0; });
    --places_;
  }
  [[nodiscard]] bool try_acquire() {
    const std::lock_guard lock(mutex_);
    if (places_ == 0) return false;
    --places_;
    return true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    ++places_;
    given_back_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_back_;
  int places_;
};

/// A place among the posts that are under way; given back when the call is destroyed, run or not.
class Place {
 public:
  explicit Place(Room& room) : room_(&room) { room.acquire(); }
  Place(Place&& other) noexcept : room_(std::exchange(other.room_, nullptr)) {}
  ~Place() {
    if (room_) room_->release();
  }

 private:
  Room* room_;
};

}  // namespace blau::test
