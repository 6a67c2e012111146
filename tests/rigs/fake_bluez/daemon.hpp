#pragma once

#include "bus.hpp"
#include "habits.hpp"
#include "radio.hpp"
#include "tree.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace blau::fake {

class Adapter;
class Agents;
class BusDaemon;
class Device;
class Faults;
class WorldFaults;

struct DaemonOptions {
  Habits habits;
  Pace pace;
  BusDaemon* own_bus = nullptr;  ///< where the bus is this program's own
};

/// bluetoothd: its adapters, and what it answers.
class Daemon {
 public:
  Daemon(Loop& loop, const DaemonOptions& options);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  [[nodiscard]] Loop& loop() noexcept { return loop_; }
  [[nodiscard]] const Habits& habits() const noexcept { return options_.habits; }
  [[nodiscard]] const Pace& pace() const noexcept { return options_.pace; }
  [[nodiscard]] Bus& bus() noexcept { return bus_; }
  [[nodiscard]] Tree& tree() noexcept { return tree_; }
  [[nodiscard]] Radio& radio() noexcept { return radio_; }
  [[nodiscard]] Agents& agents() noexcept { return *agents_; }
  [[nodiscard]] Faults& faults() noexcept { return *faults_; }
  [[nodiscard]] WorldFaults& world_faults() noexcept { return *world_faults_; }

  /// Connects, takes its name, and exports the adapters. @throws std::runtime_error
  void start();
  /// Ends as if killed: links are lost, nothing is said. What it would find in its storage is kept.
  void die();
  /// Ends, and starts again after this time.
  void restart(nanoseconds after);
  /// The name goes to nobody, and comes back after this time; the daemon lives on meanwhile.
  void lose_name(nanoseconds back_after);
  /// The bus ends, and the daemon with it, as the real one does; or both begin again. Needs a bus of its own.
  void close_bus();
  void open_bus();
  /// Null where it belongs to others.
  [[nodiscard]] BusDaemon* own_bus() const noexcept { return options_.own_bus; }
  [[nodiscard]] bool runs() const noexcept { return runs_; }

  /// The world's peripherals and adapters, and what is to go wrong.
  /// @throws sim::detail::WorldFault for one of `bluez_faults` that is unknown, contradicts itself or names what is not there
  void become(const sim::WorldSpec& world);
  Adapter& add_adapter(const sim::AdapterSpec& spec);
  void remove_adapter(const std::string& name);
  [[nodiscard]] Adapter* adapter(std::string_view name) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Adapter>>& adapters() const noexcept { return adapters_; }
  /// The devices of that address, one for each adapter that knows it.
  [[nodiscard]] std::vector<Device*> devices(const Address& address) const;
  [[nodiscard]] Device* device(std::string_view path) const;

  void deny_access(bool on) noexcept { access_denied_ = on; }

 private:
  struct Stored;
  void take(const Call& call);
  void program_gone(const std::string& name);

  Loop& loop_;
  DaemonOptions options_;
  Bus bus_;
  Tree tree_;
  Radio radio_;
  std::unique_ptr<Agents> agents_;
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<WorldFaults> world_faults_;
  std::vector<std::unique_ptr<Adapter>> adapters_;
  std::vector<Stored> stored_;
  Timer return_timer_;
  bool access_denied_ = false;
  bool runs_ = false;
};

}  // namespace blau::fake
