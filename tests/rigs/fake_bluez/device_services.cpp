// What the daemon does with a link by itself: services, the GAP values, Service Changed.

#include "adapter.hpp"
#include "battery.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "faults.hpp"

#include <utility>

namespace blau::fake {

namespace {

constexpr Uuid device_name_uuid{0x2a00};
constexpr Uuid appearance_uuid{0x2a01};
constexpr Uuid service_changed_uuid{0x2a05};
constexpr Uuid battery_level{0x2a19};

bool is_lost(const sim::Procedure& procedure) {
  return procedure.error() && procedure.error()->code() == ErrorCode::disconnected;
}

}  // namespace

void Device::discover() {
  // Cache=always: what was discovered once is not asked for again, unless the peripheral has another table now.
  const bool is_known = gatt_.generation() == link_->peripheral().generation();
  if (is_known && step("in_discovery")) return;
  const auto generation = link_->peripheral().generation();
  if (gatt_.generation() == generation) return resolved();
  link_->start(std::make_unique<sim::DiscoverDatabase>(),
               [this, generation, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
                 if (alive.expired() || !link_ || is_lost(procedure)) return;
                 gatt_.set_generation(generation);
                 with_extended_properties(procedure, &Device::discovered);
               });
  if (!is_known) (void)step("in_discovery");
}

void Device::discovered(const std::vector<sim::DiscoveredService>& services) {
  daemon().faults().before_services(*this);
  const bool is_empty = daemon().faults().wants_empty_tree(*this);
  gatt_.become(is_empty ? std::vector<sim::DiscoveredService>() : services);
  if (is_empty) gatt_.set_generation(0);
  resolved();
}

void Device::with_extended_properties(sim::Procedure& discovery,
                                      void (Device::*next)(const std::vector<sim::DiscoveredService>&)) {
  const auto services = std::make_shared<std::vector<sim::DiscoveredService>>(
      std::move(static_cast<sim::DiscoverDatabase&>(discovery).services()));
  gatt_.read_extended_properties(*services, [this, services, next, alive = std::weak_ptr<void>(life_)] {
    if (!alive.expired() && link_) (this->*next)(*services);
  });
}

void Device::resolved() {
  if (step("before_resolved")) return;
  was_resolved_ = true;
  changed("UUIDs");
  services_resolved_ = true;
  changed("ServicesResolved");
  bonding_.services_resolved();
  gatt_.arm_notifications();
  watch_services();
  read_gap();
  if (Characteristic* level = gatt_.find_by_uuid(battery_level)) battery_ = std::make_unique<Battery>(*this, *level);
  if (step("after_resolved")) return;
}

/// A central of BlueZ takes the device name of Generic Access for the name.
void Device::read_gap() {
  const auto read = [this](const Uuid& uuid, auto take) {
    const auto handle = gatt_.raw_value_handle(uuid);
    if (handle == 0 || !link_) return;
    link_->start(std::make_unique<ReadFrom>(handle, std::uint16_t{0}),
                 [this, take, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
                   const Bytes& value = static_cast<ReadFrom&>(procedure).value();
                   if (!alive.expired() && link_ && !procedure.error()) take(value);
                 });
  };
  read(device_name_uuid, [this](const Bytes& value) {
    if (!value.empty()) set_name(std::string(value.begin(), value.end()));
  });
  read(appearance_uuid, [this](const Bytes& value) {
    if (value.size() != 2) return;
    const auto number = static_cast<std::uint16_t>(value[0] | value[1] << 8);
    if (number == 0 || appearance_ == number) return;
    appearance_ = number;
    changed("Appearance");
  });
}

void Device::watch_services() {
  const auto configuration = gatt_.raw_configuration_handle(service_changed_uuid);
  if (configuration == 0 || !link_) return;
  link_->start(std::make_unique<sim::WriteValue>(configuration, bytes(2, 0)));
}

void Device::value_came(std::uint16_t value_handle, ByteView value) {
  if (value_handle == gatt_.raw_value_handle(service_changed_uuid)) service_changed(value);
  if (!link_) return;
  gatt_.value_came(value_handle, value);
  if (battery_ && value_handle == gatt_.raw_value_handle(battery_level)) battery_->value_came(value);
}

void Device::service_changed(ByteView range) {
  sim::PduReader in(range);
  const std::uint16_t first = in.u16();
  const std::uint16_t last = in.u16();
  if (in.ok()) rediscover(first, last);
}

void Device::rediscover(std::uint16_t first, std::uint16_t last) {
  if (!services_resolved_) return;  // a discovery is under way
  gatt_.begin_change(first, last);
  const auto generation = link_->peripheral().generation();
  link_->start(std::make_unique<sim::DiscoverDatabase>(),
               [this, generation, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
                 if (alive.expired() || !link_ || is_lost(procedure)) return;
                 gatt_.set_generation(generation);
                 with_extended_properties(procedure, &Device::rediscovered);
               });
}

void Device::rediscovered(const std::vector<sim::DiscoveredService>& services) {
  gatt_.become(services);
  gatt_.end_change();
  changed("UUIDs");
}

}  // namespace blau::fake
