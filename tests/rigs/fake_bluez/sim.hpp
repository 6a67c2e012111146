#pragma once

namespace blau::sim::detail {}

namespace blau::fake {

/// What is shared with the simulator: world files, the attribute server, and the client's procedures.
namespace sim = blau::sim::detail;

}  // namespace blau::fake
