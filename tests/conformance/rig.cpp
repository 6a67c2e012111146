// What a rig answers that cannot do everything.

#include "rig.hpp"

#include <stdexcept>

namespace blau::conformance {
namespace {

[[noreturn]] void cannot(const char* what) { throw std::logic_error(std::string("this rig cannot ") + what); }

}  // namespace

std::string Rig::lacks(Ability ability) const {
  switch (ability) {
    case Ability::stall: return "the rig's peripherals cannot be stalled";
    case Ability::end_abruptly:
      return "the rig's bluetoothd dies of a link or a service that ends in the middle of this";
    case Ability::change_services: return "the rig's peripherals cannot change their services";
    case Ability::add_services:
      return "in whole runs later cases were told primary services as secondary ones, why is not known; alone it was "
             "seen to pass";
    case Ability::several_adapters:
      return "in whole runs the rig's kernel (Linux 6.1) has ended bluetoothd in later cases; alone it was seen to "
             "pass";
    case Ability::lose_system: return "the rig cannot end its Bluetooth system";
    case Ability::pairing: return "the rig's system cannot pair";
    case Ability::begin_pairing:
      return "on 5.82 bluetoothd dies, or answers InProgress, after a pairing that it began by itself";
    case Ability::set_pairing:
      return "5.82 pairs with what the default agent could do when the link was made, and may not answer its first "
             "pairing";
    case Ability::lose_bond:
      return "the rig's kernel (6.1) has a bug of its own there (hci_chan_del at the close of the socket) and ends "
             "bluetoothd";
    case Ability::other_program: return "the rig has no other program";
    case Ability::end_other_links: return "the rig's system leaves a link to the program that holds it";
    case Ability::connect_unseen:
      return is_simulated() ? "that is BlueZ's ConnectDevice"
                            : "in whole runs the rig's kernel (Linux 6.1) has ended bluetoothd in later cases; alone "
                              "it was seen to pass";
    case Ability::abandon_unseen:
      return "Linux 6.1 dies of a ConnectDevice that comes to nothing; with 6.12 no link came of one taken back";
    case Ability::extended_advertising: return "the rig's controllers have no extended advertising";
    case Ability::private_addresses: return "the rig's peripherals keep their address";
  }
  return {};
}

Task<> Rig::stall(std::string) { cannot("stall a peripheral"); }
Task<> Rig::resume(std::string) { cannot("resume a peripheral"); }
Task<> Rig::remove_service(std::string, Uuid) { cannot("remove a service"); }
Task<> Rig::add_service(std::string, AddedService) { cannot("add a service"); }
Task<> Rig::set_pairing(std::string, sim::PairingOptions) { cannot("let a peripheral pair in another way"); }
Task<std::uint32_t> Rig::shown_passkey(std::string) { cannot("look at a peripheral's display"); }
Task<> Rig::type_passkey(std::string, std::uint32_t) { cannot("type on a peripheral's keyboard"); }
Task<> Rig::request_security(std::string) { cannot("let a peripheral ask for security"); }
Task<> Rig::hold_link(std::string) { cannot("have another program make a link"); }
Task<> Rig::let_link_go(std::string) { cannot("have another program end a link"); }
Task<> Rig::set_private_address(std::string, std::string) { cannot("give a peripheral another address"); }
void Rig::lose_system() { cannot("end its Bluetooth system"); }

}  // namespace blau::conformance
