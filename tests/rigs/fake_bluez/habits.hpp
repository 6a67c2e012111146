#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

/// @file
/// What versions of bluetoothd differ in, and how long it takes for what: the only place that knows.

namespace blau::fake {

/// One version of bluetoothd.
struct Habits {
  std::string_view version;
  /// bluetoothd -E.
  bool experimental = true;

  bool handle_property = false;             ///< 5.69: Handle of characteristics and descriptors
  bool transport_is_no_filter = false;      ///< on 5.82: with a filter of no more, RSSI is told only where it changes
  bool power_state = false;                 ///< 5.73, before only with -E: Adapter1.PowerState
  bool replies_before_down = true;          ///< until 5.78: Disconnect is answered before Connected=false
  bool hides_claimed_services = true;       ///< until 5.79: 0x1800, 0x1812 and 0x1813 are not exported; later read-only
  bool acquire_needs_notify = true;         ///< until 5.79: AcquireNotify refuses what only indicates
  bool second_connect_in_progress = false;  ///< 5.81: InProgress; before: Failed with strerror(EALREADY)
  bool tells_reasons = false;               ///< 5.83: Device1.Disconnected
  bool tells_missing_keys = false;          ///< 5.83: Connect says that the peripheral has lost the bond
  bool failed_pairing_disconnects = false;  ///< 5.83: the link ends after a Pair that failed
  bool acquire_error_unanswered = true;  ///< until 5.83: AcquireNotify hangs where the configuration cannot be written
  bool dies_of_uuid_filter = false;      ///< 5.87: a discovery filter with UUIDs ends the daemon at the first match

  bool monitors = false;               ///< only with -E: org.bluez.AdvertisementMonitorManager1
  bool dies_of_eighth_pattern = true;  ///< all of them: more than seven patterns of one monitor overrun memory

  /// For tables of properties, methods and signals, which name their condition by its member.
  bool always = true;

  /// Of "5.66", "5.82" or "5.87"; empty for any other.
  [[nodiscard]] static std::optional<Habits> of(std::string_view version, bool experimental);
};

/// How long the daemon, the kernel and the controller take: what was measured, times the scale. What a world file says is not scaled.
struct Pace {
  explicit Pace(double scale = 1) noexcept;

  std::chrono::nanoseconds disconnect;   ///< from Disconnect to the request to the controller
  std::chrono::nanoseconds absent;       ///< until Connect gives up
  std::chrono::nanoseconds temporary;    ///< TemporaryTimeout: a device that was not connected is forgotten
  std::chrono::nanoseconds supervision;  ///< until a silent link is lost
  std::chrono::nanoseconds
      transaction;  ///< until a peripheral that owes an answer is dropped (Core Vol 3 Part F 3.3.3)
  std::chrono::nanoseconds security_manager;   ///< until a pairing in which one side is silent ends
  std::chrono::nanoseconds agent;              ///< until an agent has answered
  std::chrono::nanoseconds discovery_command;  ///< starting or stopping a scan
  std::chrono::nanoseconds power_command;      ///< switching an adapter
};

}  // namespace blau::fake
