#include <blau/bytes.hpp>

#include "hex.hpp"

namespace blau {

namespace {

/// How many characters stand between two pairs: blanks, or one `:` or `-`.
std::size_t separator_length(std::string_view text, std::size_t at) noexcept {
  if (text[at] == ':' || text[at] == '-') return 1;
  std::size_t end = at;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  return end - at;
}

}  // namespace

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) detail::append_hex(text, byte);
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  Bytes read;
  read.reserve(text.size() / 2);
  std::size_t at = 0;
  while (at < text.size()) {
    if (at != 0) at += separator_length(text, at);
    const auto byte = detail::hex_byte(text, at);
    if (!byte) return std::nullopt;
    read.push_back(*byte);
    at += 2;
  }
  return read;
}

}  // namespace blau
