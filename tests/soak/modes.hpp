#pragma once

#include "figures.hpp"
#include "life.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace blau::soak {

/// What a mode came to: a line of figures, and what is wrong in words.
struct Outcome {
  std::string line;
  std::vector<std::string> faults;
};

/// Everything that programs do, and everything that goes wrong, for so long of the place's time.
[[nodiscard]] Outcome live(Place& place, Watch& watch, std::chrono::seconds length, std::chrono::seconds round);

/// Connects and disconnects on the simulator.
[[nodiscard]] Outcome connect_often(Watch& watch, std::uint64_t count);

/// Values on the simulator, half of them by callback and half by a stream: each comes, once and in its order.
[[nodiscard]] Outcome notify_often(Watch& watch, std::uint64_t count);

}  // namespace blau::soak
