#include "support.hpp"

#include "conformance/control.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace blau::faults {

json tell(const json& command) {
  const char* path = std::getenv("BLAU_RIG_CONTROL");
  if (!path) throw std::runtime_error("BLAU_RIG_CONTROL is not set: run this by tests/rigs/fake_bluez/run");
  return Control(path).ask(command);
}

void arm(const json& fault) { (void)tell({{"command", "faults"}, {"faults", json::array({fault})}}); }

void clear_faults() { (void)tell({{"command", "clear_faults"}}); }

void FaultCase::SetUp() {
  clear_faults();
  // The daemon forgets every device.
  for (const char* action : {"remove", "add"}) arm({{"fault", "adapter"}, {"adapter", "hci0"}, {"action", action}});
  Case::SetUp();
}

void FaultCase::TearDown() {
  clear_faults();
  Case::TearDown();
}

std::string object_of(const Client& client, const Uuid& characteristic) {
  const auto found = client.services().get_characteristic(characteristic);
  if (!found) throw std::runtime_error("no characteristic " + characteristic.to_string());
  std::string device = client.address().to_string();
  std::replace(device.begin(), device.end(), ':', '_');
  char below[40];
  std::snprintf(below, sizeof below, "/service%04x/char%04x", static_cast<unsigned>(found->service().handle().value()),
                static_cast<unsigned>(found->handle().value()));
  return "/org/bluez/hci0/dev_" + device + below;
}

DisconnectReason as_told(DisconnectReason reason) {
  const char* version = std::getenv("BLAU_RIG_BLUEZ");
  return version && std::atoi(version + 2) >= 83 ? reason : DisconnectReason::unknown;
}

}  // namespace blau::faults
