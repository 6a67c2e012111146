#pragma once

#include "platform.hpp"

namespace fake_windows {

/// The statics of BluetoothLEDevice.
[[nodiscard]] foundation::IInspectable device_factory();
/// The statics of GattSession.
[[nodiscard]] foundation::IInspectable session_factory();
/// The statics of BluetoothDeviceId.
[[nodiscard]] foundation::IInspectable device_id_factory();

/// A BluetoothDeviceId.
[[nodiscard]] bluetooth::BluetoothDeviceId device_id_of(const winrt::hstring& id);

}  // namespace fake_windows
