#pragma once

#include <blau/backend.hpp>

namespace blau::detail {

/// A machine without Bluetooth: the least that a backend must do, and what a new port begins from.
[[nodiscard]] backend::Factory null_factory();

}  // namespace blau::detail
