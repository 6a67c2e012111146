#include "text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace blau::detail {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t longest_quote = 64;

/// What a lead byte asks for: so many bytes in all, the second of them in this range (the others in 80–BF).
struct Sequence {
  std::size_t length;
  std::uint8_t second_min;
  std::uint8_t second_max;
};

/// Unicode 15 table 3-7: the ranges of the second byte exclude overlong forms, surrogates and all above U+10FFFF.
constexpr Sequence sequence_of(std::uint8_t lead) noexcept {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xc2) return {0, 0, 0};
  if (lead < 0xe0) return {2, 0x80, 0xbf};
  if (lead == 0xe0) return {3, 0xa0, 0xbf};
  if (lead == 0xed) return {3, 0x80, 0x9f};
  if (lead < 0xf0) return {3, 0x80, 0xbf};
  if (lead == 0xf0) return {4, 0x90, 0xbf};
  if (lead < 0xf4) return {4, 0x80, 0xbf};
  if (lead == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

/// How the text begins: with `length` bytes that are a whole character, a cut one (`cut`) or an ill-formed part.
struct Head {
  std::size_t length;
  bool whole;
  bool cut;
};

Head head_of(std::string_view text) noexcept {
  const Sequence expected = sequence_of(static_cast<std::uint8_t>(text[0]));
  if (expected.length == 0) return {1, false, false};
  for (std::size_t i = 1; i < expected.length; ++i) {
    if (i == text.size()) return {i, false, true};
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const std::uint8_t min = i == 1 ? expected.second_min : 0x80;
    const std::uint8_t max = i == 1 ? expected.second_max : 0xbf;
    if (byte < min || byte > max) return {i, false, false};
  }
  return {expected.length, true, false};
}

}  // namespace

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Head head = head_of(text);
    valid += head.whole ? text.substr(0, head.length) : replacement;
    text.remove_prefix(head.length);
  }
  return valid;
}

std::string_view without_cut_character(std::string_view text) noexcept {
  std::string_view rest = text;
  while (!rest.empty()) {
    const Head head = head_of(rest);
    if (head.cut) return text.substr(0, text.size() - rest.size());
    rest.remove_prefix(head.length);
  }
  return text;
}

std::string quoted(std::string_view text) {
  const bool cut = text.size() > longest_quote;
  if (cut) text = without_cut_character(text.substr(0, longest_quote));
  std::string shown = to_valid_utf8(text);
  std::replace_if(shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return "'" + shown + (cut ? "…'" : "'");
}

}  // namespace blau::detail
