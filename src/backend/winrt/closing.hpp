#pragma once

#include "async.hpp"

#include <blau/detail/loop.hpp>
#include <blau/unique_function.hpp>

#include <deque>
#include <memory>

namespace blau::detail::windows {

/// Lets go of the system's objects one after the other, on a thread of its own: closing a service may hang for ever. A watchdog leaves a step that hangs to its thread, and goes on with the next
/// one on another.
class Closing : public std::enable_shared_from_this<Closing> {
 public:
  using Steps = std::deque<unique_function<void()>>;

  /// @param take gives the steps: on the apartment, after all that was asked there before
  /// @param then is called on the loop when the last step is over or hangs; never from inside this call, and not where the loop ends first
  static void begin(const std::shared_ptr<System>& system, unique_function<Steps()> take, unique_function<void()> then);

 private:
  struct Shared;
  struct Registry;

  Closing(const std::shared_ptr<System>& system, unique_function<void()> then);
  [[nodiscard]] static std::shared_ptr<Registry> registry_of(Loop& loop);
  static void work(const std::shared_ptr<Shared>& shared);
  void watch();
  void hangs();
  void finished();

  std::weak_ptr<System> system_;
  std::shared_ptr<Shared> shared_;
  unique_function<void()> then_;
  bool hung_ = false;
  Timer watchdog_;
};

}  // namespace blau::detail::windows
