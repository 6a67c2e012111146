// What was discovered of a device, and how it changes.

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "gatt.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

namespace {

/// Services that plugins of the daemon use by themselves.
bool is_claimed(const Uuid& uuid, const Habits& habits) {
  if (uuid == Uuid{0x1800} || uuid == Uuid{0x1812} || uuid == Uuid{0x1813}) return true;
  return uuid == Uuid{0x180f} && !habits.hides_claimed_services;
}

bool same(const sim::DiscoveredService& a, const sim::DiscoveredService& b) {
  const auto same_descriptors = [](const auto& x, const auto& y) { return x.handle == y.handle && x.uuid == y.uuid; };
  const auto same_characteristics = [&](const auto& x, const auto& y) {
    return x.handle == y.handle && x.value_handle == y.value_handle && x.properties == y.properties &&
           x.uuid == y.uuid && std::ranges::equal(x.descriptors, y.descriptors, same_descriptors);
  };
  const auto same_includes = [](const auto& x, const auto& y) { return x.handle == y.handle && x.first == y.first; };
  return a.handle == b.handle && a.end == b.end && a.uuid == b.uuid && a.primary == b.primary &&
         std::ranges::equal(a.includes, b.includes, same_includes) &&
         std::ranges::equal(a.characteristics, b.characteristics, same_characteristics);
}

}  // namespace

void Database::become(const std::vector<sim::DiscoveredService>& services) {
  discovered_ = services;
  for (auto known = services_.begin(); known != services_.end();) {
    const auto current = known++;
    const auto found = std::ranges::find(services, current->first, &sim::DiscoveredService::handle);
    if (found != services.end() && same(*found, current->second->found())) continue;
    current->second->unexport();
    device_.daemon().loop().post([old = std::shared_ptr<Service>(std::move(current->second))] {});
    services_.erase(current);
  }
  const Habits& habits = device_.daemon().habits();
  std::vector<Service*> fresh;
  for (const auto& service : services) {
    const bool claimed = is_claimed(service.uuid, habits);
    if (services_.contains(service.handle) || (claimed && habits.hides_claimed_services)) continue;
    auto& place = services_[service.handle];
    place = std::make_unique<Service>(device_, service);
    fresh.push_back(place.get());
  }
  for (Service* service : fresh)
    for (const auto& characteristic : service->characteristics())
      if (const auto bits = extended_.find(characteristic->handle()); bits != extended_.end())
        characteristic->set_extended(bits->second);
  // Includes name services that may come later in the list.
  for (Service* service : fresh) service->export_all(is_claimed(service->found().uuid, habits));
  index();
}

void Database::index() {
  by_value_.clear();
  for (const auto& [handle, service] : services_)
    for (const auto& characteristic : service->characteristics())
      by_value_[characteristic->handle()] = characteristic.get();
}

void Database::read_extended_properties(const std::vector<sim::DiscoveredService>& services,
                                        std::function<void()> done) {
  extended_.clear();
  auto left = std::make_shared<std::vector<std::pair<std::uint16_t, std::uint16_t>>>();
  for (const auto& service : services)
    for (const auto& characteristic : service.characteristics)
      for (const auto& descriptor : characteristic.descriptors)
        if (descriptor.uuid == sim::attribute_type::extended_properties)
          left->emplace_back(characteristic.value_handle, descriptor.handle);
  read_next_extended(std::move(left), std::move(done));
}

void Database::read_next_extended(std::shared_ptr<std::vector<std::pair<std::uint16_t, std::uint16_t>>> left,
                                  std::function<void()> done) {
  if (left->empty()) return done();
  if (!device_.link()) return;
  const auto [value_handle, handle] = left->back();
  left->pop_back();
  auto take = [this, left, done = std::move(done), value_handle = value_handle,
               alive = std::weak_ptr<void>(device_.life())](sim::Procedure& procedure) {
    if (alive.expired() || !device_.link()) return;
    const Bytes& value = static_cast<ReadFrom&>(procedure).value();
    if (!procedure.error() && !value.empty()) extended_[value_handle] = value[0] & 3;
    read_next_extended(left, done);
  };
  device_.link()->start(std::make_unique<ReadFrom>(handle, std::uint16_t{0}), std::move(take));
}

