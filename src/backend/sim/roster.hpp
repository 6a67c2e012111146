#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace blau::sim::detail {

/// Objects that are told of things, in the order in which they came. They may come and go while they are told, and so may the roster's owner if it is kept meanwhile.
template <class T>
class Roster {
 public:
  void add(T& item) {
    items_.push_back(&item);
    ++size_;
  }
  void remove(T& item) noexcept {
    const auto found = std::find(items_.begin(), items_.end(), &item);
    if (found == items_.end()) return;
    --size_;
    if (visits_ == 0)
      items_.erase(found);
    else
      *found = nullptr;
  }
  [[nodiscard]] bool contains(const T& item) const noexcept {
    return std::find(items_.begin(), items_.end(), &item) != items_.end();
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Calls `tell(T&)` for each; one that comes meanwhile is not told.
  template <class Tell>
  void each(Tell tell) {
    const Visit visit(*this);
    const std::size_t count = items_.size();
    for (std::size_t i = 0; i < count; ++i)
      if (T* item = items_[i]) tell(*item);
  }

 private:
  struct Visit {
    explicit Visit(Roster& roster) : roster(roster) { ++roster.visits_; }
    ~Visit() {
      if (--roster.visits_ == 0) std::erase(roster.items_, nullptr);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    Roster& roster;
  };

  std::vector<T*> items_;
  std::size_t size_ = 0;
  std::size_t visits_ = 0;
};

}  // namespace blau::sim::detail
