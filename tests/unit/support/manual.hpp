#pragma once

#include <blau/operation.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace blau::test {

/// Operations whose work is done by the test, one at a time.
template <class T>
class Manual {
 public:
  explicit Manual(std::shared_ptr<detail::Loop> home = nullptr) : home_(std::move(home)) {}

  [[nodiscard]] Operation<T> operation(std::optional<std::chrono::nanoseconds> timeout = std::nullopt) {
    auto starter = [shared = state_](detail::Completer<T> done) mutable {
      const auto state = std::move(shared);  // or operation and state would hold each other
      state->completer = std::move(done);
      state->completer.on_early_end([state] { ++state->early_ends; });
      ++state->begun;
      state->begun.notify_all();
    };
    return detail::make_operation<T>(home_, "manual", timeout, starter);
  }

  /// The home loop's thread.
  void complete(Result<T> result) { std::exchange(state_->completer, {})(std::move(result)); }
  /// Lets the completer go without an answer. The home loop's thread.
  void drop() { state_->completer = {}; }
  [[nodiscard]] bool pending() const { return state_->completer.pending(); }

  [[nodiscard]] int begun() const noexcept { return state_->begun; }
  /// How many were told to stop their work.
  [[nodiscard]] int early_ends() const noexcept { return state_->early_ends; }
  /// Blocks a plain thread until the next one has begun.
  void wait_until_begun(int count = 1) {
    for (int seen = state_->begun; seen < count; seen = state_->begun) state_->begun.wait(seen);
  }

 private:
  struct State {
    detail::Completer<T> completer;
    std::atomic<int> begun{0};
    std::atomic<int> early_ends{0};
  };
  std::shared_ptr<detail::Loop> home_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// The code of the error that `call` throws; nothing if it throws none.
template <class Call>
  requires std::is_invocable_v<Call&>
std::optional<ErrorCode> code_of(Call&& call) {
  try {
    (void)call();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

/// Of a result.
template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code();
}

}  // namespace blau::test
