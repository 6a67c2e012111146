// Which factory makes which class.

#include "activation.hpp"

#include "adapters.hpp"
#include "advertisement.hpp"
#include "device.hpp"
#include "device_information.hpp"
#include "host.hpp"
#include "platform.hpp"
#include "services.hpp"
#include "values.hpp"
#include "watcher.hpp"

#include <roapi.h>

#include <map>
#include <string_view>

namespace fake_windows {
namespace {

class BufferFactory : public winrt::implements<BufferFactory, foundation::IActivationFactory, streams::IBufferFactory> {
 public:
  foundation::IInspectable ActivateInstance() const { not_offered(); }
  streams::Buffer Create(std::uint32_t capacity) const { return empty_buffer(capacity); }
};

foundation::IInspectable buffer_factory() { return winrt::make<BufferFactory>().as<foundation::IInspectable>(); }

using Factory = foundation::IInspectable (*)();

/// Factories hold nothing: C++/WinRT keeps them beyond a FakeWindows.
Factory factory_of(std::wstring_view name) {
  static const std::map<std::wstring_view, Factory> factories{
      {L"Windows.Devices.Bluetooth.BluetoothAdapter", &adapter_factory},
      {L"Windows.Devices.Bluetooth.BluetoothDeviceId", &device_id_factory},
      {L"Windows.Devices.Bluetooth.BluetoothLEDevice", &device_factory},
      {L"Windows.Devices.Bluetooth.BluetoothSignalStrengthFilter", &signal_strength_filter_factory},
      {L"Windows.Devices.Bluetooth.Advertisement.BluetoothLEAdvertisement", &advertisement_factory},
      {L"Windows.Devices.Bluetooth.Advertisement.BluetoothLEAdvertisementBytePattern", &byte_pattern_factory},
      {L"Windows.Devices.Bluetooth.Advertisement.BluetoothLEAdvertisementDataSection", &section_factory},
      {L"Windows.Devices.Bluetooth.Advertisement.BluetoothLEAdvertisementFilter", &advertisement_filter_factory},
      {L"Windows.Devices.Bluetooth.Advertisement.BluetoothLEAdvertisementWatcher", &watcher_factory},
      {L"Windows.Devices.Bluetooth.Advertisement.BluetoothLEManufacturerData", &manufacturer_data_factory},
      {L"Windows.Devices.Bluetooth.GenericAttributeProfile.GattReliableWriteTransaction", &reliable_write_factory},
      {L"Windows.Devices.Bluetooth.GenericAttributeProfile.GattSession", &session_factory},
      {L"Windows.Devices.Enumeration.DeviceInformation", &device_information_factory},
      {L"Windows.Storage.Streams.Buffer", &buffer_factory},
  };
  const auto found = factories.find(name);
  return found == factories.end() ? nullptr : found->second;
}

std::int32_t __stdcall activate(void* name, const winrt::guid& wanted, void** factory) noexcept {
  try {
    winrt::hstring text;
    winrt::copy_from_abi(text, name);
    if (const auto made = make_factory(text)) {
      (void)Host::current();
      return made.as(wanted, factory);
    }
    return ::RoGetActivationFactory(static_cast<HSTRING>(name), reinterpret_cast<const IID&>(wanted), factory);
  } catch (...) {
    return winrt::to_hresult();
  }
}

}  // namespace

foundation::IInspectable make_factory(std::wstring_view name) {
  const auto make = factory_of(name);
  return make ? make() : nullptr;
}

void install_activation() { winrt_activation_handler = &activate; }

}  // namespace fake_windows
