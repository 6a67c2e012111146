#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace blau::detail {

/// A bounded first-in-first-out queue that allocates only while it grows, never beyond `capacity`. Its places are used again, with the buffers in them.
template <class T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) noexcept : capacity_(capacity == 0 ? 1 : capacity) {}

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == capacity_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Lets `fill(T&)` write the new last value over a place's old content. Only while not `full()`.
  template <class Fill>
  void push_with(Fill&& fill) {
    if (size_ == slots_.size()) grow();
    fill(slots_[(first_ + size_) % slots_.size()].value);
    ++size_;
  }
  /// Only while not `empty()`, the same for the next two.
  T pop() {
    T value = std::move(slots_[first_].value);
    drop_front();
    return value;
  }
  /// Swaps the first value with `out`, whose buffer serves a later value.
  void pop_into(T& out) noexcept {
    std::swap(out, slots_[first_].value);
    drop_front();
  }
  void drop_front() noexcept {
    first_ = (first_ + 1) % slots_.size();
    --size_;
  }

 private:
  /// Also for bool, of which a vector has no references.
  struct Slot {
    T value{};
  };

  void grow() {
    const std::size_t doubled = slots_.empty() ? 8 : slots_.size() * 2;
    std::vector<Slot> larger(doubled < capacity_ ? doubled : capacity_);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[(first_ + i) % slots_.size()]);
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::size_t capacity_;
  std::vector<Slot> slots_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace blau::detail
