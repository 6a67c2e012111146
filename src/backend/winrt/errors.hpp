#pragma once

// Before C++/WinRT, which takes COM's own types along only then.
#include <inspectable.h>

#include <blau/error.hpp>
#include <blau/result.hpp>

#include <winrt/Windows.Devices.Bluetooth.GenericAttributeProfile.h>
#include <winrt/Windows.Devices.Bluetooth.h>
#include <winrt/Windows.Devices.Enumeration.h>

#include <cstdint>
#include <optional>
#include <string>

namespace blau::detail::windows {

/// `0x80070005`.
[[nodiscard]] std::string hresult_text(std::int32_t code);
/// What an HRESULT means to a program. `system_text` is told where the number means nothing to this library.
[[nodiscard]] Error error_of(std::int32_t code, const std::string& system_text = std::string());
[[nodiscard]] Error error_of(const ::winrt::hresult_error& error);
/// Of the exception that is being handled: an HRESULT, an `Error`, or any other.
[[nodiscard]] Error current_error();
/// The same where the system was asked for Bluetooth itself, not for a device: a refusal says that Bluetooth is not available.
[[nodiscard]] Error unavailable(const Error& error);

// What the system answered. The native text names the type and the value: `GattOpenStatus::SharingViolation`, or `GattOpenStatus 9` where the value is unknown.

[[nodiscard]] Result<void> result_of(::winrt::Windows::Devices::Bluetooth::BluetoothError status);
/// @param att `ProtocolError`, which may be absent.
[[nodiscard]] Result<void> result_of(
    ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile::GattCommunicationStatus status,
    std::optional<std::uint8_t> att);
/// Success for `AlreadyOpened`, too.
[[nodiscard]] Result<void> result_of(
    ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile::GattOpenStatus status);
/// Success for `AlreadyPaired`, too.
[[nodiscard]] Result<void> result_of(::winrt::Windows::Devices::Enumeration::DevicePairingResultStatus status);
/// Success for `AlreadyUnpaired`, too.
[[nodiscard]] Result<void> result_of(::winrt::Windows::Devices::Enumeration::DeviceUnpairingResultStatus status);

}  // namespace blau::detail::windows
