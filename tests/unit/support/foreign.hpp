#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace blau::test {

/// A coroutine type that knows nothing of Blau. It begins at once; its frame belongs to this object.
class Foreign {
 public:
  struct promise_type {
    Foreign get_return_object() { return Foreign(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { exception = std::current_exception(); }
    std::exception_ptr exception;
  };

  Foreign(Foreign&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Foreign& operator=(Foreign&&) = delete;
  ~Foreign() { destroy(); }

  /// Only on the thread that would resume it.
  void destroy() noexcept {
    if (coroutine_) std::exchange(coroutine_, nullptr).destroy();
  }
  [[nodiscard]] bool done() const noexcept { return coroutine_.done(); }
  void rethrow() const {
    if (coroutine_.promise().exception) std::rethrow_exception(coroutine_.promise().exception);
  }

 private:
  explicit Foreign(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_;
};

}  // namespace blau::test
