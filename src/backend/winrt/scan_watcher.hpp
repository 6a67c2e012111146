#pragma once

#include "sightings.hpp"

#include <inspectable.h>

#include <blau/scan_filter.hpp>

#include <winrt/Windows.Devices.Bluetooth.Advertisement.h>
#include <winrt/Windows.Devices.Bluetooth.h>

#include <functional>

namespace blau::detail::windows {

/// Windows' filters; they need the apartment. The part by service UUIDs is left out: Windows looks at each packet alone, and would drop the half of an advertisement that does not list them.
[[nodiscard]] ::winrt::Windows::Devices::Bluetooth::BluetoothSignalStrengthFilter to_winrt(
    const SignalStrengthFilter& filter);
[[nodiscard]] ::winrt::Windows::Devices::Bluetooth::Advertisement::BluetoothLEAdvertisementFilter to_winrt(
    const AdvertisementFilter& filter);

/// The packet. Interfaces that this Windows does not have yet are done without.
[[nodiscard]] Heard heard_of(
    const ::winrt::Windows::Devices::Bluetooth::Advertisement::BluetoothLEAdvertisementReceivedEventArgs& packet);

/// Windows' advertisement watcher. Made anywhere; all its functions belong to the apartment.
class ScanWatcher {
 public:
  using Watcher = ::winrt::Windows::Devices::Bluetooth::Advertisement::BluetoothLEAdvertisementWatcher;
  using Status = ::winrt::Windows::Devices::Bluetooth::Advertisement::BluetoothLEAdvertisementWatcherStatus;

  /// Called on any thread.
  struct Handlers {
    std::function<void(Heard)> heard;
    std::function<void(::winrt::Windows::Devices::Bluetooth::BluetoothError)> stopped;
  };

  /// What is to be heard.
  struct Orders {
    ScanMode mode = ScanMode::active;
    WinRtScanOptions options;
  };

  /// @throws hresult_error
  Status start(const Orders& orders, Handlers handlers);
  [[nodiscard]] Status status() const { return watcher_.Status(); }
  /// No packet is told from now on; `stopped` comes if it is `Stopping`.
  Status stop();
  /// Nothing is told any more.
  void forget() noexcept;

 private:
  Watcher watcher_{nullptr};
  ::winrt::event_token received_{};
  ::winrt::event_token stopped_{};
};

}  // namespace blau::detail::windows
