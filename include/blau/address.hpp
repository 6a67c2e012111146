#pragma once

#include <blau/export.hpp>

#include <compare>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace blau {

/// The two kinds of 48-bit device address (Core Vol 6 Part B 1.3).
enum class AddressType : std::uint8_t {
  public_,  ///< assigned by the IEEE
  random,   ///< static or private random
};

/// The address of a device: 48 bits and, if known, their type; on Apple systems an opaque UUID. A value.
class BLAU_API Address {
 public:
  /// All zeros, of unknown type: no device's address.
  Address() noexcept = default;

  /// From the number whose most significant byte is written first; bits above the 48th are cut off.
  explicit Address(std::uint64_t number, std::optional<AddressType> type = std::nullopt) noexcept;

  /// From text: six pairs of hexadecimal digits with `:` or `-` between them (one of them throughout), or a UUID of 36
  /// characters (Apple systems), which has no type.
  /// @throws Error `invalid_argument` for any other text.
  explicit Address(std::string_view text, std::optional<AddressType> type = std::nullopt);

  /// As the constructor, but empty for any other text.
  [[nodiscard]] static std::optional<Address> parse(std::string_view text,
                                                    std::optional<AddressType> type = std::nullopt);

  /// The 48 bits; 0 for an opaque identifier.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  /// Public or random, where it is known.
  [[nodiscard]] std::optional<AddressType> type() const noexcept { return type_; }

  /// True for an Apple system's identifier, which is no Bluetooth address.
  [[nodiscard]] bool is_opaque() const noexcept { return !opaque_.empty(); }

  /// `C4:11:22:33:44:55`, upper case as is usual; an opaque identifier in lower case.
  [[nodiscard]] std::string to_string() const;

  /// Equal bits are equal addresses unless both types are known and differ.
  ///
  /// So that text without a type finds the device. It costs transitivity: public and random differ, the same bits without a
  /// type equal both. The hash goes by bits alone and agrees with it; a `std::map` or `std::set`, which go by bits alone as
  /// well, are the containers that are safe where both types of the same bits may meet.
  friend BLAU_API bool operator==(const Address& a, const Address& b) noexcept;
  /// Orders by bits alone: two types of the same bits are equivalent, not equal.
  friend BLAU_API std::weak_ordering operator<=>(const Address& a, const Address& b) noexcept;

 private:
  std::uint64_t number_ = 0;
  std::optional<AddressType> type_;
  std::string opaque_;
};

/// `public` or `random`.
[[nodiscard]] BLAU_API std::string_view to_string(AddressType type) noexcept;

/// Writes `to_string()`.
BLAU_API std::ostream& operator<<(std::ostream& out, const Address& address);

}  // namespace blau

/// @cond specialisations
template <>
struct std::hash<blau::Address> {
  BLAU_API std::size_t operator()(const blau::Address& address) const noexcept;
};
/// @endcond
