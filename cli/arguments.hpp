#pragma once

#include <blau/address.hpp>
#include <blau/gatt.hpp>
#include <blau/scan_filter.hpp>
#include <blau/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace blau::cli {

/// A device as people write it: its address or its name.
using DeviceArgument = std::variant<Address, std::string>;

/// A characteristic or a descriptor as people write it: a UUID (or the name of one), or a handle.
using AttributeArgument = std::variant<Uuid, Handle>;

// Each throws Error `invalid_argument` that says what is wrong and how to write it.

/// Text with a colon is an address, and so is anything else that reads as one; the rest is a name.
[[nodiscard]] DeviceArgument parse_device(std::string_view text);
/// `2a19`, `0x2a19`, `0000…34fb`, `battery_level`, `#0x13` or `#19`.
[[nodiscard]] AttributeArgument parse_characteristic(std::string_view text);
/// The same with the names of descriptors.
[[nodiscard]] AttributeArgument parse_descriptor(std::string_view text);
/// A UUID or the name of a service.
[[nodiscard]] Uuid parse_service(std::string_view text);
/// An or-pattern: `ff:0:e502`, its AD type in hexadecimal digits, the offset, and the bytes.
[[nodiscard]] OrPattern parse_pattern(std::string_view text);
/// A time in seconds, above 0, fractions allowed. @param option where it stands, for the message
[[nodiscard]] std::chrono::nanoseconds parse_seconds(std::string_view option, std::string_view text);
/// A whole number. @param option where it stands, for the message
[[nodiscard]] std::int64_t parse_number(std::string_view option, std::string_view text, std::int64_t least,
                                        std::int64_t most);

/// A passkey of a pairing, 0 to 999999 with or without its leading zeros; empty for any other text.
[[nodiscard]] std::optional<std::uint32_t> read_passkey(std::string_view text);
/// The same. @param option where it stands, for the message
[[nodiscard]] std::uint32_t parse_passkey(std::string_view option, std::string_view text);

/// `#0x0013`, as it can be written again.
[[nodiscard]] std::string to_text(Handle handle);
/// Short where the UUID has a short form: `2a19`.
[[nodiscard]] std::string to_text(const Uuid& uuid);
[[nodiscard]] std::string to_text(const AttributeArgument& attribute);
[[nodiscard]] std::string to_text(const DeviceArgument& device);
/// `5 s`, `0.5 s`.
[[nodiscard]] std::string to_text(std::chrono::nanoseconds time);

}  // namespace blau::cli
