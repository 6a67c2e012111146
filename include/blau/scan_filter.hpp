#pragma once

#include <blau/bytes.hpp>
#include <blau/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace blau {

/// How a scanner listens.
enum class ScanMode : std::uint8_t {
  active,   ///< asks every advertiser for its scan response
  passive,  ///< only listens, for what `BlueZScanOptions::or_patterns` names on BlueZ, which needs bluetoothd -E; else `not_supported`
};

/// Bytes that an advertisement must hold at a place: one alternative of a passive scan on Linux (BlueZ, org.bluez.AdvertisementMonitor1).
///
/// `Scanner` throws `invalid_argument` for one that holds nothing or reaches beyond byte 31.
struct OrPattern {
  std::uint8_t offset = 0;   ///< in the data of the AD structure, behind its type
  std::uint8_t ad_type = 0;  ///< of the AD structure, e.g. 0x01 flags, 0x0a power, 0xff manufacturer data
  Bytes content;             ///< 1 to 31 bytes; with the offset 31 at most
};

/// What only BlueZ can do. Other backends ignore it.
struct BlueZScanOptions {
  std::optional<std::int16_t> rssi = std::nullopt;       ///< leave out what is received more weakly than this, in dBm
  std::optional<std::uint16_t> pathloss = std::nullopt;  ///< leave out what lost more than this on its way, in dB
  bool discoverable =
      false;  ///< make this machine's own adapter discoverable while it scans (BlueZ, org.bluez.Adapter1 SetDiscoveryFilter)
  std::string pattern;  ///< only devices whose address or name begins so
  /// What a passive scan listens for: one to 112 (else `invalid_argument`); an active scan ignores them. BlueZ gives the scanner each advertisement that matches one of them, or,
  /// where the controller itself matches, each device that has, from then on. Flags, power and manufacturer data are found best: bluetoothd 5.69 and newer finds no UUID lists and names, and
  /// counts service data from behind its UUID. The filters above hold, but for `discoverable` (`invalid_argument`). RSSI is right to 8 dB.
  std::vector<OrPattern> or_patterns;
};

/// Windows' filter by signal strength; what is absent is Windows' default. Other backends ignore it.
struct SignalStrengthFilter {
  std::optional<std::int16_t> in_range_dbm = std::nullopt;                       ///< −127 to 20
  std::optional<std::int16_t> out_of_range_dbm = std::nullopt;                   ///< −127 to 20
  std::optional<std::chrono::milliseconds> out_of_range_timeout = std::nullopt;  ///< 1 s to 60 s
  std::optional<std::chrono::milliseconds> sampling_interval = std::nullopt;     ///< 25.5 s and more: off
};

/// Windows' filter by what the advertisement holds. Other backends ignore it.
struct AdvertisementFilter {
  /// AD flags.
  std::optional<std::uint8_t> flags = std::nullopt;
  /// The local name.
  std::optional<std::string> local_name = std::nullopt;
  /// Services that it lists.
  std::vector<Uuid> service_uuids;
  /// Company → data.
  std::map<std::uint16_t, Bytes> manufacturer_data;
  /// AD type and data of whole sections.
  std::vector<std::pair<std::uint8_t, Bytes>> sections;
  /// Bytes at places of its AD structures.
  std::vector<OrPattern> byte_patterns;
};

/// What only Windows can do. Other backends ignore it.
struct WinRtScanOptions {
  /// By how strongly it is heard.
  std::optional<SignalStrengthFilter> signal_strength_filter = std::nullopt;
  /// By what it holds.
  std::optional<AdvertisementFilter> advertisement_filter = std::nullopt;
};

}  // namespace blau
