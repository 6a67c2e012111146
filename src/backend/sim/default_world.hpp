#pragma once

#include "world_file.hpp"

#include <string_view>

namespace blau::sim::detail {

/// The JSON text of the world that there is without a radio: a heart-rate strap, a thermometer and a UART that echoes.
[[nodiscard]] std::string_view default_world_json() noexcept;

/// The same, read.
[[nodiscard]] WorldSpec default_world();

}  // namespace blau::sim::detail
