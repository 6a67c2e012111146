#pragma once

#include "object.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace blau::fake {

inline constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";
inline constexpr const char* introspectable_interface = "org.freedesktop.DBus.Introspectable";
inline constexpr const char* manager_interface = "org.freedesktop.DBus.ObjectManager";

/// The exported objects: what gdbus is to bluetoothd.
///
/// Changes are collected and told at the end of the turn, object by object in the order of their first change, or before the next message that is sent.
class Tree {
 public:
  Tree(Loop& loop, Bus& bus, const Habits& habits);

  void add(Interface& interface);
  void remove(Interface& interface);
  /// A property has a new value, or is no longer there.
  void changed(const Interface& interface, const char* property);
  /// The same, and told at once, whatever else is pending: so often as it is called.
  void changed_now(const Interface& interface, const char* property);
  /// Tells everything that is pending.
  void flush();
  /// Forgets all objects, tells nothing.
  void clear() noexcept;

  [[nodiscard]] bool has(std::string_view path) const;
  [[nodiscard]] Interface* find(std::string_view path, std::string_view interface) const;

  /// Answers a call.
  void handle(const Call& call);

  /// Appends something else than a property's value, in a variant; false leaves it to the object.
  using Twist = std::function<bool(const Interface&, const char* property, Message& to)>;
  /// True if the property is to be hidden.
  using Hide = std::function<bool(const Interface&, const char* property)>;
  void twist(Twist twist, Hide hide) {
    twist_ = std::move(twist);
    hide_ = std::move(hide);
  }
  /// InterfacesAdded of what is below this path waits for `release`.
  void hold(const std::string& below) { held_paths_.push_back(below); }
  void release(const std::string& below);

 private:
  struct Object {
    std::vector<Interface*> interfaces;
    std::vector<Interface*> added;
    std::vector<std::string> removed;
    std::vector<std::pair<const Interface*, const char*>> changed;
    bool pending = false;
  };
  using Objects = std::map<std::string, Object, std::less<>>;

  Object& touch(const std::string& path);
  void flush_soon();
  [[nodiscard]] bool is_held(const std::string& path) const;
  void tell(const std::string& path);
  void tell_added(const std::string& path, Object& object);
  void tell_removed(const std::string& path, Object& object);
  void tell_changed(const std::string& path, Object& object);

  [[nodiscard]] bool shown(const Interface::Member& member) const { return habits_.*member.since; }
  [[nodiscard]] bool exists(const Interface& interface, std::size_t property) const;
  void append_variant(const Interface& interface, std::size_t property, Message& to) const;
  void append_properties(const Interface& interface, Message& to) const;
  void append_object(const Object& object, Message& to) const;

  void handle_properties(Object& object, const Call& call);
  void set_property(Interface& interface, std::size_t property, const Call& call);
  void answer_objects(const Call& call);
  void answer_introspection(const Call& call);
  [[nodiscard]] bool dispatch(Object& object, const Call& call);

  Loop& loop_;
  Bus& bus_;
  const Habits& habits_;
  Objects objects_;
  std::deque<std::string> pending_;
  bool flush_posted_ = false;
  Twist twist_;
  Hide hide_;
  std::vector<std::string> held_paths_;
  std::vector<std::string> held_;
};

/// The children of a path and the interfaces of its object as introspection data.
[[nodiscard]] std::string introspection(const std::vector<Interface*>& interfaces,
                                        const std::vector<std::string>& children, const Habits& habits, bool is_root);

}  // namespace blau::fake
