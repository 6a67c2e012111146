#include "values.hpp"

#include <blau/error.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "text.hpp"

namespace blau::cli {
namespace {

using Kind = Format::Kind;

constexpr std::array<std::pair<std::string_view, Format>, 24> formats{{
    {"hex", Format()},
    {"text", Format(Kind::text, 1, false)},
    {"u8", Format(Kind::unsigned_number, 1, false)},
    {"u16le", Format(Kind::unsigned_number, 2, false)},
    {"u16be", Format(Kind::unsigned_number, 2, true)},
    {"u24le", Format(Kind::unsigned_number, 3, false)},
    {"u24be", Format(Kind::unsigned_number, 3, true)},
    {"u32le", Format(Kind::unsigned_number, 4, false)},
    {"u32be", Format(Kind::unsigned_number, 4, true)},
    {"u64le", Format(Kind::unsigned_number, 8, false)},
    {"u64be", Format(Kind::unsigned_number, 8, true)},
    {"i8", Format(Kind::signed_number, 1, false)},
    {"i16le", Format(Kind::signed_number, 2, false)},
    {"i16be", Format(Kind::signed_number, 2, true)},
    {"i24le", Format(Kind::signed_number, 3, false)},
    {"i24be", Format(Kind::signed_number, 3, true)},
    {"i32le", Format(Kind::signed_number, 4, false)},
    {"i32be", Format(Kind::signed_number, 4, true)},
    {"i64le", Format(Kind::signed_number, 8, false)},
    {"i64be", Format(Kind::signed_number, 8, true)},
    {"f32le", Format(Kind::floating_point, 4, false)},
    {"f32be", Format(Kind::floating_point, 4, true)},
    {"f64le", Format(Kind::floating_point, 8, false)},
    {"f64be", Format(Kind::floating_point, 8, true)},
}};

Error bad_value(const std::string& message) { return Error(ErrorCode::invalid_argument, message); }

std::optional<Format> find_format(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(formats, name, [](const auto& entry) { return entry.first; });
  if (found == formats.end()) return std::nullopt;
  return found->second;
}

void append(Bytes& value, std::uint64_t number, const Format& format) {
  for (std::size_t i = 0; i < format.width(); ++i) {
    const auto place = format.big_endian() ? format.width() - 1 - i : i;
    value.push_back(static_cast<std::uint8_t>(number >> (8 * place)));
  }
}

std::uint64_t number_at(ByteView bytes, const Format& format) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < format.width(); ++i) {
    const auto place = format.big_endian() ? format.width() - 1 - i : i;
    number |= std::uint64_t{bytes[i]} << (8 * place);
  }
  return number;
}

/// The magnitude of a number in decimal, or in hexadecimal after 0x.
std::uint64_t parse_magnitude(std::string_view digits, std::string_view whole) {
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  }
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (fault == std::errc::result_out_of_range) throw bad_value(in_quotes(whole) + " does not fit into 64 bits");
  if (fault != std::errc() || end != digits.data() + digits.size())
    throw bad_value(in_quotes(whole) + " is no whole number: write it like 300, -5 or 0x12c");
  return number;
}

std::uint64_t parse_integer(std::string_view text, const Format& format) {
  const bool negative = text.starts_with('-');
  const auto magnitude = parse_magnitude(negative || text.starts_with('+') ? text.substr(1) : text, text);
  const bool is_signed = format.kind() == Kind::signed_number;
  const auto all_ones = ~std::uint64_t{0} >> (64 - 8 * format.width());
  const auto highest = is_signed ? all_ones >> 1 : all_ones;
  const auto lowest_magnitude = is_signed ? highest + 1 : 0;
  if (magnitude > (negative ? lowest_magnitude : highest))
    throw bad_value(in_quotes(text) + " is out of range: it must lie between " + (is_signed ? "-" : "") +
                    std::to_string(lowest_magnitude) + " and " + std::to_string(highest));
  return negative ? ~magnitude + 1 : magnitude;
}

std::uint64_t parse_floating_point(const std::string& text, const Format& format) {
  char* end = nullptr;
  errno = 0;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || text.front() == ' ' || end != text.c_str() + text.size())
    throw bad_value(in_quotes(text) + " is no number: write it like 21.5 or -1e-3");
  if (format.width() == 8) {
    if (errno == ERANGE && (number > 1 || number < -1)) throw bad_value(in_quotes(text) + " does not fit into 64 bits");
    return std::bit_cast<std::uint64_t>(number);
  }
  const auto narrow = static_cast<float>(number);
  const bool grew_infinite = (narrow - narrow != 0.0F) && (number - number == 0.0);
  if (grew_infinite) throw bad_value(in_quotes(text) + " does not fit into 32 bits: use f64le or f64be");
  return std::bit_cast<std::uint32_t>(narrow);
}

