#pragma once

#include <blau/advertisement.hpp>
#include <blau/backend.hpp>
#include <blau/detail/any_callback.hpp>
#include <blau/operation.hpp>
#include <blau/scan_filter.hpp>
#include <blau/stream.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blau {

namespace detail {
class ScannerCore;
struct ScannerAccess;
}  // namespace detail

/// Takes each sighting, on the scanner's loop; plain or a coroutine, copyable.
using DetectionCallback = detail::AnyCallback<std::function, const Device&, const AdvertisementData&>;

/// How to scan.
struct ScannerOptions {
  /// Called at each sighting that passes the filters. A coroutine holds back the next sighting until it has ended; meanwhile they wait in a queue as long as a stream's.
  DetectionCallback on_detection;
  /// Only devices that advertise one of these; empty: all.
  std::vector<Uuid> service_uuids;
  /// Whether to ask devices for their scan response.
  ScanMode mode = ScanMode::active;
  /// An adapter's id (`hci0`) or address; empty: the default one.
  std::string adapter;
  /// A scan that is interrupted because the adapter is switched off, or bluetoothd or its bus ends, goes on by itself when they are back: streams stay, `is_scanning()` says false meanwhile. False: it ends
  /// with the reason.
  bool resume = true;
  /// Active scans that hear nothing for so long are begun anew, at the next quiet moment for the adapter; zero: never. After a second time in a row the silence is reported.
  std::chrono::nanoseconds silence_limit = std::chrono::seconds(90);
  /// A device that was not heard for so long is seen no more: `discovered_devices` and `seen_devices` drop it when the next one is heard, so that a scan may go on for days among devices that
  /// change their addresses. Zero: never; `discover` keeps all, and passive scans do, whose system may tell of a device only once.
  std::chrono::nanoseconds forget_after = std::chrono::minutes(5);
  /// Called on the scanner's loop when the scan is interrupted and will resume: `bluetooth_not_available`, `backend_lost`; when nothing is heard although it was begun anew:
  /// `timed_out`; and with the reason where it cannot resume after all.
  std::function<void(const Error&)> on_interrupted;
  /// Other systems ignore it.
  BlueZScanOptions bluez;
  /// Other systems ignore it.
  WinRtScanOptions winrt;
  /// The Bluetooth system; empty: the default.
  BackendRef backend;
  /// The loop; null: the one that runs on this thread, else the background loop.
  EventLoop* loop = nullptr;
};

/// Listens for advertisements. Bleak's `BleakScanner`. A resource: move-only, its destructor stops it.
///
/// **Threads.** Any thread may call; callbacks run on the loop. A destructor on another thread waits for a callback that runs; afterwards none is called.
class BLAU_API Scanner {
 public:
  /// @throws Error `invalid_argument` for options that no system takes.
  explicit Scanner(ScannerOptions options = ScannerOptions());
  /// Takes it over; what was moved from is empty.
  Scanner(Scanner&&) noexcept;
  /// Swaps the two.
  Scanner& operator=(Scanner&&) noexcept;
  ~Scanner();

  /// Begins to scan and forgets the devices seen before. Does nothing if it scans already; one that waits to resume is begun anew.
  /// Errors: `bluetooth_not_available` with its reason, `access_denied`, `not_supported` (the mode or a filter; this build lacks the backend), `invalid_argument` (an unknown adapter, a filter that the
  /// system does not take, a faulty `$BLAU_BACKEND` or world file), `busy` (another program's scan excludes it), `timed_out` (10 s), `backend_lost`, `failed`.
  [[nodiscard]] Operation<void> start();
  /// Ends the scan; streams end. Does nothing if it does not scan. Errors: `timed_out` (10 s).
  [[nodiscard]] Operation<void> stop();
  /// Whether it scans now: false, too, while an interrupted scan waits to resume. Any thread.
  [[nodiscard]] bool is_scanning() const noexcept;

  /// The sightings from now on. Begin it before `start` to miss none; ends with `stop` or the reason why the scan ended. Several at once are possible.
  [[nodiscard]] Stream<Advertisement> advertisements(StreamOptions options = StreamOptions());

  /// The devices seen since `start`, each with its latest advertisement, in order of first sighting; without those that `ScannerOptions::forget_after` drops. Any thread.
  [[nodiscard]] std::vector<Advertisement> discovered_devices() const;
  /// The same by identifier: the system's own if it has one, else the address. Bleak's `seen_devices`.
  [[nodiscard]] std::map<std::string, Advertisement> seen_devices() const;

  /// Windows: sets one or both filters, from the next `start` on; what is left out stays as it is. Elsewhere it has no effect.
  void set_scanning_filter(std::optional<SignalStrengthFilter> signal_strength,
                           std::optional<AdvertisementFilter> advertisement = std::nullopt);

  /// Scans for this time and gives what was seen. Errors: as `start`; what ended the scan before the time was up (the adapter was switched off, the Bluetooth service ended): what was seen until then
  /// is lost. Who wants to keep it has a `Scanner` of its own. As all helpers it does not resume an interrupted scan.
  [[nodiscard]] static Operation<std::vector<Advertisement>> discover(
      std::chrono::nanoseconds timeout = std::chrono::seconds(5), ScannerOptions options = ScannerOptions());

  /// Scans until the device of this address is seen; empty when the time is up. Errors: as `discover`; `invalid_argument` for text that is no address.
  [[nodiscard]] static Operation<std::optional<Device>> find_device_by_address(
      std::string address, std::chrono::nanoseconds timeout = std::chrono::seconds(10),
      ScannerOptions options = ScannerOptions());

  /// Scans until a device of this local name is seen; empty when the time is up. Errors: as `discover`.
  [[nodiscard]] static Operation<std::optional<Device>> find_device_by_name(
      std::string name, std::chrono::nanoseconds timeout = std::chrono::seconds(10),
      ScannerOptions options = ScannerOptions());

  /// Scans until `wanted` says true; empty when the time is up. `wanted` is called on the loop. Errors: as `discover`, and what `wanted` throws.
  [[nodiscard]] static Operation<std::optional<Device>> find_device_by_filter(
      std::function<bool(const Device&, const AdvertisementData&)> wanted,
      std::chrono::nanoseconds timeout = std::chrono::seconds(10), ScannerOptions options = ScannerOptions());

 private:
  friend struct detail::ScannerAccess;
  std::shared_ptr<detail::ScannerCore> core_;
};

}  // namespace blau
