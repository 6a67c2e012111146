#include <blau/address.hpp>
#include <blau/error.hpp>
#include <blau/uuid.hpp>

#include <ostream>

#include "hash.hpp"
#include "hex.hpp"
#include "text.hpp"

namespace blau {

namespace {

constexpr std::uint64_t all_bits = 0xffff'ffff'ffff;
constexpr std::size_t address_length = 17;

/// Six pairs of digits with one and the same separator between them.
std::optional<std::uint64_t> parse_pairs(std::string_view text) noexcept {
  if (text.size() != address_length) return std::nullopt;
  const char separator = text[2];
  if (separator != ':' && separator != '-') return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    if (at != 0 && text[at - 1] != separator) return std::nullopt;
    const auto byte = detail::hex_byte(text, at);
    if (!byte) return std::nullopt;
    number = number << 8 | *byte;
  }
  return number;
}

Address parse_or_throw(std::string_view text, std::optional<AddressType> type) {
  if (auto address = Address::parse(text, type)) return *std::move(address);
  throw Error(ErrorCode::invalid_argument,
              detail::quoted(text) +
                  " is not an address: write six pairs of hexadecimal digits, such as C4:11:22:33:44:55, or on Apple "
                  "systems a UUID of 36 characters");
}

}  // namespace

Address::Address(std::uint64_t number, std::optional<AddressType> type) noexcept
    : number_(number & all_bits), type_(type) {}

Address::Address(std::string_view text, std::optional<AddressType> type) : Address(parse_or_throw(text, type)) {}

std::optional<Address> Address::parse(std::string_view text, std::optional<AddressType> type) {
  if (const auto number = parse_pairs(text)) return Address(*number, type);
  if (text.size() != 36) return std::nullopt;
  const auto uuid = Uuid::parse(text);
  if (!uuid) return std::nullopt;
  Address address;
  address.opaque_ = uuid->to_string();
  return address;
}

std::string Address::to_string() const {
  if (is_opaque()) return opaque_;
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  text.reserve(address_length);
  for (int shift = 44; shift >= 0; shift -= 4) {
    text.push_back(digits[number_ >> shift & 0x0f]);
    if (shift % 8 == 0 && shift != 0) text.push_back(':');
  }
  return text;
}

bool operator==(const Address& a, const Address& b) noexcept {
  if (a.number_ != b.number_ || a.opaque_ != b.opaque_) return false;
  return !a.type_ || !b.type_ || *a.type_ == *b.type_;
}

std::weak_ordering operator<=>(const Address& a, const Address& b) noexcept {
  if (const auto order = a.number_ <=> b.number_; order != 0) return order;
  return a.opaque_ <=> b.opaque_;
}

std::string_view to_string(AddressType type) noexcept { return type == AddressType::public_ ? "public" : "random"; }

std::ostream& operator<<(std::ostream& out, const Address& address) { return out << address.to_string(); }

}  // namespace blau

std::size_t std::hash<blau::Address>::operator()(const blau::Address& address) const noexcept {
  // The type stays out: an address of unknown type equals both.
  if (address.is_opaque()) return std::hash<std::string>()(address.to_string());
  return static_cast<std::size_t>(blau::detail::mix(address.number()));
}
