#include <blau/event_loop.hpp>
#include <blau/log.hpp>
#include <blau/when.hpp>

#include <utility>

#include "commands.hpp"
#include "exit_status.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace blau::cli {
namespace {

/// Runs a command until it ends, or until a signal asks for the end; then the command cleans up first. A second signal does
/// not wait for that.
Task<ExitStatus> until_interrupted(Task<void> command) {
  auto race = when_any(termination_signal(), std::move(command));
  const auto first = co_await race;
  co_return first.index() == 0 ? ExitStatus::interrupted : ExitStatus::done;
}

ExitStatus run_invocation(Invocation invocation) {
  if (invocation.options.verbose) set_log_sink(&write_log_line);
  BackendRef backend;
  if (!invocation.options.backend.empty()) backend = backend_from(invocation.options.backend);
  const bool json = invocation.options.json;
  const Session session{std::move(invocation.options), std::move(backend), Output(json)};
  return run([&session, &invocation] {
    auto start = [&session](auto& command) { return run_command(session, std::move(command)); };
    return until_interrupted(std::visit(start, invocation.command));
  });
}

ExitStatus run_nothing(const NothingToRun& nothing) {
  if (!nothing.output.empty()) Output(false).write(nothing.output);
  if (!nothing.complaint.empty()) complain(nothing.complaint);
  return nothing.status;
}

ExitStatus run_program(int argc, char** argv) noexcept {
  try {
    prepare_streams();
    auto parsed = parse_command_line(argc, argv);
    if (const auto* const nothing = std::get_if<NothingToRun>(&parsed)) return run_nothing(*nothing);
    return run_invocation(std::move(std::get<Invocation>(parsed)));
  } catch (...) {
    return report(std::current_exception());
  }
}

}  // namespace
}  // namespace blau::cli

int main(int argc, char** argv) { return static_cast<int>(blau::cli::run_program(argc, argv)); }
