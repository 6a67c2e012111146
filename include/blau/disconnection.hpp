#pragma once

#include <blau/device.hpp>
#include <blau/export.hpp>

#include <iosfwd>
#include <string>
#include <string_view>

namespace blau {

/// Why a link ended.
enum class DisconnectReason {
  unknown,  ///< the system does not say (BlueZ before 5.83: `remote`, `timeout`, `authentication`, `suspend`, `other_program`)
  local,           ///< this client asked for it
  other_program,   ///< another program on this machine asked for it
  remote,          ///< the peripheral asked for it
  timeout,         ///< the peripheral was no longer heard (supervision time-out)
  authentication,  ///< encryption or authentication failed
  suspend,         ///< the machine went to sleep
  adapter_off,     ///< the adapter was switched off or removed
  backend_lost,    ///< the Bluetooth service ended
};

/// `remote` and so on.
[[nodiscard]] BLAU_API std::string_view to_string(DisconnectReason reason) noexcept;
/// Writes `to_string(reason)`.
BLAU_API std::ostream& operator<<(std::ostream& out, DisconnectReason reason);

/// A link that ended.
struct Disconnection {
  Device device;                                        ///< to what
  DisconnectReason reason = DisconnectReason::unknown;  ///< as far as the system tells
  /// The system's own word for the reason, verbatim; empty where it has none.
  std::string native;
};

}  // namespace blau
