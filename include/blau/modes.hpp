#pragma once

#include <cstdint>

namespace blau {

/// Where discovered attributes come from, on systems that let one choose (Windows). Other systems ignore it.
enum class CacheMode : std::uint8_t {
  cached,    ///< what the system remembers
  uncached,  ///< the device itself
};

/// What a bond must give (Windows' DevicePairingProtectionLevel). Unset is not `none`.
enum class ProtectionLevel : std::uint8_t {
  none = 1,
  encryption = 2,
  encryption_and_authentication = 3,
};

}  // namespace blau
