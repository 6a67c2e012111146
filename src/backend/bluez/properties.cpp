#include "objects.hpp"

namespace blau::detail::bluez {

namespace {

std::optional<AddressType> address_type_of(std::string_view text) noexcept {
  if (text == "public") return AddressType::public_;
  if (text == "random") return AddressType::random;
  return std::nullopt;
}

struct FlagName {
  std::string_view name;
  Property property;
};

constexpr FlagName flag_names[] = {
    {"broadcast", Property::broadcast},
    {"read", Property::read},
    {"write-without-response", Property::write_without_response},
    {"write", Property::write},
    {"notify", Property::notify},
    {"indicate", Property::indicate},
    {"authenticated-signed-writes", Property::authenticated_signed_writes},
    {"extended-properties", Property::extended_properties},
    {"reliable-write", Property::reliable_write},
    {"writable-auxiliaries", Property::writable_auxiliaries},
};

Property property_of(std::string_view flag) noexcept {
  for (const FlagName& known : flag_names)
    if (known.name == flag) return known.property;
  return Property::none;  // encrypt-read and the like belong to servers
}

bool read_uuid(Reader& reader, Uuid& uuid) {
  std::string_view text;
  if (!reader.variant(text)) return false;
  if (const auto parsed = Uuid::parse(text)) uuid = *parsed;
  return true;
}

bool read_roles(Reader& reader, AdapterObject& adapter) {
  if (!reader.enter_variant("as")) return false;
  adapter.central = false;
  reader.each_text('s', [&](std::string_view role) { adapter.central |= role == "central"; });
  reader.leave();
  return true;
}

bool read_text(Reader& reader, std::string& out) {
  std::string_view text;
  if (!reader.variant(text)) return false;
  out = text;
  return true;
}

/// Builds the identity anew where something in it changed.
void name_device(DeviceObject& device, const Address& address, std::optional<std::string> name) {
  const auto parsed = parse_path(device.path);
  std::string adapter(parsed ? adapter_id(parsed->adapter) : std::string_view());
  device.identity = Device(address, std::move(name), device.path, std::move(adapter));
}

bool read_device_address(Reader& reader, DeviceObject& device) {
  std::string_view text;
  if (!reader.variant(text)) return false;
  const auto address = Address::parse(text, device.address_type);
  if (address) name_device(device, *address, device.identity.name());
  return true;
}

bool read_device_address_type(Reader& reader, DeviceObject& device) {
  std::string_view text;
  if (!reader.variant(text)) return false;
  device.address_type = address_type_of(text);
  name_device(device, Address(device.identity.address().number(), device.address_type), device.identity.name());
  return true;
}

bool read_device_name(Reader& reader, DeviceObject& device) {
  std::string_view text;
  if (!reader.variant(text)) return false;
  if (device.identity.name() == text) return true;
  device.advertised.local_name = std::string(text);
  name_device(device, device.identity.address(), std::string(text));
  return true;
}

bool read_device_uuids(Reader& reader, AdvertisementData& data) {
  if (!reader.enter_variant("as")) return false;
  data.service_uuids.clear();
  reader.each_text('s', [&](std::string_view text) {
    if (const auto uuid = Uuid::parse(text)) data.service_uuids.push_back(*uuid);
  });
  reader.leave();
  return true;
}

bool read_manufacturer_data(Reader& reader, AdvertisementData& data) {
  if (!reader.enter_variant("a{qv}")) return false;
  data.manufacturer_data.clear();
  reader.each_entry("qv", [&] {
    const std::uint16_t company = reader.number();
    ByteView bytes;
    if (!reader.variant(bytes)) return reader.skip("v");
    data.manufacturer_data[company].assign(bytes.begin(), bytes.end());
  });
  reader.leave();
  return true;
}

bool read_service_data(Reader& reader, AdvertisementData& data) {
  if (!reader.enter_variant("a{sv}")) return false;
  data.service_data.clear();
  reader.each_property([&](std::string_view text) {
    ByteView bytes;
    const auto uuid = Uuid::parse(text);
    if (!uuid || !reader.variant(bytes)) return false;
    data.service_data[*uuid].assign(bytes.begin(), bytes.end());
    return true;
  });
  reader.leave();
  return true;
}

bool read_tx_power(Reader& reader, AdvertisementData& data) {
  std::int16_t power = 0;
  if (!reader.variant(power)) return false;
  data.tx_power = static_cast<std::int8_t>(power);
  return true;
}

bool read_flags(Reader& reader, AdvertisementData& data) {
  ByteView flags;
  if (!reader.variant(flags)) return false;
  if (!flags.empty()) data.flags = flags.front();
  return true;
}

bool read_appearance(Reader& reader, AdvertisementData& data) {
  std::uint16_t appearance = 0;
  if (!reader.variant(appearance)) return false;
  data.appearance = appearance;
  return true;
}

bool read_bonded(Reader& reader, DeviceObject& device) {
  bool bonded = false;
  if (!reader.variant(bonded)) return false;
  device.bonded = bonded;
  return true;
}

bool read_rssi(Reader& reader, DeviceObject& device) {
  constexpr std::int16_t not_measured = 127;  // Core Vol 4 Part E 7.7.65.2
  if (!reader.variant(device.advertised.rssi)) return false;
  if (device.advertised.rssi == not_measured) device.advertised.rssi = -127;
  device.heard = true;
  return true;
}

/// One property of Device1: what it was about, `none` if it was not read.
DeviceChange read_device_property(Reader& reader, std::string_view name, DeviceObject& device) {
  const auto if_read = [](bool read, DeviceChange change) { return read ? change : DeviceChange::none; };
  AdvertisementData& data = device.advertised;
  if (name == "RSSI") return if_read(read_rssi(reader, device), DeviceChange::advertised);
  if (name == "ManufacturerData") return if_read(read_manufacturer_data(reader, data), DeviceChange::advertised);
  if (name == "ServiceData") return if_read(read_service_data(reader, data), DeviceChange::advertised);
  if (name == "TxPower") return if_read(read_tx_power(reader, data), DeviceChange::advertised);
  if (name == "AdvertisingFlags") return if_read(read_flags(reader, data), DeviceChange::advertised);
  if (name == "Name") return if_read(read_device_name(reader, device), DeviceChange::described);
  if (name == "UUIDs") return if_read(read_device_uuids(reader, data), DeviceChange::described);
  if (name == "Appearance") return if_read(read_appearance(reader, data), DeviceChange::described);
  if (name == "Connected") return if_read(reader.variant(device.connected), DeviceChange::connected);
  if (name == "ServicesResolved")
    return if_read(reader.variant(device.services_resolved), DeviceChange::services_resolved);
  if (name == "Paired") return if_read(reader.variant(device.paired), DeviceChange::bonded);
  if (name == "Bonded") return if_read(read_bonded(reader, device), DeviceChange::bonded);
  if (name == "Address") return if_read(read_device_address(reader, device), DeviceChange::other);
  if (name == "AddressType") return if_read(read_device_address_type(reader, device), DeviceChange::other);
  return DeviceChange::none;
}

}  // namespace

void read_adapter(Reader& reader, AdapterObject& adapter) {
  std::optional<AddressType> type = adapter.address.type();
  reader.each_property([&](std::string_view name) {
    std::string_view text;
    if (name == "Powered") return reader.variant(adapter.powered);
    if (name == "PowerState") return read_text(reader, adapter.power_state);
    if (name == "Alias") return read_text(reader, adapter.alias);
    if (name == "Roles") return read_roles(reader, adapter);
    if (name == "AddressType" && reader.variant(text)) return type = address_type_of(text), true;
    if (name == "Address" && reader.variant(text)) {
      if (const auto address = Address::parse(text)) adapter.address = *address;
      return true;
    }
    return false;
  });
  adapter.address = Address(adapter.address.number(), type);
}

DeviceChange read_device(Reader& reader, DeviceObject& device) {
  DeviceChange changes = DeviceChange::none;
  reader.each_property([&](std::string_view name) {
    const DeviceChange change = read_device_property(reader, name, device);
    changes |= change;
    return change != DeviceChange::none;
  });
  return changes;
}

void read_service(Reader& reader, ServiceObject& service) {
  reader.each_property([&](std::string_view name) {
    if (name == "UUID") return read_uuid(reader, service.uuid);
    if (name == "Primary") return reader.variant(service.primary);
    if (name != "Includes" || !reader.enter_variant("ao")) return false;
    service.includes.clear();
    reader.each_text('o', [&](std::string_view path) {
      if (const auto parsed = parse_path(path)) service.includes.push_back(parsed->service);
    });
    reader.leave();
    return true;
  });
}

void read_characteristic(Reader& reader, CharacteristicObject& characteristic) {
  reader.each_property([&](std::string_view name) {
    if (name == "UUID") return read_uuid(reader, characteristic.uuid);
    if (name != "Flags" || !reader.enter_variant("as")) return false;
    characteristic.properties = Property::none;
    reader.each_text('s', [&](std::string_view flag) { characteristic.properties |= property_of(flag); });
    reader.leave();
    return true;
  });
}

void read_descriptor(Reader& reader, DescriptorObject& descriptor) {
  reader.each_property([&](std::string_view name) { return name == "UUID" && read_uuid(reader, descriptor.uuid); });
}

DeviceChange invalidate(std::string_view property, DeviceObject& device) {
  AdvertisementData& data = device.advertised;
  if (property == "RSSI") {
    data.rssi = -127;
    device.heard = false;
  } else if (property == "TxPower") {
    data.tx_power.reset();
  } else if (property == "ManufacturerData") {
    data.manufacturer_data.clear();
  } else if (property == "ServiceData") {
    data.service_data.clear();
  } else {
    return DeviceChange::none;
  }
  return DeviceChange::other;
}

}  // namespace blau::detail::bluez
