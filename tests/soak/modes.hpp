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

/// One scan on the simulator, without an end, among devices that change their addresses until there were so many.
[[nodiscard]] Outcome scan_for_long(Watch& watch, std::uint64_t addresses);

}  // namespace blau::soak
