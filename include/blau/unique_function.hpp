#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace blau {

template <class Signature>
class unique_function;

/// A callable that is moved, never copied: what `std::move_only_function` is from C++23 on.
///
/// Closures of up to six pointers live inside it, larger ones on the heap. Calling an empty one is undefined.
template <class R, class... Args>
class unique_function<R(Args...)> {
  static constexpr std::size_t inline_size = 6 * sizeof(void*);

  struct Operations {
    R (*call)(void* self, Args&&... args);
    void (*relocate)(void* from, void* to) noexcept;
    void (*destroy)(void* self) noexcept;
  };

  template <class F>
  static constexpr bool fits_inline =
      sizeof(F) <= inline_size && alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

  template <class F>
  struct Inline {
    static F& get(void* self) noexcept { return *std::launder(static_cast<F*>(self)); }
    static R call(void* self, Args&&... args) { return std::invoke(get(self), std::forward<Args>(args)...); }
    static void relocate(void* from, void* to) noexcept {
      ::new (to) F(std::move(get(from)));
      get(from).~F();
    }
    static void destroy(void* self) noexcept { get(self).~F(); }
    static constexpr Operations operations{&call, &relocate, &destroy};
  };

  template <class F>
  struct Heap {
    static F*& get(void* self) noexcept { return *std::launder(static_cast<F**>(self)); }
    static R call(void* self, Args&&... args) { return std::invoke(*get(self), std::forward<Args>(args)...); }
    static void relocate(void* from, void* to) noexcept { ::new (to) F*(get(from)); }
    static void destroy(void* self) noexcept { delete get(self); }
    static constexpr Operations operations{&call, &relocate, &destroy};
  };

 public:
  unique_function() noexcept = default;
  /// Empty.
  unique_function(std::nullptr_t) noexcept {}  // NOLINT: as std::function

  /// Holds the callable; a small one without allocation.
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, unique_function> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  unique_function(F&& callable) {  // NOLINT: any callable is one of these
    using Closure = std::decay_t<F>;
    if constexpr (fits_inline<Closure>) {
      ::new (static_cast<void*>(storage_)) Closure(std::forward<F>(callable));
      operations_ = &Inline<Closure>::operations;
    } else {
      ::new (static_cast<void*>(storage_)) Closure*(new Closure(std::forward<F>(callable)));
      operations_ = &Heap<Closure>::operations;
    }
  }

  /// Takes it over; what was moved from is empty.
  unique_function(unique_function&& other) noexcept { take(other); }
  /// Destroys what this one held.
  unique_function& operator=(unique_function&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  unique_function(const unique_function&) = delete;
  unique_function& operator=(const unique_function&) = delete;
  ~unique_function() { reset(); }

  /// True if there is something to call.
  explicit operator bool() const noexcept { return operations_ != nullptr; }

  /// Calls it; it must hold something.
  R operator()(Args... args) { return operations_->call(storage_, std::forward<Args>(args)...); }

  /// Empties it and destroys what it held.
  void reset() noexcept {
    if (const auto* operations = std::exchange(operations_, nullptr)) operations->destroy(storage_);
  }

 private:
  void take(unique_function& other) noexcept {
    if (!other.operations_) return;
    other.operations_->relocate(other.storage_, storage_);
    operations_ = std::exchange(other.operations_, nullptr);
  }

  alignas(std::max_align_t) std::byte storage_[inline_size];
  const Operations* operations_ = nullptr;
};

}  // namespace blau
