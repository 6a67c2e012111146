#pragma once

#include <blau/uuid.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace fake_windows {

/// What Windows does now and then, or on some machines, and a program must bear. All off: as its documentation says.
///
/// Methods are named as in `GattSession.FromDeviceIdAsync`.
struct Habits {
  /// Operations that need no radio are over before `Completed` is set, whose setter then calls the handler.
  bool completes_in_setter = false;
  /// What these methods begin ends so much later, of the world's time.
  std::map<std::string, std::chrono::milliseconds> late;
  /// What these methods begin never ends.
  std::set<std::string> never;
  /// Cancel comes too late: the operation ends as if nobody had asked.
  bool cancels_too_late = false;
  /// The end of a link is told to nobody.
  bool hides_closed = false;
  /// GattDeviceService.Close does not return before the system ends.
  bool close_hangs = false;
  /// So many times more GetGattServicesAsync says Unreachable though the link is there.
  unsigned unreachable = 0;
  /// So many times more FromBluetoothAddressAsync gives nothing though the device was heard.
  unsigned unknown = 0;
  /// Services and what is below them answer RO_E_CLOSED once their link has ended.
  bool objects_die_with_link = false;
  /// GattServicesChanged comes once for each service while they are discovered.
  bool tells_services_one_by_one = false;
  /// MaxPduSize is 23 for so long after the link came up.
  std::optional<std::chrono::milliseconds> late_pdu_size;
  /// The system keeps these to itself.
  std::set<blau::Uuid> denied;
  /// Before build 19041: no second interface of the watcher and of what it receives.
  bool old_build = false;
  /// GetRadioAsync gives nothing: a 32-bit program on 64-bit Windows.
  bool hides_radio = false;
  /// The name of a device is "Bluetooth aa:bb:…" but for its DeviceInformation.
  bool placeholder_names = false;
  /// GattSession.CanMaintainConnection is false.
  bool cannot_maintain = false;
  /// A watcher stays in Created for so long after Start, and tells nobody when that changes.
  std::optional<std::chrono::milliseconds> slow_watcher;
  /// The privacy settings keep programs from Bluetooth: the watcher is aborted with DisabledByUser, GATT answers AccessDenied.
  bool denied_by_user = false;
};

}  // namespace fake_windows
