#pragma once

#include <blau/detail/loop.hpp>

#include <cstdint>
#include <optional>
#include <random>

namespace blau::detail {

/// What is ready to run: an intrusive list, first in first out unless a seed chooses.
class ReadyQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push(ReadyNode& node) noexcept;
  void remove(ReadyNode& node) noexcept;
  /// The first, or with `random` any. Only while not `empty()`.
  [[nodiscard]] ReadyNode& pop(std::mt19937_64* random) noexcept;
  /// Moves all of `other` behind what is here.
  void append(ReadyQueue& other) noexcept;

 private:
  ReadyNode* first_ = nullptr;
  ReadyNode* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace blau::detail
