#pragma once

#include <cstdint>
#include <random>

namespace blau::sim::detail {

/// Numbers that are the same on every system: the standard's distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// From `least` to `most`, both included.
  [[nodiscard]] std::int64_t between(std::int64_t least, std::int64_t most) {
    const auto count = static_cast<std::uint64_t>(most - least) + 1;
    return least + static_cast<std::int64_t>(engine_() % count);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace blau::sim::detail
