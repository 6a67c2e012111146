#pragma once

#include "ledger.hpp"

#include <blau/backend.hpp>
#include <blau/sim.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace blau::interleave {

/// What lies between the library and the world's radio, where that is not the world's own backend.
class Stack {
 public:
  virtual ~Stack() = default;
  /// For clients and scanners.
  [[nodiscard]] virtual BackendRef backend() = 0;
  /// Something happens to it.
  virtual void act() = 0;
  /// From here on nothing does any more.
  virtual void calm() = 0;
  /// No object of the program's is left: whatever it still holds is a leak.
  virtual void check() = 0;
};

/// @param log takes what it is asked, and what is wrong with that
using StackMaker =
    std::function<std::unique_ptr<Stack>(sim::World& world, const std::shared_ptr<Log>& log, std::uint64_t seed)>;

}  // namespace blau::interleave
