#pragma once

#include <blau/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace blau::fuzz {

/// Ends the program, which the fuzzer reports, where something does not hold.
inline void require(bool condition, const char* what = "") {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Takes the input apart: numbers, and pieces that are led by their length. Its end is followed by zeros.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_[0];
    rest_ = rest_.subspan(1);
    return value;
  }
  /// Lowest byte first.
  std::uint64_t number(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  Bytes piece() {
    const std::size_t wanted = byte();
    const std::size_t size = std::min(wanted, rest_.size());
    Bytes piece(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(size));
    rest_ = rest_.subspan(size);
    return piece;
  }

 private:
  ByteView rest_;
};

}  // namespace blau::fuzz
