#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// @file
/// Single hexadecimal digits, for the texts of UUIDs, addresses and values.

namespace blau::detail {

/// The value of one hexadecimal digit of either case; negative for any other character.
[[nodiscard]] constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The byte that the two digits at `at` write; empty where there are no two digits.
[[nodiscard]] constexpr std::optional<std::uint8_t> hex_byte(std::string_view text, std::size_t at) noexcept {
  if (at + 2 > text.size()) return std::nullopt;
  const int high = hex_digit(text[at]);
  const int low = hex_digit(text[at + 1]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<std::uint8_t>(high << 4 | low);
}

/// Appends the two lower-case digits of a byte.
inline void append_hex(std::string& out, std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  out.push_back(digits[byte >> 4]);
  out.push_back(digits[byte & 0x0f]);
}

/// `0x` and so many lower-case digits of a number, the lowest ones.
[[nodiscard]] inline std::string hex_number(std::uint32_t number, int count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 4 * (count - 1); shift >= 0; shift -= 4) text.push_back(digits[number >> shift & 0xf]);
  return text;
}

}  // namespace blau::detail
