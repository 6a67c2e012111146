#include "gatt.hpp"

#include "interfaces.hpp"

#include <algorithm>
#include <map>

namespace blau::detail::bluez {

namespace {

const char* type_of(backend::WriteKind kind) noexcept {
  switch (kind) {
    case backend::WriteKind::without_response: return "command";
    case backend::WriteKind::reliable: return "reliable";
    default: return "request";
  }
}

}  // namespace

backend::GattDatabase build_database(const DeviceObject& device, const std::vector<Uuid>& wanted) {
  backend::GattDatabase database;
  std::map<std::uint16_t, std::size_t> index;
  for (const auto& [handle, service] : device.services) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), service.uuid) == wanted.end()) continue;
    index[handle] = database.services.size();
    backend::ServiceRecord& record = database.services.emplace_back();
    record.handle = handle;
    record.uuid = service.uuid;
    record.primary = service.primary;
    record.includes = service.includes;
  }
  for (const auto& [handle, characteristic] : device.characteristics) {
    const auto service = index.find(characteristic.service);
    if (service == index.end()) continue;
    backend::CharacteristicRecord& record = database.services[service->second].characteristics.emplace_back();
    record.handle = handle;
    record.uuid = characteristic.uuid;
    record.properties = characteristic.properties;
    // Descriptors follow their characteristic (Core Vol 3 Part G 3.3), so they lie between its handle and the next one's.
    for (auto d = device.descriptors.upper_bound(handle); d != device.descriptors.end(); ++d) {
      if (d->second.characteristic != handle) break;
      record.descriptors.push_back({d->first, d->second.uuid});
    }
  }
  return database;
}

std::optional<Attribute> find_characteristic(const DeviceObject& device, std::uint16_t handle) {
  const auto found = device.characteristics.find(handle);
  if (found == device.characteristics.end()) return std::nullopt;
  return Attribute{attribute_path(device.path, found->second.service, handle), characteristic_interface};
}

std::optional<Attribute> find_descriptor(const DeviceObject& device, std::uint16_t handle) {
  const auto found = device.descriptors.find(handle);
  if (found == device.descriptors.end()) return std::nullopt;
  return Attribute{attribute_path(device.path, found->second.service, found->second.characteristic, handle),
                   descriptor_interface};
}

Message make_read(Daemon& daemon, const Attribute& attribute) {
  Message call = daemon.new_call(attribute.path, attribute.interface, "ReadValue");
  call.append("a{sv}", 0);
  return call;
}

Message make_write(Daemon& daemon, const Attribute& attribute, ByteView value, std::optional<backend::WriteKind> kind) {
  Message call = daemon.new_call(attribute.path, attribute.interface, "WriteValue");
  call.append_bytes(value);
  if (!kind) return call.append("a{sv}", 0), call;
  call.append("a{sv}", 1, "type", "s", type_of(*kind));
  return call;
}

std::optional<ByteView> value_in(const Message& reply) {
  Reader reader(reply);
  const ByteView value = reader.bytes();
  if (reader.failed()) return std::nullopt;
  return value;
}

}  // namespace blau::detail::bluez
