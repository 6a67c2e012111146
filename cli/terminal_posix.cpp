#include "terminal.hpp"

#include <csignal>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace blau::cli {
namespace {

int descriptor(Channel channel) noexcept { return channel == Channel::output ? STDOUT_FILENO : STDERR_FILENO; }

bool is_set(const char* variable) noexcept {
  const char* const value = std::getenv(variable);
  return value && *value;
}

}  // namespace

bool is_terminal(Channel channel) noexcept {
  if (isatty(descriptor(channel)) == 0) return false;
  const char* const kind = std::getenv("TERM");
  return kind && *kind && std::string_view(kind) != "dumb";
}

bool wants_colour(Channel channel) noexcept { return is_terminal(channel) && !is_set("NO_COLOR"); }

bool can_ask() noexcept { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }

TerminalSize terminal_size(Channel channel) noexcept {
  TerminalSize size;
  winsize window{};
  if (ioctl(descriptor(channel), TIOCGWINSZ, &window) != 0) return size;
  if (window.ws_col > 0) size.columns = window.ws_col;
  if (window.ws_row > 0) size.rows = window.ws_row;
  return size;
}

void report_closed_pipes() noexcept { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace blau::cli
