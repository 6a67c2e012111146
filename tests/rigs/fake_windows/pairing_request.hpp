#pragma once

#include "pairing_session.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace fake_windows {

/// Raises PairingRequested; what the handlers say goes to the session, when all deferrals are over.
void request_pairing(Remote& remote, const std::shared_ptr<CustomPairingState>& custom,
                     enumeration::DevicePairingKinds kind, std::optional<std::uint32_t> pin, unsigned question);

}  // namespace fake_windows
