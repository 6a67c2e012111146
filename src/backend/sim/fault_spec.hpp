#pragma once

#include "attribute_spec.hpp"

#include <blau/address.hpp>
#include <blau/sim/faults.hpp>
#include <blau/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

/// @file
/// What a world file says of faults. `at` is the world's time from which a fault is armed, or at which it happens.

namespace blau::sim::detail {

/// A link is lost: at a step, so long after it came up, or, with neither, at a time.
struct LinkFaultSpec {
  Address address;
  std::optional<ConnectStep> step;
  std::optional<std::chrono::milliseconds> after;
  std::optional<std::chrono::milliseconds> at;
  FaultTurns turns;
};

/// A characteristic of a peripheral: its UUID, or a handle of its declaration or its value.
using CharacteristicName = std::variant<Uuid, std::uint16_t>;

struct RequestFaultSpec {
  Address address;
  CharacteristicName characteristic;
  std::chrono::milliseconds at{0};
  RequestFault fault;
};

struct NotifyFaultSpec {
  Address address;
  CharacteristicName characteristic;
  std::chrono::milliseconds at{0};
  NotifyFault fault;
};

/// The table changes, once: at a time, at a step, or at the first such step from a time on.
struct ServicesFaultSpec {
  Address address;
  std::optional<ConnectStep> step;
  std::optional<std::chrono::milliseconds> at;
  std::optional<std::variant<Uuid, std::uint16_t>> remove;  ///< the first service of a UUID, or the one at a handle
  std::optional<ServiceSpec> add;
};

struct AdapterFaultSpec {
  enum class Action : std::uint8_t { off, on, remove, add };
  std::string adapter;
  Action action = Action::off;
  std::chrono::milliseconds at{0};
};

struct PeripheralFaultSpec {
  enum class Action : std::uint8_t { vanish, appear, stall, resume };
  Address address;
  Action action = Action::vanish;
  std::chrono::milliseconds at{0};
};

using FaultSpec = std::variant<LinkFaultSpec, RequestFaultSpec, NotifyFaultSpec, ServicesFaultSpec, AdapterFaultSpec,
                               PeripheralFaultSpec>;

}  // namespace blau::sim::detail
