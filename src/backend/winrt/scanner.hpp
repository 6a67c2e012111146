#pragma once

#include "async.hpp"

#include <blau/backend.hpp>

#include <memory>

namespace blau::detail::windows {

/// The contract's scanner.
[[nodiscard]] std::unique_ptr<backend::ScannerPort> make_scanner(const std::shared_ptr<System>& system,
                                                                 backend::ScannerEvents& events);

}  // namespace blau::detail::windows
