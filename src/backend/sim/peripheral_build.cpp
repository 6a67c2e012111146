// How a peripheral's table comes about and changes.

#include "core.hpp"
#include "link.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

Attribute* DescriptorNode::attribute() const {
  const auto& service = owner.service;
  return handle == 0 || service.removed ? nullptr : service.peripheral.server->table().find(handle);
}

CharacteristicNode::CharacteristicNode(ServiceNode& service, CharacteristicSpec given)
    : service(service), spec(std::move(given)), read_delay(spec.read_delay), write_delay(spec.write_delay) {
  for (DescriptorSpec& descriptor : spec.descriptors)
    descriptors.push_back(std::make_unique<DescriptorNode>(*this, std::move(descriptor)));
  spec.descriptors.clear();
  if (!spec.notify) return;
  notify_interval = spec.notify->interval;
  make = [values = std::move(spec.notify->values)](std::size_t turn) { return values[turn % values.size()]; };
  spec.notify.reset();
}

Attribute* CharacteristicNode::attribute() const {
  return value_handle == 0 || service.removed ? nullptr : peripheral().server->table().find(value_handle);
}

PeripheralNode& CharacteristicNode::peripheral() const { return service.peripheral; }

ServiceNode::ServiceNode(PeripheralNode& peripheral, const ServiceSpec& given) : peripheral(peripheral), spec(given) {
  spec.includes.clear();
  spec.characteristics.clear();
  for (const CharacteristicSpec& characteristic : given.characteristics) add(characteristic);
}

CharacteristicNode& ServiceNode::add(CharacteristicSpec characteristic) {
  characteristics.push_back(std::make_unique<CharacteristicNode>(*this, std::move(characteristic)));
  return *characteristics.back();
}

PeripheralNode::PeripheralNode(WorldCore& world, PeripheralSpec given)
    : world(world),
      spec(std::move(given)),
      // Each peripheral has its own numbers, so that one more does not change the others'.
      random_(world.seed() * 0x9e3779b97f4a7c15u ^ spec.address.number()),
      passkeys_(world.seed() * 0xd1342543de82ef95u ^ spec.address.number()) {
  const auto listed = std::exchange(spec.services, {});
  for (const ServiceSpec& service : listed) services.push_back(std::make_unique<ServiceNode>(*this, service));
  for (std::size_t i = 0; i < listed.size(); ++i)
    for (const std::size_t included : listed[i].includes) services[i]->includes.push_back(services[included].get());
}

PeripheralNode::~PeripheralNode() { forget(); }

ServiceNode& PeripheralNode::add(ServiceSpec service) {
  const bool generic = service.uuid == Uuid{0x1800} || service.uuid == Uuid{0x1801};
  if (spec.gap_service && generic)
    throw Error(ErrorCode::invalid_argument,
                "this service is made by itself: leave it out, or set gap_service to false");
  services.push_back(std::make_unique<ServiceNode>(*this, service));
  try {
    check();
  } catch (...) {
    services.pop_back();
    throw;
  }
  services_changed();
  return *services.back();
}

void PeripheralNode::check() const {
  const std::uint32_t generic = spec.gap_service ? first_free_after_generic : 1;
  const auto specs = specs_of(unplaced());
  const auto fault = server ? server->table().fault_in(specs) : find_fault(specs, generic);
  if (fault) throw Error(ErrorCode::invalid_argument, fault->path + ": " + fault->message);
}

std::vector<ServiceNode*> PeripheralNode::unplaced() const {
  std::vector<ServiceNode*> nodes;
  for (const auto& service : services)
    if (!service->placed() && !service->removed) nodes.push_back(service.get());
  return nodes;
}

std::vector<ServiceSpec> PeripheralNode::specs_of(const std::vector<ServiceNode*>& nodes) const {
  std::vector<ServiceSpec> specs;
  for (const ServiceNode* node : nodes) {
    ServiceSpec service = node->spec;
    for (ServiceNode* included : node->includes) {
      const auto found = std::ranges::find(nodes, included);
      if (found == nodes.end()) continue;  // taken away again
      service.includes.push_back(static_cast<std::size_t>(found - nodes.begin()));
    }
    for (const auto& characteristic : node->characteristics) {
      service.characteristics.push_back(characteristic->spec);
      service.characteristics.back().echo_to.reset();  // in C++ its target may be added later
      for (const auto& descriptor : characteristic->descriptors)
        service.characteristics.back().descriptors.push_back(descriptor->spec);
    }
    specs.push_back(std::move(service));
  }
  return specs;
}

