#pragma once

#include <blau/export.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace blau {

/// Bytes that are owned: the value of a characteristic, for example.
using Bytes = std::vector<std::uint8_t>;

/// Bytes that somebody else owns, valid as long as their owner says.
using ByteView = std::span<const std::uint8_t>;

/// Makes `Bytes` of its arguments, each cut to its lowest eight bits: `bytes(0x01, 0x02)`.
///
/// GCC 12 rejects `Bytes{1, 2}` in a statement that contains `co_await`; this it takes.
template <class... Values>
  requires(std::is_convertible_v<Values, unsigned> && ...)
[[nodiscard]] Bytes bytes(Values... values) {
  Bytes made;
  made.reserve(sizeof...(values));
  (made.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(values))), ...);
  return made;
}

/// The bytes of a text, without a terminating zero.
[[nodiscard]] BLAU_API Bytes bytes_of(std::string_view text);

/// Two lower-case hexadecimal digits a byte, nothing between them.
[[nodiscard]] BLAU_API std::string to_hex(ByteView bytes);

/// Reads pairs of hexadecimal digits of either case; blanks, `:` and `-` may stand between pairs. Empty if it is anything else.
[[nodiscard]] BLAU_API std::optional<Bytes> from_hex(std::string_view text);

}  // namespace blau