std::vector<Uuid> Database::service_uuids() const {
  std::vector<Uuid> uuids;
  for (const auto& service : discovered_)
    if (service.primary && std::ranges::find(uuids, service.uuid) == uuids.end()) uuids.push_back(service.uuid);
  return uuids;
}

std::vector<Characteristic*> Database::all() const {
  std::vector<Characteristic*> found;
  for (const auto& [value_handle, characteristic] : by_value_) found.push_back(characteristic);
  return found;
}

void Database::clear() {
  for (const auto& [handle, service] : services_) service->unexport();
  const auto old = std::make_shared<decltype(services_)>(std::move(services_));
  services_.clear();
  by_value_.clear();
  device_.daemon().loop().post([old] {});
}

void Database::forget() noexcept {
  for (Characteristic* characteristic : all()) characteristic->unexport();
}

void Database::link_secured() {
  for (Characteristic* characteristic : all()) characteristic->link_secured_here();
}

void Database::disconnected() {
  change_.reset();
  for (Characteristic* characteristic : all()) characteristic->link_lost_here();
}

void Database::arm_notifications() {
  for (Characteristic* characteristic : all()) characteristic->notifier().arm();
}

void Database::program_gone(const std::string& name) {
  for (Characteristic* characteristic : all()) characteristic->notifier().program_gone(name);
}

void Database::value_came(std::uint16_t value_handle, ByteView value) {
  if (Characteristic* found = find(value_handle)) found->value_came(value);
}

void Database::begin_change(std::uint16_t first, std::uint16_t last) { change_.emplace(first, last); }

bool Database::is_changing(std::uint16_t handle) const {
  return change_ && handle >= change_->first && handle <= change_->second;
}

Characteristic* Database::find(std::uint16_t value_handle) const {
  const auto found = by_value_.find(value_handle);
  return found == by_value_.end() ? nullptr : found->second;
}

Characteristic* Database::find_by_uuid(const Uuid& uuid) const {
  for (const auto& [value_handle, characteristic] : by_value_)
    if (characteristic->uuid() == uuid) return characteristic;
  return nullptr;
}

std::uint16_t Database::raw_value_handle(const Uuid& uuid) const {
  for (const auto& service : discovered_)
    for (const auto& characteristic : service.characteristics)
      if (characteristic.uuid == uuid) return characteristic.value_handle;
  return 0;
}

std::uint16_t Database::raw_configuration_handle(const Uuid& uuid) const {
  for (const auto& service : discovered_)
    for (const auto& characteristic : service.characteristics)
      for (const auto& descriptor : characteristic.descriptors)
        if (characteristic.uuid == uuid && descriptor.uuid == sim::attribute_type::client_configuration)
          return descriptor.handle;
  return 0;
}

std::string Database::path_of(std::uint16_t service_handle) const {
  const auto found = services_.find(service_handle);
  return found == services_.end() ? std::string() : found->second->path();
}

bool Database::remove(const std::string& path) {
  for (auto service = services_.begin(); service != services_.end(); ++service) {
    if (service->second->path() == path) {
      service->second->unexport();
      device_.daemon().loop().post([old = std::shared_ptr<Service>(std::move(service->second))] {});
      services_.erase(service);
      index();
      generation_ = 0;
      return true;
    }
    for (const auto& characteristic : service->second->characteristics()) {
      if (characteristic->path() != path || !characteristic->is_exported()) continue;
      characteristic->unexport();
      generation_ = 0;
      return true;
    }
  }
  return false;
}

}  // namespace blau::fake
