#include <blau/error.hpp>
#include <blau/uuid.hpp>

#include <algorithm>
#include <ostream>

#include "hash.hpp"
#include "hex.hpp"
#include "text.hpp"

namespace blau {

namespace {

constexpr std::size_t written_length = 36;

constexpr bool is_hyphen_place(std::size_t at) noexcept { return at == 8 || at == 13 || at == 18 || at == 23; }

/// 4 or 8 digits: a number on the base UUID.
std::optional<Uuid> parse_number(std::string_view text) noexcept {
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const auto byte = detail::hex_byte(text, at);
    if (!byte) return std::nullopt;
    number = number << 8 | *byte;
  }
  return Uuid(number);
}

/// The 36 characters of RFC 9562 section 4.
std::optional<Uuid> parse_written(std::string_view text) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t at = 0;
  for (std::uint8_t& byte : bytes) {
    if (is_hyphen_place(at)) {
      if (text[at] != '-') return std::nullopt;
      ++at;
    }
    const auto read = detail::hex_byte(text, at);
    if (!read) return std::nullopt;
    byte = *read;
    at += 2;
  }
  return Uuid(bytes);
}

Uuid parse_or_throw(std::string_view text) {
  if (const auto uuid = Uuid::parse(text)) return *uuid;
  throw Error(ErrorCode::invalid_argument, detail::quoted(text) +
                                               " is not a UUID: write 4, 8 or 36 characters, such as 180d or "
                                               "0000180d-0000-1000-8000-00805f9b34fb");
}

}  // namespace

Uuid::Uuid(std::string_view text) : Uuid(parse_or_throw(text)) {}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
  if (text.size() == 4 || text.size() == 8) return parse_number(text);
  if (text.size() == written_length) return parse_written(text);
  return std::nullopt;
}

std::optional<Uuid> Uuid::from_little_endian(const std::uint8_t* data, std::size_t size) noexcept {
  if (size == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::reverse_copy(data, data + size, bytes.begin());
    return Uuid(bytes);
  }
  if (size != 2 && size != 4) return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = size; i > 0; --i) number = number << 8 | data[i - 1];
  return Uuid(number);
}

std::string Uuid::to_string() const {
  std::string text;
  text.reserve(written_length);
  for (const std::uint8_t byte : bytes_) {
    if (is_hyphen_place(text.size())) text.push_back('-');
    detail::append_hex(text, byte);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Uuid& uuid) { return out << uuid.to_string(); }

}  // namespace blau

std::size_t std::hash<blau::Uuid>::operator()(const blau::Uuid& uuid) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    high = high << 8 | uuid.bytes()[i];
    low = low << 8 | uuid.bytes()[i + 8];
  }
  return static_cast<std::size_t>(blau::detail::mix(high + blau::detail::mix(low)));
}
