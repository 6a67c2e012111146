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

ReadyNode& ReadyQueue::pop() noexcept {
  ReadyNode& first = *first_;
  remove(first);
  return first;
}

void ReadyQueue::add_firsts(std::vector<ReadyNode*>& firsts, std::unordered_set<Source>& seen) const {
  for (ReadyNode* node = first_; node; node = node->next_)
    if (seen.insert(node->source_).second) firsts.push_back(node);
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
