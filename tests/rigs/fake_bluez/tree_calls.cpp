// What clients ask of the tree: the standard interfaces, and the way to the objects' own methods.

#include "tree.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

namespace {

DbusError dbus(const char* name, const std::string& text) {
  return {std::string("org.freedesktop.DBus.Error.") + name, text};
}

DbusError unknown(const Call& call, const char* name) {
  return dbus(name, "Method \"" + std::string(call.member()) + "\" with signature \"" + std::string(call.signature()) +
                        "\" on interface \"" + std::string(call.interface()) + "\" doesn't exist\n");
}

DbusError no_such(const char* what, std::string_view name) {
  return dbus("InvalidArgs", "No such " + std::string(what) + " '" + std::string(name) + "'");
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

}  // namespace

bool Tree::exists(const Interface& interface, std::size_t property) const {
  const auto member = interface.property(property);
  return shown(member) && interface.exists(property) && !(hide_ && hide_(interface, member.name));
}

void Tree::append_variant(const Interface& interface, std::size_t property, Message& to) const {
  const auto member = interface.property(property);
  if (twist_ && twist_(interface, member.name, to)) return;
  to.open('v', member.in);
  interface.get(property, to);
  to.close();
}

void Tree::append_properties(const Interface& interface, Message& to) const {
  to.open('a', "{sv}");
  for (std::size_t i = 0; i < interface.properties(); ++i) {
    if (!exists(interface, i)) continue;
    to.open('e', "sv").append("s", interface.property(i).name);
    append_variant(interface, i, to);
    to.close();
  }
  to.close();
}

void Tree::append_object(const Object& object, Message& to) const {
  to.open('a', "{sa{sv}}");
  for (const std::string_view standard : {introspectable_interface, properties_interface})
    to.open('e', "sa{sv}").append("s", standard.data()).append("a{sv}", 0).close();
  for (const Interface* interface : object.interfaces) {
    to.open('e', "sa{sv}").append("s", interface->name());
    append_properties(*interface, to);
    to.close();
  }
  to.close();
}

void Tree::handle(const Call& call) {
  if (call.interface() == introspectable_interface && call.member() == "Introspect") return answer_introspection(call);
  if (call.path() == "/" && call.interface() == manager_interface && call.member() == "GetManagedObjects")
    return answer_objects(call);
  const auto found = objects_.find(call.path());
  if (found == objects_.end() || found->second.interfaces.empty()) return call.error(unknown(call, "UnknownObject"));
  if (call.interface() == properties_interface) return handle_properties(found->second, call);
  if (!dispatch(found->second, call)) call.error(unknown(call, "UnknownMethod"));
}

bool Tree::dispatch(Object& object, const Call& call) {
  for (Interface* interface : object.interfaces) {
    if (!call.interface().empty() && call.interface() != interface->name()) continue;
    for (std::size_t i = 0; i < interface->methods(); ++i) {
      const auto method = interface->method(i);
      if (call.member() != method.name || call.signature() != method.in || !shown(method)) continue;
      interface->call(i, call);
      return true;
    }
  }
  return false;
}

void Tree::handle_properties(Object& object, const Call& call) {
  const bool all = call.member() == "GetAll" && call.signature() == "s";
  const bool one = call.member() == "Get" && call.signature() == "ss";
  const bool set = call.member() == "Set" && call.signature() == "ssv";
  if (!all && !one && !set) return call.error(unknown(call, "UnknownMethod"));
  Reader reader = call.reader();
  const std::string_view wanted = reader.text();
  const auto interface =
      std::ranges::find_if(object.interfaces, [&](const Interface* candidate) { return candidate->name() == wanted; });
  if (interface == object.interfaces.end()) return call.error(no_such("interface", wanted));
  if (all) return call.reply([&](Message& to) { append_properties(**interface, to); });
  const std::string_view name = reader.text();
  for (std::size_t i = 0; i < (*interface)->properties(); ++i) {
    const auto member = (*interface)->property(i);
    if (name != member.name || !shown(member)) continue;
    if (set) return set_property(**interface, i, call);
    if (!exists(**interface, i)) break;
    return call.reply([&](Message& to) { append_variant(**interface, i, to); });
  }
  call.error(no_such("property", name));
}

void Tree::set_property(Interface& interface, std::size_t property, const Call& call) {
  const auto member = interface.property(property);
  if (!member.writable)
    return call.error(dbus("PropertyReadOnly", "Property " + quoted(member.name) + " is not writable"));
  Reader reader = call.reader();
  reader.skip("ss");
  if (!reader.enter_variant(member.in))
    return call.error(dbus("InvalidSignature", "Invalid signature for " + quoted(member.name)));
  interface.set(property, reader, call);
}

void Tree::answer_objects(const Call& call) {
  // So that nothing is in the answer that was not told yet, and nothing is told after it that it holds already.
  flush();
  call.reply([this](Message& to) {
    to.open('a', "{oa{sa{sv}}}");
    for (const auto& [path, object] : objects_) {
      if (object.interfaces.empty()) continue;
      to.open('e', "oa{sa{sv}}").append("o", path.c_str());
      append_object(object, to);
      to.close();
    }
    to.close();
  });
}

void Tree::answer_introspection(const Call& call) {
  const std::string path(call.path());
  const std::string lead = path == "/" ? path : path + "/";
  std::vector<std::string> children;
  for (auto below = objects_.lower_bound(lead); below != objects_.end() && below->first.starts_with(lead); ++below) {
    if (below->second.interfaces.empty()) continue;
    std::string child = below->first.substr(lead.size(), below->first.find('/', lead.size()) - lead.size());
    if (!child.empty() && (children.empty() || children.back() != child)) children.push_back(std::move(child));
  }
  const auto found = objects_.find(path);
  const bool exists = found != objects_.end() && !found->second.interfaces.empty();
  if (!exists && children.empty() && path != "/") return call.error(unknown(call, "UnknownObject"));
  const auto interfaces = exists ? found->second.interfaces : std::vector<Interface*>();
  const std::string text = introspection(interfaces, children, habits_, path == "/");
  call.reply([&](Message& to) { to.append("s", text.c_str()); });
}

}  // namespace blau::fake
