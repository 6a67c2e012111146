#pragma once

#include <blau/task.hpp>
#include <blau/unique_function.hpp>

#include <functional>
#include <type_traits>
#include <utility>
#include <variant>

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
    if constexpr (std::is_same_v<std::invoke_result_t<std::decay_t<F>&, Args...>, Task<void>>) {
      call_.template emplace<Coroutine>(std::forward<F>(callback));
    } else {
      call_.template emplace<Plain>(std::forward<F>(callback));
    }
  }

  explicit operator bool() const noexcept { return call_.index() != 0; }
  [[nodiscard]] bool is_coroutine() const noexcept { return std::holds_alternative<Coroutine>(call_); }

  /// Only for a plain one.
  void call(Args... args) { std::get<Plain>(call_)(std::forward<Args>(args)...); }
  /// Only for a coroutine.
  [[nodiscard]] Task<void> begin(Args... args) { return std::get<Coroutine>(call_)(std::forward<Args>(args)...); }

 private:
  std::variant<std::monostate, Plain, Coroutine> call_;
};

}  // namespace blau::detail
