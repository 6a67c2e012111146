#include "devices.hpp"

#include "values.hpp"

#include <winrt/Windows.Foundation.Collections.h>

#include <utility>

namespace blau::detail::windows {

namespace gatt = ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile;
using ::winrt::Windows::Devices::Bluetooth::BluetoothCacheMode;
using ::winrt::Windows::Devices::Bluetooth::BluetoothConnectionStatus;
using ::winrt::Windows::Devices::Bluetooth::BluetoothLEDevice;
using ::winrt::Windows::Devices::Enumeration::DeviceInformation;
using ::winrt::Windows::Devices::Enumeration::DeviceInformationCollection;

namespace {

void close_device(const BluetoothLEDevice& device) { device.Close(); }

void close_services(const gatt::GattDeviceServicesResult& result) {
  if (!result.Services()) return;
  for (const auto& service : result.Services()) service.Close();
}

/// On the apartment. The object is closed: one that is kept holds the link up.
Device describe(const BluetoothLEDevice& device, const std::string& adapter) {
  const Address address(device.BluetoothAddress(), to_address_type(device.BluetoothAddressType()));
  return Device(address, name_of(device.Name()), to_text(device.DeviceId()), adapter);
}

/// Asks for devices one after the other. Each step keeps this alive.
class DeviceList : public std::enable_shared_from_this<DeviceList> {
 public:
  using Selector = ::winrt::hstring (*)();

  DeviceList(System& system, std::string adapter, std::vector<Uuid> services, backend::Done<std::vector<Device>> done)
      : system_(system), adapter_(std::move(adapter)), services_(std::move(services)), done_(std::move(done)) {}

  void begin(Selector selector) {
    asked_ = system_.ask<DeviceInformationCollection>(
        [selector] { return DeviceInformation::FindAllAsync(selector()); },
        [self = shared_from_this()](const Result<DeviceInformationCollection>& found) { self->found(found); });
  }

 private:
  using Ids = std::vector<::winrt::hstring>;

  void found(const Result<DeviceInformationCollection>& found) {
    if (!found) return done_(found.error());
    system_.call<Ids>(
        [all = *found] {
          Ids ids;
          for (const auto& one : all) ids.push_back(one.Id());
          return ids;
        },
        [self = shared_from_this()](Result<Ids> ids) {
          if (!ids) return self->done_(ids.error());
          self->ids_ = *std::move(ids);
          self->next();
        });
  }

  void next() {
    if (ids_.empty()) return done_(std::move(devices_));
    auto id = std::move(ids_.back());
    ids_.pop_back();
    wanted_service_ = 0;
    asked_ = system_.ask<BluetoothLEDevice>(
        [id] { return BluetoothLEDevice::FromIdAsync(id); },
        [self = shared_from_this()](const Result<BluetoothLEDevice>& device) { self->opened(device); }, &close_device);
  }

  // One that went away in the meantime is none that could be told.
  void opened(const Result<BluetoothLEDevice>& device) {
    if (!device || !*device) return next();
    device_ = *device;
    services_.empty() ? take() : ask_service();
  }

  void ask_service() {
    if (wanted_service_ == services_.size()) return leave();
    asked_ = system_.ask<gatt::GattDeviceServicesResult>(
        [device = device_, uuid = to_guid(services_[wanted_service_])] {
          return device.GetGattServicesForUuidAsync(uuid, BluetoothCacheMode::Cached);
        },
        [self = shared_from_this()](const Result<gatt::GattDeviceServicesResult>& result) { self->count(result); },
        &close_services);
  }

  void count(const Result<gatt::GattDeviceServicesResult>& result) {
    ++wanted_service_;
    if (!result || !*result) return ask_service();
    system_.call<bool>(
        [result = *result] {
          const bool any = result.Services() && result.Services().Size() != 0;
          close_services(result);
          return any;
        },
        [self = shared_from_this()](const Result<bool>& any) { any && *any ? self->take() : self->ask_service(); });
  }

  void take() {
    system_.call<Device>(
        [device = std::exchange(device_, nullptr), adapter = adapter_] {
          const auto described = describe(device, adapter);
          device.Close();
          return described;
        },
        [self = shared_from_this()](Result<Device> device) {
          if (device) self->devices_.push_back(*std::move(device));
          self->next();
        });
  }

  void leave() {
    system_.apartment().run([device = std::exchange(device_, nullptr)] { device.Close(); });
    next();
  }

  System& system_;  // it keeps the steps
  std::string adapter_;
  std::vector<Uuid> services_;
  backend::Done<std::vector<Device>> done_;
  Asked asked_;
  Ids ids_;
  BluetoothLEDevice device_{nullptr};
  std::size_t wanted_service_ = 0;
  std::vector<Device> devices_;
};

/// One question to the cache.
class CacheLook : public std::enable_shared_from_this<CacheLook> {
 public:
  CacheLook(System& system, std::string adapter, backend::Done<std::optional<Device>> done)
      : system_(system), adapter_(std::move(adapter)), done_(std::move(done)) {}

  void begin(const Address& address) {
    asked_ = system_.ask<BluetoothLEDevice>(
        [number = address.number(), type = address.type()] {
          return type ? BluetoothLEDevice::FromBluetoothAddressAsync(number, to_winrt(*type))
                      : BluetoothLEDevice::FromBluetoothAddressAsync(number);
        },
        [self = shared_from_this()](const Result<BluetoothLEDevice>& device) { self->answered(device); },
        &close_device);
  }

 private:
  using Found = std::optional<Device>;

  void answered(const Result<BluetoothLEDevice>& device) {
    if (!device && device.error().code() == ErrorCode::device_not_found) return done_(Found());
    if (!device) return done_(device.error());
    if (!*device) return done_(Found());
    system_.call<Found>(
        [device = *device, adapter = adapter_] {
          const auto described = describe(device, adapter);
          device.Close();
          return Found(described);
        },
        [self = shared_from_this()](const Result<Found>& found) { self->done_(found); });
  }

  System& system_;  // it keeps the steps
  std::string adapter_;
  backend::Done<Found> done_;
  Asked asked_;
};

::winrt::hstring connected_selector() {
  return BluetoothLEDevice::GetDeviceSelectorFromConnectionStatus(BluetoothConnectionStatus::Connected);
}

::winrt::hstring paired_selector() { return BluetoothLEDevice::GetDeviceSelectorFromPairingState(true); }

}  // namespace

void list_connected(System& system, const std::string& adapter, const std::vector<Uuid>& services,
                    backend::Done<std::vector<Device>> done) {
  std::make_shared<DeviceList>(system, adapter, services, std::move(done))->begin(&connected_selector);
}

void list_paired(System& system, const std::string& adapter, backend::Done<std::vector<Device>> done) {
  std::make_shared<DeviceList>(system, adapter, std::vector<Uuid>(), std::move(done))->begin(&paired_selector);
}

void find_cached(System& system, const std::string& adapter, const Address& address,
                 backend::Done<std::optional<Device>> done) {
  std::make_shared<CacheLook>(system, adapter, std::move(done))->begin(address);
}

}  // namespace blau::detail::windows
