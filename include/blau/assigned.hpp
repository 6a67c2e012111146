#pragma once

#include <blau/detail/assigned_uuids.hpp>
#include <blau/export.hpp>
#include <blau/uuid.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

/// @file
/// Assigned numbers: the Bluetooth SIG's, and UUIDs of 128 bits that are in wide use.
///
/// Each has a constant under its name in snake_case: characteristics in `blau::assigned` itself
/// (`blau::assigned::battery_level`), services and descriptors in namespaces of their own
/// (`blau::assigned::services::heart_rate`, `blau::assigned::descriptors::client_characteristic_configuration`).
/// UUIDs that a company has bought, and those that share their name with others, have a name but no constant.
///
/// The functions may be called on any thread. The texts that they give live as long as the program.

/// @namespace blau::assigned
/// Names of assigned numbers, and constants of characteristics.

/// @namespace blau::assigned::services
/// Constants of services.

/// @namespace blau::assigned::descriptors
/// Constants of descriptors.

namespace blau::assigned {

/// The name of a service, such as `Heart Rate`; of a UUID that a company has bought, the company. Empty if it is not assigned.
[[nodiscard]] BLAU_API std::optional<std::string_view> service_name(const Uuid& uuid) noexcept;

/// The name of a characteristic, such as `Heart Rate Measurement`. Empty if it is not assigned.
[[nodiscard]] BLAU_API std::optional<std::string_view> characteristic_name(const Uuid& uuid) noexcept;

/// The name of a descriptor, such as `Client Characteristic Configuration`. Empty if it is not assigned.
[[nodiscard]] BLAU_API std::optional<std::string_view> descriptor_name(const Uuid& uuid) noexcept;

/// The name of a company: the key of `AdvertisementData::manufacturer_data`. Empty if the number is not assigned.
[[nodiscard]] BLAU_API std::optional<std::string_view> company_name(std::uint16_t company) noexcept;

/// The name of a GAP appearance: of its subcategory, such as `Heart Rate Belt`, or where that is not assigned of its
/// category, such as `Heart Rate Sensor`. Empty if the category is not assigned either.
[[nodiscard]] BLAU_API std::optional<std::string_view> appearance_name(std::uint16_t appearance) noexcept;

/// The service of a name: `heart_rate`. Upper and lower case are alike, and so are `_`, blanks, `-` and other characters
/// that are neither letter nor digit: `Heart Rate` is the same. A `_service` at the end may be missing or too many. Empty if no
/// service has this name.
[[nodiscard]] BLAU_API std::optional<Uuid> find_service(std::string_view name);

/// The characteristic of a name: `battery_level`. The name is read as by `find_service`, with `_characteristic` for `_service`.
[[nodiscard]] BLAU_API std::optional<Uuid> find_characteristic(std::string_view name);

/// The descriptor of a name: `report_reference`. The name is read as by `find_service`, with `_descriptor` for `_service`.
[[nodiscard]] BLAU_API std::optional<Uuid> find_descriptor(std::string_view name);

}  // namespace blau::assigned
