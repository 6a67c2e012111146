#include <blau/adapter.hpp>

#include "commands.hpp"
#include "json_lines.hpp"

namespace blau::cli {
namespace {

/// Whether an adapter can be used, in words, and what to do if not.
Cell state_of(const Adapter& adapter) {
  const auto unusable = adapter.unusable();
  if (!unusable) return Cell(adapter.powered() ? "on" : "off", adapter.powered() ? Style::green : Style::yellow);
  switch (*unusable) {
    case UnavailableReason::powered_off: return Cell("off: switch it on (`bluetoothctl power on`)", Style::yellow);
    case UnavailableReason::blocked:
      return Cell("blocked by a radio switch: unblock it (`rfkill unblock bluetooth`)", Style::yellow);
    case UnavailableReason::no_central_role:
      return Cell("cannot connect to devices: it lacks the central role", Style::red);
    default: return Cell(std::string("cannot be used: ").append(to_string(*unusable)), Style::red);
  }
}

Table table_of(const std::vector<Adapter>& adapters) {
  Table table({{"ID"}, {"ADDRESS"}, {"NAME", Column::Align::left, 8}, {"DEFAULT"}, {"STATE"}});
  for (const auto& adapter : adapters)
    table.add({Cell(adapter.id(), Style::cyan), adapter.address().to_string(), adapter.name(),
               adapter.is_default() ? "yes" : "", state_of(adapter)});
  return table;
}

}  // namespace

Task<void> run_command(const Session& session, AdaptersCommand) {
  AdapterOptions options;
  options.backend = session.backend;
  auto listing = Adapter::all(std::move(options)).timeout(session.options.connect_timeout());
  const auto adapters = co_await std::move(listing);
  if (adapters.empty())
    throw Error(UnavailableReason::no_adapter, "this machine has no Bluetooth adapter: plug one in");
  if (session.output.json()) {
    for (const auto& adapter : adapters) session.output.line(to_json(adapter));
    co_return;
  }
  session.output.table(table_of(adapters));
}

}  // namespace blau::cli
