#include "bare_bluez.hpp"

#include "measured.hpp"

#include <time.h>

#include <cstring>

namespace peers {

namespace {

constexpr const char* service = "org.bluez";
constexpr const char* device_interface = "org.bluez.Device1";
constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";

std::string read_text(sd_bus_message* message) {
  const char* text = nullptr;
  check(sd_bus_message_read(message, "v", "s", &text), "text");
  return text;
}

bool read_flag(sd_bus_message* message) {
  int flag = 0;
  check(sd_bus_message_read(message, "v", "b", &flag), "a flag");
  return flag != 0;
}

std::uint64_t now_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

void read_companies(sd_bus_message* message, std::map<std::uint16_t, std::vector<std::uint8_t>>& companies) {
  check(sd_bus_message_enter_container(message, 'v', "a{qv}"), "companies");
  check(sd_bus_message_enter_container(message, 'a', "{qv}"), "companies");
  companies.clear();
  while (check(sd_bus_message_enter_container(message, 'e', "qv"), "a company") > 0) {
    std::uint16_t company = 0;
    check(sd_bus_message_read_basic(message, 'q', &company), "a company");
    check(sd_bus_message_enter_container(message, 'v', "ay"), "its data");
    const BareBytes bytes = read_bytes(message);
    companies[company].assign(bytes.data, bytes.data + bytes.size);
    sd_bus_message_exit_container(message);
    sd_bus_message_exit_container(message);
  }
  sd_bus_message_exit_container(message);
  sd_bus_message_exit_container(message);
}

}  // namespace

int check(int result, const char* what) {
  if (result < 0) refuse(std::string(what) + ": " + std::strerror(-result));
  return result;
}

BareBytes read_bytes(sd_bus_message* message) {
  const void* data = nullptr;
  BareBytes bytes;
  check(sd_bus_message_read_array(message, 'y', &data, &bytes.size), "bytes");
  bytes.data = static_cast<const std::uint8_t*>(data);
  return bytes;
}

Bare::Bare() {
  check(sd_bus_open_system(&bus_), "the system bus");
  check(sd_bus_match_signal(bus_, nullptr, service, "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                            &interfaces_added, this),
        "a match rule");
  const std::string rule =
      "type='signal',sender='org.bluez',path_namespace='/org/bluez',interface='org.freedesktop.DBus.Properties',"
      "member='PropertiesChanged',arg0='org.bluez.Device1'";
  check(sd_bus_add_match(bus_, nullptr, rule.c_str(), &properties_changed, this), "a match rule");
}

const std::string& Bare::characteristic(const std::string& uuid) const {
  for (const BareCharacteristic& known : characteristics_)
    if (known.uuid == uuid) return known.path;
  refuse("no characteristic " + uuid);
}

void Bare::call_adapter(const char* member) {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  if (sd_bus_call_method(bus_, service, "/org/bluez/hci0", "org.bluez.Adapter1", member, &error, nullptr, "") < 0)
    refuse(std::string(member) + ": " + error.message);
}

void Bare::start_discovery() {
  check(sd_bus_call_method(bus_, service, "/org/bluez/hci0", "org.bluez.Adapter1", "SetDiscoveryFilter", nullptr,
                           nullptr, "a{sv}", 2, "Transport", "s", "le", "DuplicateData", "b", 1),
        "SetDiscoveryFilter");
  call_adapter("StartDiscovery");
}

void Bare::stop_discovery() { call_adapter("StopDiscovery"); }

std::string Bare::wait_for_device(const std::string& address) {
  while (true) {
    for (const auto& [path, device] : devices_)
      if (device.address == address) return path;
    if (check(sd_bus_process(bus_, nullptr), "messages") == 0) check(sd_bus_wait(bus_, UINT64_MAX), "waiting");
  }
}

void Bare::connect(const std::string& path) {
  answered_ = false;
  sd_bus_message* call = nullptr;
  check(sd_bus_message_new_method_call(bus_, &call, service, path.c_str(), device_interface, "Connect"), "Connect");
  check(sd_bus_call_async(bus_, nullptr, call, &connect_answered, this, UINT64_MAX), "Connect");
  sd_bus_message_unref(call);
  BareDevice& device = devices_[path];
  while (!answered_ || !device.resolved)
    if (check(sd_bus_process(bus_, nullptr), "messages") == 0) check(sd_bus_wait(bus_, UINT64_MAX), "waiting");
}

void Bare::run_until(const bool& done) {
  while (!done)
    if (check(sd_bus_process(bus_, nullptr), "messages") == 0) check(sd_bus_wait(bus_, UINT64_MAX), "waiting");
}

void Bare::run_for(std::uint64_t microseconds) {
  const std::uint64_t end = now_us() + microseconds;
  for (std::uint64_t now = now_us(); now < end; now = now_us())
    if (check(sd_bus_process(bus_, nullptr), "messages") == 0) check(sd_bus_wait(bus_, end - now), "waiting");
}

int Bare::connect_answered(sd_bus_message* message, void* self, sd_bus_error*) {
  if (const sd_bus_error* error = sd_bus_message_get_error(message)) refuse(std::string("Connect: ") + error->message);
  static_cast<Bare*>(self)->answered_ = true;
  return 0;
}

int Bare::interfaces_added(sd_bus_message* message, void* self, sd_bus_error*) {
  Bare& bare = *static_cast<Bare*>(self);
  const char* path = nullptr;
  check(sd_bus_message_read_basic(message, 'o', &path), "a path");
  check(sd_bus_message_enter_container(message, 'a', "{sa{sv}}"), "interfaces");
  while (check(sd_bus_message_enter_container(message, 'e', "sa{sv}"), "an interface") > 0) {
    const char* interface = nullptr;
    check(sd_bus_message_read_basic(message, 's', &interface), "its name");
    if (std::strcmp(interface, device_interface) == 0) {
      BareDevice& device = bare.devices_[path];
      if (bare.update(message, device) && bare.on_advertisement) bare.on_advertisement(bare, device, bare.context);
    } else if (std::strcmp(interface, characteristic_interface) == 0) {
      bare.add_characteristic(message, path);
    } else {
      check(sd_bus_message_skip(message, "a{sv}"), "properties");
    }
    check(sd_bus_message_exit_container(message), "its end");
  }
  check(sd_bus_message_exit_container(message), "their end");
  return 0;
}

int Bare::properties_changed(sd_bus_message* message, void* self, sd_bus_error*) {
  Bare& bare = *static_cast<Bare*>(self);
  BareDevice& device = bare.devices_[sd_bus_message_get_path(message)];
  check(sd_bus_message_skip(message, "s"), "an interface");
  if (bare.update(message, device) && bare.on_advertisement) bare.on_advertisement(bare, device, bare.context);
  return 0;
}

void Bare::add_characteristic(sd_bus_message* message, const char* path) {
  BareCharacteristic added;
  added.path = path;
  for_each_property(message, [&](const char* name) {
    if (std::strcmp(name, "UUID") == 0) return added.uuid = read_text(message), true;
    if (std::strcmp(name, "Service") == 0) {
      const char* owner = nullptr;
      check(sd_bus_message_read(message, "v", "o", &owner), "a path");
      return added.service = owner, true;
    }
    if (std::strcmp(name, "Flags") != 0) return false;
    check(sd_bus_message_enter_container(message, 'v', "as"), "flags");
    check(sd_bus_message_enter_container(message, 'a', "s"), "flags");
    const char* flag = nullptr;
    while (check(sd_bus_message_read_basic(message, 's', &flag), "a flag") > 0) added.flags.emplace_back(flag);
    sd_bus_message_exit_container(message);
    sd_bus_message_exit_container(message);
    return true;
  });
  characteristics_.push_back(std::move(added));
}

/// @return true if this was an advertisement
bool Bare::update(sd_bus_message* message, BareDevice& device) {
  bool advertised = false;
  for_each_property(message, [&](const char* name) {
    if (std::strcmp(name, "Address") == 0) return device.address = read_text(message), true;
    if (std::strcmp(name, "Name") == 0) return device.name = read_text(message), true;
    if (std::strcmp(name, "Connected") == 0) return device.connected = read_flag(message), true;
    if (std::strcmp(name, "ServicesResolved") == 0) return device.resolved = read_flag(message), true;
    if (std::strcmp(name, "RSSI") == 0) {
      advertised = true;
      return check(sd_bus_message_read(message, "v", "n", &device.rssi), "RSSI") > 0;
    }
    if (std::strcmp(name, "ManufacturerData") != 0) return false;
    return read_companies(message, device.manufacturer_data), true;
  });
  return advertised;
}

}  // namespace peers
