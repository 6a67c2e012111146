#pragma once

#include <blau/address.hpp>
#include <blau/bytes.hpp>
#include <blau/device.hpp>
#include <blau/export.hpp>
#include <blau/uuid.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace blau {

/// What a device tells of itself, advertisement and scan response together. Bleak's `AdvertisementData`. A value.
struct AdvertisementData {
  /// The complete local name, else the shortened one.
  std::optional<std::string> local_name;
  /// Company identifier → data, for all companies.
  std::map<std::uint16_t, Bytes> manufacturer_data;
  /// Service → data.
  std::map<Uuid, Bytes> service_data;
  /// Services that the device says it has, in order of appearance, each once.
  std::vector<Uuid> service_uuids;
  /// Power at which the packet was sent, in dBm.
  std::optional<std::int8_t> tx_power;
  /// Strength at which it was received, in dBm; −127 if unknown.
  std::int16_t rssi = -127;
  /// GAP appearance.
  std::optional<std::uint16_t> appearance;
  /// AD flags (Core Specification Supplement Part A 1.3).
  std::optional<std::uint8_t> flags;
  /// Whether the device takes connections, where the system tells.
  std::optional<bool> connectable;
  /// The AD structures as they came, where the system gives them; scan response after advertisement.
  Bytes raw;

  friend bool operator==(const AdvertisementData&, const AdvertisementData&) = default;
};

/// One sighting: who, and what it told.
struct Advertisement {
  Device device;           ///< who was heard
  AdvertisementData data;  ///< what it has told until now
};

/// Reads AD structures (Core Vol 3 Part C 11, types in the Core Specification Supplement Part A) into `data`.
///
/// Fields that are already there are replaced by newer ones and lists grow, so that a scan response adds to its advertisement.
/// Unknown types, service solicitation among them, are passed over; a structure of length 0 ends the data.
///
/// A complete name replaces any other. A shortened one never replaces a complete name that these bytes or `data.raw` hold, nor
/// any name that begins with it. A name ends at its first zero byte, an empty one counts for nothing, and what is not UTF-8
/// becomes U+FFFD; the raw bytes keep it as it was.
/// @param bytes an advertisement or a scan response; appended to `data.raw`, so they must not lie in `data`
/// @param data what was read before, or nothing
/// @return false if the bytes end in the middle of a structure or a known structure has an impossible length; everything
///   well-formed is kept all the same, and so are the whole UUIDs of a list with some bytes too many
BLAU_API bool parse_ad_structures(ByteView bytes, AdvertisementData& data);

}  // namespace blau
