#include "decoded.hpp"

#include <blau/assigned.hpp>

#include <algorithm>
#include <array>

#include "decoded_fields.hpp"
#include "decoded_formats.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

using Text = std::optional<std::string>;

/// A number with a unit.
struct Quantity {
  Uuid characteristic;
  std::size_t width;
  bool has_sign;
  int decimals;
  const char* unit;
  std::int64_t least, most;
  /// Stands for a value that is not known.
  std::int64_t unknown = -1;
};

constexpr std::int64_t u8 = 0xff, u16 = 0xffff, u32 = 0xffffffff;

constexpr std::array quantities{
    Quantity{assigned::battery_level, 1, false, 0, " %", 0, 100},
    Quantity{assigned::tx_power_level, 1, true, 0, " dBm", -127, 127},
    Quantity{assigned::temperature, 2, true, 2, " °C", -27315, 32767, -32768},
    Quantity{assigned::humidity, 2, false, 2, " %", 0, 10000, u16},
    Quantity{assigned::pressure, 4, false, 1, " Pa", 0, u32},
    Quantity{assigned::elevation, 3, true, 2, " m", -8388608, 8388607},
    Quantity{assigned::true_wind_speed, 2, false, 2, " m/s", 0, u16},
    Quantity{assigned::apparent_wind_speed, 2, false, 2, " m/s", 0, u16},
    Quantity{assigned::true_wind_direction, 2, false, 2, "°", 0, 35999},
    Quantity{assigned::apparent_wind_direction, 2, false, 2, "°", 0, 35999},
    Quantity{assigned::gust_factor, 1, false, 1, "", 0, u8},
    Quantity{assigned::uv_index, 1, false, 0, "", 0, u8},
    Quantity{assigned::irradiance, 2, false, 1, " W/m²", 0, u16},
    Quantity{assigned::rainfall, 2, false, 0, " mm", 0, u16},
    Quantity{assigned::wind_chill, 1, true, 0, " °C", -128, 127},
    Quantity{assigned::heat_index, 1, true, 0, " °C", -128, 127},
    Quantity{assigned::dew_point, 1, true, 0, " °C", -128, 127},
};

Text quantity(const Quantity& quantity, ByteView value) {
  Fields fields(value);
  const auto number = quantity.has_sign ? fields.signed_number(quantity.width)
                                        : static_cast<std::int64_t>(fields.number(quantity.width));
  if (!fields.complete()) return std::nullopt;
  if (quantity.unknown != -1 && number == quantity.unknown) return "not known";
  if (number < quantity.least || number > quantity.most) return std::nullopt;
  return decimal(number, quantity.decimals) + quantity.unit;
}

/// A number of one byte that stands for a word; empty words are reserved.
struct Choice {
  Uuid characteristic;
  std::array<const char*, 10> words;
};

constexpr std::array one_of{
    Choice{assigned::alert_level, {"no alert", "mild alert", "high alert"}},
    Choice{assigned::body_sensor_location, {"other", "chest", "wrist", "finger", "hand", "ear lobe", "foot"}},
    Choice{assigned::temperature_type, temperature_types},
    Choice{assigned::protocol_mode, {"boot protocol", "report protocol"}},
    Choice{assigned::central_address_resolution, {"not supported", "supported"}},
};

constexpr std::array texts{
    assigned::device_name,
    assigned::manufacturer_name_string,
    assigned::model_number_string,
    assigned::serial_number_string,
    assigned::firmware_revision_string,
    assigned::hardware_revision_string,
    assigned::software_revision_string,
    assigned::first_name,
    assigned::last_name,
    assigned::email_address,
    assigned::language,
};

Text utf8(ByteView value) {
  std::string text(value.begin(), value.end());
  while (text.ends_with('\0')) text.pop_back();  // many devices send the end of a C string too
  if (text.empty() || !is_printable(text)) return std::nullopt;
  return text;
}

struct Special {
  Uuid characteristic;
  Text (*decode)(ByteView value);
};

constexpr std::array specials{
    Special{assigned::appearance, decode_appearance},
    Special{assigned::peripheral_preferred_connection_parameters, decode_connection_parameters},
    Special{assigned::date_time, decode_date_time},
    Special{assigned::current_time, decode_current_time},
    Special{assigned::local_time_information, decode_local_time},
    Special{assigned::temperature_measurement, decode_temperature_measurement},
    Special{assigned::intermediate_temperature, decode_temperature_measurement},
    Special{assigned::heart_rate_measurement, decode_heart_rate},
    Special{assigned::system_id, decode_system_id},
    Special{assigned::pnp_id, decode_pnp_id},
    Special{assigned::hid_information, decode_hid_information},
};

template <class Entries>
const auto* entry_of(const Entries& entries, const Uuid& characteristic) {
  const auto found =
      std::ranges::find_if(entries, [&](const auto& entry) { return entry.characteristic == characteristic; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

Text decoded(const Uuid& characteristic, ByteView value) {
  if (const auto* const entry = entry_of(quantities, characteristic)) return quantity(*entry, value);
  if (const auto* const entry = entry_of(specials, characteristic)) return entry->decode(value);
  if (const auto* const entry = entry_of(one_of, characteristic))
    return value.size() == 1 ? word_for(entry->words, value[0]) : std::nullopt;
  if (std::ranges::find(texts, characteristic) != texts.end()) return utf8(value);
  return std::nullopt;
}

}  // namespace blau::cli
