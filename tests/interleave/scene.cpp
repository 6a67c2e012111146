#include "scene.hpp"

#include <blau/adapter.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace blau::interleave {
namespace {

using namespace std::chrono_literals;

constexpr std::array addresses{"C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"};

sim::WorldOptions world_options(std::uint64_t seed) {
  sim::WorldOptions options;
  options.seed = seed;
  options.order_seed = seed;
  return options;
}

Bytes counted(std::uint32_t number) {
  return bytes(static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
               static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number));
}

}  // namespace

Scene::Scene(std::uint64_t seed, const StackMaker& make_stack)
    : dice_(seed),
      world_(world_options(seed)),
      log_(std::make_shared<Log>([this] { return world_.elapsed(); })),
      ledger_(log_) {
  for (const auto* address : addresses) add_peripheral(address, !make_stack);
  if (make_stack) stack_ = make_stack(world_, log_, seed);
}

/// What it shows or its user types is often what the clients' users type.
sim::PairingOptions Scene::some_pairing() {
  sim::PairingOptions pairing;
  pairing.io = static_cast<sim::IoCapability>(roll(5));
  if (pairing.io != sim::IoCapability::no_input_no_output && roll(2) == 0)
    pairing.passkey = static_cast<std::uint32_t>(roll(3));
  pairing.mitm = roll(4) == 0;
  pairing.secure_connections = roll(4) != 0;
  pairing.bonding = roll(5) != 0;
  const auto user = roll(8);
  if (user == 0) pairing.user = sim::PairingUser::rejects;
  if (user == 1) pairing.user = sim::PairingUser::never;
  return pairing;
}

void Scene::add_peripheral(const std::string& address, bool pairs) {
  sim::PeripheralOptions options;
  options.address = address;
  options.name = "P" + address.substr(15);
  options.connect_time = std::chrono::milliseconds(roll(40));
  options.latency = std::chrono::milliseconds(roll(6));
  options.supervision_timeout = 100ms;
  options.advertising.interval = 20ms;
  if (pairs) {
    options.pairing = some_pairing();
    bonds_.emplace(address, std::make_shared<Bond>(options.pairing.bonding));
  }
  auto& peripheral = world_.add_peripheral(options);
  auto& service = peripheral.add_service(0x180d);
  sim::CharacteristicOptions counts;
  counts.uuid = 0x2a37;
  counts.properties = Property::read | Property::notify;
  auto number = std::make_shared<std::uint32_t>(0);
  service.add_characteristic(counts).notify_every(std::chrono::milliseconds(1 + roll(9)),
                                                  [number] { return counted(++*number); });
  sim::CharacteristicOptions written;
  written.uuid = 0xff01;
  written.properties = Property::write | Property::write_without_response;
  service.add_characteristic(written).on_write([this](ByteView value) { take_write(value); });
}

/// Writes of one client to one characteristic keep their order.
void Scene::take_write(ByteView value) {
  auto& last = last_write_[value[0]];
  const auto number = number_in(value.subspan(1));
  log_->add("client " + std::to_string(value[0]) + " has written " + std::to_string(number));
  if (number <= last) log_->fault("write " + std::to_string(number) + " came after " + std::to_string(last));
  last = number;
}

std::chrono::nanoseconds Scene::some_time() {
  switch (roll(4)) {
    case 0: return 0ns;  // in the same moment
    case 1: return std::chrono::microseconds(roll(2000));
    case 2: return std::chrono::milliseconds(roll(15));
    default: return std::chrono::milliseconds(roll(80));
  }
}

void Scene::run() {
  try {
    world_.run(story(), RunOptions{.limit = 10min});
  } catch (const std::exception& error) {
    log_->fault(std::string("the run ended with: ") + error.what());
  }
  operations_ = ledger_.count();
  ledger_.check();
}

/// Most runs begin with links, or little would ever happen to one.
Task<> Scene::begin_connected() {
  if (roll(5) == 0) co_return;
  add_client(Address(addresses.at(0)));
  if (roll(2) == 0) add_client(Address(addresses.at(bonds_.empty() ? 1 : roll(2))));
  co_await sleep_for(200ms);
  for (const auto& client : clients_)
    if (roll(2) == 0) client->start_notify();
  for (const auto& client : clients_)
    if (!bonds_.empty() && roll(2) == 0) pair(*client);
}

Task<> Scene::story() {
  co_await begin_connected();
  log_->meddle = [this] { meddle(); };
  meddles_ = roll(2) == 0;
  const auto steps = 10 + roll(50);
  for (std::uint64_t i = 0; i < steps; ++i) {
    act();
    co_await sleep_for(some_time());
  }
  meddles_ = false;
  calm();
  const bool destroys_first = roll(2) == 0;
  if (destroys_first) {
    clients_.clear();
    scanner_.reset();
  }
  // Longer than every deadline: whatever is still pending then is lost.
  co_await sleep_for(40s);
  ledger_.check();
  co_await await_return();
  co_await check_bonds();
  clients_.clear();
  scanner_.reset();
  co_await sleep_for(5s);
  check_world();
}

/// Who keeps its link up by itself has it again, however often it failed before: the longest pause is a minute.
Task<> Scene::await_return() {
  const auto waits = [](const auto& client) { return client->is_expected_back(); };
  for (int i = 0; i < 10 && std::ranges::any_of(clients_, waits); ++i) co_await sleep_for(10s);
  for (const auto& client : clients_) client->begin_check();
  co_await sleep_for(1s);
  for (const auto& client : clients_) client->check();
  if (scanner_) scanner_->check();
}

