#pragma once

#include <blau/error.hpp>

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace blau {

template <class T>
class Result;

namespace detail {

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

}  // namespace detail

/// A value or an `Error`: what `std::expected` is from C++23 on. A value type; it copies if `T` does.
template <class T>
class [[nodiscard]] Result {
  static_assert(std::is_object_v<T> && !std::is_same_v<std::remove_cv_t<T>, Error>,
                "a Result holds an object that is no Error");

 public:
  /// What it holds on success.
  using value_type = T;

  /// From a value, or what converts to one: `Result<std::string> name = "Strap";`
  template <class U = T>
    requires(!detail::is_result<std::remove_cvref_t<U>> && !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             std::is_convertible_v<U, T>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT: a value is a result
  /// From an error.
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: an error is a result

  /// True if there is a value.
  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  /// The same.
  explicit operator bool() const noexcept { return has_value(); }

  /// The value. @throws the `Error` if there is none.
  [[nodiscard]] T& value() & { return check(), std::get<0>(state_); }
  /// The same, to read.
  [[nodiscard]] const T& value() const& { return check(), std::get<0>(state_); }
  /// The same, to move from.
  [[nodiscard]] T&& value() && { return check(), std::get<0>(std::move(state_)); }

  /// The value; undefined if there is none, as with `std::optional`.
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  /// The same, to read.
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  /// The same, to move from.
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  /// A member of the value; undefined if there is none.
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  /// The same, to read.
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  /// The error; undefined if there is a value.
  [[nodiscard]] const Error& error() const noexcept { return *std::get_if<1>(&state_); }

  /// The value, or this one where there is none.
  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    if (has_value()) return **this;
    return static_cast<T>(std::forward<U>(other));
  }
  /// The same, without a copy: for values that only move.
  template <class U>
  [[nodiscard]] T value_or(U&& other) && {
    if (has_value()) return *std::move(*this);
    return static_cast<T>(std::forward<U>(other));
  }

 private:
  void check() const {
    if (!has_value()) throw Error(error());
  }

  std::variant<T, Error> state_;
};

/// Success or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  /// What it holds on success.
  using value_type = void;

  /// Success.
  Result() noexcept = default;
  /// From an error.
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: an error is a result

  /// True on success.
  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  /// The same.
  explicit operator bool() const noexcept { return has_value(); }

  /// Nothing. @throws the `Error` if there is one.
  void value() const {
    if (error_) throw Error(*error_);
  }

  /// The error; undefined on success.
  [[nodiscard]] const Error& error() const noexcept { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace blau
