#pragma once

// Before C++/WinRT, which takes COM's own types along only then.
#include <inspectable.h>

#include <blau/address.hpp>
#include <blau/bytes.hpp>
#include <blau/uuid.hpp>

#include <winrt/Windows.Devices.Bluetooth.h>
#include <winrt/Windows.Foundation.h>
#include <winrt/Windows.Storage.Streams.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace blau::detail::windows {

/// Valid UTF-8; a lone surrogate becomes U+FFFD.
[[nodiscard]] std::string to_text(const ::winrt::hstring& text);
[[nodiscard]] ::winrt::hstring to_hstring(std::string_view text);

[[nodiscard]] Uuid to_uuid(const ::winrt::guid& guid) noexcept;
[[nodiscard]] ::winrt::guid to_guid(const Uuid& uuid) noexcept;

/// Of a buffer that may be null: no bytes. @throws hresult_error
[[nodiscard]] Bytes to_bytes(const ::winrt::Windows::Storage::Streams::IBuffer& buffer);
/// The system's own buffer. @throws hresult_error
[[nodiscard]] ::winrt::Windows::Storage::Streams::IBuffer to_buffer(ByteView bytes);

/// Empty for `Unspecified`.
[[nodiscard]] std::optional<AddressType> to_address_type(
    ::winrt::Windows::Devices::Bluetooth::BluetoothAddressType type) noexcept;
[[nodiscard]] ::winrt::Windows::Devices::Bluetooth::BluetoothAddressType to_winrt(AddressType type) noexcept;

/// Of a reference that may be null. Reads the interface, so that any implementation will do.
template <class T>
[[nodiscard]] std::optional<T> to_optional(const ::winrt::Windows::Foundation::IReference<T>& reference) {
  if (!reference) return std::nullopt;
  return reference.Value();
}

/// A name that says something: not empty, not Windows' placeholder "Bluetooth aa:bb:cc:dd:ee:ff".
[[nodiscard]] std::optional<std::string> name_of(const ::winrt::hstring& name);

}  // namespace blau::detail::windows
