// Commands of the control socket about pairing and bonds, and about what programs leave behind.

#include "adapter.hpp"
#include "commands.hpp"
#include "daemon.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

/// The members of `pairing` in a world, beside those of the command.
void Commands::set_pairing(const Place& request, const Answer& answer) {
  sim::JsonNode pairing = request.node();
  Peripheral& owner = peripheral(
      Members(request, {"command", "address", "io", "passkey", "mitm", "secure_connections", "bonding", "user"}));
  std::erase_if(pairing.members,
                [](const sim::JsonNode& member) { return member.name == "command" || member.name == "address"; });
  owner.set_pairing(sim::read_pairing(Place(pairing, request.path())));
  answer({});
}

void Commands::shown_passkey(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "timeout_ms"});
  const auto shown = [this, address = peripheral(members).spec().address] {
    Peripheral* owner = daemon_.radio().find(address);
    return owner ? owner->user().shown() : std::nullopt;
  };
  const auto found = [shown]() -> Json { return {{"passkey", *shown()}}; };
  wait(request, members, [shown] { return shown().has_value(); }, found, answer);
}

void Commands::type_passkey(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "passkey"});
  Peripheral& owner = peripheral(members);
  const auto passkey = members.require("passkey").number<std::uint32_t>(0, 999'999);
  if (!owner.user().type(passkey)) request.fail(owner.address() + " pairs with nobody");
  answer({});
}

void Commands::request_security(const Place& request, const Answer& answer) {
  peripheral(Members(request, {"command", "address"})).request_security();
  answer({});
}

void Commands::forget_bonds(const Place& request, const Answer& answer) {
  peripheral(Members(request, {"command", "address"})).forget_bonds();
  answer({});
}

void Commands::registered(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "count", "timeout_ms"});
  const auto found = [this]() -> Json {
    std::size_t monitors = 0;
    std::size_t discoveries = 0;
    for (const auto& adapter : daemon_.adapters()) {
      monitors += adapter->monitors();
      discoveries += adapter->discoveries();
    }
    return {{"agents", daemon_.agents().count()}, {"monitors", monitors}, {"discoveries", discoveries}};
  };
  const auto count = members.find("count");
  if (!count) return answer(found());
  const auto wanted = count->number<std::size_t>(0, 1000);
  const auto holds = [found, wanted] {
    std::size_t all = 0;
    for (const auto& number : found()) all += number.get<std::size_t>();
    return all == wanted;
  };
  wait(request, members, holds, found, answer);
}

}  // namespace blau::fake
