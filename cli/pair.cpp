#include <blau/error.hpp>

#include <cstddef>
#include <memory>
#include <utility>

#include "bonds.hpp"
#include "commands.hpp"
#include "device.hpp"
#include "json_lines.hpp"
#include "pairing_dialog.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

void print_pairing(const Session& session, const Device& device, const std::string& words, bool paired) {
  const auto& output = session.output;
  if (output.json()) return output.line(pairing_to_json(device.address(), paired));
  const auto& name = device.name();
  const auto known_by = device.address().to_string() + (name && !name->empty() ? " " + in_quotes(*name) : "");
  output.line(known_by + words);
}

Task<void> make_bond(const Session& session, PairingDialog& dialog, Client& client) {
  auto pairing = client.pair();
  if (session.options.timeout) pairing = std::move(pairing).timeout(*session.options.timeout);
  const auto paired = co_await std::move(pairing).as_result();
  dialog.end();
  if (paired) co_return;
  const bool refused_here = paired.error().code() == ErrorCode::pairing_rejected && dialog.refusal();
  throw Error(refused_here ? *dialog.refusal() : paired.error());
}

Task<void> pair_with(const Session& session, PairingDialog& dialog, Client& client) {
  if (client.is_bonded()) {
    print_pairing(session, client.device(), " is paired already", true);
    co_return;
  }
  dialog.wait_for("Pairing with " + client.address().to_string());
  auto making = make_bond(session, dialog, client);
  co_await std::move(making);
  if (!client.is_bonded())
    throw Error(ErrorCode::pairing_failed,
                "the device paired, but keeps no bond: what was agreed on ends with this connection");
  print_pairing(session, client.device(), " is paired", true);
}

}  // namespace

Task<void> run_command(const Session& session, PairCommand command) {
  const auto dialog = std::make_shared<PairingDialog>(session, command);
  UseDevice use = [&session, &dialog](Client& client) { return pair_with(session, *dialog, client); };
  auto options = client_options(session);
  options.pairing = dialog->agent();
  co_await with_device(session, command.device, std::move(options), std::move(use));
}

Task<void> run_command(const Session& session, UnpairCommand command) {
  auto listing = bonded_devices(session);
  const auto bonded = co_await std::move(listing);
  const auto found = find_bonded(bonded, command.device);
  if (found.empty()) {
    const auto* const address = std::get_if<Address>(&command.device);
    if (!address)
      throw Error(ErrorCode::device_not_found,
                  "no device called " + to_text(command.device) +
                      " is paired with this machine: name it by its address if it is called otherwise now");
    print_pairing(session, Device(*address), " was not paired", false);
    co_return;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {  // on each adapter that has a bond
    Client client(found[i], client_options(session));
    co_await client.unpair();
  }
  print_pairing(session, found.front(), " is not paired any more", false);
}

}  // namespace blau::cli
