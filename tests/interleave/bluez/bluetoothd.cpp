#include "bluetoothd.hpp"

#include "backend/bluez/bluez.hpp"
#include "backend/bluez/interfaces.hpp"

#include <blau/event_loop.hpp>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace blau::interleave::imitation {

using namespace detail::bluez;

namespace {

constexpr const char* adapter_path = "/org/bluez/hci0";
constexpr std::size_t prefix = std::string_view("/org/bluez/").size();

std::string path_of(const Address& address) {
  std::string text = address.to_string();
  std::ranges::replace(text, ':', '_');
  return std::string(adapter_path) + "/dev_" + text;
}

}  // namespace

Bluetoothd::Bluetoothd(sim::World& world, const std::shared_ptr<Log>& log, std::uint64_t seed)
    : log_(log), host_(world, log, seed, [this](const Message& call) { take(call); }) {
  host_.set_slow(host_.roll(2) == 0);
  watch_ = host_.radio().watch_adapters(*this);
  if (host_.roll(2) == 0)
    for (auto* peripheral : world.peripherals()) stored_.push_back(peripheral->address());
  begin();
}

Bluetoothd::~Bluetoothd() = default;

BackendRef Bluetoothd::backend() {
  const auto opener = [this, alive = std::weak_ptr(life_)](sd_bus** theirs) {
    return alive.expired() ? -ECONNREFUSED : open(theirs);
  };
  return {"bluetoothd", [opener](EventLoop& loop) { return make_backend(*loop.loop(), opener); }};
}

int Bluetoothd::open(sd_bus** theirs) { return bus_is_there_ ? host_.open(theirs) : -ECONNREFUSED; }

// What the program asks

void Bluetoothd::take(const Message& call) {
  const std::string path(call.path());
  const std::string_view member = sd_bus_message_get_member(call.get());
  log_->add("bluetoothd is asked: " + std::string(member) + " " + path.substr(std::min(path.size(), prefix)));
  const bool lists = member == "GetManagedObjects";
  // The bus starts it for this question, where it can.
  if (!runs_ && lists && host_.roll(2) == 0) return waiting_.push_back(call);
  if (!runs_) return host_.refuse(call, refusals::no_service);
  if (lists) return host_.later(life_, [this, call] { tell_objects(call); });
  if (path == adapter_path) return take_for_adapter(call);
  const auto parsed = parse_path(path);
  const auto device = devices_.find(parsed ? parsed->device : std::string_view());
  if (device == devices_.end() || device->second->is_hidden()) return host_.refuse(call, refusals::unknown_object);
  device->second->take(call, *parsed);
}

void Bluetoothd::take_for_adapter(const Message& call) {
  const std::string_view member = sd_bus_message_get_member(call.get());
  if (member == "SetDiscoveryFilter") return discovery_->set_filter(call);
  if (member == "StartDiscovery") return discovery_->start(call);
  if (member == "StopDiscovery") return discovery_->stop(call);
  if (member == "Introspect") return introspect(call);
  if (member == "ConnectDevice" && is_experimental_) return connect_device(call);
  log_->fault("bluetoothd is asked for what it does not know: " + std::string(member));
}

void Bluetoothd::introspect(const Message& call) {
  const char* text = is_experimental_ ? "<method name=\"ConnectDevice\">" : "<node/>";
  host_.later(life_, [this, call, text] { host_.answer(call, [text](Message& reply) { reply.append("s", text); }); });
}

/// The device is there when its link is, or when it is heard before.
void Bluetoothd::connect_device(const Message& call) {
  Reader reader(call);
  std::optional<Address> address;
  reader.each_property([&](std::string_view name) {
    std::string_view text;
    if (!reader.variant(text)) return false;
    if (name == "Address") address = Address::parse(text);
    if (name == "AddressType" && text != "random")
      log_->fault("ConnectDevice with the address type " + std::string(text));
    return true;
  });
  if (!address) return log_->fault("ConnectDevice without an address");
  const std::string path = path_of(*address);
  if (const auto known = devices_.find(path); known != devices_.end() && !known->second->is_forgotten()) {
    if (known->second->is_hidden()) log_->fault("ConnectDevice while one of the same program is under way");
    return host_.refuse(call, {"org.bluez.Error.AlreadyExists", "Already Exists"});
  }
  auto& device = devices_[path];
  device = std::make_unique<Device>(host_, *address, path);
  device->connect_hidden(call, [this, path, alive = std::weak_ptr(life_)] {
    const auto known = alive.expired() ? devices_.end() : devices_.find(path);
    if (known != devices_.end() && known->second->is_forgotten()) devices_.erase(known);
  });
}

void Bluetoothd::tell_objects(const Message& call) {
  if (!runs_) return;
  host_.answer(call, [this](Message& reply) {
    reply.open('a', "{oa{sa{sv}}}");
    reply.append("{oa{sa{sv}}}", adapter_path, 1, adapter_interface, 3, "Address", "s", "00:11:22:33:44:55", "Powered",
                 "b", powered_ ? 1 : 0, "Roles", "as", 1, "central");
    for (const auto& [path, device] : devices_)
      if (!device->is_hidden()) device->append_all(reply);
    reply.close();
  });
}

// What the world does

