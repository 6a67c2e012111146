#include "arguments.hpp"

#include <blau/assigned.hpp>
#include <blau/error.hpp>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "text.hpp"

namespace blau::cli {
namespace {

Error bad_argument(const std::string& message) { return Error(ErrorCode::invalid_argument, message); }

template <class Number>
std::optional<Number> read_whole(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Uuid> read_uuid(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    if (text.size() > 8) return std::nullopt;
  }
  return Uuid::parse(text);
}

Handle parse_handle(std::string_view text) {
  auto digits = text.substr(1);
  const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  if (hexadecimal) digits.remove_prefix(2);
  const auto number = read_whole<std::uint16_t>(digits, hexadecimal ? 16 : 10);
  if (!number || *number == 0)
    throw bad_argument(in_quotes(text) + " is no handle: write #0x13 or #19, from #1 to #0xffff");
  return Handle(*number);
}

using Find = std::optional<Uuid> (*)(std::string_view);

AttributeArgument parse_attribute(std::string_view text, Find find, std::string_view what) {
  if (text.starts_with('#')) return parse_handle(text);
  if (const auto uuid = read_uuid(text)) return *uuid;
  if (const auto uuid = find(text)) return *uuid;
  throw bad_argument(in_quotes(text) + " is no " + std::string(what) +
                     ": write a UUID of 4, 8 or 36 characters, an assigned name, or a handle (#0x13)");
}

}  // namespace

DeviceArgument parse_device(std::string_view text) {
  if (text.empty()) throw bad_argument("the device is empty: write its address or its name, as `blau scan` shows them");
  if (const auto address = Address::parse(text)) return *address;
  if (text.find(':') == std::string_view::npos) return std::string(text);
  throw bad_argument(in_quotes(text) +
                     " is no address: write six pairs of hexadecimal digits, as in C4:11:22:33:44:55");
}

AttributeArgument parse_characteristic(std::string_view text) {
  return parse_attribute(text, &assigned::find_characteristic, "characteristic");
}

AttributeArgument parse_descriptor(std::string_view text) {
  return parse_attribute(text, &assigned::find_descriptor, "descriptor");
}

Uuid parse_service(std::string_view text) {
  if (const auto uuid = read_uuid(text)) return *uuid;
  if (const auto uuid = assigned::find_service(text)) return *uuid;
  throw bad_argument(in_quotes(text) +
                     " is no service: write a UUID of 4, 8 or 36 characters, or an assigned name (heart_rate)");
}

OrPattern parse_pattern(std::string_view text) {
  constexpr std::size_t reach = 31;
  const auto first = text.find(':');
  const auto second = first == text.npos ? text.npos : text.find(':', first + 1);
  if (second != text.npos) {
    auto type = text.substr(0, first);
    if (type.starts_with("0x") || type.starts_with("0X")) type.remove_prefix(2);
    const auto ad_type = read_whole<std::uint8_t>(type, 16);
    const auto offset = read_whole<std::uint8_t>(text.substr(first + 1, second - first - 1));
    const auto content = from_hex(text.substr(second + 1));
    if (ad_type && offset && content && !content->empty() && *offset + content->size() <= reach)
      return {*offset, *ad_type, *content};
  }
  throw bad_argument(
      "--pattern takes the type of an AD structure, an offset in its data, and bytes, to the " + std::to_string(reach) +
      "st at most, all but the offset in hexadecimal digits (ff:0:e502): " + in_quotes(text) + " is none");
}

std::chrono::nanoseconds parse_seconds(std::string_view option, std::string_view text) {
  constexpr double longest = 365.0 * 24 * 3600;
  const std::string digits(text);
  char* end = nullptr;
  const double seconds = std::strtod(digits.c_str(), &end);
  const bool whole = !digits.empty() && end == digits.c_str() + digits.size();
  if (!whole || !(seconds >= 0.001 && seconds <= longest))
    throw bad_argument(std::string(option) + " takes a time in seconds, from 0.001 to a year: " + in_quotes(text) +
                       " is none");
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

std::int64_t parse_number(std::string_view option, std::string_view text, std::int64_t least, std::int64_t most) {
  const auto number = read_whole<std::int64_t>(text);
  if (!number || *number < least || *number > most)
    throw bad_argument(std::string(option) + " takes a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most) + ": " + in_quotes(text) + " is none");
  return *number;
}

std::optional<std::uint32_t> read_passkey(std::string_view text) {
  constexpr std::size_t most_digits = 6;
  return text.size() > most_digits ? std::nullopt : read_whole<std::uint32_t>(text);
}

std::uint32_t parse_passkey(std::string_view option, std::string_view text) {
  if (const auto passkey = read_passkey(text)) return *passkey;
  throw bad_argument(std::string(option) + " takes a passkey of at most six digits, 0 to 999999: " + in_quotes(text) +
                     " is none");
}

std::string to_text(Handle handle) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "#0x%04x", static_cast<unsigned>(handle.value()));
  return buffer.data();
}

std::string to_text(const Uuid& uuid) {
  const auto text = uuid.to_string();
  if (uuid.short_number()) return text.substr(4, 4);
  return uuid.is_on_base() ? text.substr(0, 8) : text;
}

std::string to_text(const AttributeArgument& attribute) {
  return std::visit([](const auto& form) { return to_text(form); }, attribute);
}

std::string to_text(const DeviceArgument& device) {
  if (const auto* const address = std::get_if<Address>(&device)) return address->to_string();
  return in_quotes(std::get<std::string>(device));
}

std::string to_text(std::chrono::nanoseconds time) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%g s", std::chrono::duration<double>(time).count());
  return buffer.data();
}

}  // namespace blau::cli
