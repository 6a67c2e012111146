// Faults: those of the public API, and those that a world file lists.

#include "core.hpp"
#include "link.hpp"

#include <utility>

namespace blau::sim {

namespace {

void expect(bool right, const std::string& what) {
  if (!right) throw Error(ErrorCode::invalid_argument, what);
}

void expect_some(std::uint64_t count) {
  expect(count > 0, "a fault that happens no time is none: 'count' is 1 at least");
}

}  // namespace

void Characteristic::add_fault(const RequestFault& fault) {
  expect_some(fault.count);
  const std::string wrong = detail::contradiction_in(fault);
  expect(wrong.empty(), wrong);
  expect((node_.spec.properties & detail::properties_for(fault.request)) != 0,
         "the properties of this characteristic do not allow such a request");
  node_.faults.add(fault);
}

void Characteristic::add_fault(const NotifyFault& fault) {
  expect_some(fault.count);
  expect(fault.times != 1, "a value that is sent once is no fault: 0 loses it, 2 doubles it");
  expect(node_.can_notify(), "this characteristic neither notifies nor indicates: give it the property");
  node_.faults.add(fault);
}

void Characteristic::clear_faults() { node_.faults.clear(); }

void Peripheral::lose_link_at(ConnectStep step, const FaultTurns& turns) {
  expect_some(turns.count);
  node_.faults.lose_at(step, turns);
}

void Peripheral::lose_link_after(std::chrono::milliseconds time, const FaultTurns& turns) {
  expect_some(turns.count);
  expect(time >= std::chrono::milliseconds(0), "a time is not negative");
  node_.faults.lose_after(time, turns);
}

void Peripheral::at_step(ConnectStep step, std::function<void()> call, const FaultTurns& turns) {
  expect_some(turns.count);
  expect(call != nullptr, "there is nothing to call");
  auto guarded = [&world = node_.world, call = std::move(call)] { world.guarded(call); };
  node_.faults.call_at(step, std::move(guarded), turns);
}

void Peripheral::clear_faults() {
  node_.faults.clear();
  for (const auto& service : node_.services)
    for (const auto& characteristic : service->characteristics) characteristic->faults.clear();
}

namespace detail {

namespace {

/// Calls at a time of the world; what is due when it begins is so from its beginning on.
void at_time(WorldCore& world, std::chrono::milliseconds time, std::function<void()> call) {
  if (time <= std::chrono::milliseconds(0)) return call();
  world.after(time, std::move(call));
}

/// Listed characteristics only, which the reader of the file has found.
CharacteristicNode* find(PeripheralNode& owner, const CharacteristicName& name) {
  const auto* handle = std::get_if<std::uint16_t>(&name);
  if (handle) owner.fix_table();
  for (const auto& service : owner.services) {
    for (const auto& node : service->characteristics) {
      const bool meant =
          handle ? node->handle == *handle || node->value_handle == *handle : node->spec.uuid == std::get<Uuid>(name);
      if (meant) return node.get();
    }
  }
  return nullptr;
}

void change_services(PeripheralNode& owner, const ServicesFaultSpec& fault) {
  if (fault.remove) {
    const auto* handle = std::get_if<std::uint16_t>(&*fault.remove);
    if (handle) owner.fix_table();
    for (const auto& service : owner.services) {
      const bool meant = handle ? service->handle == *handle : service->spec.uuid == std::get<Uuid>(*fault.remove);
      if (service->removed || !meant) continue;
      owner.remove(*service);
      break;
    }
  }
  if (fault.add) owner.add(*fault.add);
}

/// Arms what a world file says.
class Arming {
 public:
  explicit Arming(WorldCore& world) : world_(world) {}

  void operator()(const LinkFaultSpec& fault) const {
    PeripheralNode& owner = *world_.find_peripheral(fault.address);
    const auto from = fault.at.value_or(std::chrono::milliseconds(0));
    at_time(world_, from, [fault, &owner] {
      if (fault.step) return owner.faults.lose_at(*fault.step, fault.turns);
      if (fault.after) return owner.faults.lose_after(*fault.after, fault.turns);
      owner.face.drop_link();
    });
  }
  void operator()(const RequestFaultSpec& fault) const { arm(fault); }
  void operator()(const NotifyFaultSpec& fault) const { arm(fault); }
  void operator()(const ServicesFaultSpec& fault) const {
    PeripheralNode& owner = *world_.find_peripheral(fault.address);
    const auto change = [fault, &owner] { owner.world.guarded([&] { change_services(owner, fault); }); };
    at_time(world_, fault.at.value_or(std::chrono::milliseconds(0)), [fault, &owner, change] {
      if (!fault.step) return change();
      owner.faults.call_at(*fault.step, change, FaultTurns());
    });
  }
  void operator()(const AdapterFaultSpec& fault) const {
    using Action = AdapterFaultSpec::Action;
    for (const auto& adapter : world_.adapters()) {
      if (adapter->spec.name != fault.adapter) continue;
      at_time(world_, fault.at, [&face = adapter->face, action = fault.action] {
        if (action == Action::remove) return face.unplug();
        if (action == Action::add) return face.plug_in();
        face.set_powered(action == Action::on);
      });
    }
  }
  void operator()(const PeripheralFaultSpec& fault) const {
    using Action = PeripheralFaultSpec::Action;
    PeripheralNode& owner = *world_.find_peripheral(fault.address);
    at_time(world_, fault.at, [&face = owner.face, action = fault.action] {
      if (action == Action::vanish) return face.vanish();
      if (action == Action::appear) return face.appear();
      action == Action::stall ? face.stall() : face.resume();
    });
  }

 private:
  template <class Fault>
  void arm(const Fault& fault) const {
    CharacteristicNode* node = find(*world_.find_peripheral(fault.address), fault.characteristic);
    if (node) at_time(world_, fault.at, [node, given = fault.fault] { node->faults.add(given); });
  }

  WorldCore& world_;
};

}  // namespace

void WorldCore::arm(const std::vector<FaultSpec>& faults) {
  for (const FaultSpec& fault : faults) std::visit(Arming(*this), fault);
}

}  // namespace detail
}  // namespace blau::sim
