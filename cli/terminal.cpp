#include "terminal.hpp"

#include <cstdlib>
#include <string_view>

namespace blau::cli {
namespace {

bool is_set(const char* variable) noexcept {
  const char* const value = std::getenv(variable);
  return value && *value;
}

}  // namespace

bool is_dumb() noexcept {
  const char* const kind = std::getenv("TERM");
#ifdef _WIN32
  return kind && std::string_view(kind) == "dumb";  // nobody has to set it there
#else
  return !kind || !*kind || std::string_view(kind) == "dumb";
#endif
}

bool wants_colour(Channel channel) noexcept { return is_terminal(channel) && !is_set("NO_COLOR"); }

}  // namespace blau::cli
