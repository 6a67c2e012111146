#pragma once

#include "platform.hpp"

#include <memory>
#include <string>

namespace fake_windows {

class Remote;

/// The information object of a device, as it is now. Any thread.
[[nodiscard]] enumeration::DeviceInformation information_of(const std::shared_ptr<Remote>& remote);
/// Of something that does not pair: an adapter.
[[nodiscard]] enumeration::DeviceInformation information_of(const winrt::hstring& id, const std::string& name);

/// The statics of DeviceInformation.
[[nodiscard]] foundation::IInspectable device_information_factory();

// As BluetoothLEDevice gives them.

[[nodiscard]] winrt::hstring device_selector();
[[nodiscard]] winrt::hstring paired_selector(bool paired);
[[nodiscard]] winrt::hstring connected_selector(bool connected);

}  // namespace fake_windows
