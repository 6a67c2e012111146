#include "completion.hpp"

#include <blau/error.hpp>

#include "text.hpp"

namespace blau::cli {

std::string completion_script(const Surface& surface, std::string_view shell) {
  if (shell == "bash") return bash_completion(surface);
  if (shell == "zsh") return zsh_completion(surface);
  if (shell == "fish") return fish_completion(surface);
  throw Error(ErrorCode::invalid_argument, in_quotes(shell) + " is no shell that is known here: use bash, zsh or fish");
}

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += "'\\'";
    quoted += c;
  }
  return quoted + "'";
}

std::string with_before_each(std::string_view text, std::string_view characters, std::string_view before) {
  std::string result;
  for (const char c : text) {
    if (characters.find(c) != std::string_view::npos) result += before;
    result += c;
  }
  return result;
}

}  // namespace blau::cli
