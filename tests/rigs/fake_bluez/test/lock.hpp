#pragma once

#include "client.hpp"

#include <string>

namespace blau::fake_test {

inline const std::string lock_address = "C4:B1:A0:00:00:0A";
inline const std::string lock = device_path(lock_address);
inline constexpr const char* device_interface = "org.bluez.Device1";

/// A peripheral with something to hide.
class Pairing : public FakeBluez {
 protected:
  /// @param pairing what it can do: the members of `pairing` in a world
  void play(const std::string& pairing) const {
    const std::string world = R"({"blau_world": 1, "peripherals": [{"address": ")" + lock_address +
                              R"(", "name": "Lock", "latency_ms": 2,
        "pairing": {)" + pairing +
                              R"(}, "services": [{"uuid": "fff0", "characteristics": [
          {"uuid": "fff1", "properties": ["read"], "value": "5e", "security": "encrypted"},
          {"uuid": "fff2", "properties": ["read"], "value": "5f", "security": "authenticated"},
          {"uuid": "fff3", "properties": ["notify"], "security": "encrypted"},
          {"uuid": "fff4", "properties": ["write"], "security": "encrypted"}]}]}]})";
    tell({{"command", "load"}, {"text", world}, {"name", "world"}});
  }
  void forget_bonds() const { tell({{"command", "forget_bonds"}, {"address", lock_address}}); }
  void drop_link() const { tell({{"command", "drop_link"}, {"address", lock_address}}); }
};

inline Client::Pending pair(Client& client) { return client.start(lock, device_interface, "Pair"); }

inline Answer ended(Client& client, const Client::Pending& pending) {
  EXPECT_TRUE(client.until([&] { return pending->done; })) << "Pair was not answered";
  return *pending;
}

inline bool is(Client& client, const char* property) { return client.property(lock, device_interface, property) == 1; }

inline std::string hidden(Client& client, const char* number) {
  return client.characteristic(lock_address, std::string("0000") + number + "-0000-1000-8000-00805f9b34fb");
}

inline std::string manager(Client& client, const char* member, const char* path, const char* capability = nullptr) {
  return client
      .call("/org/bluez", "org.bluez.AgentManager1", member,
            [&](sd_bus_message* message) {
              sd_bus_message_append(message, "o", path);
              if (capability) sd_bus_message_append(message, "s", capability);
            })
      .error;
}

inline constexpr const char* already_exists = "org.bluez.Error.AlreadyExists";
inline constexpr const char* does_not_exist = "org.bluez.Error.DoesNotExist";
inline constexpr const char* canceled = "org.bluez.Error.AuthenticationCanceled";
inline constexpr const char* failed = "org.bluez.Error.AuthenticationFailed";

}  // namespace blau::fake_test
