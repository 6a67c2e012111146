#pragma once

#include <blau/sim/faults.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>

/// @file
/// What waits to go wrong at a simulated peripheral, counted down as its time comes. Without a clock and without a loop, so that whoever plays the peripherals of a world can use it.

namespace blau::sim::detail {

/// The occurrences of a fault.
class Turns {
 public:
  explicit Turns(const FaultTurns& turns) noexcept : left_(turns) {}
  Turns(std::uint64_t skip, std::uint64_t count) noexcept : left_{skip, count} {}
  /// One occurrence. True if the fault takes it.
  bool take() noexcept {
    if (left_.skip > 0) return --left_.skip, false;
    if (left_.count == 0) return false;
    --left_.count;
    return true;
  }
  [[nodiscard]] bool spent() const noexcept { return left_.count == 0; }

 private:
  FaultTurns left_;
};

/// The faults of a peripheral's links.
class LinkFaults {
 public:
  void lose_at(ConnectStep step, const FaultTurns& turns) { losses_.push_back({step, Turns(turns)}); }
  /// The next links, so long after they came up.
  void lose_after(std::chrono::nanoseconds life, const FaultTurns& turns) { lives_.push_back({life, Turns(turns)}); }
  void call_at(ConnectStep step, std::function<void()> call, const FaultTurns& turns);
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return losses_.size() + lives_.size() + calls_.size(); }

  /// A connect is there: calls what waits for it. True if the link is to be lost now.
  [[nodiscard]] bool reach(ConnectStep step);
  /// A link came up: how long it is to last.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next_life();

 private:
  struct Loss {
    ConnectStep step;
    Turns turns;
  };
  struct Life {
    std::chrono::nanoseconds life;
    Turns turns;
  };
  struct StepCall {
    ConnectStep step;
    std::function<void()> call;
    Turns turns;
  };
  std::list<Loss> losses_;
  std::list<Life> lives_;
  std::list<StepCall> calls_;
};

/// The faults of a characteristic's requests and values.
class CharacteristicFaults {
 public:
  void add(const RequestFault& fault) { requests_.push_back({fault, Turns(fault.skip, fault.count)}); }
  void add(const NotifyFault& fault) { values_.push_back({fault.times, Turns(fault.skip, fault.count)}); }
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return requests_.size() + values_.size(); }

  /// A permitted request: what becomes of it, if anything.
  [[nodiscard]] std::optional<RequestFault> next_request(RequestKind kind);
  /// A value for a central that asked for it: how often it is sent.
  [[nodiscard]] std::uint32_t next_value();

 private:
  struct Request {
    RequestFault fault;
    Turns turns;
  };
  struct Value {
    std::uint32_t times;
    Turns turns;
  };
  std::list<Request> requests_;
  std::list<Value> values_;
};

/// What contradicts itself in a fault, in words; empty where nothing does.
[[nodiscard]] std::string contradiction_in(const RequestFault& fault);

/// What such a request needs: some of these bits of `property`.
[[nodiscard]] std::uint16_t properties_for(RequestKind kind) noexcept;

/// Both delays, one after the other.
[[nodiscard]] inline std::chrono::nanoseconds added(std::chrono::nanoseconds a, std::chrono::nanoseconds b) noexcept {
  return a == never || b == never ? never : a + b;
}

}  // namespace blau::sim::detail
