#pragma once

#include <blau/detail/loop.hpp>

#include <unordered_set>
#include <vector>

namespace blau::detail {

/// The timers of a loop, the next one on top. An intrusive binary heap: each timer knows its place.
class TimerHeap {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] TimePoint next() const noexcept { return heap_.front()->when_; }

  void add(Timer& timer, TimePoint when);
  void remove(Timer& timer) noexcept;
  /// The first timer. Only while not `empty()`.
  [[nodiscard]] Timer& first() const noexcept { return *heap_.front(); }
  /// Takes a timer out and gives what it has to call.
  [[nodiscard]] unique_function<void()> take(Timer& timer) noexcept;
  /// Of those that have the next deadline: the first of each source, in their order.
  void add_firsts(std::vector<Timer*>& firsts, std::unordered_set<Source>& seen) const;
  /// Stops all of them.
  void clear() noexcept;

 private:
  [[nodiscard]] static bool earlier(const Timer& a, const Timer& b) noexcept;
  void place(Timer* timer, std::size_t position) noexcept;
  void sift_up(std::size_t position) noexcept;
  void sift_down(std::size_t position) noexcept;

  std::vector<Timer*> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace blau::detail
