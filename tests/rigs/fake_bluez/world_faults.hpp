#pragma once

#include "loop.hpp"
#include "sim.hpp"

#include "backend/sim/world_file.hpp"

#include <list>
#include <map>
#include <string>
#include <vector>

namespace blau::fake {

class Daemon;
class Peripheral;

/// The faults of a world: what goes wrong with its adapters and peripherals. The simulator has the same.
class WorldFaults {
 public:
  explicit WorldFaults(Daemon& daemon) : daemon_(daemon) {}

  /// Arms those of a world that has just begun; what an older one had armed happens no more.
  void become(const sim::WorldSpec& world);
  /// Arms one more; its time counts from now.
  void arm(const sim::FaultSpec& fault);
  void clear();
  /// How many are armed, or wait for their time.
  [[nodiscard]] std::size_t size() const;

 private:
  void at_time(std::chrono::milliseconds time, std::function<void()> call);
  [[nodiscard]] Peripheral* find(const Address& address) const;
  void start(const sim::LinkFaultSpec& fault);
  void start(const sim::RequestFaultSpec& fault);
  void start(const sim::NotifyFaultSpec& fault);
  void start(const sim::ServicesFaultSpec& fault);
  void start(const sim::AdapterFaultSpec& fault);
  void start(const sim::PeripheralFaultSpec& fault);

  Daemon& daemon_;
  std::list<Timer> timers_;
  std::map<std::string, sim::AdapterSpec> pulled_out_;
};

}  // namespace blau::fake
