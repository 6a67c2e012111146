#pragma once

#include "conformance/support.hpp"

#include <chrono>
#include <string>

/// @file
/// World files with faults: what a program sees has to be the same on the simulator and on the imitated bluetoothd.

namespace blau::faults {

using namespace blau::conformance;

// What each rig's program defines.

/// Plays a world, and runs the task in it.
void play(const std::string& world, Task<> (*body)());
/// The time of the world that is played, since it began.
[[nodiscard]] std::chrono::nanoseconds elapsed();
/// What `on_disconnected` says where the system can tell this reason.
[[nodiscard]] DisconnectReason as_told(DisconnectReason reason);

}  // namespace blau::faults
