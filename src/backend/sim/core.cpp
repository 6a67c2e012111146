// What is in a world, its time, and what happens when adapters change.

#include "core.hpp"

#include "adapter.hpp"
#include "client.hpp"
#include "link.hpp"
#include "scanner.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

namespace {

/// Locally administered.
constexpr std::uint64_t first_made_up_address = 0x02'00'00'00'00'01;

}  // namespace

void expect_simulated(const WorldSpec& spec) {
  if (!spec.bluez_faults) return;
  throw Error(ErrorCode::not_supported, spec.bluez_faults_place +
                                            "the simulator has no bluetoothd that these could happen to: leave them "
                                            "out, or run on tests/rigs/fake_bluez");
}

WorldCore::WorldCore(std::uint64_t seed, bool default_adapter) : seed_(seed), default_adapter_(default_adapter) {}

WorldCore::~WorldCore() { detach(); }

void WorldCore::fill(WorldSpec spec) {
  seed_ = spec.seed;
  default_adapter_ = false;
  for (AdapterSpec& adapter : spec.adapters) add_adapter(std::move(adapter), AdapterOptions().max_connections);
  for (PeripheralSpec& peripheral : spec.peripherals) add_peripheral(std::move(peripheral));
  arm(spec.faults);
}

AdapterNode& WorldCore::add_adapter(AdapterSpec spec, std::size_t max_connections) {
  AdapterNode& added = make_adapter(std::move(spec), max_connections);
  adapters_changed();
  return added;
}

AdapterNode& WorldCore::make_adapter(AdapterSpec spec, std::size_t max_connections) {
  if (spec.name.empty()) throw Error(ErrorCode::invalid_argument, "an adapter needs a name, as hci0");
  const Address address =
      spec.address.value_or(Address(first_made_up_address + adapters_.size(), AddressType::public_));
  for (const auto& other : adapters_) {
    if (other->spec.name == spec.name)
      throw Error(ErrorCode::invalid_argument, "another adapter is called '" + spec.name + "' too: name it otherwise");
    if (other->address == address)
      throw Error(ErrorCode::invalid_argument, address.to_string() + " is the address of another adapter");
  }
  if (find_peripheral(address))
    throw Error(ErrorCode::invalid_argument, address.to_string() + " is the address of a peripheral");
  spec.address = address;
  adapters_.push_back(std::make_unique<AdapterNode>(*this, std::move(spec), max_connections));
  return *adapters_.back();
}

PeripheralNode& WorldCore::add_peripheral(PeripheralSpec spec) {
  if (find_peripheral(spec.address))
    throw Error(ErrorCode::invalid_argument, spec.address.to_string() + " is the address of another peripheral");
  for (const auto& adapter : adapters_)
    if (adapter->address == spec.address)
      throw Error(ErrorCode::invalid_argument, spec.address.to_string() + " is the address of an adapter");
  WorldSpec alone;
  alone.peripherals.push_back(spec);
  if (const auto fault = find_fault(alone))
    throw Error(ErrorCode::invalid_argument, fault->path + ": " + fault->message);
  peripherals_.push_back(std::make_unique<PeripheralNode>(*this, std::move(spec)));
  PeripheralNode& added = *peripherals_.back();
  added.update_advertising();
  poke_attempts();
  return added;
}

std::vector<std::unique_ptr<AdapterNode>>& WorldCore::adapters() {
  if (adapters_.empty() && default_adapter_) {
    AdapterSpec spec;
    spec.name = "hci0";
    make_adapter(std::move(spec), AdapterOptions().max_connections);
  }
  return adapters_;
}

PeripheralNode* WorldCore::find_peripheral(const Address& address) const noexcept {
  for (const auto& peripheral : peripherals_)
    if (peripheral->spec.address == address) return peripheral.get();
  return nullptr;
}

PeripheralNode* WorldCore::find_on_air(const AdapterNode& adapter, const Address& address) const noexcept {
  for (const auto& peripheral : peripherals_)
    if (peripheral->address_on(adapter) == address || peripheral->private_address == address) return peripheral.get();
  return nullptr;
}

Result<AdapterNode*> WorldCore::choose_adapter(const std::string& text) {
  std::optional<Error> unusable;
  std::string names;
  const auto wanted = Address::parse(text);
  for (const auto& adapter : adapters()) {
    if (!adapter->present) continue;
    names += (names.empty() ? "" : ", ") + adapter->spec.name;
    const bool named = adapter->spec.name == text || (wanted && *wanted == adapter->address);
    if (!text.empty() && !named) continue;
    auto error = adapter->unusable();
    if (!error) return adapter.get();
    if (!unusable) unusable = std::move(error);
  }
  if (unusable) return *unusable;
  if (names.empty()) return Error(UnavailableReason::no_adapter, "there is no Bluetooth adapter: plug one in");
  return Error(ErrorCode::invalid_argument, "there is no adapter '" + text + "'; there is: " + names);
}

Result<AdapterNode*> WorldCore::find_adapter(const std::string& text) {
  const auto wanted = Address::parse(text);
  for (const auto& adapter : adapters())
    if (adapter->present && (adapter->spec.name == text || (wanted && *wanted == adapter->address)))
      return adapter.get();
  return choose_adapter(text);
}

std::vector<backend::AdapterState> WorldCore::adapter_states() {
  (void)adapters();
  return states_now();
}

