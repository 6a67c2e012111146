#include "terminal.hpp"

#include <cstdio>
#include <cstdlib>

#include <windows.h>

#include <fcntl.h>
#include <io.h>

namespace blau::cli {
namespace {

HANDLE stream(Channel channel) noexcept {
  return GetStdHandle(channel == Channel::output ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

bool is_console(HANDLE handle) noexcept {
  DWORD mode = 0;
  return GetConsoleMode(handle, &mode) != 0;
}

UINT code_page_before = 0;

}  // namespace

bool is_terminal(Channel channel) noexcept {
  constexpr DWORD understands_sequences = 0x0004;  // ENABLE_VIRTUAL_TERMINAL_PROCESSING
  DWORD mode = 0;
  if (is_dumb() || GetConsoleMode(stream(channel), &mode) == 0) return false;
  return SetConsoleMode(stream(channel), mode | understands_sequences) != 0;
}

bool can_ask() noexcept { return is_console(GetStdHandle(STD_INPUT_HANDLE)) && is_console(stream(Channel::errors)); }

TerminalSize terminal_size(Channel channel) noexcept {
  TerminalSize size;
  CONSOLE_SCREEN_BUFFER_INFO screen{};
  if (GetConsoleScreenBufferInfo(stream(channel), &screen) == 0) return size;
  size.columns = static_cast<std::size_t>(screen.srWindow.Right - screen.srWindow.Left + 1);
  size.rows = static_cast<std::size_t>(screen.srWindow.Bottom - screen.srWindow.Top + 1);
  return size;
}

// Text is UTF-8, and lines end as they are written: the same bytes as on other systems.
void prepare_streams() noexcept {
  _setmode(_fileno(stdout), _O_BINARY);
  _setmode(_fileno(stderr), _O_BINARY);
  code_page_before = GetConsoleOutputCP();
  if (code_page_before == 0 || code_page_before == CP_UTF8 || SetConsoleOutputCP(CP_UTF8) == 0) return;
  std::atexit([] { SetConsoleOutputCP(code_page_before); });  // it is the console's, which stays
}

}  // namespace blau::cli
