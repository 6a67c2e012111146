#pragma once

#include "nodes.hpp"
#include "roster.hpp"

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>
#include <blau/sim.hpp>

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace blau::sim::detail {

class SimBackend;
class SimClient;
class SimScanner;
class SimWatch;

/// @throws Error `not_supported` where the file lists faults that only bluetoothd has
void expect_simulated(const WorldSpec& spec);

/// Everything of a world but its own event loop. Lives on the loop of the backend instance that attached it, one at a time.
class WorldCore : public std::enable_shared_from_this<WorldCore> {
 public:
  explicit WorldCore(std::uint64_t seed, bool default_adapter);
  ~WorldCore();

  // Contents (core.cpp).

  void fill(WorldSpec spec);
  AdapterNode& add_adapter(AdapterSpec spec, std::size_t max_connections);
  PeripheralNode& add_peripheral(PeripheralSpec spec);
  /// The adapters; makes the default one where it is due.
  [[nodiscard]] std::vector<std::unique_ptr<AdapterNode>>& adapters();
  [[nodiscard]] std::vector<std::unique_ptr<PeripheralNode>>& peripherals() noexcept { return peripherals_; }
  [[nodiscard]] PeripheralNode* find_peripheral(const Address& address) const noexcept;
  /// The adapter of that name or address, or the default one, whether it can be used or not.
  [[nodiscard]] Result<AdapterNode*> find_adapter(const std::string& text);
  /// By what an adapter can reach it.
  [[nodiscard]] PeripheralNode* find_on_air(const AdapterNode& adapter, const Address& address) const noexcept;
  /// The adapter of this id or address, empty text: the default one; it can be used.
  /// Errors: `bluetooth_not_available`, `invalid_argument`.
  [[nodiscard]] Result<AdapterNode*> choose_adapter(const std::string& text);
  [[nodiscard]] std::vector<backend::AdapterState> adapter_states();
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

  // Time.

  /// The loop; null where nobody uses the world.
  [[nodiscard]] Loop* loop() const noexcept { return loop_; }
  /// The same from any thread.
  [[nodiscard]] std::shared_ptr<Loop> user() const;
  /// The world object goes: no loop takes the world any more. Gives the one that has it. Any thread.
  [[nodiscard]] std::shared_ptr<Loop> retire() noexcept;
  /// @throws Error `busy` if the world is attached already, `backend_lost` if it has retired
  void attach(Loop& loop, const std::shared_ptr<SimBackend>& backend);
  /// The loop or the instance ends: everything on the air is forgotten, and nobody is told.
  void detach() noexcept;
  /// The world ends before its loop: what is on the air ends with `backend_lost`, then as `detach`.
  void end() noexcept;
  /// As `detach`, if it is this one that uses the world.
  void detach_from(const SimBackend& backend) noexcept;
  [[nodiscard]] std::shared_ptr<SimBackend> backend() const noexcept { return backend_.lock(); }
  void after(nanoseconds delay, std::function<void()> call);
  [[nodiscard]] nanoseconds elapsed() const;
  /// Runs `call` in a later turn of the loop; not at all where there is no loop.
  void post(blau::unique_function<void()> call);
  /// Calls a hook of the user; an exception goes to the loop.
  template <class Call>
  bool guarded(Call&& call) {
    try {
      call();
      return true;
    } catch (...) {
      if (!loop_) throw;
      loop_->unhandled(std::current_exception());
      return false;
    }
  }

  // Changes, each looked at in a later turn.

  void adapters_changed();
  /// Something changed that connection attempts wait for.
  void poke_attempts();
  /// Somebody began or ceased to listen.
  void listeners_changed();
  /// Tells all clients of the device.
  void tell_bond(const AdapterNode& adapter, const PeripheralNode& peripheral, bool bonded);
  [[nodiscard]] bool has_listener() const noexcept { return !scanners.empty(); }

  Roster<SimScanner> scanners;  ///< that scan
  Roster<SimClient> attempts;   ///< clients that wait for a link
  Roster<SimWatch> watches;
  Roster<SimClient> ports;  ///< all clients

 private:
  struct Script {
    nanoseconds delay;
    std::function<void()> call;
    Source source = blau::detail::new_source();  ///< what happens in the world by itself depends on nobody
    Timer timer;
  };
  void arm(const std::vector<FaultSpec>& faults);
  AdapterNode& make_adapter(AdapterSpec spec, std::size_t max_connections);
  [[nodiscard]] std::vector<backend::AdapterState> states_now() const;
  void start(std::list<Script>::iterator script);
  void look_at_adapters();
  void tell_adapters();
  void end_what_needs(AdapterNode& adapter);

  std::uint64_t seed_;
  bool default_adapter_;
  Loop* loop_ = nullptr;
  std::weak_ptr<SimBackend> backend_;
  const SimBackend* owner_ = nullptr;
  mutable std::mutex mutex_;
  std::weak_ptr<Loop> user_;  // guarded by mutex_
  bool retired_ = false;      // guarded by mutex_
  TimePoint began_{};
  std::list<Script> scripts_;
  std::vector<std::unique_ptr<AdapterNode>> adapters_;
  std::vector<std::unique_ptr<PeripheralNode>> peripherals_;
  bool adapters_look_pending_ = false;
  bool poke_pending_ = false;
};

}  // namespace blau::sim::detail
