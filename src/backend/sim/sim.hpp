#pragma once

#include <blau/backend.hpp>

#include <string>

/// @file
/// Simulated worlds as backends that are chosen by name.

namespace blau::detail {

/// The default world; a fresh one for each loop.
[[nodiscard]] backend::Factory sim_factory();
/// The world of a file, which is read now; a fresh one for each loop.
/// @throws Error `invalid_argument` with line, path and what to do; `not_supported` for faults of bluetoothd
[[nodiscard]] backend::Factory sim_factory_from_file(const std::string& path);

}  // namespace blau::detail
