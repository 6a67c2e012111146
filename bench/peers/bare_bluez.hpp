#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

/// @file
/// BlueZ by sd-bus and nothing else: the least that a program of its own would do.

namespace peers {

/// What is known of a device.
struct BareDevice {
  std::string address;
  std::string name;
  std::int16_t rssi = -127;
  std::map<std::uint16_t, std::vector<std::uint8_t>> manufacturer_data;
  bool connected = false;
  bool resolved = false;
};

/// A characteristic's place in the tree.
struct BareCharacteristic {
  std::string path;
  std::string uuid;
  std::string service;  ///< the path of its service
  std::vector<std::string> flags;
};

/// The connection, with devices and characteristics as signals tell of them.
class Bare {
 public:
  Bare();
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;
  ~Bare() { sd_bus_flush_close_unref(bus_); }

  [[nodiscard]] sd_bus* bus() const noexcept { return bus_; }
  [[nodiscard]] const std::unordered_map<std::string, BareDevice>& devices() const noexcept { return devices_; }
  [[nodiscard]] const std::vector<BareCharacteristic>& characteristics() const noexcept { return characteristics_; }
  /// By its UUID; ends the program if there is none.
  [[nodiscard]] const std::string& characteristic(const std::string& uuid) const;

  void start_discovery();
  void stop_discovery();
  /// Its path, once it was heard.
  std::string wait_for_device(const std::string& address);
  /// Link and discovery, to its end.
  void connect(const std::string& path);

  /// Handles messages until `done`.
  void run_until(const bool& done);
  /// Handles messages for this time.
  void run_for(std::uint64_t microseconds);
  /// Called for each advertisement, if set.
  void (*on_advertisement)(Bare& bare, const BareDevice& device, void* context) = nullptr;
  void* context = nullptr;

 private:
  static int interfaces_added(sd_bus_message* message, void* self, sd_bus_error*);
  static int properties_changed(sd_bus_message* message, void* self, sd_bus_error*);
  static int connect_answered(sd_bus_message* message, void* self, sd_bus_error*);
  void add_characteristic(sd_bus_message* message, const char* path);
  bool update(sd_bus_message* message, BareDevice& device);
  void call_adapter(const char* member);

  sd_bus* bus_ = nullptr;
  std::unordered_map<std::string, BareDevice> devices_;
  std::vector<BareCharacteristic> characteristics_;
  bool answered_ = false;
};

/// Ends the program if `result` is a negative errno.
int check(int result, const char* what);
/// Reads an array of bytes.
struct BareBytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};
BareBytes read_bytes(sd_bus_message* message);

/// Calls `each(name)` for each entry of a dictionary of properties. It reads the variant and returns true, or leaves it.
template <class Each>
void for_each_property(sd_bus_message* message, Each each) {
  check(sd_bus_message_enter_container(message, 'a', "{sv}"), "properties");
  while (check(sd_bus_message_enter_container(message, 'e', "sv"), "a property") > 0) {
    const char* name = nullptr;
    check(sd_bus_message_read_basic(message, 's', &name), "its name");
    if (!each(name)) check(sd_bus_message_skip(message, "v"), "its value");
    check(sd_bus_message_exit_container(message), "its end");
  }
  check(sd_bus_message_exit_container(message), "their end");
}

}  // namespace peers