void Bluetoothd::on_adapter_changed(const backend::AdapterState& state) {
  if (std::exchange(powered_, state.powered) == state.powered || !runs_) return;
  const bool tells_first = host_.roll(2) == 0;
  if (tells_first) tell_powered();
  discovery_->power_changed(powered_);
  if (!tells_first) tell_powered();
}

void Bluetoothd::tell_powered() {
  Message signal = host_.changed(adapter_path, adapter_interface);
  signal.append("a{sv}as", 1, "Powered", "b", powered_ ? 1 : 0, 0);
  host_.send(signal);
}

void Bluetoothd::heard(const Address& address, int rssi) {
  const bool is_new = !devices_.contains(path_of(address));
  Device& device = know(address);
  if (is_new || device.is_hidden()) device.announce();
  device.heard(rssi);
}

Device& Bluetoothd::know(const Address& address) {
  std::string path = path_of(address);
  auto& device = devices_[path];
  if (!device) device = std::make_unique<Device>(host_, address, std::move(path));
  return *device;
}

// Its own beginnings and ends

void Bluetoothd::begin() {
  runs_ = true;
  is_experimental_ = host_.roll(4) != 0;
  powered_ = host_.world().adapter().powered();
  discovery_ = std::make_unique<Discovery>(
      host_, [this](const Address& address, int rssi) { heard(address, rssi); },
      [this] {
        for (const auto& [path, device] : devices_) device->forget_strength();
      });
  for (const Address& address : stored_) know(address);
}

/// Whose question had it started.
void Bluetoothd::answer_waiting() {
  for (const Message& call : std::exchange(waiting_, {})) tell_objects(call);
}

/// Its links go with it, and so does all that it knows but has not stored.
void Bluetoothd::end() {
  runs_ = false;
  for (const auto& [path, device] : devices_)
    if (!device->is_hidden() && std::ranges::find(stored_, device->address()) == stored_.end())
      stored_.push_back(device->address());
  discovery_.reset();
  devices_.clear();
}

void Bluetoothd::tell_owner(const char* before, const char* now) {
  Message signal = host_.signal("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged");
  if (signal) sd_bus_message_set_sender(signal.get(), "org.freedesktop.DBus");
  signal.append("sss", "org.bluez", before, now);
  host_.send(signal);
}

void Bluetoothd::restart() {
  log_->add("bluetoothd ends");
  end();
  const bool answers_first = host_.roll(2) == 0;
  if (answers_first) host_.owe_nothing();
  tell_owner(":1.1", "");
  if (!answers_first) host_.owe_nothing();
  host_.world().after(std::chrono::milliseconds(host_.roll(200)), [this, alive = std::weak_ptr(life_)] {
    if (alive.expired() || runs_ || !bus_is_there_) return;
    log_->add("bluetoothd is back");
    begin();
    if (host_.roll(2) == 0) discovery_->begin_busy();
    tell_owner("", ":1.2");
    answer_waiting();
  });
}

void Bluetoothd::hand_over() {
  log_->add("another bluetoothd takes over");
  end();
  tell_owner(":1.1", ":1.2");
  host_.owe_nothing();
  begin();
}

void Bluetoothd::hang_up() {
  log_->add("the bus ends");
  end();
  waiting_.clear();
  host_.hang_up();
  bus_is_there_ = false;
  const auto gap = std::chrono::milliseconds(host_.roll(2) == 0 ? 0 : host_.roll(200));
  host_.world().after(gap, [this, alive = std::weak_ptr(life_)] {
    if (alive.expired()) return;
    log_->add("the bus is back");
    bus_is_there_ = true;
    begin();
  });
}

// What the seed does

void Bluetoothd::act() {
  if (!runs_) return;
  switch (host_.roll(10)) {
    case 0: return restart();
    case 1: return hand_over();
    case 2: return hang_up();
    case 3:
    case 4:
    case 5: return host_.set_mishaps(1 + static_cast<unsigned>(host_.roll(3)));
    default: return act_on_device();
  }
}

void Bluetoothd::act_on_device() {
  if (devices_.empty()) return;
  const auto chosen = std::next(devices_.begin(), static_cast<std::ptrdiff_t>(host_.roll(devices_.size())));
  Device& device = *chosen->second;
  if (device.is_hidden()) return;
  const auto what = host_.roll(6);
  log_->add("bluetoothd does " + std::to_string(what));
  switch (what) {
    case 0: return device.disconnect_for_another();
    case 1: return device.connect_for_another();
    case 2: return device.tell_mtu();
    case 3:
    case 4: return device.renew_services();
    default: break;
  }
  if (!device.is_idle()) return;
  device.withdraw();
  std::erase(stored_, device.address());
  devices_.erase(chosen);
}

void Bluetoothd::calm() {
  host_.set_mishaps(0);
  for (const auto& [path, device] : devices_) device->calm();
}

void Bluetoothd::check() {
  if (!runs_) log_->fault("bluetoothd does not run any more");
  if (discovery_) discovery_->check();
  for (const auto& [path, device] : devices_) device->check();
}

std::unique_ptr<Stack> make_bluetoothd(sim::World& world, const std::shared_ptr<Log>& log, std::uint64_t seed) {
  return std::make_unique<Bluetoothd>(world, log, seed);
}

}  // namespace blau::interleave::imitation
