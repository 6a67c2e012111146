#include "timer_heap.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail {

bool TimerHeap::earlier(const Timer& a, const Timer& b) noexcept {
  if (a.when_ != b.when_) return a.when_ < b.when_;
  return a.sequence_ < b.sequence_;
}

void TimerHeap::place(Timer* timer, std::size_t position) noexcept {
  heap_[position] = timer;
  timer->position_ = position;
}

void TimerHeap::sift_up(std::size_t position) noexcept {
  Timer* timer = heap_[position];
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (!earlier(*timer, *heap_[parent])) break;
    place(heap_[parent], position);
    position = parent;
  }
  place(timer, position);
}

void TimerHeap::sift_down(std::size_t position) noexcept {
  Timer* timer = heap_[position];
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && earlier(*heap_[child + 1], *heap_[child])) ++child;
    if (!earlier(*heap_[child], *timer)) break;
    place(heap_[child], position);
    position = child;
  }
  place(timer, position);
}

void TimerHeap::add(Timer& timer, TimePoint when) {
  heap_.push_back(&timer);
  timer.when_ = when;
  timer.sequence_ = sequence_++;
  sift_up(heap_.size() - 1);
}

void TimerHeap::remove(Timer& timer) noexcept {
  const std::size_t position = std::exchange(timer.position_, Timer::idle);
  if (position == Timer::idle) return;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(last, position);
  sift_up(position);
  sift_down(last->position_);
}

unique_function<void()> TimerHeap::take(Timer& timer) noexcept {
  remove(timer);
  return std::move(timer.on_expiry_);
}

void TimerHeap::add_firsts(std::vector<Timer*>& firsts, std::unordered_set<Source>& seen) const {
  if (heap_.empty()) return;
  std::vector<Timer*> equal;
  for (Timer* timer : heap_)
    if (timer->when_ == next()) equal.push_back(timer);
  std::ranges::sort(equal, &TimerHeap::earlier, [](Timer* timer) -> const Timer& { return *timer; });
  for (Timer* timer : equal)
    if (seen.insert(timer->source_).second) firsts.push_back(timer);
}

void TimerHeap::clear() noexcept {
  while (!heap_.empty()) (void)take(first());  // what they would have called ends here
}

}  // namespace blau::detail
