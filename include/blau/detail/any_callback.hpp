#pragma once

#include <blau/task.hpp>
#include <blau/unique_function.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace blau::detail {

/// A user's callback, plain or coroutine. `Function` is `std::function` where it must be copyable (options), else `unique_function`.
template <template <class> class Function, class... Args>
class AnyCallback {
  using Plain = Function<void(Args...)>;
  using Coroutine = Function<Task<void>(Args...)>;

 public:
  AnyCallback() noexcept = default;
  AnyCallback(std::nullptr_t) noexcept {}  // NOLINT: as std::function

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, AnyCallback> && std::is_invocable_v<std::decay_t<F>&, Args...>)
  AnyCallback(F&& callback) {  // NOLINT: any callable is one
    using Given = std::invoke_result_t<std::decay_t<F>&, Args...>;
    static_assert(
        std::is_void_v<Given> || std::is_same_v<Given, Task<void>> || !requires(Given given) { given.release(); },
        "a coroutine callback gives a blau::Task<>; one of another type would never run");
    if constexpr (std::is_same_v<std::invoke_result_t<std::decay_t<F>&, Args...>, Task<void>>) {
      coroutine_ = Coroutine(std::forward<F>(callback));
    } else {
      plain_ = Plain(std::forward<F>(callback));
    }
  }

  explicit operator bool() const noexcept { return plain_ || coroutine_; }
  [[nodiscard]] bool is_coroutine() const noexcept { return static_cast<bool>(coroutine_); }

  /// Only for a plain one.
  void call(Args... args) { plain_(std::forward<Args>(args)...); }
  /// Only for a coroutine.
  [[nodiscard]] Task<void> begin(Args... args) { return coroutine_(std::forward<Args>(args)...); }

 private:
  // One of them at most. A variant of the two sets off GCC 12's false alarms about uninitialised memory.
  Plain plain_;
  Coroutine coroutine_;
};

}  // namespace blau::detail
