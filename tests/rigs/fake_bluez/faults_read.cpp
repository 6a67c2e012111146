// Faults as JSON: each kind, its members, and what it must not say.

#include "faults.hpp"

#include "adapter.hpp"
#include "battery.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <array>
#include <set>
#include <utility>

namespace blau::fake {

namespace {

using sim::Members;
using sim::Place;

constexpr std::array<std::string_view, 6> steps{"before_link",  "before_reply",    "before_mtu",
                                                "in_discovery", "before_resolved", "after_resolved"};

std::string text_of(const Members& members, std::string_view name, std::string otherwise) {
  members.with(name, [&](const Place& place) { otherwise = place.text(); });
  return otherwise;
}

std::uint64_t count_of(const Members& members, std::uint64_t otherwise = 1) {
  members.with("count", [&](const Place& place) { otherwise = place.number<std::uint64_t>(1, 1000000000); });
  return otherwise;
}

std::string step_of(const Place& place) { return std::string(steps[place.one_of(steps)]); }

/// Exactly one of the members, by its position among the names.
template <std::size_t count>
std::size_t only_one(const Place& place, const Members& members, const std::array<std::string_view, count>& names) {
  std::size_t found = count;
  std::string list;
  for (std::size_t i = 0; i < count; ++i) {
    list += (i == 0 ? "" : ", ") + std::string(names[i]);
    if (!members.find(names[i])) continue;
    if (found != count)
      place.fail("'" + std::string(names[found]) + "' and '" + std::string(names[i]) + "' contradict each other");
    found = i;
  }
  if (found == count) place.fail("one of these is needed: " + list);
  return found;
}

}  // namespace

void Faults::add(const Place& list) {
  std::vector<Effect> effects;
  list.each([&](const Place& place) { effects.push_back(read(place)); });
  for (const Effect& effect : effects) effect();
}

Faults::Effect Faults::read(const Place& place) {
  using Read = Effect (Faults::*)(const Place&);
  static constexpr std::array<std::string_view, 18> names{
      "reply",          "property",   "remove_object", "name", "restart", "adapter",
      "socket",         "disconnect", "notify",        "tree", "link",    "services",
      "cached_devices", "crowd",      "access_denied", "bus",  "request", "peripheral"};
  static constexpr std::array<Read, 18> readers{&Faults::read_reply,  &Faults::read_property,   &Faults::read_remove,
                                                &Faults::read_name,   &Faults::read_restart,    &Faults::read_adapter,
                                                &Faults::read_socket, &Faults::read_disconnect, &Faults::read_notify,
                                                &Faults::read_tree,   &Faults::read_link,       &Faults::read_services,
                                                &Faults::read_cached, &Faults::read_crowd,      &Faults::read_access,
                                                &Faults::read_bus,    &Faults::read_of_world,   &Faults::read_of_world};
  place.expect(sim::JsonNode::Kind::object);
  const sim::JsonNode* kind = place.node().find("fault");
  if (!kind) place.fail("the member 'fault' is missing");
  return (this->*readers[Place(*kind, place.inside("fault")).one_of(names)])(place);
}

std::uint64_t Faults::read_address(const Members& members) const {
  const Place place = members.require("address");
  const auto address = Address::parse(place.text());
  if (!address) place.fail("this is not an address");
  if (!daemon_.radio().find(*address)) place.fail("no peripheral " + address->to_string() + " in this world");
  return address->number();
}

Faults::Effect Faults::read_reply(const Place& place) {
  const Members members(place, {"fault", "method", "path", "skip", "count", "error", "text", "never", "delay_ms"});
  OfReply fault;
  const Place method = members.require("method");
  fault.method = method.text();
  if (!is_method(fault.method)) method.fail("bluetoothd has no method of this name");
  fault.path = text_of(members, "path", "*");
  fault.count = count_of(members);
  members.with("skip", [&](const Place& p) { fault.skip = p.number<std::uint64_t>(0, 1000000000); });
  members.with("never", [&](const Place& p) { fault.plan.never = p.boolean(); });
  members.with("delay_ms", [&](const Place& p) { fault.plan.delay = p.milliseconds(); });
  members.with("error", [&](const Place& p) {
    if (sd_bus_interface_name_is_valid(p.text().c_str()) <= 0) p.fail("this is not the name of a D-Bus error");
    fault.plan.error = DbusError{p.text(), text_of(members, "text", "")};
  });
  if (members.find("text") && !fault.plan.error) place.fail("'text' needs an 'error'");
  if (fault.plan.never && (fault.plan.error || fault.plan.delay > nanoseconds(0)))
    place.fail("an answer that never comes has neither 'error' nor 'delay_ms'");
  if (!fault.plan.never && !fault.plan.error && fault.plan.delay <= nanoseconds(0))
    place.fail("one of these is needed: error, never, delay_ms");
  return [this, fault] { replies_.push_back(fault); };
}

Faults::Effect Faults::read_property(const Place& place) {
  const Members members(place, {"fault", "path", "interface", "property", "missing", "type", "size"});
  OfProperty fault;
  fault.path = text_of(members, "path", "*");
  fault.interface = members.require("interface").text();
  fault.property = members.require("property").text();
  static constexpr std::array<std::string_view, 2> ways{"missing", "type"};
  const bool by_type = only_one(place, members, ways) == 1;
  members.with("missing", [&](const Place& p) {
    fault.missing = p.boolean();
    if (!fault.missing) p.fail("false is no fault");
  });
  static constexpr std::array<std::string_view, 12> types{"s", "b",  "y",  "n",     "q",     "i",
                                                          "u", "ay", "as", "a{qv}", "a{sv}", "x"};
  members.with("type", [&](const Place& p) { fault.type = types[p.one_of(types)]; });
  members.with("size", [&](const Place& p) {
    if (!by_type || (fault.type != "s" && fault.type[0] != 'a')) p.fail("only texts and lists have a size");
    fault.size = p.number<std::size_t>(0, 10000000);
  });
  return [this, fault] { properties_.push_back(fault); };
}

Faults::Effect Faults::read_remove(const Place& place) {
  const Members members(place, {"fault", "path", "method"});
  const Place path = members.require("path");
  OfReply fault;
  fault.path = path.text();
  fault.removes_object = true;
  if (const auto method = members.find("method")) {
    fault.method = method->text();
    if (!is_method(fault.method)) method->fail("bluetoothd has no method of this name");
    return [this, fault] { replies_.push_back(fault); };
  }
  if (!daemon_.tree().has(fault.path)) path.fail("there is no such object");
  return [this, fault] { remove_object(fault.path); };
}

Faults::Effect Faults::read_name(const Place& place) {
  const Members members(place, {"fault", "lost_ms"});
  const auto lost = members.require("lost_ms").milliseconds(1);
  return [this, lost] { daemon_.lose_name(lost); };
}

Faults::Effect Faults::read_restart(const Place& place) {
  const Members members(place, {"fault", "down_ms"});
  const auto down = members.require("down_ms").milliseconds(1);
  return [this, down] { daemon_.restart(down); };
}

Faults::Effect Faults::read_adapter(const Place& place) {
  const Members members(place, {"fault", "adapter", "action"});
  static constexpr std::array<std::string_view, 4> actions{"add", "remove", "on", "off"};
  const std::size_t action = members.require("action").one_of(actions);
  const Place named = members.require("adapter");
  const std::string name = named.text();
  const bool there = daemon_.adapter(name) != nullptr;
  if (action == 0 && there) named.fail("this adapter is there already");
  if (action != 0 && !there) named.fail("there is no such adapter");
  if (action == 0)
    return [this, name] {
      sim::AdapterSpec spec;
      spec.name = name;
      daemon_.add_adapter(spec);
    };
  if (action == 1) return [this, name] { daemon_.remove_adapter(name); };
  return [this, name, on = action == 2] {
    if (Adapter* adapter = daemon_.adapter(name)) adapter->set_powered(on);
  };
}

Faults::Effect Faults::read_access(const Place& place) {
  const Members members(place, {"fault", "on"});
  const bool on = members.require("on").boolean();
  return [this, on] { daemon_.deny_access(on); };
}

Faults::Effect Faults::read_disconnect(const Place& place) {
  const Members members(place, {"fault", "address"});
  const auto address = read_address(members);
  return [this, address] {
    for (Device* device : daemon_.devices(Address(address))) device->disconnect();
  };
}

Faults::Effect Faults::read_tree(const Place& place) {
  const Members members(place, {"fault", "address", "empty", "late_ms", "count"});
  OfTree fault;
  fault.address = read_address(members);
  fault.count = count_of(members);
  static constexpr std::array<std::string_view, 2> ways{"empty", "late_ms"};
  fault.empty = only_one(place, members, ways) == 0;
  members.with("empty", [&](const Place& p) {
    if (!p.boolean()) p.fail("false is no fault");
  });
  members.with("late_ms", [&](const Place& p) { fault.late = p.milliseconds(1); });
  return [this, fault] { trees_.push_back(fault); };
}

Faults::Effect Faults::read_link(const Place& place) {
  if (!place.node().find("step")) return read_of_world(place);
  const Members members(place, {"fault", "address", "step", "skip", "count"});
  OfStep fault;
  fault.address = read_address(members);
  fault.step = step_of(members.require("step"));
  fault.count = count_of(members);
  members.with("skip", [&](const Place& p) { fault.skip = p.number<std::uint64_t>(0, 1000000000); });
  return [this, fault] { steps_.push_back(fault); };
}

Faults::Effect Faults::read_services(const Place& place) {
  const Members members(place, {"fault", "address", "remove", "add", "step"});
  const auto address = read_address(members);
  std::uint16_t remove = 0;
  std::optional<sim::ServiceSpec> add;
  members.with("remove", [&](const Place& p) {
    remove = p.number<std::uint16_t>(1, 0xffff);
    const auto* attribute = daemon_.radio().find(Address(address))->server().table().find(remove);
    if (!attribute || attribute->kind != sim::AttributeKind::service) p.fail("no service begins at this handle");
  });
  members.with("add", [&](const Place& p) { add = sim::read_service(p); });
  if (remove == 0 && !add) place.fail("one of these is needed: remove, add");
  const Effect change = [this, address, remove, add] { change_services(address, remove, add); };
  const auto step = members.find("step");
  if (!step) return change;
  const std::string name =
      step_of(*step);  // may throw: inside the braces below GCC 12 takes that for an uninitialized use
  OfServices fault{OfStep{address, name, 1}, change};
  return [this, fault] { services_.push_back(fault); };
}

}  // namespace blau::fake