PeripheralSpec PeripheralNode::assembled() const {
  PeripheralSpec whole = spec;
  for (const auto& service : services)
    if (!service->removed) whole.services.push_back(service->spec);
  return whole;
}

void PeripheralNode::fix_table() {
  const auto nodes = unplaced();
  if (server && nodes.empty()) return;
  const auto specs = specs_of(nodes);
  std::vector<PlacedService> placed;
  const bool live = server != nullptr;
  if (live) {
    placed = server->table().append(specs).value();
  } else {
    AttributeTable table;
    if (spec.gap_service) (void)table.append_generic_services(spec.name, spec.appearance).value();
    placed = table.append(specs).value();
    ServerOptions options;
    options.mtu = spec.mtu;
    server = std::make_unique<AttributeServer>(std::move(table), hooks(), options);
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) place(*nodes[i], placed[i]);
  if (live) tell_change(placed.front().handle, placed.back().end);
}

void PeripheralNode::place(ServiceNode& node, const PlacedService& placed) {
  node.handle = placed.handle;
  node.end = placed.end;
  for (std::size_t i = 0; i < node.characteristics.size(); ++i) {
    CharacteristicNode& characteristic = *node.characteristics[i];
    const PlacedCharacteristic& at = placed.characteristics[i];
    characteristic.handle = at.declaration;
    characteristic.value_handle = at.value;
    by_value_[at.value] = &characteristic;
    for (std::size_t j = 0; j < at.descriptors.size(); ++j) {
      characteristic.descriptors[j]->handle = at.descriptors[j];
      by_descriptor_[at.descriptors[j]] = characteristic.descriptors[j].get();
    }
  }
}

void PeripheralNode::services_changed() {
  advertising_changed();
  if (server) world.post([this] { fix_table(); });
}

void PeripheralNode::remove(ServiceNode& service) {
  if (service.removed) return;
  for (const auto& characteristic : service.characteristics) {
    if (const Attribute* attribute = characteristic->attribute()) characteristic->spec.value = attribute->value;
    by_value_.erase(characteristic->value_handle);
    for (const auto& link : links) link->stop_schedule(characteristic->value_handle);
    for (const auto& descriptor : characteristic->descriptors) {
      if (const Attribute* attribute = descriptor->attribute()) descriptor->spec.value = attribute->value;
      by_descriptor_.erase(descriptor->handle);
    }
  }
  service.removed = true;
  advertising_changed();
  if (!service.placed()) return;
  server->remove_service(service.handle);
  for (auto& [adapter, bond] : bonds) {
    const auto inside = [&](const auto& entry) { return entry.first >= service.handle && entry.first <= service.end; };
    std::erase_if(bond.subscriptions, inside);
  }
  tell_change(service.handle, service.end);
}

/// Core Vol 3 Part G 7.1.
void PeripheralNode::tell_change(std::uint16_t first, std::uint16_t last) {
  const std::uint16_t changed = service_changed_handle();
  if (changed == 0) return;
  const Bytes range = bytes(first, first >> 8, last, last >> 8);
  for (const auto& link : links) {
    const auto indication = server->indicate(link->bearer(), changed, range);
    if (indication.pdu) link->send(*indication.pdu);
  }
}

std::uint16_t PeripheralNode::service_changed_handle() const {
  for (const Attribute& attribute : server->table().all())
    if (attribute.kind == AttributeKind::value && attribute.type == service_changed_uuid) return attribute.handle;
  return 0;
}

CharacteristicNode* PeripheralNode::find_value(std::uint16_t handle) const {
  const auto found = by_value_.find(handle);
  return found == by_value_.end() ? nullptr : found->second;
}

DescriptorNode* PeripheralNode::find_descriptor(std::uint16_t handle) const {
  const auto found = by_descriptor_.find(handle);
  return found == by_descriptor_.end() ? nullptr : found->second;
}

}  // namespace blau::sim::detail
