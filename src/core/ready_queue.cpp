#include "ready_queue.hpp"

namespace blau::detail {

void ReadyQueue::push(ReadyNode& node) noexcept {
  node.queued_ = true;
  node.previous_ = last_;
  node.next_ = nullptr;
  (last_ ? last_->next_ : first_) = &node;
  last_ = &node;
  ++size_;
}

void ReadyQueue::remove(ReadyNode& node) noexcept {
  if (!node.queued_) return;
  (node.previous_ ? node.previous_->next_ : first_) = node.next_;
  (node.next_ ? node.next_->previous_ : last_) = node.previous_;
  node.previous_ = node.next_ = nullptr;
  node.queued_ = false;
  --size_;
}

ReadyNode& ReadyQueue::pop(std::mt19937_64* random) noexcept {
  ReadyNode* chosen = first_;
  if (random && size_ > 1) {
    for (auto steps = (*random)() % size_; steps > 0; --steps) chosen = chosen->next_;
  }
  remove(*chosen);
  return *chosen;
}

void ReadyQueue::append(ReadyQueue& other) noexcept {
  if (other.empty()) return;
  other.first_->previous_ = last_;
  (last_ ? last_->next_ : first_) = other.first_;
  last_ = other.last_;
  size_ += other.size_;
  other.first_ = other.last_ = nullptr;
  other.size_ = 0;
}

}  // namespace blau::detail
