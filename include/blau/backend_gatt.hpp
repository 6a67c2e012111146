#pragma once

#include <blau/gatt.hpp>
#include <blau/modes.hpp>
#include <blau/uuid.hpp>

#include <cstdint>
#include <optional>
#include <vector>

/// @file
/// What a discovery asks for and finds, as the contract in `backend.hpp` has it.

namespace blau::backend {

/// A descriptor as discovered.
struct DescriptorRecord {
  std::uint16_t handle = 0;  ///< Core Vol 3 Part F 3.2.2
  Uuid uuid;                 ///< its type
};

/// A characteristic as discovered.
struct CharacteristicRecord {
  std::uint16_t handle = 0;                   ///< of the declaration
  std::uint16_t value_handle = 0;             ///< 0: `handle` + 1
  Uuid uuid;                                  ///< its type
  Property properties = Property::none;       ///< extended ones included
  std::vector<DescriptorRecord> descriptors;  ///< in any order
};

/// A service as discovered.
struct ServiceRecord {
  std::uint16_t handle = 0;  ///< of the declaration
  Uuid uuid;                 ///< its type
  bool primary = true;       ///< false: secondary
  /// Handles of included services.
  std::vector<std::uint16_t> includes;
  std::vector<CharacteristicRecord> characteristics;  ///< in any order
  /// The system keeps it to itself (Windows: the keyboard's HID service). What could be discovered of it is told all the same; the core answers requests to it with `access_denied` and does not pass
  /// them on.
  bool access_denied = false;
};

/// The result of a discovery. The core sorts by handle and checks.
struct GattDatabase {
  std::vector<ServiceRecord> services;  ///< in any order
};

/// How to discover.
struct DiscoverRequest {
  /// Only these services; empty: all.
  std::vector<Uuid> services;
  std::optional<CacheMode> service_cache_mode;  ///< for services; absent: the system decides
  std::optional<CacheMode> cache_mode;          ///< for characteristics and descriptors
};

}  // namespace blau::backend
