#include "rig_sim.hpp"

namespace blau::conformance {

std::unique_ptr<Rig> make_rig() { return std::make_unique<SimRig>(); }

}  // namespace blau::conformance
