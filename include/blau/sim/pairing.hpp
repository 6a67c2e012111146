#pragma once

#include <cstdint>
#include <optional>

namespace blau::sim {

/// What a device can show, and what its user can enter (Core Vol 3 Part H 2.3.2).
enum class IoCapability : std::uint8_t {
  display_only,        ///< shows a passkey
  display_yes_no,      ///< shows one, and its user can say yes or no
  keyboard_only,       ///< its user types
  no_input_no_output,  ///< neither: all that is left is Just Works
  keyboard_display,    ///< shows and lets type
};

/// What the user of a peripheral does when it pairs.
enum class PairingUser : std::uint8_t {
  accepts,
  rejects,
  never,  ///< leaves it be: the pairing ends after the 30 s of Core Vol 3 Part H 3.4
};

/// How a peripheral pairs. Which question is asked follows from its capability and from the callbacks of the central's `PairingAgent` (Core Vol 3 Part H 2.3.5.1).
struct PairingOptions {
  IoCapability io = IoCapability::no_input_no_output;  ///< what it can show, and its user enter
  /// What it shows where the central's user types it, and what its own user types. Absent: what is shown comes from the world's seed (see `Peripheral::shown_passkey`), and its user types what is right.
  std::optional<std::uint32_t> passkey = std::nullopt;
  /// It takes no pairing that does not protect against a device in the middle.
  bool mitm = false;
  /// False: an old device, LE legacy pairing, where nobody compares numbers.
  bool secure_connections = true;
  /// False: it keeps no keys: the link is encrypted until it ends.
  bool bonding = true;
  PairingUser user = PairingUser::accepts;  ///< what its user does
};

}  // namespace blau::sim
