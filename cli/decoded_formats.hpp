#pragma once

#include <blau/bytes.hpp>

#include <array>
#include <optional>
#include <string>

namespace blau::cli {

// The formats that are more than a number, a word or a text. Each gives nothing for a value that does not keep to it.

[[nodiscard]] std::optional<std::string> decode_appearance(ByteView value);
[[nodiscard]] std::optional<std::string> decode_connection_parameters(ByteView value);
[[nodiscard]] std::optional<std::string> decode_date_time(ByteView value);
[[nodiscard]] std::optional<std::string> decode_current_time(ByteView value);
[[nodiscard]] std::optional<std::string> decode_local_time(ByteView value);
[[nodiscard]] std::optional<std::string> decode_temperature_measurement(ByteView value);
[[nodiscard]] std::optional<std::string> decode_heart_rate(ByteView value);
[[nodiscard]] std::optional<std::string> decode_system_id(ByteView value);
[[nodiscard]] std::optional<std::string> decode_pnp_id(ByteView value);
[[nodiscard]] std::optional<std::string> decode_hid_information(ByteView value);

/// Where a temperature was taken; the first is reserved.
inline constexpr std::array<const char*, 10> temperature_types{
    nullptr, "armpit", "body", "ear", "finger", "gastro-intestinal tract", "mouth", "rectum", "toe", "eardrum"};

}  // namespace blau::cli
