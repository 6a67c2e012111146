#include "adapter.hpp"

#include "daemon.hpp"
#include "device.hpp"

#include <array>
#include <utility>

namespace blau::fake {

namespace {

constexpr const char* host_name = "blau-fake";

Address address_of(const sim::AdapterSpec& spec, std::size_t number) {
  if (spec.address) return *spec.address;
  // Of the locally administered range.
  return Address(0x020000000001 + number, AddressType::public_);
}

void append_text(Message& to, const std::string& text) { to.append("s", text.c_str()); }

}  // namespace

bool read_flag(const Call& call) {
  int flag = 0;
  sd_bus_message_read_basic(call.message().get(), 'b', &flag);
  return flag != 0;
}

void Adapter::get_address_type(const Adapter& a, Message& to) {
  to.append("s", a.address_.type() == AddressType::random ? "random" : "public");
}

void Adapter::get_power_state(const Adapter& a, Message& to) {
  if (a.switching_) {
    to.append("s", a.powered_ ? "on-disabling" : "off-enabling");
    return;
  }
  to.append("s", a.powered_ ? "on" : a.blocked_ ? "off-blocked" : "off");
}

void Adapter::get_roles(const Adapter& a, Message& to) {
  if (a.central_) to.append("as", 2, "central", "peripheral");
  if (!a.central_) to.append("as", 1, "peripheral");
}

const Description<Adapter>& Adapter::description() {
  using A = Adapter;
  static constexpr std::array methods{
      MethodOf<A>{"StartDiscovery", "", "", &A::start_discovery},
      MethodOf<A>{"SetDiscoveryFilter", "a{sv}", "", &A::set_discovery_filter},
      MethodOf<A>{"StopDiscovery", "", "", &A::stop_discovery},
      MethodOf<A>{"RemoveDevice", "o", "", &A::remove_device},
      MethodOf<A>{"GetDiscoveryFilters", "", "as", &A::get_discovery_filters},
      MethodOf<A>{"ConnectDevice", "a{sv}", "o", &A::connect_device, &Habits::experimental},
  };
  static const std::array properties{
      PropertyOf<A>{"Address", "s", [](const A& a, Message& to) { append_text(to, a.address_.to_string()); }},
      PropertyOf<A>{"AddressType", "s", &A::get_address_type},
      PropertyOf<A>{"Name", "s", [](const A&, Message& to) { to.append("s", host_name); }},
      PropertyOf<A>{"Alias", "s", [](const A& a, Message& to) { append_text(to, a.alias_); }, nullptr, &A::put_alias},
      PropertyOf<A>{"Class", "u", [](const A&, Message& to) { to.append("u", 0); }},
      PropertyOf<A>{"Powered", "b", [](const A& a, Message& to) { to.append("b", a.powered_); }, nullptr,
                    &A::put_powered},
      PropertyOf<A>{"PowerState", "s", &A::get_power_state, nullptr, nullptr, &Habits::power_state},
      PropertyOf<A>{"Discoverable", "b", [](const A& a, Message& to) { to.append("b", a.discoverable_); }, nullptr,
                    &A::put_discoverable},
      PropertyOf<A>{"DiscoverableTimeout", "u", [](const A&, Message& to) { to.append("u", 180); }},
      PropertyOf<A>{"Pairable", "b", [](const A& a, Message& to) { to.append("b", a.pairable_); }, nullptr,
                    &A::put_pairable},
      PropertyOf<A>{"PairableTimeout", "u", [](const A&, Message& to) { to.append("u", 0); }},
      PropertyOf<A>{"Discovering", "b", [](const A& a, Message& to) { to.append("b", a.discovery_.runs()); }},
      PropertyOf<A>{"UUIDs", "as",
                    [](const A&, Message& to) {
                      to.append("as", 2, "00001800-0000-1000-8000-00805f9b34fb",
                                "00001801-0000-1000-8000-00805f9b34fb");
                    }},
      PropertyOf<A>{"Modalias", "s", [](const A&, Message& to) { to.append("s", "usb:v1D6Bp0246d0542"); }},
      PropertyOf<A>{"Roles", "as", &A::get_roles},
  };
  static const Description<A> made{"org.bluez.Adapter1", methods, properties, {}};
  return made;
}

Adapter::Adapter(Daemon& daemon, const sim::AdapterSpec& spec, std::size_t number)
    : InterfaceOf("/org/bluez/" + spec.name),
      daemon_(daemon),
      id_(spec.name),
      address_(address_of(spec, number)),
      alias_(host_name),
      powered_(spec.powered && !spec.blocked),
      blocked_(spec.blocked),
      central_(spec.central),
      discovery_(*this) {
  daemon_.tree().add(*this);
  if (daemon_.habits().monitors) monitors_ = std::make_unique<Monitors>(*this);
  daemon_.radio().add_listener(*this);
}

Adapter::~Adapter() = default;

void Adapter::forget() noexcept {
  if (!std::exchange(exported_, false)) return;
  power_timers_.clear();
  unseen_.forget();
  monitors_.reset();
  daemon_.radio().remove_listener(*this);
  for (const auto& [address, device] : devices_) device->forget();
}

void Adapter::unexport() {
  if (!std::exchange(exported_, false)) return;
  powered_ = false;
  power_timers_.clear();
  unseen_.fail_all();
  for (const auto& [address, device] : devices_) device->drop(LinkEnd::power_off);
  discovery_.reset();
  if (monitors_) monitors_->unexport();
  monitors_.reset();
  while (!devices_.empty()) remove(*devices_.begin()->second);
  daemon_.radio().remove_listener(*this);
  daemon_.tree().remove(*this);
}

sim::AdapterSpec Adapter::spec() const {
  sim::AdapterSpec spec;
  spec.name = id_;
  spec.address = address_;
  spec.powered = powered_;
  spec.blocked = blocked_;
  spec.central = central_;
  return spec;
}

void Adapter::set_powered(bool on) {
  if (powered_ == on) return;
  powered_ = on;
  daemon_.tree().changed(*this, "Powered");
  daemon_.tree().changed(*this, "PowerState");
  // The kernel says that it is off before it says what that has ended.
  if (!on) {
    unseen_.fail_all();
    for (const auto& [address, device] : devices_) device->drop(LinkEnd::power_off);
    discovery_.reset();
  }
  daemon_.radio().listening_changed();
}

void Adapter::program_gone(const std::string& name) {
  discovery_.program_gone(name);
  if (monitors_) monitors_->program_gone(name);
  for (const auto& [address, device] : devices_) device->program_gone(name);
}

bool Adapter::listens() const { return powered_ && (discovery_.listens() || (monitors_ && monitors_->listens())); }

void Adapter::heard(Peripheral& peripheral, int rssi) {
  const bool discovers = discovery_.listens();
  if (discovers) discovery_.heard(peripheral, rssi);
  if (monitors_) monitors_->heard(peripheral, rssi, discovers);
}

void Adapter::discovering_changed() {
  daemon_.tree().changed(*this, "Discovering");
  daemon_.radio().listening_changed();
  daemon_.radio().changed();
}

Device& Adapter::device_for(Peripheral& peripheral) {
  Device* known = find(peripheral.spec().address);
  return known ? *known : add_device(peripheral.spec().address);
}

Device& Adapter::add_device(const Address& address) {
  auto& place = devices_[address.number()];
  if (!place) place = std::make_unique<Device>(*this, address);
  return *place;
}

Device* Adapter::find(const Address& address) const {
  const auto found = devices_.find(address.number());
  return found == devices_.end() ? nullptr : found->second.get();
}

void Adapter::remove(Device& device) {
  const auto found = devices_.find(device.address().number());
  if (found == devices_.end() || found->second.get() != &device) return;
  discovery_.forget(device);
  device.unexport();
  // It may be in the middle of something.
  daemon_.loop().post([owned = std::shared_ptr<Device>(std::move(found->second))] {});
  devices_.erase(found);
}

void Adapter::forget_unconnectable() {
  std::vector<Device*> gone;
  for (const auto& [address, device] : devices_)
    if (device->is_temporary() && !device->is_connectable()) gone.push_back(device.get());
  for (Device* device : gone) remove(*device);
}

}  // namespace blau::fake
