#include "objects.hpp"

#include "interfaces.hpp"

#include <utility>

namespace blau::detail::bluez {

bool Objects::load(const Message& reply) {
  clear();
  Reader reader(reply);
  reader.each_entry("oa{sa{sv}}", [&] {
    const std::string_view path = reader.object_path();
    const auto parsed = parse_path(path);
    if (!parsed) return reader.skip("a{sa{sv}}");
    read_object(reader, path, *parsed);
  });
  return !reader.failed();
}

bool Objects::interfaces_added(const Message& signal) {
  Reader reader(signal);
  const std::string_view path = reader.object_path();
  const auto parsed = parse_path(path);
  if (!parsed) return !reader.failed();
  const Added added = read_object(reader, path, *parsed);
  tell_added(added, *parsed);
  return !reader.failed();
}

void Objects::tell_added(const Added& added, const ObjectPath& parsed) {
  if (added.adapter) {
    if (const AdapterObject* found = adapter(parsed.adapter))
      for (ObjectsObserver* observer : observers_) observer->adapter_changed(*found);
  }
  const DeviceObject* found = device(parsed.device);
  if (!found) return;
  if (added.device != DeviceChange::none)
    for (ObjectsObserver* observer : observers_) observer->device_changed(*found, added.device);
  if (added.attribute)
    for (ObjectsObserver* observer : observers_) observer->attribute_added(*found);
}

/// Reads a{sa{sv}}, the interfaces of one object, and keeps those that matter.
Objects::Added Objects::read_object(Reader& reader, std::string_view path, const ObjectPath& parsed) {
  Added added;
  reader.each_entry("sa{sv}", [&] {
    const std::string_view interface = reader.text();
    if (interface == adapter_interface && parsed.device.empty()) {
      AdapterObject& adapter = adapters_[std::string(path)];
      adapter.path = path;
      read_adapter(reader, adapter);
      added.adapter = true;
    } else if (interface == device_interface && !parsed.device.empty() && parsed.service == 0) {
      added.device |= read_device(reader, make_device(path)) | DeviceChange::other;
    } else if (interface == service_interface && parsed.service != 0 && parsed.characteristic == 0) {
      read_service(reader, make_device(parsed.device).services[parsed.service]);
      added.attribute = true;
    } else if (interface == characteristic_interface && parsed.characteristic != 0 && parsed.descriptor == 0) {
      CharacteristicObject& characteristic = make_device(parsed.device).characteristics[parsed.characteristic];
      characteristic.service = parsed.service;
      read_characteristic(reader, characteristic);
      added.attribute = true;
    } else if (interface == descriptor_interface && parsed.descriptor != 0) {
      DescriptorObject& descriptor = make_device(parsed.device).descriptors[parsed.descriptor];
      descriptor.service = parsed.service;
      descriptor.characteristic = parsed.characteristic;
      read_descriptor(reader, descriptor);
      added.attribute = true;
    } else {
      reader.skip("a{sv}");
    }
  });
  return added;
}

bool Objects::interfaces_removed(const Message& signal) {
  Reader reader(signal);
  const auto parsed = parse_path(reader.object_path());
  if (!parsed) return !reader.failed();
  reader.each_text('s', [&](std::string_view interface) { remove_interface(interface, *parsed); });
  return !reader.failed();
}

void Objects::remove_interface(std::string_view interface, const ObjectPath& parsed) {
  if (interface == adapter_interface && parsed.device.empty()) {
    const auto found = adapters_.find(parsed.adapter);
    if (found == adapters_.end()) return;
    for (ObjectsObserver* observer : observers_) observer->adapter_removed(found->second);
    adapters_.erase(found);
  } else if (interface == device_interface && parsed.service == 0) {
    const auto found = devices_.find(parsed.device);
    if (found == devices_.end()) return;
    for (ObjectsObserver* observer : observers_) observer->device_removed(found->second);
    devices_.erase(found);
  } else if (interface == service_interface || interface == characteristic_interface ||
             interface == descriptor_interface) {
    remove_attribute(parsed);
  }
}

void Objects::remove_attribute(const ObjectPath& parsed) {
  DeviceObject* device = find_device(parsed.device);
  if (!device) return;
  if (parsed.descriptor != 0)
    device->descriptors.erase(parsed.descriptor);
  else if (parsed.characteristic != 0)
    device->characteristics.erase(parsed.characteristic);
  else
    device->services.erase(parsed.service);
  for (ObjectsObserver* observer : observers_) observer->attribute_removed(*device, parsed);
}

bool Objects::properties_changed(const Message& signal) {
  Reader reader(signal);
  const std::string_view interface = reader.text();
  const std::string_view path = signal.path();
  if (interface == adapter_interface) {
    const auto found = adapters_.find(path);
    if (found == adapters_.end()) return true;
    read_adapter(reader, found->second);
    for (ObjectsObserver* observer : observers_) observer->adapter_changed(found->second);
    return !reader.failed();
  }
  DeviceObject* device = interface == device_interface ? find_device(path) : nullptr;
  if (!device) return true;
  DeviceChange changes = read_device(reader, *device);
  reader.each_text('s', [&](std::string_view property) { changes |= invalidate(property, *device); });
  if (changes != DeviceChange::none)
    for (ObjectsObserver* observer : observers_) observer->device_changed(*device, changes);
  return !reader.failed();
}

void Objects::set_connected(std::string_view path, bool connected) {
  DeviceObject* device = find_device(path);
  if (!device || device->connected == connected) return;
  device->connected = connected;
  for (ObjectsObserver* observer : observers_) observer->device_changed(*device, DeviceChange::connected);
}

void Objects::clear() noexcept {
  adapters_.clear();
  devices_.clear();
}

const AdapterObject* Objects::adapter(std::string_view path) const noexcept {
  const auto found = adapters_.find(path);
  return found == adapters_.end() ? nullptr : &found->second;
}

const DeviceObject* Objects::device(std::string_view path) const noexcept {
  const auto found = devices_.find(path);
  return found == devices_.end() ? nullptr : &found->second;
}

const DeviceObject* Objects::device(std::string_view adapter_path, const Address& address) const noexcept {
  const DeviceObject* found = nullptr;
  each_device(adapter_path, [&](const DeviceObject& device) {
    if (device.identity.address() == address) found = &device;
  });
  return found;
}

DeviceObject* Objects::find_device(std::string_view path) noexcept {
  const auto found = devices_.find(path);
  return found == devices_.end() ? nullptr : &found->second;
}

DeviceObject& Objects::make_device(std::string_view path) {
  if (DeviceObject* known = find_device(path)) return *known;
  DeviceObject& made = devices_[std::string(path)];
  made.path = path;
  return made;
}

}  // namespace blau::detail::bluez
