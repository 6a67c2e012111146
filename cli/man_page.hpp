#pragma once

#include <string>

#include "surface.hpp"

namespace blau::cli {

/// The page of the manual, section 1, in the language of `man`.
[[nodiscard]] std::string man_page(const Surface& surface);

}  // namespace blau::cli
