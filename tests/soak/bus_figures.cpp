#include "bus_figures.hpp"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace blau::soak {

namespace {

struct Close {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using BusPointer = std::unique_ptr<sd_bus, Close>;

struct Unref {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, Unref>;

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
}

Message ask(sd_bus* bus, const char* interface, const char* member, const char* argument) {
  sd_bus_message* reply = nullptr;
  check(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", interface, member, nullptr, &reply,
                           argument ? "s" : "", argument),
        member);
  return Message(reply);
}

std::vector<std::string> list_names(sd_bus* bus) {
  const Message reply = ask(bus, "org.freedesktop.DBus", "ListNames", nullptr);
  std::vector<std::string> names;
  check(sd_bus_message_enter_container(reply.get(), 'a', "s"), "ListNames");
  const char* name = nullptr;
  while (sd_bus_message_read(reply.get(), "s", &name) > 0) names.emplace_back(name);
  return names;
}

std::uint32_t process_of(sd_bus* bus, const std::string& name) {
  const Message reply = ask(bus, "org.freedesktop.DBus", "GetConnectionUnixProcessID", name.c_str());
  std::uint32_t process = 0;
  check(sd_bus_message_read(reply.get(), "u", &process), "GetConnectionUnixProcessID");
  return process;
}

/// A number of org.freedesktop.DBus.Debug.Stats.
std::uint32_t stat_of(sd_bus* bus, const std::string& name, const std::string& wanted) {
  const Message reply = ask(bus, "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", name.c_str());
  check(sd_bus_message_enter_container(reply.get(), 'a', "{sv}"), "GetConnectionStats");
  while (sd_bus_message_enter_container(reply.get(), 'e', "sv") > 0) {
    const char* key = nullptr;
    check(sd_bus_message_read(reply.get(), "s", &key), "GetConnectionStats");
    std::uint32_t value = 0;
    if (wanted == key) return check(sd_bus_message_read(reply.get(), "v", "u", &value), key), value;
    check(sd_bus_message_skip(reply.get(), "v"), "GetConnectionStats");
    check(sd_bus_message_exit_container(reply.get()), "GetConnectionStats");
  }
  throw std::runtime_error("the bus does not count " + wanted);
}

}  // namespace

void measure_bus(Figures& figures) {
  sd_bus* opened = nullptr;
  check(sd_bus_open_system(&opened), "the bus");
  const BusPointer bus(opened);
  const char* own = nullptr;
  check(sd_bus_get_unique_name(bus.get(), &own), "the bus");
  figures.match_rules = figures.names = 0;
  for (const std::string& name : list_names(bus.get())) {
    if (name == own || name == "org.freedesktop.DBus") continue;
    const auto process = process_of(bus.get(), name);
    if (name == "org.bluez") figures.daemon_descriptors = count_descriptors(std::to_string(process));
    if (process != static_cast<std::uint32_t>(::getpid())) continue;
    ++*figures.names;
    if (name[0] == ':') *figures.match_rules += stat_of(bus.get(), name, "MatchRules");
  }
}

}  // namespace blau::soak
