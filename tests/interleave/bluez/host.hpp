#pragma once

#include "../ledger.hpp"

#include "unit/support/peer_bus.hpp"

#include <blau/backend.hpp>
#include <blau/sim.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace blau::interleave::imitation {

using detail::bluez::Message;
using detail::bluez::PeerBus;
using detail::bluez::Reader;

/// An error of D-Bus.
struct Refusal {
  const char* name;
  const char* text;
};

namespace refusals {
inline constexpr Refusal in_progress{"org.bluez.Error.InProgress", "Operation already in progress"};
inline constexpr Refusal not_ready{"org.bluez.Error.NotReady", "Resource Not Ready"};
inline constexpr Refusal not_supported{"org.bluez.Error.NotSupported", "Operation is not supported"};
inline constexpr Refusal not_connected{"org.bluez.Error.Failed", "Not connected"};
inline constexpr Refusal canceled{"org.bluez.Error.Failed", "br-connection-canceled"};
inline constexpr Refusal aborted{"org.bluez.Error.Failed", "le-connection-abort-by-local"};
inline constexpr Refusal unlikely{"org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e"};
inline constexpr Refusal unknown_object{"org.freedesktop.DBus.Error.UnknownObject", "Method doesn't exist"};
inline constexpr Refusal no_service{"org.freedesktop.DBus.Error.ServiceUnknown", "The name is not activatable"};
inline constexpr Refusal no_reply{"org.freedesktop.DBus.Error.NoReply", "Message recipient disconnected"};
}  // namespace refusals

/// What all parts of the imitated bluetoothd stand on: the bus, the world, and the dice of the run.
class Host {
 public:
  Host(sim::World& world, std::shared_ptr<Log> log, std::uint64_t seed, std::function<void(Message)> on_call);

  [[nodiscard]] std::uint64_t roll(std::uint64_t sides) { return dice_() % sides; }
  [[nodiscard]] sim::World& world() noexcept { return world_; }
  [[nodiscard]] backend::Backend& radio() noexcept { return *radio_; }
  [[nodiscard]] Log& log() noexcept { return *log_; }

  // The bus.

  /// As a `BusOpener`: when it returns, the two ends know each other. What sd-bus would do for that later follows the real clock.
  int open(sd_bus** theirs);
  void hang_up();
  [[nodiscard]] Message signal(const std::string& path, const char* interface, const char* member) const {
    return bus_.signal(path.c_str(), interface, member);
  }
  /// A PropertiesChanged, to be filled with a{sv}as.
  [[nodiscard]] Message changed(const std::string& path, const char* interface) const;
  void send(const Message& message) { (void)bus_.send(message); }

  // Calls: each is answered once at most, and each that is not yet by `owe_nothing`.

  using Fill = std::function<void(Message&)>;
  void answer(const Message& call, const Fill& fill = Fill());
  void refuse(const Message& call, const Refusal& refusal);
  /// Who called is told that nobody will answer, as the bus does when a service ends.
  void owe_nothing();

  // What the seed does to it.

  /// Calls `call` now, or in some turn after, while `life` lives.
  void later(const std::weak_ptr<void>& life, const std::function<void()>& call);
  /// The error that a call is to fail with; mostly none.
  [[nodiscard]] std::optional<Refusal> mishap(std::initializer_list<Refusal> possible);
  /// So many of the next calls may fail.
  void set_mishaps(unsigned count) noexcept { mishaps_ = count; }
  /// Answers take their time from now on, or not.
  void set_slow(bool slow) noexcept { slow_ = slow; }

 private:
  void take(const Message& call);
  [[nodiscard]] bool settle(const Message& call);

  sim::World& world_;
  std::shared_ptr<Log> log_;
  std::mt19937_64 dice_;
  std::shared_ptr<backend::Backend> radio_;
  std::function<void(Message)> on_call_;
  std::map<std::uint64_t, Message> owed_;  // by cookie
  unsigned mishaps_ = 0;
  bool slow_ = false;
  PeerBus bus_;
};

}  // namespace blau::interleave::imitation
