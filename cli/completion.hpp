#pragma once

#include <string>
#include <string_view>

#include "surface.hpp"

namespace blau::cli {

/// The script that lets a shell complete the program's commands, options and values: of `bash`, `zsh` or `fish`.
/// @throws Error `invalid_argument` for another shell
[[nodiscard]] std::string completion_script(const Surface& surface, std::string_view shell);

// One file each.

[[nodiscard]] std::string bash_completion(const Surface& surface);
[[nodiscard]] std::string zsh_completion(const Surface& surface);
[[nodiscard]] std::string fish_completion(const Surface& surface);

/// The text in single quotes, as bash and zsh read it.
[[nodiscard]] std::string shell_quoted(std::string_view text);

/// The text with a string before each of the characters.
[[nodiscard]] std::string with_before_each(std::string_view text, std::string_view characters, std::string_view before);

}  // namespace blau::cli
