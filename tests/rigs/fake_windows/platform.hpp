#pragma once

// The classes of Windows, as C++/WinRT projects them; <inspectable.h> has to stand before them.

#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <unknwn.h>

#include <inspectable.h>

#include <winrt/Windows.Devices.Bluetooth.Advertisement.h>
#include <winrt/Windows.Devices.Bluetooth.GenericAttributeProfile.h>
#include <winrt/Windows.Devices.Bluetooth.h>
#include <winrt/Windows.Devices.Enumeration.h>
#include <winrt/Windows.Devices.Radios.h>
#include <winrt/Windows.Foundation.Collections.h>
#include <winrt/Windows.Foundation.h>
#include <winrt/Windows.Storage.Streams.h>

/// An imitation of Windows' Bluetooth LE over the simulator. Not within `blau`, where `winrt` may be another namespace.
namespace fake_windows {

namespace foundation = winrt::Windows::Foundation;
namespace bluetooth = winrt::Windows::Devices::Bluetooth;
namespace advertising = winrt::Windows::Devices::Bluetooth::Advertisement;
namespace gatt = winrt::Windows::Devices::Bluetooth::GenericAttributeProfile;
namespace enumeration = winrt::Windows::Devices::Enumeration;
namespace radios = winrt::Windows::Devices::Radios;
namespace streams = winrt::Windows::Storage::Streams;

/// For what real Windows offers and the library must not use.
[[noreturn]] inline void not_offered() { throw winrt::hresult_not_implemented(); }
/// What a closed object answers.
[[noreturn]] inline void closed() { throw winrt::hresult_error(static_cast<winrt::hresult>(0x80000013)); }

}  // namespace fake_windows
