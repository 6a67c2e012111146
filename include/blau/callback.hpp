#pragma once

#include <type_traits>
#include <utility>

namespace blau {

/// A callable that was moved into place: what `moved(f)` gives. GCC 12 copies a closure in a statement with `co_await` bit by bit and destroys it twice; an object
/// of a class with constructors it treats rightly.
template <class F>
class Moved {
 public:
  /// Takes the callable.
  explicit Moved(F&& callable) noexcept(std::is_nothrow_move_constructible_v<F>) : callable_(std::move(callable)) {}
  /// Calls it.
  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  decltype(auto) operator()(Args&&... args) {
    return callable_(std::forward<Args>(args)...);
  }

 private:
  F callable_;
};

/// Hands over a named callable without a copy in a statement with `co_await`: `co_await client.start_notify(c, blau::moved(f))`.
template <class F>
  requires(!std::is_lvalue_reference_v<F> || !std::is_const_v<std::remove_reference_t<F>>)
[[nodiscard]] Moved<std::remove_cvref_t<F>> moved(F&& callable) {
  return Moved<std::remove_cvref_t<F>>(std::move(callable));
}

namespace detail {

template <class F>
inline constexpr bool is_moved = false;
template <class F>
inline constexpr bool is_moved<Moved<F>> = true;

/// What GCC 12 handles rightly as an argument in a statement with `co_await`; `F` as a forwarding reference deduces it.
template <class F>
inline constexpr bool survives_gcc12 = std::is_lvalue_reference_v<F> || is_moved<std::remove_cvref_t<F>> ||
                                       std::is_trivially_copyable_v<std::remove_cvref_t<F>>;

}  // namespace detail
}  // namespace blau

/// In a function template whose result is awaited and that takes a callback: refuses, under GCC 12 only, what that compiler would destroy twice.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define BLAU_CHECK_CALLBACK(F)                                                                                      \
  static_assert(::blau::detail::survives_gcc12<F>,                                                                  \
                "GCC 12 miscompiles a closure with captures inside a statement with co_await: give it a name on a " \
                "line of its own and pass that, or blau::moved(name)")
#else
#define BLAU_CHECK_CALLBACK(F) static_assert(true)
#endif
