#pragma once

#include "life.hpp"

#include <blau/sim.hpp>

#include <string>

namespace blau::soak {

/// A simulated world, in virtual time.
class SimPlace final : public Place {
 public:
  explicit SimPlace(const std::string& world_file) : world_(sim::World::load(world_file)) {}

  void run(Task<> task) override { world_.run(std::move(task)); }
  Task<> trouble(std::uint64_t choice) override;
  Task<> calm() override;
  Task<> settle() override;

 private:
  sim::World world_;
};

}  // namespace blau::soak