Task<> Scene::check_bonds() {
  const auto adapter = co_await Adapter::get_default().as_result();
  if (bonds_.empty() || !adapter) co_return;
  const auto bonded = co_await adapter->bonded_devices().as_result();
  if (!bonded) co_return;  // switched off
  for (const auto& [text, bond] : bonds_) {
    const Address address(text);
    const bool is = std::ranges::any_of(*bonded, [&](const Device& device) { return device.address() == address; });
    if (bond->must_be().value_or(is) != is)
      log_->fault(is ? "there is a bond with " + text + ", though unpair removed it"
                     : "there is no bond with " + text + ", though nobody removed it");
  }
}

/// Inside a completion or a callback.
void Scene::meddle() {
  if (!meddles_ || roll(8) != 0) return;
  log_->add("meddle");
  act();
}

void Scene::add_client(const Address& address) {
  const auto number = static_cast<std::uint8_t>(++made_);
  const bool reconnects = roll(3) == 0;
  Pairs pairs;
  if (!bonds_.empty()) {
    users_.push_back(std::make_shared<User>(log_, "the user of client " + std::to_string(made_), dice_()));
    pairs = Pairs{users_.back(), bonds_.at(address.to_string())};
  }
  const Address random(address.number(), AddressType::random);
  clients_.push_back(std::make_unique<ClientActor>(log_, ledger_, number, random, reconnects, backend(), pairs));
  clients_.back()->connect(2s);
}

void Scene::act() {
  const auto kind = roll(100);
  if (kind < 6 && clients_.size() < 3) return add_client(Address(addresses.at(roll(2))));
  if (kind < 9 && !clients_.empty()) {
    const auto gone = clients_.begin() + static_cast<std::ptrdiff_t>(roll(clients_.size()));
    const auto client = std::move(*gone);  // its end is told to the run, which may change the list
    clients_.erase(gone);
    return;
  }
  if (kind < 20) return ledger_.cancel(dice_());
  if (kind < 28) return act_on_world();
  if (kind < 36) return act_on_scanner();
  if (!clients_.empty()) act_on_client();
}

void Scene::act_on_scanner() {
  if (!scanner_)
    scanner_ = std::make_unique<ScannerActor>(log_, ledger_, "scanner " + std::to_string(++made_), backend());
  switch (roll(5)) {
    case 0: {
      const auto scanner = std::move(scanner_);
      return;
    }
    case 1:
    case 2: return scanner_->start();
    default: return scanner_->stop();
  }
}

void Scene::act_on_client() {
  auto& client = *clients_.at(roll(clients_.size()));
  constexpr std::uint64_t without_pairing = 12;
  switch (roll(bonds_.empty() ? without_pairing : 15)) {
    case 0:
    case 1: return client.connect(std::chrono::milliseconds(20 + roll(1000)));
    case 2: return client.disconnect();
    case 3:
    case 4: return client.read();
    case 5:
    case 6: return client.write(true);
    case 7: return client.write(false);
    case 8: return client.start_notify();
    case 9: return client.stop_notify();
    case 10: return roll(2) == 0 ? client.subscribe() : client.drop_subscription();
    case 11: return client.discover();
    case 12: return unpair(client);
    default: return pair(client);
  }
}

/// Sometimes with an unpairing at its heels, by whomever. Mostly over a link, or little would come of it.
void Scene::pair(ClientActor& client) {
  if (!client.is_connected() && roll(4) != 0) return client.connect(1s);
  client.pair();
  if (roll(3) != 0) return;
  world_.after(std::chrono::microseconds(roll(15'000)), [this] {
    if (roll(4) == 0) return some_peripheral().forget_bonds();
    if (!clients_.empty()) unpair(*clients_.at(roll(clients_.size())));
  });
}

/// No bond may come after it from what was under way.
void Scene::unpair(ClientActor& client) {
  client.unpair();
  world_.after(50ms, [this] { EventLoop::current()->spawn(check_bonds()); });
}

/// What is taken away comes back soon, or the rest of the run would be idle.
void Scene::act_on_world() {
  if (stack_ && roll(3) == 0) return stack_->act();
  auto& peripheral = some_peripheral();
  const auto what = roll(bonds_.empty() ? 7 : 8);
  log_->add("world " + std::to_string(what) + " " + peripheral.name());
  const auto later = std::chrono::milliseconds(roll(200));
  switch (what) {
    case 0:
    case 1: return peripheral.drop_link();
    case 2: peripheral.vanish(); return world_.after(later, [&peripheral] { peripheral.appear(); });
    case 3: peripheral.stall(); return world_.after(later, [&peripheral] { peripheral.resume(); });
    case 4:
      world_.adapter().set_powered(false);
      return world_.after(later, [this] { world_.adapter().set_powered(true); });
    case 5:
      peripheral.refuse_connections(true);
      return world_.after(later, [&peripheral] { peripheral.refuse_connections(false); });
    case 7: return peripheral.forget_bonds();
    default: peripheral.add_service(0x180a); return;  // tells that its services changed
  }
}

void Scene::calm() {
  log_->add("calm");
  world_.adapter().set_powered(true);
  for (auto* peripheral : world_.peripherals()) {
    peripheral->resume();
    peripheral->appear();
    peripheral->refuse_connections(false);
  }
  if (stack_) stack_->calm();
}

void Scene::check_world() {
  if (const auto left = world_.adapter().connections(); left > 0)
    log_->fault(std::to_string(left) + " links are left up");
  for (const auto& user : users_) user->check();
  for (auto* peripheral : world_.peripherals())
    if (const auto left = peripheral->characteristic(0x2a37).subscribers(); left > 0)
      log_->fault(peripheral->name() + " still has subscribers");
  if (stack_) stack_->check();
}

}  // namespace blau::interleave
