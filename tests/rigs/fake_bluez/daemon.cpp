#include "daemon.hpp"

#include "adapter.hpp"
#include "agents.hpp"
#include "battery.hpp"
#include "bus_daemon.hpp"
#include "device.hpp"
#include "faults.hpp"
#include "world_faults.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace blau::fake {

/// What it keeps in its storage: adapters as they are, devices that were connected once, and bonds.
struct Daemon::Stored {
  struct Known {
    Address address;
    std::optional<std::string> name;
    std::optional<Bond> bond;
  };
  sim::AdapterSpec adapter;
  std::vector<Known> devices;
};

Daemon::Daemon(Loop& loop, const DaemonOptions& options)
    : loop_(loop), options_(options), bus_(loop), tree_(loop, bus_, options_.habits), radio_(loop) {
  agents_ = std::make_unique<Agents>();
  faults_ = std::make_unique<Faults>(*this);
  world_faults_ = std::make_unique<WorldFaults>(*this);
  bus_.on_call([this](const Call& call) { take(call); });
  bus_.on_gone([this](const std::string& name) { program_gone(name); });
}

Daemon::~Daemon() {
  runs_ = false;
  bus_.before_send(nullptr);
  bus_.close();
  for (const auto& adapter : adapters_) adapter->forget();
  adapters_.clear();
}

void Daemon::start() {
  bus_.open();
  runs_ = true;
  tree_.add(*agents_);
  for (const Stored& stored : std::exchange(stored_, {})) {
    Adapter& adapter = add_adapter(stored.adapter);
    for (const auto& known : stored.devices) {
      Device& device = adapter.add_device(known.address);
      device.keep();
      device.bonding().restore(known.bond);
      if (known.name) device.restore_name(*known.name);
    }
  }
  bus_.own_name();
}

void Daemon::die() {
  if (!std::exchange(runs_, false)) return;
  bus_.close();  // first: whoever is killed says nothing more
  for (const auto& adapter : adapters_) {
    Stored& stored = stored_.emplace_back();
    stored.adapter = adapter->spec();
    for (const auto& [address, device] : adapter->devices())
      if (!device->is_temporary())
        stored.devices.push_back({device->address(), device->device_name(), device->bonding().bond()});
    adapter->forget();
  }
  agents_->forget();
  tree_.clear();
  // They may be in the middle of something.
  loop_.post([old = std::make_shared<decltype(adapters_)>(std::move(adapters_))] {});
  adapters_.clear();
}

void Daemon::restart(nanoseconds after) {
  if (!runs_) return;
  die();
  return_timer_.start(loop_, after, [this] { start(); });
}

void Daemon::close_bus() {
  return_timer_.stop();
  options_.own_bus->stop();  // first: nobody is told that the daemon has gone
  die();
}

void Daemon::open_bus() {
  options_.own_bus->start();
  if (!runs_) start();
}

void Daemon::lose_name(nanoseconds back_after) {
  bus_.release_name();
  return_timer_.start(loop_, back_after, [this] {
    if (runs_) bus_.own_name();
  });
}

void Daemon::become(const sim::WorldSpec& world) {
  radio_.become(world);
  for (const auto& spec : world.adapters) {
    Adapter* known = adapter(spec.name);
    if (!known) {
      add_adapter(spec);
      continue;
    }
    known->set_blocked(spec.blocked);
    known->set_powered(spec.powered && !spec.blocked);
  }
  std::vector<std::string> gone;
  for (const auto& adapter : adapters_)
    if (std::ranges::find(world.adapters, adapter->id(), &sim::AdapterSpec::name) == world.adapters.end())
      gone.push_back(adapter->id());
  for (const auto& name : gone) remove_adapter(name);
  world_faults_->become(world);
  if (world.bluez_faults) faults_->add(sim::Place(*world.bluez_faults, "bluez_faults"));
}

Adapter& Daemon::add_adapter(const sim::AdapterSpec& spec) {
  adapters_.push_back(std::make_unique<Adapter>(*this, spec, adapters_.size()));
  return *adapters_.back();
}

void Daemon::remove_adapter(const std::string& name) {
  const auto found = std::ranges::find_if(adapters_, [&](const auto& adapter) { return adapter->id() == name; });
  if (found == adapters_.end()) return;
  (*found)->unexport();
  loop_.post([old = std::shared_ptr<Adapter>(std::move(*found))] {});
  adapters_.erase(found);
}

Adapter* Daemon::adapter(std::string_view name) const {
  const auto found = std::ranges::find_if(adapters_, [&](const auto& adapter) { return adapter->id() == name; });
  return found == adapters_.end() ? nullptr : found->get();
}

std::vector<Device*> Daemon::devices(const Address& address) const {
  std::vector<Device*> found;
  for (const auto& adapter : adapters_)
    if (Device* device = adapter->find(address)) found.push_back(device);
  return found;
}

Device* Daemon::device(std::string_view path) const {
  for (const auto& adapter : adapters_)
    for (const auto& [address, device] : adapter->devices())
      if (device->path() == path) return device.get();
  return nullptr;
}

void Daemon::take(const Call& call) {
  // What the bus's policy would say.
  if (access_denied_)
    return call.error({"org.freedesktop.DBus.Error.AccessDenied", "Rejected send message, 1 matched rules"});
  if (faults_->intercept(call)) return;
  tree_.handle(call);
  radio_.changed();
}

void Daemon::program_gone(const std::string& name) {
  for (const auto& adapter : adapters_) adapter->program_gone(name);
  agents_->program_gone(name);
  radio_.changed();
}

}  // namespace blau::fake
