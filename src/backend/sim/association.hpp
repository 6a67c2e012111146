#pragma once

#include <blau/backend.hpp>
#include <blau/sim/pairing.hpp>

#include <cstdint>
#include <optional>

namespace blau::sim::detail {

/// How two devices make sure of each other (Core Vol 3 Part H 2.3.5.1). The initiator is the central.
enum class Association : std::uint8_t {
  just_works,
  initiator_displays,  ///< passkey entry; the responder's user types
  responder_displays,  ///< passkey entry; the initiator's user types
  both_enter,          ///< passkey entry; both users type the same
  numeric_comparison,
};

/// Table 2.8, for an initiator that asks for protection against a device in the middle wherever it can do its part.
[[nodiscard]] Association associate(IoCapability initiator, IoCapability responder, bool secure_connections) noexcept;

/// Whether both sides have the same passkey.
/// @param theirs what the responder's user types; absent: what is right
/// @param shown on a display, or on both
/// @param typed by the initiator's user
[[nodiscard]] bool passkeys_match(Association association, const std::optional<std::uint32_t>& theirs,
                                  std::uint32_t shown, std::uint32_t typed) noexcept;

/// What the central's user is asked.
[[nodiscard]] backend::PairingQuestion::Kind question_of(Association association) noexcept;

}  // namespace blau::sim::detail
