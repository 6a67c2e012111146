// What a link knows of the peripheral's table, and what its clients want of it.

#include "client.hpp"
#include "link.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

namespace {

Bytes little_endian(std::uint16_t number) { return bytes(number, number >> 8); }

}  // namespace

Error attribute_gone() {
  return {ErrorCode::attribute_gone, "the peripheral has taken this attribute away: look at its services again"};
}

/// A discovery that goes on step by step.
struct Link::Discovery {
  bool of_connect = false;  ///< the link's first
  std::vector<DiscoveredService> services;
  /// Declaration handle, and the handle of its extended properties.
  std::vector<std::pair<std::uint16_t, std::uint16_t>> extended;
  std::function<void(const std::optional<Error>&, const std::vector<DiscoveredService>&)> done;
};

void Link::discover(std::function<void(const std::optional<Error>&, const std::vector<DiscoveredService>&)> done) {
  auto discovery = std::make_shared<Discovery>();
  discovery->done = std::move(done);
  discovery->of_connect = !std::exchange(discovering_, true);
  start(std::make_unique<DiscoverDatabase>(), [this, discovery](Procedure& procedure) {
    if (procedure.error()) return discovery->done(procedure.error(), {});
    discovery->services = std::move(static_cast<DiscoverDatabase&>(procedure).services());
    remember(discovery->services);
    for (const auto& service : discovery->services)
      for (const auto& characteristic : service.characteristics)
        for (const auto& descriptor : characteristic.descriptors)
          if (descriptor.uuid == attribute_type::extended_properties)
            discovery->extended.emplace_back(characteristic.handle, descriptor.handle);
    read_extended_properties(discovery);
  });
  if (discovery->of_connect && peripheral_.faults.reach(ConnectStep::in_discovery)) lose_soon();
}

void Link::remember(const std::vector<DiscoveredService>& services) {
  discovered_ = true;
  known_.clear();
  known_descriptors_.clear();
  service_changed_ = 0;
  for (const auto& service : services) {
    for (const auto& characteristic : service.characteristics) {
      Known& known = known_[characteristic.handle];
      known.value_handle = characteristic.value_handle;
      known.uuid = characteristic.uuid;
      known.service = service.uuid;
      for (const auto& descriptor : characteristic.descriptors) {
        known_descriptors_.insert(descriptor.handle);
        if (descriptor.uuid == attribute_type::client_configuration) known.configuration = descriptor.handle;
      }
      if (characteristic.uuid == service_changed_uuid && known.configuration != 0)
        service_changed_ = characteristic.value_handle;
    }
  }
}

/// Core Vol 3 Part G 3.3.3.1.
void Link::read_extended_properties(std::shared_ptr<Discovery> discovery) {
  if (discovery->extended.empty()) return watch_services(std::move(discovery));
  const auto [declaration, handle] = discovery->extended.back();
  discovery->extended.pop_back();
  start(std::make_unique<ReadValue>(handle), [this, discovery, declaration = declaration](Procedure& procedure) {
    const Bytes& value = static_cast<ReadValue&>(procedure).value();
    const auto known = known_.find(declaration);
    if (!procedure.error() && !value.empty() && known != known_.end())
      known->second.extended = static_cast<std::uint16_t>((value[0] & 3) << 8);
    read_extended_properties(discovery);
  });
}

/// Core Vol 3 Part G 7.1: a client that keeps what it discovered asks for Service Changed.
void Link::watch_services(std::shared_ptr<Discovery> discovery) {
  const auto finish = [this, discovery](const std::optional<Error>& error) {
    const bool lost = error && error->code() == ErrorCode::disconnected;
    settle(discovery, lost ? error : std::nullopt);
  };
  for (const auto& [declaration, known] : known_)
    if (known.value_handle == service_changed_) return configure(Known(known), finish);
  finish(std::nullopt);
}

void Link::settle(const std::shared_ptr<Discovery>& discovery, const std::optional<Error>& error) {
  if (error || !discovery->of_connect) return discovery->done(error, discovery->services);
  const auto self = shared_from_this();
  LinkFaults& faults = peripheral_.faults;
  if (faults.reach(ConnectStep::before_resolved)) {
    return peripheral_.world.post([self, discovery] {
      self->end(DisconnectReason::remote, ended_by_remote);
      discovery->done(Error(ErrorCode::disconnected, "the link ended during the discovery: connect again"), {});
    });
  }
  discovery->done(std::nullopt, discovery->services);
  if (faults.reach(ConnectStep::after_resolved)) lose_soon();
}

std::optional<Link::Known> Link::find(std::uint16_t declaration) const {
  const auto found = known_.find(declaration);
  if (found != known_.end()) return found->second;
  if (discovered_) return std::nullopt;
  Known guess;
  guess.value_handle = static_cast<std::uint16_t>(declaration + 1);
  return guess;
}

bool Link::knows_descriptor(std::uint16_t handle) const { return !discovered_ || known_descriptors_.contains(handle); }

std::uint16_t Link::wanted(std::uint16_t value_handle) {
  std::uint16_t bits = value_handle == service_changed_ ? 2 : 0;
  clients_.each([&](SimClient& client) { bits |= client.wants(value_handle); });
  return bits;
}

void Link::configure(const Known& characteristic, std::function<void(const std::optional<Error>&)> done) {
  const std::uint16_t handle = characteristic.value_handle;
  const std::uint16_t bits = wanted(handle);
  Configuration& now = configured_[handle];
  if (now.pending == 0 && now.bits == bits) return done(std::nullopt);
  ++now.pending;
  start(std::make_unique<WriteValue>(characteristic.configuration, little_endian(bits)),
        [this, handle, bits, done = std::move(done)](Procedure& procedure) {
          Configuration& then = configured_[handle];
          --then.pending;
          if (!procedure.error()) then.bits = bits;
          done(procedure.error());
        });
}

void Link::on_value(std::uint16_t value_handle, ByteView value) {
  if (value_handle == service_changed_ && service_changed_ != 0) on_service_changed(value);
  clients_.each([&](SimClient& client) { client.on_value(value_handle, value); });
}

void Link::on_service_changed(ByteView range) {
  PduReader in(range);
  HandleRange changed;
  changed.first = in.u16();
  changed.last = in.u16();
  if (!in.complete()) return;
  std::erase_if(known_, [changed](const auto& entry) { return changed.holds(entry.first); });
  std::erase_if(known_descriptors_, [changed](std::uint16_t handle) { return changed.holds(handle); });
  for (auto& [handle, configuration] : configured_)
    if (changed.holds(handle)) configuration.bits = 0;
  clients_.each([changed](SimClient& client) { client.on_services_changed(changed); });
  gatt_.give_up(changed, attribute_gone());
}

}  // namespace blau::sim::detail
