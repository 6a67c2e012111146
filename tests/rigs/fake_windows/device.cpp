// BluetoothLEDevice.

#include "device.hpp"

#include "device_information.hpp"
#include "operation.hpp"
#include "remote.hpp"
#include "remotes.hpp"
#include "services.hpp"
#include "values.hpp"

#include <optional>
#include <utility>

namespace fake_windows {
namespace {

using namespace bluetooth;
using foundation::IAsyncOperation;
using gatt::GattDeviceServicesResult;

class DeviceId : public winrt::implements<DeviceId, IBluetoothDeviceId> {
 public:
  explicit DeviceId(winrt::hstring id) : id_(std::move(id)) {}
  winrt::hstring Id() const { return id_; }
  bool IsClassicDevice() const noexcept { return false; }
  bool IsLowEnergyDevice() const noexcept { return true; }

 private:
  const winrt::hstring id_;
};

class Device : public winrt::implements<Device, IBluetoothLEDevice, IBluetoothLEDevice2, IBluetoothLEDevice3,
                                        IBluetoothLEDevice4, foundation::IClosable> {
 public:
  explicit Device(std::shared_ptr<Remote> remote)
      : remote_(std::move(remote)), host_(remote_->host().shared_from_this()) {}
  ~Device() { Close(); }

  winrt::hstring DeviceId() const { return open().id(); }
  winrt::hstring Name() const;
  foundation::Collections::IVectorView<gatt::GattDeviceService> GattServices() const { not_offered(); }
  BluetoothConnectionStatus ConnectionStatus() const {
    return open().facts().connected ? BluetoothConnectionStatus::Connected : BluetoothConnectionStatus::Disconnected;
  }
  std::uint64_t BluetoothAddress() const { return open().address().number(); }
  gatt::GattDeviceService GetGattService(const winrt::guid&) const { not_offered(); }

  winrt::event_token NameChanged(const DeviceState::Handler<Nothing>& handler) {
    return state_->name_changed.add(handler);
  }
  void NameChanged(winrt::event_token token) noexcept { state_->name_changed.remove(token); }
  winrt::event_token GattServicesChanged(const DeviceState::Handler<Nothing>& handler) {
    (void)open();
    return state_->services_changed.add(handler);
  }
  void GattServicesChanged(winrt::event_token token) noexcept { state_->services_changed.remove(token); }
  winrt::event_token ConnectionStatusChanged(const DeviceState::Handler<Nothing>& handler) {
    (void)open();
    return state_->connection_changed.add(handler);
  }
  void ConnectionStatusChanged(winrt::event_token token) noexcept { state_->connection_changed.remove(token); }

  enumeration::DeviceInformation DeviceInformation() const {
    (void)open();
    return information_of(remote_);
  }
  BluetoothLEAppearance Appearance() const { not_offered(); }
  bluetooth::BluetoothAddressType BluetoothAddressType() const {
    const auto type = open().address().type();
    if (!type) return bluetooth::BluetoothAddressType::Unspecified;
    return type == blau::AddressType::random ? bluetooth::BluetoothAddressType::Random
                                             : bluetooth::BluetoothAddressType::Public;
  }
  enumeration::DeviceAccessInformation DeviceAccessInformation() const { not_offered(); }
  IAsyncOperation<enumeration::DeviceAccessStatus> RequestAccessAsync() const { not_offered(); }
  bluetooth::BluetoothDeviceId BluetoothDeviceId() const { return device_id_of(open().id()); }

  IAsyncOperation<GattDeviceServicesResult> GetGattServicesAsync() const { return services({}, {}); }
  IAsyncOperation<GattDeviceServicesResult> GetGattServicesAsync(BluetoothCacheMode mode) const {
    return services(mode, {});
  }
  IAsyncOperation<GattDeviceServicesResult> GetGattServicesForUuidAsync(const winrt::guid& type) const {
    return services({}, uuid_of(type));
  }
  IAsyncOperation<GattDeviceServicesResult> GetGattServicesForUuidAsync(const winrt::guid& type,
                                                                        BluetoothCacheMode mode) const {
    return services(mode, uuid_of(type));
  }

  void Close() noexcept {
    if (state_->closed.exchange(true)) return;
    host_->on_air([remote = remote_, counted = counted_] {
      if (counted) remote->unuse();
    });
  }

  /// On the air, once.
  void take_place(const BluetoothLEDevice& self) {
    state_->self = winrt::make_weak(self);
    counted_ = true;
    remote_->use();
    remote_->add(state_);
  }

 private:
  [[nodiscard]] Remote& open() const {
    if (state_->closed) closed();
    return *remote_;
  }
  IAsyncOperation<GattDeviceServicesResult> services(std::optional<BluetoothCacheMode> mode,
                                                     std::optional<blau::Uuid> type) const {
    (void)open();
    auto work = [remote = remote_, mode, type](const OperationRef<GattDeviceServicesResult>& operation) {
      give_services(remote, mode, type, operation);
    };
    return begin<GattDeviceServicesResult>(host_, "BluetoothLEDevice.GetGattServicesAsync", Pace::slow, work);
  }

  const std::shared_ptr<Remote> remote_;
  const std::shared_ptr<Host> host_;
  const std::shared_ptr<DeviceState> state_ = std::make_shared<DeviceState>();
  bool counted_ = false;
};

winrt::hstring Device::Name() const {
  const std::string name = open().facts().name;
  if (!name.empty() && !host_->habits().placeholder_names) return winrt::to_hstring(name);
  return winrt::to_hstring("Bluetooth " + lower_case(remote_->address()));
}

/// On the air.
BluetoothLEDevice made(Host& host, const blau::Address& address) {
  if (!host.remotes().knows(address) || host.take_turn(&Habits::unknown)) return nullptr;
  const auto device = winrt::make_self<Device>(host.remotes().get(address));
  const auto self = device.as<BluetoothLEDevice>();
  device->take_place(self);
  return self;
}

class DeviceStatics : public winrt::implements<DeviceStatics, foundation::IActivationFactory, IBluetoothLEDeviceStatics,
                                               IBluetoothLEDeviceStatics2> {
 public:
  foundation::IInspectable ActivateInstance() const { not_offered(); }

  IAsyncOperation<BluetoothLEDevice> FromIdAsync(const winrt::hstring& id) const {
    const auto address = address_of_id(id);
    if (!address) throw winrt::hresult_invalid_argument();
    return find(*address, "BluetoothLEDevice.FromIdAsync");
  }
  IAsyncOperation<BluetoothLEDevice> FromBluetoothAddressAsync(std::uint64_t address) const {
    return find(blau::Address(address), "BluetoothLEDevice.FromBluetoothAddressAsync");
  }
  IAsyncOperation<BluetoothLEDevice> FromBluetoothAddressAsync(std::uint64_t address, BluetoothAddressType type) const {
    std::optional<blau::AddressType> wanted;
    if (type == BluetoothAddressType::Public) wanted = blau::AddressType::public_;
    if (type == BluetoothAddressType::Random) wanted = blau::AddressType::random;
    return find(blau::Address(address, wanted), "BluetoothLEDevice.FromBluetoothAddressAsync");
  }

  winrt::hstring GetDeviceSelector() const { return device_selector(); }
  winrt::hstring GetDeviceSelectorFromPairingState(bool paired) const { return paired_selector(paired); }
  winrt::hstring GetDeviceSelectorFromConnectionStatus(BluetoothConnectionStatus status) const {
    return connected_selector(status == BluetoothConnectionStatus::Connected);
  }
  winrt::hstring GetDeviceSelectorFromDeviceName(const winrt::hstring&) const { not_offered(); }
  winrt::hstring GetDeviceSelectorFromBluetoothAddress(std::uint64_t) const { not_offered(); }
  winrt::hstring GetDeviceSelectorFromBluetoothAddress(std::uint64_t, BluetoothAddressType) const { not_offered(); }
  winrt::hstring GetDeviceSelectorFromAppearance(const BluetoothLEAppearance&) const { not_offered(); }

 private:
  static IAsyncOperation<BluetoothLEDevice> find(const blau::Address& address, const char* method) {
    const auto host = Host::current();
    auto work = [&host = *host, address](const OperationRef<BluetoothLEDevice>& operation) {
      operation->succeed(made(host, address));
    };
    return begin<BluetoothLEDevice>(host, method, Pace::prompt, work);
  }
};

class DeviceIdStatics
    : public winrt::implements<DeviceIdStatics, foundation::IActivationFactory, IBluetoothDeviceIdStatics> {
 public:
  foundation::IInspectable ActivateInstance() const { not_offered(); }
  BluetoothDeviceId FromId(const winrt::hstring& id) const { return device_id_of(id); }
};

}  // namespace

bluetooth::BluetoothDeviceId device_id_of(const winrt::hstring& id) {
  return winrt::make<DeviceId>(id).as<bluetooth::BluetoothDeviceId>();
}

foundation::IInspectable device_factory() { return winrt::make<DeviceStatics>().as<foundation::IInspectable>(); }
foundation::IInspectable device_id_factory() { return winrt::make<DeviceIdStatics>().as<foundation::IInspectable>(); }

}  // namespace fake_windows
