#pragma once

#include <cstdint>

namespace blau::detail {

/// Spreads the bits of a number: multiply and fold, twice. Assigned UUIDs and addresses of one maker differ in few bits,
/// and hash tables that take a remainder by a power of two would heap them up.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t number) noexcept {
  number = (number ^ number >> 32) * 0x9e3779b97f4a7c15;
  number = (number ^ number >> 29) * 0xd6e8feb86659fd93;
  return number ^ number >> 32;
}

}  // namespace blau::detail
