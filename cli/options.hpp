#pragma once

#include <string>
#include <variant>

#include "commands.hpp"
#include "exit_status.hpp"

namespace blau::cli {

/// What the command line asks for.
struct Invocation {
  GlobalOptions options;
  Command command;
};

/// What there is to do without any Bluetooth: help and version on standard output, or the line that says what is wrong.
struct NothingToRun {
  std::string output;
  std::string complaint;
  ExitStatus status = ExitStatus::done;
};

/// Reads the command line. @throws Error `invalid_argument` for an argument that cannot be read
[[nodiscard]] std::variant<Invocation, NothingToRun> parse_command_line(int argc, const char* const* argv);

}  // namespace blau::cli
