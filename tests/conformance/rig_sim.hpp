#pragma once

#include "rig.hpp"

#include <gtest/gtest.h>
#include <blau/sim.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace blau::conformance {

/// The simulator: a new world for each case, in virtual time.
class SimRig : public Rig {
 public:
  void begin_case() override { world_.emplace(sim::World::load(BLAU_CONFORMANCE_WORLD)); }

  void end_case(bool) override {
    threaded_world_.reset();
    // What a destructor began takes its time.
    world_->advance(std::chrono::seconds(5));
    EXPECT_EQ(world_->adapter().connections(), 0U) << "the case left a link up";
    world_.reset();
  }

  void run(Task<> task) override { world_->run(std::move(task), RunOptions{.limit = std::chrono::hours(1)}); }

  BackendRef threaded_backend() override { return make_threaded_world().backend(); }

  Task<std::size_t> notify(Place place, std::vector<Bytes> values) override {
    auto& characteristic = at(place);
    std::size_t subscribers = 0;
    for (const auto& value : values) subscribers = characteristic.notify(value);
    co_return subscribers;
  }
  Task<std::size_t> indicate(Place place, std::vector<Bytes> values) override {
    auto& characteristic = at(place);
    std::size_t subscribers = 0;
    for (const auto& value : values) subscribers = characteristic.indicate(value);
    co_return subscribers;
  }
  Task<> set_value(Place place, Bytes value) override {
    at(place).set_value(std::move(value));
    co_return;
  }
  Task<std::vector<Written>> writes(Place place, std::size_t count) override {
    auto taken = [&characteristic = at(place)] {
      std::vector<Written> found;
      for (const auto& write : characteristic.writes())
        if (!write.refused) found.push_back({write.value, write.with_response});
      return found;
    };
    auto enough = [&taken, count] { return taken().size() >= count; };
    co_await until(enough);
    co_return taken();
  }
  Task<> await_subscribers(Place place, std::size_t count) override {
    auto reached = [&characteristic = at(place), count] { return characteristic.subscribers() == count; };
    co_await until(reached);
  }
  Task<> await_links(std::string address, std::size_t count) override {
    auto reached = [&peripheral = world_->peripheral(address), count] {
      return peripheral.connected() == (count != 0);
    };
    co_await until(reached);
  }

  Task<> drop_link(std::string address) override {
    world_->peripheral(address).drop_link();
    co_return;
  }
  Task<> advertise(std::string address, bool on) override {
    world_->peripheral(address).advertise(on);
    co_return;
  }
  Task<> vanish(std::string address) override {
    world_->peripheral(address).vanish();
    co_return;
  }
  Task<> appear(std::string address) override {
    world_->peripheral(address).appear();
    co_return;
  }
  Task<> set_powered(bool on) override {
    world_->adapter().set_powered(on);
    co_return;
  }

  Task<> set_adapters(std::vector<RigAdapter> adapters) override {
    for (auto* adapter : world_->adapters()) {
      const auto is_it = [adapter](const RigAdapter& wanted) { return wanted.name == adapter->name(); };
      std::ranges::any_of(adapters, is_it) ? adapter->plug_in() : adapter->unplug();
    }
    for (const auto& wanted : adapters) {
      auto& adapter = adapter_called(wanted.name);
      adapter.set_powered(wanted.powered);
      adapter.set_blocked(wanted.blocked);
    }
    co_return;
  }
  Task<> switch_one(std::string adapter, bool on) override {
    world_->adapter(adapter).set_powered(on);
    co_return;
  }
  Task<> set_advertising(std::string address, sim::AdvertisementOptions data,
                         sim::AdvertisementOptions scan_response) override {
    sim::AdvertisingOptions options;
    options.extended = is_long(data);
    options.data = std::move(data);
    if (!options.extended) options.scan_response = std::move(scan_response);
    world_->peripheral(address).set_advertising(options);
    co_return;
  }

