#pragma once

#include "conformance/support.hpp"

#include <nlohmann/json.hpp>

#include <string>

/// @file
/// What a program that uses Blau sees when something goes wrong: the public API on the fake bluetoothd, which is told what to do wrong.

namespace blau::faults {

using namespace blau::conformance;
using nlohmann::json;

/// Begins and ends without a fault.
class FaultCase : public Case {
 protected:
  void SetUp() override;
  void TearDown() override;
};

/// Has it happen, now or when its time comes (tests/rigs/fake_bluez/README.md). @throws std::runtime_error with the words of the refusal
void arm(const json& fault);
/// What was armed happens no more.
void clear_faults();
/// A command of the control socket.
json tell(const json& command);
/// The D-Bus object of the connected client's characteristic.
[[nodiscard]] std::string object_of(const Client& client, const Uuid& characteristic);
/// What `on_disconnected` says where the daemon can tell this reason.
[[nodiscard]] DisconnectReason as_told(DisconnectReason reason);

}  // namespace blau::faults
