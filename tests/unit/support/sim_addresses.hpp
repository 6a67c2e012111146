#pragma once

/// @file
/// Addresses of simulated peripherals.

namespace blau {

inline constexpr const char* device_address = "C0:FF:EE:00:00:01";

}  // namespace blau