Bytes parse_numbers(std::string_view text, const Format& format) {
  Bytes value;
  for (;;) {
    const auto comma = text.find(',');
    const auto one = text.substr(0, comma);
    append(value,
           format.kind() == Kind::floating_point ? parse_floating_point(std::string(one), format)
                                                 : parse_integer(one, format),
           format);
    if (comma == std::string_view::npos) return value;
    text.remove_prefix(comma + 1);
  }
}

Bytes parse_hex(std::string_view text) {
  const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
  auto value = from_hex(prefixed ? text.substr(2) : text);
  if (!value)
    throw bad_value(in_quotes(text) +
                    " is no value: write pairs of hexadecimal digits (01ff), or a format, a colon and the "
                    "value (text:hello, u16le:300); formats are " +
                    Format::names());
  return std::move(*value);
}

Bytes parse_as(std::string_view text, const Format& format) {
  if (format.kind() == Kind::hex) return parse_hex(text);
  if (format.kind() == Kind::text) return bytes_of(text);
  return parse_numbers(text, format);
}

template <class Number>
std::string shortest(Number number) {
  std::array<char, 64> buffer{};
  const auto [end, fault] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return std::string(buffer.data(), end);
}

std::string format_number(std::uint64_t number, const Format& format) {
  if (format.kind() == Kind::unsigned_number) return std::to_string(number);
  if (format.kind() == Kind::floating_point)
    return format.width() == 4 ? shortest(std::bit_cast<float>(static_cast<std::uint32_t>(number)))
                               : shortest(std::bit_cast<double>(number));
  const auto unused_bits = 64 - 8 * format.width();
  return std::to_string(static_cast<std::int64_t>(number << unused_bits) >> unused_bits);
}

std::string_view as_text(ByteView value) {
  return {reinterpret_cast<const char*>(value.data()), value.size()};  // NOLINT: bytes and chars are alike here
}

}  // namespace

Format::Format(std::string_view name) {
  const auto found = find_format(name);
  if (found) {
    *this = *found;
    return;
  }
  if (find_format(std::string(name) + "le"))
    throw bad_value(in_quotes(name) + " needs its byte order: " + std::string(name) + "le (usual in Bluetooth) or " +
                    std::string(name) + "be");
  throw bad_value(in_quotes(name) + " is no format: use one of " + names());
}

bool Format::is_name(std::string_view text) noexcept { return find_format(text).has_value(); }

std::vector<std::string> Format::all_names() {
  std::vector<std::string> all;
  for (const auto& [name, format] : formats) all.emplace_back(name);
  return all;
}

std::string Format::names() {
  std::string all;
  for (const auto& [name, format] : formats) all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

Bytes parse_value(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  // Without a known name before it, a colon may stand between pairs of digits: 01:ff.
  const bool is_plain_hex = colon == std::string_view::npos || (!Format::is_name(name) && from_hex(text));
  auto value = is_plain_hex ? parse_hex(text) : parse_as(text.substr(colon + 1), Format(name));
  if (value.size() > longest_value)
    throw bad_value("the value has " + std::to_string(value.size()) + " bytes; an attribute takes at most " +
                    std::to_string(longest_value));
  return value;
}

std::string format_value(ByteView value, const Format& format) {
  if (format.kind() == Kind::hex) return to_hex(value);
  if (format.kind() == Kind::text) return printable(as_text(value));
  if (value.size() % format.width() != 0)
    throw Error(ErrorCode::failed, "the value " + to_hex(value) + " has " + std::to_string(value.size()) +
                                       " bytes, no multiple of the format's " + std::to_string(format.width()) +
                                       ": use another --format");
  std::string line;
  for (std::size_t i = 0; i < value.size(); i += format.width())
    line.append(line.empty() ? "" : ",")
        .append(format_number(number_at(value.subspan(i, format.width()), format), format));
  return line;
}

std::string text_hint(ByteView value) {
  constexpr std::size_t shortest_text = 3;  // fewer bytes look like text too often
  auto text = as_text(value);
  while (text.ends_with('\0')) text.remove_suffix(1);
  if (text.size() < shortest_text || !is_printable(text)) return {};
  return std::string("\"").append(text).append("\"");
}

}  // namespace blau::cli
