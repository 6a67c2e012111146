#pragma once

#include "attribute_spec.hpp"
#include "world_file.hpp"

#include <blau/sim.hpp>

/// @file
/// The options of the public API as the specs that world files make, too.

namespace blau::sim::detail {

class WorldCore;
struct PeripheralNode;

[[nodiscard]] AdvertisingSpec spec_of(const AdvertisingOptions& options);
[[nodiscard]] PeripheralSpec spec_of(const PeripheralOptions& options);
[[nodiscard]] CharacteristicSpec spec_of(const CharacteristicOptions& options);
[[nodiscard]] DescriptorSpec spec_of(const DescriptorOptions& options);

/// @throws Error `invalid_argument` for what a spec cannot hold.
PeripheralNode& add_peripheral(WorldCore& core, const PeripheralOptions& options);

}  // namespace blau::sim::detail
