#pragma once

#include <memory>

namespace blau::detail::bluez {

/// A part of `System`. Its weak pointers pin the whole, so that nothing beside it vanishes while one of its handlers runs.
template <class Part>
class Anchored {
 public:
  void anchor(std::weak_ptr<Part> self) noexcept { self_ = std::move(self); }

 protected:
  [[nodiscard]] const std::weak_ptr<Part>& weak_self() const noexcept { return self_; }

 private:
  std::weak_ptr<Part> self_;
};

}  // namespace blau::detail::bluez
