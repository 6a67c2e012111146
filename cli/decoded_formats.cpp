#include "decoded_formats.hpp"

#include <blau/assigned.hpp>

#include <cctype>
#include <cstdio>

#include "decoded_fields.hpp"

namespace blau::cli {
namespace {

using Text = std::optional<std::string>;

template <class... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  std::array<char, 96> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, arguments...);
  return buffer.data();
}

unsigned small(Fields& fields, std::size_t width) { return static_cast<unsigned>(fields.number(width)); }

/// Seven bytes; a year, month or day of 0 is not known.
Text date_time(Fields& fields) {
  const auto year = small(fields, 2), month = small(fields, 1), day = small(fields, 1), hour = small(fields, 1);
  const auto minute = small(fields, 1), second = small(fields, 1);
  const bool is_year = year == 0 || (year >= 1582 && year <= 9999);
  if (!is_year || month > 12 || day > 31 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return formatted("%04u-%02u-%02u %02u:%02u:%02u", year, month, day, hour, minute, second);
}

/// IEEE 11073-20601 FLOAT-Type: a mantissa of 24 bits, and a power of ten.
std::string medical_float(Fields& fields) {
  const auto mantissa = fields.signed_number(3);
  const auto exponent = fields.signed_number(1);
  const bool is_special = exponent == 0 && (mantissa >= 0x7ffffe || mantissa <= -0x7ffffe);
  if (is_special && mantissa == 0x7ffffe) return "too high";
  if (is_special && mantissa == -0x7ffffe) return "too low";
  if (is_special) return "not known";
  if (exponent <= 0 && exponent >= -8) return decimal(mantissa, static_cast<int>(-exponent));
  return std::to_string(mantissa) + "e" + std::to_string(exponent);
}

std::string connection_interval(std::uint64_t raw) {
  return raw == 0xffff ? "any" : decimal(static_cast<std::int64_t>(raw * 125), 2) + " ms";
}

}  // namespace

Text decode_appearance(ByteView value) {
  Fields fields(value);
  const auto number = static_cast<std::uint16_t>(fields.number(2));
  if (!fields.complete()) return std::nullopt;
  const auto name = assigned::appearance_name(number);
  return name ? Text(*name) : std::nullopt;
}

/// Core Vol 3 Part C 12.3.
Text decode_connection_parameters(ByteView value) {
  Fields fields(value);
  const auto least = fields.number(2), most = fields.number(2), latency = fields.number(2), timeout = fields.number(2);
  const auto is_interval = [](std::uint64_t raw) { return raw == 0xffff || (raw >= 6 && raw <= 3200); };
  const bool is_timeout = timeout == 0xffff || (timeout >= 10 && timeout <= 3200);
  if (!fields.complete() || !is_interval(least) || !is_interval(most) || (least != 0xffff && least > most) ||
      latency > 499 || !is_timeout)
    return std::nullopt;
  return "interval " + connection_interval(least) + " to " + connection_interval(most) + ", latency " +
         std::to_string(latency) + ", timeout " + (timeout == 0xffff ? "any" : std::to_string(timeout * 10) + " ms");
}

Text decode_date_time(ByteView value) {
  Fields fields(value);
  auto text = date_time(fields);
  return fields.complete() ? text : std::nullopt;
}

/// Date and time, the day of the week, 1/256 of a second, and why it was adjusted.
Text decode_current_time(ByteView value) {
  constexpr std::array<const char*, 8> days{"",          " Monday", " Tuesday",  " Wednesday",
                                            " Thursday", " Friday", " Saturday", " Sunday"};
  Fields fields(value);
  auto text = date_time(fields);
  const auto day = fields.number(1);
  const auto fraction = fields.number(1);
  fields.number(1);
  if (!fields.complete() || !text || day >= days.size()) return std::nullopt;
  return *text + formatted(".%02u", static_cast<unsigned>(fraction * 100 / 256)) + days[day];
}

