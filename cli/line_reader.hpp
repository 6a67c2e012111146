#pragma once

#include <blau/task.hpp>

#include <optional>
#include <string>

namespace blau::cli {

/// One line that a person types on the terminal of standard input, without its end; empty at the end of input (Ctrl-D).
/// The loop goes on meanwhile. Where it is canceled nothing reads the terminal any more. On the event loop only.
/// Errors: `canceled`, `failed` where the terminal cannot be read.
[[nodiscard]] Task<std::optional<std::string>> read_line();

/// What was typed up to now is no answer to a question that has not been seen.
void forget_what_was_typed() noexcept;

}  // namespace blau::cli