  std::string lacks(Ability ability) const override {
    const bool is_unseen = ability == Ability::connect_unseen || ability == Ability::abandon_unseen;
    return is_unseen ? Rig::lacks(Ability::connect_unseen) : std::string();
  }
  Task<> hold_link(std::string address) override {
    world_->peripheral(address).hold_link(world_->adapter());
    co_return;
  }
  Task<> let_link_go(std::string address) override {
    world_->peripheral(address).end_held_link();
    co_return;
  }
  Task<> set_private_address(std::string address, std::string instead) override {
    world_->peripheral(address).set_private_address(instead);
    co_return;
  }
  Task<> stall(std::string address) override {
    world_->peripheral(address).stall();
    co_return;
  }
  Task<> resume(std::string address) override {
    world_->peripheral(address).resume();
    co_return;
  }
  Task<> set_pairing(std::string address, sim::PairingOptions options) override {
    world_->peripheral(address).set_pairing(options);
    co_return;
  }
  Task<std::uint32_t> shown_passkey(std::string address) override {
    auto shows = [&peripheral = world_->peripheral(address)] { return peripheral.shown_passkey().has_value(); };
    co_await until(shows);
    co_return world_->peripheral(address).shown_passkey().value();
  }
  // Its user types by himself what is right.
  Task<> type_passkey(std::string, std::uint32_t) override { co_return; }
  Task<> request_security(std::string address) override {
    world_->peripheral(address).request_security();
    co_return;
  }
  Task<> forget_bonds(std::string address) override {
    world_->peripheral(address).forget_bonds();
    co_return;
  }
  Task<> remove_service(std::string address, Uuid service) override {
    auto& peripheral = world_->peripheral(address);
    peripheral.remove_service(peripheral.service(service));
    co_return;
  }
  Task<> add_service(std::string address, AddedService service) override {
    sim::ServiceOptions options;
    if (service.handle) options.handle = service.handle->value();
    auto& added = world_->peripheral(address).add_service(service.uuid, options);
    sim::CharacteristicOptions characteristic;
    characteristic.uuid = service.characteristic;
    characteristic.properties = Property::read | Property::write | Property::notify;
    characteristic.value = std::move(service.value);
    added.add_characteristic(characteristic);
    co_return;
  }
  void lose_system() override { threaded_world_.reset(); }

  DisconnectReason reason_of_remote_end() const override { return DisconnectReason::remote; }
  DisconnectReason reason_of_lost_link() const override { return DisconnectReason::timeout; }
  std::vector<Uuid> hidden_services() const override { return {}; }
  bool tells_connectable() const override { return true; }
  bool tells_raw_advertisements() const override { return true; }
  bool judges_keys() const override { return true; }
  bool is_simulated() const override { return true; }

 protected:
  /// The world of the case; there while one runs.
  [[nodiscard]] sim::World& world() { return *world_; }
  /// One in real time, for the background loop.
  sim::World& make_threaded_world() {
    sim::WorldOptions options;
    options.real_time = true;
    return threaded_world_.emplace(sim::World::load(BLAU_CONFORMANCE_WORLD, options));
  }
  void end_threaded_world() { threaded_world_.reset(); }

 private:
  sim::Characteristic& at(const Place& place) { return world_->peripheral(place.address).characteristic(place.uuid); }

  sim::Adapter& adapter_called(const std::string& name) {
    for (auto* adapter : world_->adapters())
      if (adapter->name() == name) return *adapter;
    sim::AdapterOptions options;
    options.name = name;
    return world_->add_adapter(options);
  }

  /// The cases that need the room of extended advertising take it by this.
  static bool is_long(const sim::AdvertisementOptions& data) {
    return std::ranges::any_of(data.manufacturer_data, [](const auto& entry) { return entry.second.size() > 31; });
  }

  /// Virtual time goes on until the predicate holds: steps cost nothing and are the same each time.
  static Task<> until(std::function<bool()> reached) {
    for (int step = 0; step < 20000; ++step) {
      if (reached()) co_return;
      co_await sleep_for(std::chrono::milliseconds(1));
    }
    throw Error(ErrorCode::timed_out, "the peripheral did not get there");
  }

  std::optional<sim::World> world_;
  std::optional<sim::World> threaded_world_;
};

}  // namespace blau::conformance
