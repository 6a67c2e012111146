#pragma once

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>

#include <memory>

namespace blau::detail {

/// The instance that serves `loop`, made on first use. The loop's thread.
/// @throws Error what making it throws; `not_supported` if this build holds no backend for the platform
[[nodiscard]] std::shared_ptr<backend::Backend> resolve_backend(Loop& loop, const BackendRef& wanted);

/// The name under which a loop keeps the backend that serves objects with no choice of their own: a simulated world's loop sets it.
inline constexpr const char* default_backend_service = "default-backend";

}  // namespace blau::detail
