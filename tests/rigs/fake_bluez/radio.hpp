#pragma once

#include "bus.hpp"
#include "peripheral.hpp"

#include <list>
#include <map>
#include <random>

namespace blau::fake {

/// An adapter's ear.
class Listener {
 public:
  [[nodiscard]] virtual bool listens() const = 0;
  virtual void heard(Peripheral& peripheral, int rssi) = 0;

 protected:
  ~Listener() = default;
};

/// The air, and the peripherals in it.
class Radio {
 public:
  explicit Radio(Loop& loop) : loop_(loop) {}

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }
  /// Other peripherals; the links of the old ones end as if these had vanished.
  void become(const sim::WorldSpec& world);
  Peripheral& add(sim::PeripheralSpec spec);
  /// The peripheral of that address, or null.
  [[nodiscard]] Peripheral* find(const Address& address) const;
  [[nodiscard]] const std::map<std::uint64_t, std::unique_ptr<Peripheral>>& peripherals() const { return peripherals_; }

  void add_listener(Listener& listener) { listeners_.push_back(&listener); }
  void remove_listener(Listener& listener);
  void listening_changed();
  [[nodiscard]] bool anybody_listens() const;
  void report(Peripheral& peripheral, int rssi);

  /// Something that somebody may wait for has changed.
  void changed();
  /// Calls `done(true)` when the predicate holds, or `done(false)` after the time.
  void wait_until(std::function<bool()> holds, nanoseconds limit, std::function<void(bool)> done);
  /// Calls at each change, until it returns false.
  void at_change(std::function<bool()> look) { looks_.push_back(std::move(look)); }

  [[nodiscard]] std::uint64_t next_number() noexcept { return ++number_; }
  [[nodiscard]] std::int64_t random(std::int64_t least, std::int64_t most);

 private:
  struct Waiter {
    std::function<bool()> holds;
    std::function<void(bool)> done;
    Timer timer;
  };
  void look();

  Loop& loop_;
  std::uint64_t number_ = 0;
  std::mt19937_64 dice_{1};
  std::map<std::uint64_t, std::unique_ptr<Peripheral>> peripherals_;
  std::vector<Listener*> listeners_;
  std::list<Waiter> waiters_;
  std::list<std::function<bool()>> looks_;
  bool look_posted_ = false;
};

}  // namespace blau::fake
