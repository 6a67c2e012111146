#pragma once

#include <blau/device.hpp>

#include <optional>
#include <vector>

#include "commands.hpp"

namespace blau::cli {

/// The devices that the chosen adapter, or else the default one, has a bond with.
/// Errors: as `Adapter::get_default` and `bonded_devices`; `invalid_argument` for an unknown adapter.
[[nodiscard]] Task<std::vector<Device>> bonded_devices(const Session& session);

/// The one that is meant. @throws Error `failed` where several have the name
[[nodiscard]] std::optional<Device> find_bonded(const std::vector<Device>& bonded, const DeviceArgument& wanted);

}  // namespace blau::cli
