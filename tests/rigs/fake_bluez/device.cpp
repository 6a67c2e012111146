// A device as an object: its properties, and what advertisements make of them.

#include "device.hpp"

#include "adapter.hpp"
#include "battery.hpp"
#include "daemon.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace blau::fake {

namespace {

/// Without a filter smaller changes are not told.
constexpr int rssi_threshold = 8;

std::string dashed(const Address& address) {
  std::string text = address.to_string();
  std::ranges::replace(text, ':', '-');
  return text;
}

}  // namespace

std::string device_path(const Adapter& adapter, const Address& address) {
  std::string text = address.to_string();
  std::ranges::replace(text, ':', '_');
  return adapter.path() + "/dev_" + text;
}

void Device::get_address_type(const Device& d, Message& to) {
  to.append("s", d.address_.type() == AddressType::random ? "random" : "public");
}

void Device::get_alias(const Device& d, Message& to) {
  to.append("s", (d.alias_ ? *d.alias_ : d.name_ ? *d.name_ : dashed(d.address_)).c_str());
}

void Device::get_manufacturer_data(const Device& d, Message& to) {
  to.open('a', "{qv}");
  for (const auto& [company, data] : d.manufacturer_data_)
    to.open('e', "qv").append("q", company).open('v', "ay").append_bytes(data).close().close();
  to.close();
}

void Device::get_service_data(const Device& d, Message& to) {
  to.open('a', "{sv}");
  for (const auto& [uuid, data] : d.service_data_) {
    to.open('e', "sv").append("s", uuid.to_string().c_str());
    to.open('v', "ay").append_bytes(data).close().close();
  }
  to.close();
}

const Description<Device>& Device::description() {
  using D = Device;
  static constexpr std::array methods{
      MethodOf<D>{"Connect", "", "", &D::connect},
      MethodOf<D>{"Disconnect", "", "", &D::disconnect_call},
      MethodOf<D>{"Pair", "", "", &D::pair},
      MethodOf<D>{"CancelPairing", "", "", &D::cancel_pairing},
  };
  static constexpr std::array signals{SignalInfo{"Disconnected", "ss", &Habits::tells_reasons}};
  static const std::array properties{
      PropertyOf<D>{"Address", "s", [](const D& d, Message& to) { to.append("s", d.address_.to_string().c_str()); }},
      PropertyOf<D>{"AddressType", "s", &D::get_address_type},
      PropertyOf<D>{"Name", "s", [](const D& d, Message& to) { to.append("s", d.name_->c_str()); },
                    [](const D& d) { return d.name_.has_value(); }},
      PropertyOf<D>{"Alias", "s", &D::get_alias, nullptr, &D::put_alias},
      PropertyOf<D>{"Appearance", "q", [](const D& d, Message& to) { to.append("q", *d.appearance_); },
                    [](const D& d) { return d.appearance_.has_value(); }},
      PropertyOf<D>{"Paired", "b", [](const D& d, Message& to) { to.append("b", d.bonding_.paired()); }},
      PropertyOf<D>{"Bonded", "b", [](const D& d, Message& to) { to.append("b", d.bonding_.bond().has_value()); }},
      PropertyOf<D>{"Trusted", "b", [](const D& d, Message& to) { to.append("b", d.trusted_); }, nullptr,
                    &D::put_trusted},
      PropertyOf<D>{"Blocked", "b", [](const D& d, Message& to) { to.append("b", d.blocked_); }, nullptr,
                    &D::put_blocked},
      PropertyOf<D>{"LegacyPairing", "b", [](const D&, Message& to) { to.append("b", 0); }},
      PropertyOf<D>{"RSSI", "n", [](const D& d, Message& to) { to.append("n", *d.rssi_); },
                    [](const D& d) { return d.rssi_.has_value(); }},
      PropertyOf<D>{"Connected", "b", [](const D& d, Message& to) { to.append("b", d.connected()); }},
      PropertyOf<D>{"UUIDs", "as", [](const D& d, Message& to) { d.append_uuids(to); }},
      PropertyOf<D>{"Adapter", "o", [](const D& d, Message& to) { to.append("o", d.adapter_.path().c_str()); }},
      PropertyOf<D>{"ManufacturerData", "a{qv}", &D::get_manufacturer_data,
                    [](const D& d) { return !d.manufacturer_data_.empty(); }},
      PropertyOf<D>{"ServiceData", "a{sv}", &D::get_service_data, [](const D& d) { return !d.service_data_.empty(); }},
      PropertyOf<D>{"TxPower", "n", [](const D& d, Message& to) { to.append("n", *d.tx_power_); },
                    [](const D& d) { return d.tx_power_.has_value(); }},
      PropertyOf<D>{"ServicesResolved", "b", [](const D& d, Message& to) { to.append("b", d.services_resolved_); }},
      PropertyOf<D>{"AdvertisingFlags", "ay", [](const D& d, Message& to) { to.append_bytes(ByteView(&*d.flags_, 1)); },
                    [](const D& d) { return d.flags_.has_value(); }, nullptr, &Habits::experimental},
  };
  static const Description<Device> made{"org.bluez.Device1", methods, properties, signals};
  return made;
}

