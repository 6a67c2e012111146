#include "place_fake.hpp"

#include <blau/blau.hpp>

#include <array>
#include <stdexcept>

namespace blau::soak {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr std::array addresses{"C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"};
constexpr const char* strap_rate = "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/*";

/// One of the faults that the fake knows. Not a name that is lost for a while: the fake would keep its discovery, and refuse each later one.
json fault_of(std::uint64_t choice, const std::string& address) {
  static constexpr std::array steps{"before_link",  "before_reply",    "before_mtu",
                                    "in_discovery", "before_resolved", "after_resolved"};
  switch (choice % 13) {
    case 0:
      return {{"fault", "reply"},
              {"method", "Connect"},
              {"error", "org.bluez.Error.Failed"},
              {"text", "le-connection-abort-by-local"}};
    case 1: return {{"fault", "reply"}, {"method", "ReadValue"}, {"never", true}};
    case 2: return {{"fault", "reply"}, {"method", "WriteValue"}, {"delay_ms", 300}};
    case 3: return {{"fault", "reply"}, {"method", "StartNotify"}, {"error", "org.bluez.Error.InProgress"}};
    case 4: return {{"fault", "reply"}, {"method", "StartDiscovery"}, {"error", "org.bluez.Error.InProgress"}};
    case 5: return {{"fault", "property"}, {"interface", "org.bluez.Device1"}, {"property", "RSSI"}, {"type", "s"}};
    case 6:
      return {{"fault", "property"}, {"interface", "org.bluez.GattCharacteristic1"},
              {"property", "Value"}, {"path", strap_rate},
              {"type", "ay"},        {"size", 100'000}};
    case 7: return {{"fault", "restart"}, {"down_ms", 200}};
    case 8: return {{"fault", "disconnect"}, {"address", address}};
    case 9: return {{"fault", "tree"}, {"address", address}, {"late_ms", 50}};
    case 10: return {{"fault", "tree"}, {"address", address}, {"empty", true}};
    case 11: return {{"fault", "access_denied"}, {"on", true}};
    default: return {{"fault", "link"}, {"address", address}, {"step", steps.at(choice / 13 % steps.size())}};
  }
}

}  // namespace

void FakePlace::tell(const char* command, const std::string& address) {
  (void)control_.ask({{"command", command}, {"address", address}});
}

void FakePlace::set_powered(bool on) {
  (void)control_.ask({{"command", "power"}, {"adapter", "hci0"}, {"powered", on}});
}

void FakePlace::fault(json fault) {
  json faults = json::array();
  faults.push_back(std::move(fault));
  try {
    (void)control_.ask({{"command", "faults"}, {"faults", std::move(faults)}});
  } catch (const std::runtime_error&) {
  }
}

Task<> FakePlace::trouble(std::uint64_t choice) {
  const std::string address = addresses.at(choice / 8 % 2);
  // A bluetoothd that restarts has to be back by then.
  const std::chrono::milliseconds length(400 + choice / 16 % 1000);
  switch (choice % 8) {
    case 0: tell("drop_link", address); break;
    case 1: tell("vanish", address); break;
    case 2: tell("stall", address); break;
    case 3: set_powered(false); break;
    default: fault(fault_of(choice / 16, address)); break;
  }
  co_await sleep_for(length);
  co_await calm();
}

Task<> FakePlace::calm() {
  (void)control_.ask({{"command", "clear_faults"}});
  for (const char* address : addresses) {
    tell("resume", address);
    tell("return", address);
  }
  set_powered(true);
  co_return;
}

Task<> FakePlace::settle() {
  // What ends the links is on its way already: this may wait without running the loop.
  for (const char* address : addresses)
    (void)control_.ask({{"command", "connections"}, {"address", address}, {"count", 0}});
  // For the loop to hear of it.
  co_await sleep_for(500ms);
}

}  // namespace blau::soak
