#pragma once

#include <blau/detail/loop.hpp>

#include <cstddef>
#include <unordered_set>
#include <vector>

namespace blau::detail {

/// What is ready to run: an intrusive list, first in first out unless a seed chooses. A node's source is set before it comes.
class ReadyQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push(ReadyNode& node) noexcept;
  void remove(ReadyNode& node) noexcept;
  /// The first. Only while not `empty()`.
  [[nodiscard]] ReadyNode& pop() noexcept;
  /// The first of each source, in their order.
  void add_firsts(std::vector<ReadyNode*>& firsts, std::unordered_set<Source>& seen) const;
  /// Moves all of `other` behind what is here.
  void append(ReadyQueue& other) noexcept;

 private:
  ReadyNode* first_ = nullptr;
  ReadyNode* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace blau::detail
