// How faults show.

#include "faults.hpp"

#include "adapter.hpp"
#include "agents.hpp"
#include "battery.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <utility>

namespace blau::fake {

namespace {

bool matches(const std::string& pattern, std::string_view path) {
  return fnmatch(pattern.c_str(), std::string(path).c_str(), 0) == 0;
}

template <class T>
bool names_method(std::string_view name) {
  return std::ranges::any_of(T::description().methods, [&](const auto& method) { return name == method.name; });
}

/// A value of some type: empty, or of this many elements.
void append_strange(Message& to, const std::string& type, std::size_t size) {
  to.open('v', type.c_str());
  if (type == "s") {
    to.append("s", std::string(size, 'x').c_str());
  } else if (type == "ay") {
    to.append_bytes(Bytes(size, 0x5a));
  } else if (type == "as") {
    to.open('a', "s");
    for (std::size_t i = 0; i < size; ++i) to.append("s", ("strange " + std::to_string(i)).c_str());
    to.close();
  } else if (type == "a{qv}") {
    to.open('a', "{qv}");
    for (std::size_t i = 0; i < size; ++i)
      to.open('e', "qv")
          .append("q", static_cast<unsigned>(i & 0xffff))
          .open('v', "ay")
          .append_bytes(Bytes(8, 1))
          .close()
          .close();
    to.close();
  } else if (type == "a{sv}") {
    to.open('a', "{sv}");
    for (std::size_t i = 0; i < size; ++i)
      to.open('e', "sv").append("s", std::to_string(i).c_str()).append("v", "y", 1).close();
    to.close();
  } else {
    to.append(type.c_str(), 0);
  }
  to.close();
}

}  // namespace

bool is_method(std::string_view name) {
  constexpr std::array standard{std::string_view("Get"), std::string_view("GetAll"), std::string_view("Set"),
                                std::string_view("GetManagedObjects"), std::string_view("Introspect")};
  return std::ranges::find(standard, name) != standard.end() || names_method<Adapter>(name) ||
         names_method<Agents>(name) || names_method<Monitors>(name) || names_method<Device>(name) ||
         names_method<Characteristic>(name) || names_method<Descriptor>(name);
}

Faults::Faults(Daemon& daemon) : daemon_(daemon) {
  daemon.tree().twist(
      [this](const Interface& interface, const char* property, Message& to) { return twist(interface, property, to); },
      [this](const Interface& interface, const char* property) {
        const OfProperty* fault = property_fault(interface, property);
        return fault && fault->missing;
      });
}

void Faults::clear() {
  replies_.clear();
  properties_.clear();
  steps_.clear();
  trees_.clear();
  services_.clear();
}

std::size_t Faults::size() const noexcept {
  return replies_.size() + properties_.size() + steps_.size() + trees_.size() + services_.size();
}

bool Faults::intercept(const Call& call) {
  for (auto fault = replies_.begin(); fault != replies_.end(); ++fault) {
    if (fault->method != call.member() || !matches(fault->path, call.path())) continue;
    if (fault->skip > 0) {
      --fault->skip;
      continue;
    }
    const OfReply applied = *fault;
    if (fault->count > 0 && --fault->count == 0) replies_.erase(fault);
    call.plan(applied.plan);
    if (applied.removes_object) {
      // What was asked of it is never answered.
      daemon_.tree().handle(call);
      if (!remove_object(std::string(call.path()))) complain("nothing to remove at " + std::string(call.path()));
      if (!call.answered()) call.abandon();
      return true;
    }
    // An error or silence stands for the whole of it: nothing is done.
    if (applied.plan.error) return call.error(*applied.plan.error), true;
    if (applied.plan.never) return call.abandon(), true;
    return false;
  }
  return false;
}

bool Faults::at_step(Device& device, std::string_view step) {
  const auto is_due = [&](const OfStep& fault) {
    return fault.address == device.address().number() && fault.step == step;
  };
  for (auto change = services_.begin(); change != services_.end(); ++change) {
    if (!is_due(change->when)) continue;
    const auto effect = change->effect;
    services_.erase(change);
    effect();
    break;
  }
  const auto is_reached = [&](OfStep& fault) { return is_due(fault) && (fault.skip == 0 || fault.skip-- == 0); };
  const auto found = std::ranges::find_if(steps_, is_reached);
  if (found == steps_.end()) return false;
  if (--found->count == 0) steps_.erase(found);
  return true;
}

bool Faults::wants_empty_tree(Device& device) {
  const auto found = std::ranges::find_if(
      trees_, [&](const OfTree& fault) { return fault.empty && fault.address == device.address().number(); });
  if (found == trees_.end()) return false;
  if (--found->count == 0) trees_.erase(found);
  return true;
}

void Faults::before_services(Device& device) {
  const auto found = std::ranges::find_if(
      trees_, [&](const OfTree& fault) { return !fault.empty && fault.address == device.address().number(); });
  if (found == trees_.end()) return;
  daemon_.tree().hold(device.path());
  timers_.emplace_back();
  const auto timer = std::prev(timers_.end());
  timer->start(daemon_.loop(), found->late, [this, timer, path = device.path()] {
    daemon_.tree().release(path);
    timers_.erase(timer);
  });
  if (--found->count == 0) trees_.erase(found);
}

const Faults::OfProperty* Faults::property_fault(const Interface& interface, std::string_view property) const {
  for (const OfProperty& fault : properties_)
    if (fault.property == property && fault.interface == interface.name() && matches(fault.path, interface.path()))
      return &fault;
  return nullptr;
}

bool Faults::twist(const Interface& interface, const char* property, Message& to) const {
  const OfProperty* fault = property_fault(interface, property);
  if (!fault || fault->missing) return false;
  append_strange(to, fault->type, fault->size);
  return true;
}

bool Faults::remove_object(const std::string& path) {
  if (Device* device = daemon_.device(path)) return device->adapter().remove(*device), true;
  for (const auto& adapter : daemon_.adapters()) {
    if (adapter->path() == path) return daemon_.remove_adapter(adapter->id()), true;
    for (const auto& [address, device] : adapter->devices())
      if (path.starts_with(device->path() + "/")) return device->gatt().remove(path);
  }
  return false;
}

void Faults::change_services(std::uint64_t address, std::uint16_t remove, const std::optional<sim::ServiceSpec>& add) {
  Peripheral* peripheral = daemon_.radio().find(Address(address));
  if (!peripheral) return;
  if (remove != 0) peripheral->remove_service(remove);
  if (!add) return;
  if (const auto refused = peripheral->add_service(*add)) complain("a service could not be added: " + *refused);
}

}  // namespace blau::fake
