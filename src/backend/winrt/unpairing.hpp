#pragma once

#include "async.hpp"

#include <blau/address.hpp>

#include <winrt/Windows.Devices.Bluetooth.h>
#include <winrt/Windows.Devices.Enumeration.h>

#include <memory>
#include <optional>

namespace blau::detail::windows {

/// Removes the bond with a device, by an object of its own: so it needs no link.
class UnpairingProcedure : public std::enable_shared_from_this<UnpairingProcedure> {
 public:
  explicit UnpairingProcedure(const std::shared_ptr<System>& system) : system_(system) {}
  ~UnpairingProcedure();

  /// @param then success also where there is no such device, or no bond
  void begin(const Address& address, std::optional<AddressType> type, unique_function<void(Result<void>)> then);

 private:
  /// The system's objects; they are called on the apartment.
  struct Objects {
    ::winrt::Windows::Devices::Bluetooth::BluetoothLEDevice device{nullptr};
    ::winrt::Windows::Devices::Enumeration::DeviceInformation information{nullptr};
  };

  void got_device(Result<::winrt::Windows::Devices::Bluetooth::BluetoothLEDevice> device);
  void got_information(Result<::winrt::Windows::Devices::Enumeration::DeviceInformation> information);
  void unpair();
  void finish(const Result<void>& result);

  std::shared_ptr<System> system_;
  std::shared_ptr<Objects> objects_ = std::make_shared<Objects>();
  unique_function<void(Result<void>)> then_;
  Asked asked_;
};

}  // namespace blau::detail::windows
