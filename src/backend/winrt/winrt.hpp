#pragma once

#include <blau/backend.hpp>

namespace blau::detail::windows {

/// The backend on Windows' own Bluetooth. Nothing of the system's is touched before the first use.
[[nodiscard]] backend::Factory winrt_factory();

}  // namespace blau::detail::windows
