#include "tree.hpp"

#include <systemd/sd-bus.h>

namespace blau::fake {

namespace {

/// Complete types of a signature, one after the other.
std::vector<std::string> types_of(std::string_view signature) {
  std::vector<std::string> types;
  std::string type;
  int depth = 0;
  for (const char c : signature) {
    type += c;
    if (c == '(' || c == '{') ++depth;
    if (c == ')' || c == '}') --depth;
    if (depth > 0 || c == 'a') continue;
    types.push_back(std::move(type));
    type.clear();
  }
  return types;
}

std::string arguments(std::string_view signature, const char* direction) {
  std::string text;
  for (const std::string& type : types_of(signature)) {
    text += "<arg type=\"" + type + '"';
    if (direction) text += std::string(" direction=\"") + direction + '"';
    text += "/>";
  }
  return text;
}

std::string describe(const Interface& interface, const Habits& habits) {
  std::string text = std::string("<interface name=\"") + interface.name() + "\">";
  for (std::size_t i = 0; i < interface.methods(); ++i) {
    const auto method = interface.method(i);
    if (!(habits.*method.since)) continue;
    text += std::string("<method name=\"") + method.name + "\">" + arguments(method.in, "in") +
            arguments(method.out, "out") + "</method>";
  }
  for (const SignalInfo& signal : interface.signals())
    if (habits.*signal.since)
      text += std::string("<signal name=\"") + signal.name + "\">" + arguments(signal.types, nullptr) + "</signal>";
  for (std::size_t i = 0; i < interface.properties(); ++i) {
    const auto property = interface.property(i);
    if (!(habits.*property.since)) continue;
    text += std::string("<property name=\"") + property.name + "\" type=\"" + property.in + "\" access=\"" +
            (property.writable ? "readwrite" : "read") + "\"/>";
  }
  return text + "</interface>";
}

constexpr const char* head =
    "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
    "\"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\"><node>"
    "<interface name=\"org.freedesktop.DBus.Introspectable\"><method name=\"Introspect\">"
    "<arg name=\"xml\" type=\"s\" direction=\"out\"/></method></interface>";

constexpr const char* manager =
    "<interface name=\"org.freedesktop.DBus.ObjectManager\"><method name=\"GetManagedObjects\">"
    "<arg name=\"objects\" type=\"a{oa{sa{sv}}}\" direction=\"out\"/></method>"
    "<signal name=\"InterfacesAdded\"><arg name=\"object\" type=\"o\"/><arg name=\"interfaces\" type=\"a{sa{sv}}\"/>"
    "</signal><signal name=\"InterfacesRemoved\"><arg name=\"object\" type=\"o\"/>"
    "<arg name=\"interfaces\" type=\"as\"/></signal></interface>";

constexpr const char* properties =
    "<interface name=\"org.freedesktop.DBus.Properties\"><method name=\"Get\">"
    "<arg name=\"interface\" type=\"s\" direction=\"in\"/><arg name=\"name\" type=\"s\" direction=\"in\"/>"
    "<arg name=\"value\" type=\"v\" direction=\"out\"/></method><method name=\"Set\">"
    "<arg name=\"interface\" type=\"s\" direction=\"in\"/><arg name=\"name\" type=\"s\" direction=\"in\"/>"
    "<arg name=\"value\" type=\"v\" direction=\"in\"/></method><method name=\"GetAll\">"
    "<arg name=\"interface\" type=\"s\" direction=\"in\"/>"
    "<arg name=\"properties\" type=\"a{sv}\" direction=\"out\"/></method><signal name=\"PropertiesChanged\">"
    "<arg name=\"interface\" type=\"s\"/><arg name=\"changed_properties\" type=\"a{sv}\"/>"
    "<arg name=\"invalidated_properties\" type=\"as\"/></signal></interface>";

}  // namespace

std::string introspection(const std::vector<Interface*>& interfaces, const std::vector<std::string>& children,
                          const Habits& habits, bool is_root) {
  std::string text = head;
  if (is_root) text += manager;
  for (const Interface* interface : interfaces) text += describe(*interface, habits);
  if (!interfaces.empty()) text += properties;
  for (const std::string& child : children) text += "<node name=\"" + child + "\"/>";
  return text + "</node>";
}

}  // namespace blau::fake
