#pragma once

#include <blau/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace blau::detail::bluez {

/// What an object path under /org/bluez names. Handles are the hexadecimal suffixes of BlueZ's paths; 0 where the path ends before.
struct ObjectPath {
  std::string_view adapter;  ///< `/org/bluez/hci0`
  std::string_view device;   ///< `/org/bluez/hci0/dev_C0_FF_EE_00_00_01`; empty for an adapter
  std::uint16_t service = 0;
  std::uint16_t characteristic = 0;
  std::uint16_t descriptor = 0;
};

/// Takes a path apart; empty if it is no adapter's, device's or attribute's.
[[nodiscard]] std::optional<ObjectPath> parse_path(std::string_view path) noexcept;

/// `hci0` of an adapter's path.
[[nodiscard]] std::string_view adapter_id(std::string_view adapter_path) noexcept;

/// What BlueZ calls the device of an address.
[[nodiscard]] std::string device_path_of(std::string_view adapter_path, const Address& address);

/// The path of an attribute; handles of 0 are left out.
[[nodiscard]] std::string attribute_path(std::string_view device, std::uint16_t service,
                                         std::uint16_t characteristic = 0, std::uint16_t descriptor = 0);

}  // namespace blau::detail::bluez
