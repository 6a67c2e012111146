#include "terminal.hpp"

#include <csignal>

#include <sys/ioctl.h>
#include <unistd.h>

namespace blau::cli {
namespace {

int descriptor(Channel channel) noexcept { return channel == Channel::output ? STDOUT_FILENO : STDERR_FILENO; }

}  // namespace

bool is_terminal(Channel channel) noexcept { return isatty(descriptor(channel)) != 0 && !is_dumb(); }

bool can_ask() noexcept { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }

TerminalSize terminal_size(Channel channel) noexcept {
  TerminalSize size;
  winsize window{};
  if (ioctl(descriptor(channel), TIOCGWINSZ, &window) != 0) return size;
  if (window.ws_col > 0) size.columns = window.ws_col;
  if (window.ws_row > 0) size.rows = window.ws_row;
  return size;
}

void prepare_streams() noexcept { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace blau::cli
