#pragma once

#include <blau/device.hpp>

#include <vector>

#include "commands.hpp"

namespace blau::cli {

/// The devices that the chosen adapter has a bond with, or else each adapter that can be used: there once for each of them.
/// Errors: as `Adapter::get_default` and `bonded_devices`; `invalid_argument` for an unknown adapter.
[[nodiscard]] Task<std::vector<Device>> bonded_devices(const Session& session);

/// The one that is meant, for each adapter that has a bond with it. @throws Error `failed` where several have the name
[[nodiscard]] std::vector<Device> find_bonded(const std::vector<Device>& bonded, const DeviceArgument& wanted);

}  // namespace blau::cli
