#pragma once

#include <blau/device.hpp>
#include <blau/modes.hpp>
#include <blau/task.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace blau {

namespace detail {

/// An agent's callback that answers: plain or coroutine, copyable.
template <class Answer, class... Args>
class AgentCallback {
 public:
  AgentCallback() noexcept = default;
  AgentCallback(std::nullptr_t) noexcept {}  // NOLINT: as std::function

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, AgentCallback> && std::is_invocable_v<std::decay_t<F>&, Args...>)
  AgentCallback(F&& callback) {  // NOLINT: any callable is one
    using Given = std::invoke_result_t<std::decay_t<F>&, Args...>;
    if constexpr (std::is_same_v<Given, Task<Answer>>) {
      call_ = std::forward<F>(callback);
    } else {
      call_ = [call = std::decay_t<F>(std::forward<F>(callback))](Args... args) mutable {
        return answer_with(call, std::forward<Args>(args)...);
      };
    }
  }

  explicit operator bool() const noexcept { return static_cast<bool>(call_); }
  [[nodiscard]] Task<Answer> operator()(Args... args) const { return call_(std::forward<Args>(args)...); }

 private:
  template <class F>
  static Task<Answer> answer_with(F& call, Args... args) {
    co_return call(std::forward<Args>(args)...);
  }

  std::function<Task<Answer>(Args...)> call_;
};

}  // namespace detail

/// Answers what a pairing asks the user. What is not set is refused; nothing is ever accepted silently beyond Just Works that `pair()` itself asked for.
///
/// It answers for `Client::pair`, and where a read, a write or a subscription needs a bond: one that the peripheral refuses for want of it pairs first, and ends with the `pairing_…` code where that
/// fails. With BlueZ, which pairs by itself then, only if `BlueZClientOptions::default_agent` says so. Just Works that nobody called `pair` for needs `confirm`.
///
/// Each callback may be plain or a coroutine, and is called on the client's loop. One that throws, or takes longer than the pairing's deadline, refuses. Where the question is not asked any more (the
/// device took it back, the pairing or the link ended) a coroutine is canceled, and what it answers does not count.
struct PairingAgent {
  /// Just Works: the user agrees to pair, without any protection against a device in the middle.
  detail::AgentCallback<bool, const Device&> confirm;
  /// Shows the passkey, 0 to 999999, that the user types on the device. Its answer false refuses.
  detail::AgentCallback<bool, const Device&, std::uint32_t> display_passkey;
  /// Asks for the passkey that the device shows; empty refuses, and so does one over 999999.
  detail::AgentCallback<std::optional<std::uint32_t>, const Device&> request_passkey;
  /// Both sides show the same number?
  detail::AgentCallback<bool, const Device&, std::uint32_t> confirm_passkey;
  /// The device, which is paired already, wants to use a service.
  detail::AgentCallback<bool, const Device&> authorize;
};

/// How to pair; trivially copyable.
struct PairOptions {
  /// Windows: what the bond must give. Unset: as much as the device can.
  std::optional<ProtectionLevel> protection_level = std::nullopt;
};

}  // namespace blau