Device::Device(Adapter& adapter, const Address& address)
    : InterfaceOf(device_path(adapter, address)), adapter_(adapter), address_(address), gatt_(*this) {
  daemon().tree().add(*this);
  arm_temporary();
}

Device::~Device() = default;

Daemon& Device::daemon() const noexcept { return adapter_.daemon(); }

void Device::changed(const char* property) {
  if (exported_) daemon().tree().changed(*this, property);
}

void Device::append_uuids(Message& to) const {
  std::vector<Uuid> uuids = told_uuids_;
  if (was_resolved_) uuids = gatt_.service_uuids();
  to.open('a', "s");
  for (const Uuid& uuid : uuids) to.append("s", uuid.to_string().c_str());
  to.close();
}

void Device::seen(const AdvertisementData& data, int rssi, const Sighting& sighting) {
  connectable_ = connectable_ || sighting.connectable;
  arm_temporary();
  set_rssi(rssi, sighting.filtered ? 0 : rssi_threshold);
  if (data.tx_power && tx_power_ != *data.tx_power) {
    tx_power_ = *data.tx_power;
    changed("TxPower");
  }
  if (data.flags && flags_ != data.flags) {
    flags_ = data.flags;
    changed("AdvertisingFlags");
  }
  if (data.appearance && *data.appearance != 0 && appearance_ != data.appearance) {
    appearance_ = data.appearance;
    changed("Appearance");
  }
  if (data.local_name && (!name_ || !name_->starts_with(*data.local_name))) set_name(*data.local_name);
  set_data(data, sighting.duplicates);
}

void Device::set_rssi(int rssi, int threshold) {
  if (rssi_ && std::abs(*rssi_ - rssi) < threshold) return;
  rssi_ = static_cast<std::int16_t>(rssi);
  changed("RSSI");
}

void Device::set_data(const AdvertisementData& data, bool duplicates) {
  // Once services are known, they are what it has.
  bool grew = false;
  for (const Uuid& uuid : data.service_uuids) {
    if (was_resolved_ || std::ranges::find(told_uuids_, uuid) != told_uuids_.end()) continue;
    told_uuids_.push_back(uuid);
    grew = true;
  }
  if (grew) changed("UUIDs");
  // With duplicates each report stands for itself and is told; else they add up and only news is.
  if (duplicates) manufacturer_data_.clear();
  bool is_news = duplicates && !data.manufacturer_data.empty();
  for (const auto& [company, bytes] : data.manufacturer_data)
    if (Bytes& known = manufacturer_data_[company]; known != bytes || bytes.empty()) known = bytes, is_news = true;
  if (is_news) changed("ManufacturerData");
  if (duplicates) service_data_.clear();
  is_news = duplicates && !data.service_data.empty();
  for (const auto& [uuid, bytes] : data.service_data)
    if (Bytes& known = service_data_[uuid]; known != bytes || bytes.empty()) known = bytes, is_news = true;
  if (is_news) changed("ServiceData");
}

void Device::set_name(const std::string& name) {
  if (name_ == name) return;
  name_ = name;
  changed("Name");
  if (!alias_) changed("Alias");
}

void Device::forget_strength() {
  if (std::exchange(rssi_, std::nullopt)) changed("RSSI");
  if (std::exchange(tx_power_, std::nullopt)) changed("TxPower");
}

void Device::keep() {
  temporary_ = false;
  temporary_timer_.stop();
}

void Device::arm_temporary() {
  if (!temporary_) return;
  temporary_timer_.start(daemon().loop(), daemon().pace().temporary, [this] { adapter_.remove(*this); });
}

void Device::put_alias(Device& device, Reader& value, const Call& call) {
  const std::string text(value.text());
  device.alias_.reset();
  if (!text.empty()) device.alias_ = text;
  device.changed("Alias");
  call.reply();
}

void Device::put_trusted(Device& device, Reader&, const Call& call) {
  const bool trusted = read_flag(call);
  if (std::exchange(device.trusted_, trusted) != trusted) device.changed("Trusted");
  if (trusted) device.keep();
  call.reply();
}

void Device::put_blocked(Device& device, Reader&, const Call& call) {
  const bool blocked = read_flag(call);
  if (std::exchange(device.blocked_, blocked) != blocked) device.changed("Blocked");
  if (blocked && device.link_) device.link_->end(LinkEnd::local);
  call.reply();
}

}  // namespace blau::fake
