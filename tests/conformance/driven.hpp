#pragma once

#include "acts.hpp"

#include <string_view>

namespace blau::conformance {

/// The body of the cases of one kind: what is shown of every method alike.
using Body = void (*)(Rig&, const Act&);

/// The body of the kind of this name; null where there is none.
[[nodiscard]] Body body_of(std::string_view kind);

/// Makes a case of every cell of the table that names one of these kinds. Before the tests run.
void register_driven_cases();

}  // namespace blau::conformance
