// The objects, and how their changes are told.

#include "tree.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace blau::fake {

namespace {

bool is_below(std::string_view path, std::string_view above) {
  return path.size() > above.size() && path.substr(0, above.size()) == above && path[above.size()] == '/';
}

void append_empty_interface(Message& to, const char* name) {
  to.open('e', "sa{sv}").append("s", name).append("a{sv}", 0).close();
}

}  // namespace

Tree::Tree(Loop& loop, Bus& bus, const Habits& habits) : loop_(loop), bus_(bus), habits_(habits) {
  bus_.before_send([this] { flush(); });
}

bool Tree::has(std::string_view path) const {
  const auto found = objects_.find(path);
  return found != objects_.end() && !found->second.interfaces.empty();
}

Interface* Tree::find(std::string_view path, std::string_view interface) const {
  const auto found = objects_.find(path);
  if (found == objects_.end()) return nullptr;
  for (Interface* candidate : found->second.interfaces)
    if (candidate->name() == interface) return candidate;
  return nullptr;
}

Tree::Object& Tree::touch(const std::string& path) {
  Object& object = objects_[path];
  if (!std::exchange(object.pending, true)) pending_.push_back(path);
  flush_soon();
  return object;
}

void Tree::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  loop_.post([this] {
    flush_posted_ = false;
    flush();
  });
}

void Tree::add(Interface& interface) {
  Object& object = touch(interface.path());
  object.interfaces.push_back(&interface);
  object.added.push_back(&interface);
}

void Tree::remove(Interface& interface) {
  Object& object = touch(interface.path());
  std::erase(object.interfaces, &interface);
  std::erase_if(object.changed, [&](const auto& change) { return change.first == &interface; });
  // What nobody was told of need not be taken back.
  if (std::erase(object.added, &interface) == 0) object.removed.emplace_back(interface.name());
  // An object that is gone altogether is told of at once (gdbus/object.c generic_unregister): another may take its path.
  if (object.interfaces.empty()) tell(interface.path());
}

void Tree::changed(const Interface& interface, const char* property) {
  const auto found = objects_.find(interface.path());
  if (found == objects_.end()) return;
  Object& object = found->second;
  if (std::ranges::find(object.added, &interface) != object.added.end()) return;
  if (std::ranges::find(object.interfaces, &interface) == object.interfaces.end()) return;
  const auto same = [&](const auto& change) {
    return change.first == &interface && std::strcmp(change.second, property) == 0;
  };
  if (std::ranges::any_of(object.changed, same)) return;
  touch(interface.path()).changed.emplace_back(&interface, property);
}

void Tree::changed_now(const Interface& interface, const char* property) {
  changed(interface, property);
  const auto found = objects_.find(interface.path());
  if (found != objects_.end() && found->second.pending) tell(interface.path());
}

void Tree::flush() {
  while (!pending_.empty()) {
    const std::string path = std::move(pending_.front());
    pending_.pop_front();
    tell(path);
  }
}

void Tree::tell(const std::string& path) {
  const auto found = objects_.find(path);
  if (found == objects_.end() || !found->second.pending) return;
  if (is_held(path) && !found->second.added.empty()) {
    held_.push_back(path);
    return;
  }
  Object& object = found->second;
  object.pending = false;
  if (!object.added.empty()) tell_added(path, object);
  if (!object.removed.empty()) tell_removed(path, object);
  if (!object.changed.empty()) tell_changed(path, object);
  if (object.interfaces.empty()) objects_.erase(found);
}

bool Tree::is_held(const std::string& path) const {
  return std::ranges::any_of(held_paths_, [&](const auto& above) { return is_below(path, above); });
}

void Tree::release(const std::string& below) {
  std::erase(held_paths_, below);
  for (auto& path : std::exchange(held_, {})) pending_.push_back(std::move(path));
  flush_soon();
}

void Tree::tell_added(const std::string& path, Object& object) {
  Message signal = bus_.signal("/", manager_interface, "InterfacesAdded");
  signal.append("o", path.c_str()).open('a', "{sa{sv}}");
  if (object.added.size() == object.interfaces.size()) {
    append_empty_interface(signal, introspectable_interface);
    append_empty_interface(signal, properties_interface);
  }
  for (const Interface* interface : std::exchange(object.added, {})) {
    signal.open('e', "sa{sv}").append("s", interface->name());
    append_properties(*interface, signal);
    signal.close();
  }
  signal.close();
  bus_.send_now(signal);
}

void Tree::tell_removed(const std::string& path, Object& object) {
  Message signal = bus_.signal("/", manager_interface, "InterfacesRemoved");
  signal.append("o", path.c_str()).open('a', "s");
  if (object.interfaces.empty()) signal.append("ss", properties_interface, introspectable_interface);
  for (const std::string& name : std::exchange(object.removed, {})) signal.append("s", name.c_str());
  signal.close();
  bus_.send_now(signal);
}

void Tree::tell_changed(const std::string& path, Object& object) {
  auto changes = std::exchange(object.changed, {});
  while (!changes.empty()) {
    const Interface& interface = *changes.front().first;
    Message signal = bus_.signal(path, properties_interface, "PropertiesChanged");
    signal.append("s", interface.name()).open('a', "{sv}");
    std::vector<const char*> invalidated;
    for (std::size_t i = 0; i < interface.properties(); ++i) {
      const char* name = interface.property(i).name;
      const bool is_changed = std::ranges::any_of(changes, [&](const auto& change) {
        return change.first == &interface && std::strcmp(change.second, name) == 0;
      });
      if (!is_changed || !shown(interface.property(i))) continue;
      if (!exists(interface, i)) {
        invalidated.push_back(name);
        continue;
      }
      signal.open('e', "sv").append("s", name);
      append_variant(interface, i, signal);
      signal.close();
    }
    signal.close().open('a', "s");
    for (const char* name : invalidated) signal.append("s", name);
    signal.close();
    bus_.send_now(signal);
    std::erase_if(changes, [&](const auto& change) { return change.first == &interface; });
  }
}

void Tree::clear() noexcept {
  objects_.clear();
  pending_.clear();
  held_.clear();
  held_paths_.clear();
}

}  // namespace blau::fake
