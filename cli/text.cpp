#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

namespace blau::cli {
namespace {

/// One character at the front of UTF-8 text. Size 1 and ill-formed where the bytes are no UTF-8.
struct Character {
  char32_t code = 0;
  std::size_t size = 1;
  bool well_formed = false;
};

std::uint8_t byte_at(std::string_view text, std::size_t index) { return static_cast<std::uint8_t>(text[index]); }

Character first_character(std::string_view text) {
  const auto lead = byte_at(text, 0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  char32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80) return {};
    code = code << 6 | (byte_at(text, i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> lowest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < lowest[size] || code > 0x10ffff || surrogate) return {};
  return {code, size, true};
}

using Range = std::pair<char32_t, char32_t>;

template <std::size_t size>
bool is_in(const std::array<Range, size>& ranges, char32_t code) {
  return std::ranges::any_of(ranges,
                             [code](const Range& range) { return code >= range.first && code <= range.second; });
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

/// Marks that turn the direction of writing, and could make a line read as another one.
bool turns_direction(char32_t code) {
  constexpr std::array<Range, 4> marks{{{0x61c, 0x61c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}}};
  return is_in(marks, code);
}

std::size_t width_of(char32_t code) {
  constexpr std::array<Range, 7> none{{{0x300, 0x36f},
                                       {0x1ab0, 0x1aff},
                                       {0x1dc0, 0x1dff},
                                       {0x200b, 0x200d},
                                       {0x20d0, 0x20ff},
                                       {0xfe00, 0xfe0f},
                                       {0xfe20, 0xfe2f}}};
  constexpr std::array<Range, 11> two{{{0x1100, 0x115f},
                                       {0x2e80, 0x303e},
                                       {0x3041, 0xa4cf},
                                       {0xa960, 0xa97f},
                                       {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},
                                       {0xfe30, 0xfe6f},
                                       {0xff00, 0xff60},
                                       {0xffe0, 0xffe6},
                                       {0x1f300, 0x1faff},
                                       {0x20000, 0x3fffd}}};
  if (is_in(none, code)) return 0;
  return is_in(two, code) ? 2 : 1;
}

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char byte : bytes) {
    const auto number = static_cast<std::uint8_t>(byte);
    out.append("\\x").append(1, digits[number >> 4]).append(1, digits[number & 15]);
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto character = first_character(text);
    const auto bytes = text.substr(0, character.size);
    if (!character.well_formed || is_control(character.code)) {
      append_escaped(out, bytes);
    } else if (turns_direction(character.code)) {
      out.append("\uFFFD");
    } else {
      out.append(bytes);
    }
    text.remove_prefix(character.size);
  }
  return out;
}

std::string in_quotes(std::string_view text) { return std::string("'").append(printable(text)).append("'"); }

bool is_printable(std::string_view text) { return printable(text) == text; }

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    columns += width_of(character.code);
    text.remove_prefix(character.size);
  }
  return columns;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t used = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const auto character = first_character(text.substr(bytes));
    if (used + width_of(character.code) > columns - 1) break;
    used += width_of(character.code);
    bytes += character.size;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string pad_right(std::string text, std::size_t columns) {
  const auto width = display_width(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

std::string pad_left(const std::string& text, std::size_t columns) {
  const auto width = display_width(text);
  return width < columns ? std::string(columns - width, ' ') + text : text;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count).append(" ").append(count == 1 ? one : many);
}

}  // namespace blau::cli
