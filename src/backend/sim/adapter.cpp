// A world as a Bluetooth system: its adapters, and the ports that it makes.

#include "adapter.hpp"

#include "client.hpp"
#include "default_world.hpp"
#include "scanner.hpp"
#include "sim.hpp"

#include <blau/event_loop.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace blau::sim {

const std::string& Adapter::name() const noexcept { return node_.spec.name; }
const Address& Adapter::address() const noexcept { return node_.address; }
bool Adapter::powered() const noexcept { return node_.spec.powered; }
std::size_t Adapter::connections() const noexcept { return node_.links; }

void Adapter::set_powered(bool powered) {
  node_.spec.powered = powered;
  node_.switched();
}

void Adapter::set_blocked(bool blocked) {
  node_.spec.blocked = blocked;
  node_.switched();
}

void Adapter::unplug() {
  node_.present = false;
  node_.switched();
}

void Adapter::plug_in() {
  node_.present = true;
  node_.switched();
}

namespace detail {

AdapterNode::AdapterNode(WorldCore& world, AdapterSpec given, std::size_t max_connections)
    : world(world), spec(std::move(given)), address(*spec.address), max_connections(max_connections) {}

std::optional<Error> AdapterNode::unusable() const {
  const std::string who = "adapter " + spec.name;
  if (!present) return Error(UnavailableReason::no_adapter, who + " is gone: plug it in");
  if (spec.blocked) return Error(UnavailableReason::blocked, who + " is blocked by a radio switch: unblock it");
  if (!spec.powered) return Error(UnavailableReason::powered_off, who + " is switched off: switch it on");
  if (!spec.central) return Error(UnavailableReason::no_central_role, who + " cannot be a central: choose another");
  return std::nullopt;
}

backend::AdapterState AdapterNode::state() const {
  backend::AdapterState state;
  state.id = spec.name;
  state.name = spec.name;
  state.address = address;
  state.powered = spec.powered && !spec.blocked;
  if (const auto error = unusable()) state.unusable = error->unavailable_reason();
  return state;
}

void AdapterNode::switched() {
  if (unusable()) interrupted = true;
  world.adapters_changed();
}

namespace {

Error world_ended() { return {ErrorCode::backend_lost, "the simulated world has ended: make another one"}; }

}  // namespace

SimWatch::SimWatch(std::shared_ptr<WorldCore> world, backend::AdapterEvents& events)
    : world_(std::move(world)), events_(events), told_(world_->adapter_states()) {
  world_->watches.add(*this);
}

/// It may be destroyed in each event.
void SimWatch::tell(const std::vector<backend::AdapterState>& now) {
  const auto before = std::exchange(told_, now);
  const std::weak_ptr<char> alive = life_;
  for (const auto& old : before) {
    const bool gone = std::ranges::none_of(now, [&](const auto& state) { return state.id == old.id; });
    if (gone && !alive.expired()) events_.on_adapter_removed(old.id);
  }
  for (const auto& state : now) {
    const bool known = std::ranges::any_of(before, [&](const auto& old) { return old == state; });
    if (!known && !alive.expired()) events_.on_adapter_changed(state);
  }
}

SimWatch::~SimWatch() { world_->watches.remove(*this); }

std::shared_ptr<SimBackend> SimBackend::make(std::shared_ptr<WorldCore> world, Loop& loop) {
  auto made = std::make_shared<SimBackend>(world);
  world->attach(loop, made);
  return made;
}

SimBackend::~SimBackend() { world_->detach_from(*this); }

void SimBackend::list_adapters(backend::Done<std::vector<backend::AdapterState>> done) {
  if (!world_->loop()) return done(world_ended());
  done(world_->adapter_states());
}

std::unique_ptr<backend::AdapterWatch> SimBackend::watch_adapters(backend::AdapterEvents& events) {
  return std::make_unique<SimWatch>(world_, events);
}

void SimBackend::connected_devices(const std::string& adapter, const std::vector<Uuid>& services,
                                   backend::Done<std::vector<Device>> done) {
  if (!world_->loop()) return done(world_ended());
  const auto chosen = world_->find_adapter(adapter);
  if (!chosen) return done(chosen.error());
  const auto wanted = [&services](const std::unique_ptr<ServiceNode>& service) {
    return !service->removed && std::ranges::find(services, service->spec.uuid) != services.end();
  };
  std::vector<Device> devices;
  for (const auto& peripheral : world_->peripherals()) {
    if (!peripheral->link_on(**chosen)) continue;
    if (services.empty() || std::ranges::any_of(peripheral->services, wanted))
      devices.push_back(peripheral->device(**chosen));
  }
  done(std::move(devices));
}

void SimBackend::bonded_devices(const std::string& adapter, backend::Done<std::vector<Device>> done) {
  if (!world_->loop()) return done(world_ended());
  const auto chosen = world_->find_adapter(adapter);
  if (!chosen) return done(chosen.error());
  std::vector<Device> devices;
  for (const auto& peripheral : world_->peripherals())
    if ((*chosen)->bonds.contains(peripheral.get())) devices.push_back(peripheral->device(**chosen));
  done(std::move(devices));
}

/// Only a device with a link or a bond: others must be heard first, so that one that is not there is not found.
void SimBackend::find_known_device(const std::string& adapter, const Address& address,
                                   backend::Done<std::optional<Device>> done) {
  if (!world_->loop()) return done(world_ended());
  const auto chosen = world_->choose_adapter(adapter);
  if (!chosen) return done(chosen.error());
  const PeripheralNode* peripheral = world_->find_on_air(**chosen, address);
  std::optional<Device> known;
  if (peripheral && (peripheral->link_on(**chosen) || (*chosen)->bonds.contains(peripheral)))
    known = peripheral->device(**chosen);
  done(std::move(known));
}

std::unique_ptr<backend::ScannerPort> SimBackend::make_scanner(backend::ScannerEvents& events) {
  return std::make_unique<SimScanner>(world_, events);
}

std::unique_ptr<backend::ClientPort> SimBackend::make_client(const backend::ClientRequest& request,
                                                             backend::ClientEvents& events) {
  return std::make_unique<SimClient>(world_, request, events);
}

backend::Factory factory_of(WorldSpec spec) {
  return [spec = std::make_shared<const WorldSpec>(std::move(spec))](EventLoop& loop) {
    auto world = std::make_shared<WorldCore>(spec->seed, false);
    world->fill(*spec);
    return SimBackend::make(std::move(world), *loop.loop());
  };
}

}  // namespace detail
}  // namespace blau::sim

namespace blau::detail {

backend::Factory sim_factory() { return sim::detail::factory_of(sim::detail::default_world()); }

backend::Factory sim_factory_from_file(const std::string& path) {
  // UTF-8 on every system: Windows' own file names are UTF-16.
  const std::filesystem::path file(std::u8string(path.begin(), path.end()));
  auto world = sim::detail::load_world(file).value();
  sim::detail::expect_simulated(world);
  return sim::detail::factory_of(std::move(world));
}

}  // namespace blau::detail
