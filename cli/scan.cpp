#include <blau/event_loop.hpp>
#include <blau/scanner.hpp>

#include <algorithm>
#include <exception>

#include "commands.hpp"
#include "device.hpp"
#include "progress.hpp"
#include "scan_view.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

using Clock = EventLoop::Clock;

/// The picture changes at most this often: faster is unreadable.
constexpr auto frame = std::chrono::milliseconds(200);

bool is_wanted(const ScanCommand& command, const Advertisement& seen) {
  if (command.rssi && seen.data.rssi < *command.rssi) return false;
  if (command.name.empty()) return true;
  const auto& name = seen.device.name() ? seen.device.name() : seen.data.local_name;
  return name && contains_ignoring_case(*name, command.name);
}

/// For BlueZ, which does not scan passively for everything: the usual flags (Core Specification Supplement Part A 1.3). bluetoothd takes seven at once.
std::vector<OrPattern> usual_patterns() {
  constexpr std::uint8_t flags = 0x01;
  std::vector<OrPattern> patterns;
  for (const int usual : {0x02, 0x04, 0x05, 0x06, 0x18, 0x1a, 0x1e}) patterns.push_back({0, flags, bytes(usual)});
  return patterns;
}

/// When to look up from waiting for sightings: at the end, and where the picture is live for the next frame.
Clock::time_point next_look(const ScanView& view, Clock::time_point end, Clock::time_point last_frame) {
  if (!view.live()) return end;
  return std::min(end,
                  last_frame + (view.changed() ? Clock::duration(frame) : Clock::duration(std::chrono::seconds(1))));
}

Task<void> listen(const ScanCommand& command, Scanner& scanner, ScanView& view) {
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto& loop = *EventLoop::current();
  const auto end = loop.now() + command.time;
  auto last_frame = loop.now() - frame;
  while (loop.now() < end) {
    if (view.live() && loop.now() >= next_look(view, end, last_frame)) {
      view.draw(end - loop.now());
      last_frame = loop.now();
    }
    const auto patience = next_look(view, end, last_frame) - loop.now();
    auto seen = co_await sightings.next().timeout(patience).as_result();
    if (!seen) {
      if (seen.error().code() == ErrorCode::timed_out) continue;
      throw Error(seen.error());
    }
    if (!*seen) break;
    if (is_wanted(command, **seen)) view.add(std::move(**seen));
  }
  if (const auto reason = sightings.end_reason()) throw Error(*reason);
}

/// Says what it means that nothing was seen.
void tell_empty(const Session& session, const ScanCommand& command) {
  if (!command.name.empty() || !command.services.empty())
    throw Error(ErrorCode::device_not_found,
                "no such device was seen in " + to_text(command.time) + ": come nearer, or scan longer with --seconds");
  if (!session.output.json())
    complain("no device was seen in " + to_text(command.time) + ": scan longer with --seconds");
}

}  // namespace

Task<void> run_command(const Session& session, ScanCommand command) {
  auto options = scanner_options(session);
  options.service_uuids = command.services;
  if (command.passive) {
    options.mode = ScanMode::passive;
    options.bluez.or_patterns = command.patterns.empty() ? usual_patterns() : command.patterns;
  }
  Scanner scanner(std::move(options));
  ScanView view(session.output);
  Progress progress("Scanning", !view.live() && !session.options.verbose);

  const auto listened = co_await listen(command, scanner, view).as_result();
  progress.end();
  if (listened || listened.error().code() == ErrorCode::canceled) view.finish();
  const auto stopped = co_await scanner.stop().as_result();
  if (!listened) throw Error(listened.error());
  if (!stopped) throw Error(stopped.error());
  if (view.empty()) tell_empty(session, command);
}

}  // namespace blau::cli