std::vector<backend::AdapterState> WorldCore::states_now() const {
  std::vector<backend::AdapterState> states;
  bool has_default = false;
  for (const auto& adapter : adapters_) {
    if (!adapter->present) continue;
    states.push_back(adapter->state());
    states.back().is_default = !has_default && !states.back().unusable;
    has_default = has_default || states.back().is_default;
  }
  return states;
}

std::shared_ptr<Loop> WorldCore::user() const {
  const std::lock_guard lock(mutex_);
  return user_.lock();
}

std::shared_ptr<Loop> WorldCore::retire() noexcept {
  const std::lock_guard lock(mutex_);
  retired_ = true;
  return user_.lock();
}

void WorldCore::attach(Loop& loop, const std::shared_ptr<SimBackend>& backend) {
  {
    const std::lock_guard lock(mutex_);
    if (retired_) throw Error(ErrorCode::backend_lost, "the simulated world has ended: make another one");
    if (!user_.expired()) {
      throw Error(ErrorCode::busy,
                  "this world is in use on another event loop: end that one first, or make another world");
    }
    user_ = loop.weak_from_this();
  }
  loop_ = &loop;
  owner_ = backend.get();
  backend_ = backend;
  if (loop.is_virtual() || began_ == TimePoint()) began_ = loop.now();
  for (auto script = scripts_.begin(); script != scripts_.end(); ++script) start(script);
}

void WorldCore::detach() noexcept {
  if (!loop_) return;
  loop_ = nullptr;
  owner_ = nullptr;
  backend_.reset();
  {
    const std::lock_guard lock(mutex_);
    user_.reset();
  }
  adapters_look_pending_ = poke_pending_ = false;
  attempts.each([](SimClient& client) { client.forget(); });
  scanners.each([](SimScanner& scanner) { scanner.forget(); });
  for (const auto& peripheral : peripherals_) peripheral->forget();
  scripts_.clear();
}

void WorldCore::end() noexcept {
  const auto self = shared_from_this();
  const Error lost(ErrorCode::backend_lost, "the simulated world has ended: make another one");
  attempts.each([&](SimClient& client) { client.attempt_failed(lost); });
  scanners.each([&](SimScanner& scanner) { scanner.end(lost); });
  for (const auto& peripheral : peripherals_) peripheral->end_links(DisconnectReason::backend_lost, "");
  detach();
}

void WorldCore::detach_from(const SimBackend& backend) noexcept {
  if (owner_ == &backend) detach();
}

void WorldCore::after(nanoseconds delay, std::function<void()> call) {
  if (!call) return;
  auto& script = scripts_.emplace_back();
  script.delay = std::max(delay, nanoseconds(0));
  script.call = std::move(call);
  if (loop_) start(std::prev(scripts_.end()));
}

void WorldCore::start(std::list<Script>::iterator script) {
  const SourceScope turn(*loop_, script->source);
  script->timer.start_after(*loop_, script->delay, [this, script] {
    const auto call = std::move(script->call);
    scripts_.erase(script);
    guarded(call);
  });
}

nanoseconds WorldCore::elapsed() const { return loop_ ? nanoseconds(loop_->now() - began_) : nanoseconds(0); }

void WorldCore::post(blau::unique_function<void()> call) {
  if (!loop_) return;
  loop_->post([world = weak_from_this(), loop = loop_, call = std::move(call)]() mutable {
    const auto alive = world.lock();
    if (alive && alive->loop_ == loop) call();
  });
}

void WorldCore::adapters_changed() {
  if (!loop_ || std::exchange(adapters_look_pending_, true)) return;
  post([this] { look_at_adapters(); });
}

void WorldCore::poke_attempts() {
  if (!loop_ || attempts.empty() || std::exchange(poke_pending_, true)) return;
  post([this] {
    poke_pending_ = false;
    attempts.each([](SimClient& client) { client.progress(); });
  });
}

void WorldCore::listeners_changed() {
  for (const auto& peripheral : peripherals_) peripheral->update_advertising();
}

void WorldCore::tell_bond(const AdapterNode& adapter, const PeripheralNode& peripheral, bool bonded) {
  const auto self = shared_from_this();
  ports.each([&](SimClient& client) { client.bond_changed(adapter, peripheral, bonded); });
}

void WorldCore::look_at_adapters() {
  adapters_look_pending_ = false;
  for (const auto& adapter : adapters_)
    if (std::exchange(adapter->interrupted, false)) end_what_needs(*adapter);
  tell_adapters();
  attempts.each([](SimClient& client) { client.progress(); });
}

void WorldCore::end_what_needs(AdapterNode& adapter) {
  for (const auto& peripheral : peripherals_)
    if (const auto link = peripheral->link_on(adapter)) link->end(DisconnectReason::adapter_off, "");
  const Error why = adapter.unusable().value_or(
      Error(UnavailableReason::powered_off, "adapter " + adapter.spec.name + " was off for a moment: scan again"));
  scanners.each([&](SimScanner& scanner) {
    if (scanner.adapter() == &adapter) scanner.end(why);
  });
}

void WorldCore::tell_adapters() {
  const auto now = states_now();
  watches.each([&](SimWatch& watch) { watch.tell(now); });
}

}  // namespace blau::sim::detail
