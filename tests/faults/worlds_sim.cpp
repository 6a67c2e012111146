// Worlds on the simulator, in virtual time.

#include "worlds.hpp"

#include <blau/sim.hpp>

namespace blau::faults {

namespace {

sim::World* played = nullptr;

}  // namespace

void play(const std::string& world, Task<> (*body)()) {
  auto made = sim::World::from_json(world);
  played = &made;
  made.run(body(), RunOptions{.limit = 1h});
  played = nullptr;
}

std::chrono::nanoseconds elapsed() { return played->elapsed(); }

DisconnectReason as_told(DisconnectReason reason) { return reason; }

}  // namespace blau::faults
