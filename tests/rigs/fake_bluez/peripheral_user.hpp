#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace blau::fake {

/// Who sits at a peripheral while it pairs: what he sees on its display, and types on its keyboard.
class PeripheralUser {
 public:
  /// In a world that nobody directs he types by himself what is right; from now on only what he is told.
  void await_orders() noexcept {
    is_told_ = true;
    has_paired_ = false;
    shown_.reset();
  }
  [[nodiscard]] bool is_told() const noexcept { return is_told_; }

  /// @param typed what to do when he has typed something
  void pairing_begins(std::function<void()> typed) {
    has_paired_ = true;
    shown_.reset();
    typed_.reset();
    on_typed_ = std::move(typed);
  }
  void pairing_ended() noexcept { on_typed_ = nullptr; }

  void see(std::uint32_t passkey) noexcept { shown_ = passkey; }
  /// What the display showed last.
  [[nodiscard]] const std::optional<std::uint32_t>& shown() const noexcept { return shown_; }

  /// False: nobody wants him to. After the pairing it is too late, and no matter.
  bool type(std::uint32_t passkey) {
    if (!has_paired_) return false;
    typed_ = passkey;
    const auto tell = on_typed_;
    if (tell) tell();
    return true;
  }
  [[nodiscard]] const std::optional<std::uint32_t>& typed() const noexcept { return typed_; }

 private:
  bool is_told_ = false;
  bool has_paired_ = false;
  std::optional<std::uint32_t> shown_;
  std::optional<std::uint32_t> typed_;
  std::function<void()> on_typed_;
};

}  // namespace blau::fake
