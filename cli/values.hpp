#pragma once

#include <blau/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace blau::cli {

/// How bytes are written and read: `hex`, `text`, or numbers of one width and byte order.
class Format {
 public:
  enum class Kind : std::uint8_t { hex, text, unsigned_number, signed_number, floating_point };

  /// Hexadecimal digits.
  constexpr Format() noexcept = default;
  constexpr Format(Kind kind, std::size_t width, bool big_endian) noexcept
      : kind_(kind), width_(width), big_endian_(big_endian) {}

  /// From its name. @throws Error `invalid_argument` for any other text
  explicit Format(std::string_view name);

  /// Whether this is the name of a format.
  [[nodiscard]] static bool is_name(std::string_view text) noexcept;
  [[nodiscard]] static std::vector<std::string> all_names();
  /// All names, for help and messages.
  [[nodiscard]] static std::string names();

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  /// Bytes a number; 1 for hex and text.
  [[nodiscard]] constexpr std::size_t width() const noexcept { return width_; }
  [[nodiscard]] constexpr bool big_endian() const noexcept { return big_endian_; }

 private:
  Kind kind_ = Kind::hex;
  std::size_t width_ = 1;
  bool big_endian_ = false;
};

/// The longest value that an attribute has (Core Vol 3 Part F 3.2.9).
inline constexpr std::size_t longest_value = 512;

/// Reads a value as it is written on the command line: hexadecimal digits, or a format's name, a colon and the value:
/// `text:hello`, `u8:7`, `i16le:-5,300`.
/// @throws Error `invalid_argument` that says what is wrong with it
[[nodiscard]] Bytes parse_value(std::string_view text);

/// Writes a value in a format, on one line. @throws Error `failed` if its length is no multiple of the format's width
[[nodiscard]] std::string format_value(ByteView value, const Format& format);

/// The value as quoted text if it looks like one, else nothing.
[[nodiscard]] std::string text_hint(ByteView value);

}  // namespace blau::cli
