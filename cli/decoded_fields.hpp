#pragma once

#include <blau/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace blau::cli {

/// Takes a value apart from its beginning, lowest bytes first. Where bytes are missing it gives zeros and is not `complete`.
class Fields {
 public:
  explicit Fields(ByteView value) : rest_(value) {}

  std::uint64_t number(std::size_t width) {
    if (rest_.size() < width) return missing_ = true, 0;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < width; ++i) number |= std::uint64_t{rest_[i]} << (8 * i);
    rest_ = rest_.subspan(width);
    return number;
  }
  std::int64_t signed_number(std::size_t width) {
    const auto unused_bits = 64 - 8 * width;
    return static_cast<std::int64_t>(number(width) << unused_bits) >> unused_bits;
  }
  /// Whether there is more.
  [[nodiscard]] bool more() const noexcept { return !missing_ && !rest_.empty(); }
  /// Whether nothing was missing, and nothing is left.
  [[nodiscard]] bool complete() const noexcept { return !missing_ && rest_.empty(); }

 private:
  ByteView rest_;
  bool missing_ = false;
};

/// A whole number with a point before so many of its digits.
[[nodiscard]] inline std::string decimal(std::int64_t number, int decimals) {
  auto digits = std::to_string(number < 0 ? -number : number);
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return number < 0 ? "-" + digits : digits;
}

/// The word at a place of a list; nothing where the list has none.
[[nodiscard]] inline std::optional<std::string> word_for(std::span<const char* const> words, std::uint64_t place) {
  if (place >= words.size() || words[place] == nullptr) return std::nullopt;
  return words[place];
}

}  // namespace blau::cli
