#pragma once

#include "support/sim_addresses.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blau {

/// A peripheral with something to hide, and an agent that notes what it is asked.
struct SimPairing : testing::Test {
  using Io = sim::IoCapability;
  using Pairing = sim::PairingOptions;

  /// A passkey that our user types. Empty: the one that the peripheral shows.
  std::optional<std::uint32_t> typed;
  bool accepts = true;
  std::vector<std::string> asked;
  std::uint32_t number = 1'000'000;  ///< that the agent was shown
  PairingAgent agent;

  sim::World world;
  sim::Peripheral& device = world.add_peripheral({.address = device_address, .name = "Device"});
  sim::Service& service = device.add_service(0x1234);
  sim::Characteristic& encrypted = service.add_characteristic({.uuid = 0x3001,
                                                               .properties = Property::read | Property::notify,
                                                               .value = bytes(0x5e),
                                                               .security = sim::Security::encrypted});
  sim::Characteristic& authenticated = service.add_characteristic(
      {.uuid = 0x3002, .properties = Property::read, .value = bytes(0x5f), .security = sim::Security::authenticated});

  void answer_confirm() {
    agent.confirm = [this](const Device&) { return note("confirm"); };
  }
  void answer_display() {
    agent.display_passkey = [this](const Device&, std::uint32_t shown) { return note("display", shown); };
  }
  void answer_comparison() {
    agent.confirm_passkey = [this](const Device&, std::uint32_t shown) { return note("compare", shown); };
  }
  void answer_request() {
    agent.request_passkey = [this](const Device&) -> std::optional<std::uint32_t> {
      if (!note("request")) return std::nullopt;
      return typed ? typed : device.shown_passkey();
    };
  }
  void answer_all() {
    answer_confirm();
    answer_display();
    answer_comparison();
    answer_request();
  }

  ClientOptions options() const {
    ClientOptions made;
    made.pairing = agent;
    return made;
  }
  /// Runs `body` with a connected client.
  void with_client(std::function<Task<>(Client&)> body) {
    auto run = [this, body = std::move(body)]() -> Task<> {
      Client client{device_address, options()};
      co_await client.connect();
      co_await body(client);
    };
    world.run(run);
  }
  /// How a pairing with such a peripheral ends.
  Result<void> pair_with(const Pairing& pairing) {
    device.set_pairing(pairing);
    Result<void> ended;
    with_client([&](Client& client) -> Task<> { ended = co_await client.pair().as_result(); });
    return ended;
  }
  std::size_t bonds() {
    std::size_t count = 0;
    auto look = [&]() -> Task<> {
      const auto adapter = co_await Adapter::get_default();
      const auto devices = co_await adapter.bonded_devices();
      count = devices.size();
    };
    world.run(look);
    return count;
  }

 private:
  bool note(const std::string& question, std::optional<std::uint32_t> shown = std::nullopt) {
    asked.push_back(question);
    if (shown) number = *shown;
    return accepts;
  }
};

inline ErrorCode code_of_result(const Result<void>& result) { return result ? ErrorCode() : result.error().code(); }

}  // namespace blau
