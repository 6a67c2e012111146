#pragma once

#include <cstddef>

namespace blau::bench {

/// How often this thread has called `operator new` so far. Programs that link allocations.cpp count.
[[nodiscard]] std::size_t allocations() noexcept;

}  // namespace blau::bench
