#pragma once

#include <blau/export.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace blau {

/// A Bluetooth UUID of 128 bits. A value: copies, compares, hashes.
///
/// The 16- and 32-bit numbers of the Bluetooth SIG are short for 128 bits on the Bluetooth base UUID
/// (Core Vol 3 Part B 2.5.1), and equal to them.
class BLAU_API Uuid {
 public:
  /// All zeros, the nil UUID.
  constexpr Uuid() noexcept = default;

  /// From a 16- or 32-bit number: `Uuid{0x180d}`.
  constexpr explicit Uuid(std::uint32_t number) noexcept
      // clang-format off
      : bytes_{static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
               static_cast<std::uint8_t>(number >> 8),  static_cast<std::uint8_t>(number),
               0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0x80, 0x5f, 0x9b, 0x34, 0xfb} {}
  // clang-format on

  /// From 16 bytes, the most significant first, as it is written.
  constexpr explicit Uuid(const std::array<std::uint8_t, 16>& big_endian) noexcept : bytes_(big_endian) {}

  /// From text of 4, 8 or 36 characters, upper or lower case.
  /// @throws Error `invalid_argument` for any other text.
  explicit Uuid(std::string_view text);

  /// From text as the constructor takes it; empty for any other text.
  [[nodiscard]] static std::optional<Uuid> parse(std::string_view text) noexcept;

  /// From the order of the air, least significant byte first: 2, 4 or 16 bytes; empty for any other length.
  [[nodiscard]] static std::optional<Uuid> from_little_endian(const std::uint8_t* data, std::size_t size) noexcept;

  /// The 16 bytes, most significant first.
  [[nodiscard]] constexpr const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }

  /// The 16-bit number if it has one.
  [[nodiscard]] constexpr std::optional<std::uint16_t> short_number() const noexcept {
    if (!is_on_base() || bytes_[0] != 0 || bytes_[1] != 0) return std::nullopt;
    return static_cast<std::uint16_t>(bytes_[2] << 8 | bytes_[3]);
  }

  /// True where the UUID is a 16- or 32-bit number on the Bluetooth base UUID.
  [[nodiscard]] constexpr bool is_on_base() const noexcept {
    constexpr std::array<std::uint8_t, 12> base{0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0x80, 0x5f, 0x9b, 0x34, 0xfb};
    for (std::size_t i = 0; i < base.size(); ++i)
      if (bytes_[i + 4] != base[i]) return false;
    return true;
  }

  /// 36 characters, lower case.
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const Uuid&, const Uuid&) noexcept = default;
  friend constexpr bool operator==(const Uuid&, const Uuid&) noexcept = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

/// Writes `to_string()`.
BLAU_API std::ostream& operator<<(std::ostream& out, const Uuid& uuid);

}  // namespace blau

/// @cond specialisations
template <>
struct std::hash<blau::Uuid> {
  BLAU_API std::size_t operator()(const blau::Uuid& uuid) const noexcept;
};
/// @endcond