Text decode_local_time(ByteView value) {
  Fields fields(value);
  const auto quarters = fields.signed_number(1);
  const auto saving = fields.number(1);
  constexpr std::array<const char*, 9> savings{", standard time", nullptr,           ", half an hour of daylight time",
                                               nullptr,           ", daylight time", nullptr,
                                               nullptr,           nullptr,           ", double daylight time"};
  const auto text = saving == 255 ? Text("") : word_for(savings, saving);
  const bool known = quarters != -128;
  if (!fields.complete() || !text || (known && (quarters < -48 || quarters > 56))) return std::nullopt;
  if (!known) return "UTC offset not known" + *text;
  const auto minutes = static_cast<unsigned>((quarters < 0 ? -quarters : quarters) * 15);
  return formatted("UTC%c%02u:%02u", quarters < 0 ? '-' : '+', minutes / 60, minutes % 60) + *text;
}

Text decode_temperature_measurement(ByteView value) {
  Fields fields(value);
  const auto flags = fields.number(1);
  auto text = medical_float(fields);
  const bool is_number = std::isdigit(static_cast<unsigned char>(text.back())) != 0;
  if (is_number) text += (flags & 1) != 0 ? " °F" : " °C";
  if ((flags & 2) != 0) {
    const auto time = date_time(fields);
    if (!time) return std::nullopt;
    text += ", " + *time;
  }
  if ((flags & 4) != 0) {
    const auto type = word_for(temperature_types, fields.number(1));
    if (!type) return std::nullopt;
    text += ", " + *type;
  }
  return fields.complete() ? Text(text) : std::nullopt;
}

Text decode_heart_rate(ByteView value) {
  Fields fields(value);
  const auto flags = fields.number(1);
  auto text = std::to_string(fields.number((flags & 1) != 0 ? 2 : 1)) + " bpm";
  if ((flags & 4) != 0) text += (flags & 2) != 0 ? ", skin contact" : ", no skin contact";
  if ((flags & 8) != 0) text += ", " + std::to_string(fields.number(2)) + " kJ";
  // The times between beats, in 1/1024 s, take the rest.
  const char* before = ", RR ";
  while ((flags & 16) != 0 && fields.more()) {
    text += before + std::to_string((fields.number(2) * 1000 + 512) / 1024);
    before = " ";
  }
  if (*before == ' ') text += " ms";
  return fields.complete() ? Text(text) : std::nullopt;
}

Text decode_system_id(ByteView value) {
  Fields fields(value);
  const auto manufacturer = fields.number(5);
  const auto organisation = small(fields, 3);
  if (!fields.complete()) return std::nullopt;
  return formatted("OUI %06x, number %010llx", organisation, static_cast<unsigned long long>(manufacturer));
}

Text decode_pnp_id(ByteView value) {
  Fields fields(value);
  const auto source = fields.number(1);
  const auto vendor = static_cast<std::uint16_t>(fields.number(2));
  const auto product = small(fields, 2), version = small(fields, 2);
  if (!fields.complete() || source < 1 || source > 2) return std::nullopt;
  const auto company = source == 1 ? assigned::company_name(vendor) : std::nullopt;
  const auto name = source == 2 ? formatted("USB vendor %04x", unsigned{vendor})
                    : company   ? std::string(*company)
                                : formatted("company %04x", unsigned{vendor});
  return name + formatted(", product %04x, version %x.%x.%x", product, version >> 8, version >> 4 & 15, version & 15);
}

Text decode_hid_information(ByteView value) {
  Fields fields(value);
  const auto version = small(fields, 2), country = small(fields, 1), flags = small(fields, 1);
  if (!fields.complete()) return std::nullopt;
  return formatted("HID %x.%02x, country %u", version >> 8, version & 0xff, country) +
         ((flags & 1) != 0 ? ", wakes its host" : "") + ((flags & 2) != 0 ? ", connectable at any time" : "");
}

}  // namespace blau::cli
