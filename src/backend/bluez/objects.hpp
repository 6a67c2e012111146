#pragma once

#include "message.hpp"
#include "paths.hpp"

#include <blau/advertisement.hpp>
#include <blau/device.hpp>
#include <blau/gatt.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace blau::detail::bluez {

/// org.bluez.Adapter1, as far as it matters.
struct AdapterObject {
  std::string path;
  Address address;
  std::string alias;
  bool powered = false;
  /// Empty before BlueZ 5.73.
  std::string power_state;
  /// True if it can be a central; BlueZ without `Roles` is taken to be able.
  bool central = true;
};

/// org.bluez.GattService1.
struct ServiceObject {
  Uuid uuid;
  bool primary = true;
  std::vector<std::uint16_t> includes;
};

/// org.bluez.GattCharacteristic1.
struct CharacteristicObject {
  std::uint16_t service = 0;
  Uuid uuid;
  Property properties = Property::none;
};

/// org.bluez.GattDescriptor1.
struct DescriptorObject {
  std::uint16_t service = 0;
  std::uint16_t characteristic = 0;
  Uuid uuid;
};

/// org.bluez.Device1 with the attributes below it, by handle: those of services and characteristics are of the declaration.
struct DeviceObject {
  std::string path;
  /// Address, Name (not Alias, which is never empty), path and adapter.
  Device identity;
  std::optional<AddressType> address_type;
  /// What it advertised last, as far as BlueZ keeps it.
  AdvertisementData advertised;
  /// False: not heard in a discovery that runs.
  bool heard = false;
  bool connected = false;
  bool services_resolved = false;
  bool paired = false;
  std::optional<bool> bonded;
  std::map<std::uint16_t, ServiceObject> services;
  std::map<std::uint16_t, CharacteristicObject> characteristics;
  std::map<std::uint16_t, DescriptorObject> descriptors;

  [[nodiscard]] bool has_bond() const noexcept { return bonded.value_or(paired); }
  /// Of the service that a characteristic belongs to; null where it is not there.
  [[nodiscard]] Uuid service_uuid(const CharacteristicObject& characteristic) const {
    const auto found = services.find(characteristic.service);
    return found == services.end() ? Uuid() : found->second.uuid;
  }
  /// Without an address nobody could be told which device it is.
  [[nodiscard]] bool has_address() const noexcept { return identity.address().number() != 0; }
};

/// What a change of a device was about. Combine with `|`.
enum class DeviceChange : std::uint8_t {
  none = 0,
  advertised = 1,  ///< something that only an advertisement changes
  connected = 2,
  services_resolved = 4,
  described = 8,  ///< something that advertisements and connections change
  bonded = 16,
  other = 32,
};
[[nodiscard]] constexpr DeviceChange operator|(DeviceChange a, DeviceChange b) noexcept {
  return static_cast<DeviceChange>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr DeviceChange& operator|=(DeviceChange& a, DeviceChange b) noexcept { return a = a | b; }
[[nodiscard]] constexpr bool has(DeviceChange set, DeviceChange wanted) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(wanted)) != 0;
}

/// Takes changes of the cache, after they were made. Objects may not be removed or added from inside.
class ObjectsObserver {
 public:
  virtual void adapter_changed(const AdapterObject&) {}
  /// It is still there during the call, and gone afterwards.
  virtual void adapter_removed(const AdapterObject&) {}
  virtual void device_changed(const DeviceObject&, DeviceChange) {}
  /// It is still there during the call, and gone afterwards.
  virtual void device_removed(const DeviceObject&) {}
  /// An attribute came.
  virtual void attribute_added(const DeviceObject&) {}
  /// An attribute went.
  virtual void attribute_removed(const DeviceObject&, const ObjectPath&) {}

 protected:
  ~ObjectsObserver() = default;
};

/// What bluetoothd exports, kept up to date by its signals, so that nothing that is here is ever asked for again.
class Objects {
 public:
  /// Names a device's or an adapter's change to whoever came first, first.
  void add_observer(ObjectsObserver& observer) { observers_.push_back(&observer); }

  // What the bus brings. False if the message was malformed; what could be read is kept.

  /// The answer of GetManagedObjects: replaces everything, tells nobody.
  bool load(const Message& reply);
  bool interfaces_added(const Message& signal);
  bool interfaces_removed(const Message& signal);
  /// PropertiesChanged of an adapter or a device.
  bool properties_changed(const Message& signal);
  /// What bluetoothd answered when it was asked for a device's Connected.
  void set_connected(std::string_view path, bool connected);
  /// Everything is gone; tells nobody.
  void clear() noexcept;

  [[nodiscard]] const AdapterObject* adapter(std::string_view path) const noexcept;
  [[nodiscard]] const DeviceObject* device(std::string_view path) const noexcept;
  /// The device of that address on an adapter.
  [[nodiscard]] const DeviceObject* device(std::string_view adapter_path, const Address& address) const noexcept;
  [[nodiscard]] const std::map<std::string, AdapterObject, std::less<>>& adapters() const noexcept { return adapters_; }

  /// Each device of an adapter that has an address.
  template <class Call>
  void each_device(std::string_view adapter_path, Call&& call) const {
    for (const auto& [path, device] : devices_) {
      const auto parsed = parse_path(path);
      if (parsed && parsed->adapter == adapter_path && device.has_address()) call(device);
    }
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  struct Added {
    bool adapter = false;
    DeviceChange device = DeviceChange::none;
    bool attribute = false;
  };

  Added read_object(Reader& reader, std::string_view path, const ObjectPath& parsed);
  void remove_interface(std::string_view interface, const ObjectPath& parsed);
  void remove_attribute(const ObjectPath& parsed);
  DeviceObject* find_device(std::string_view path) noexcept;
  DeviceObject& make_device(std::string_view path);
  void tell_added(const Added& added, const ObjectPath& parsed);

  std::map<std::string, AdapterObject, std::less<>> adapters_;
  std::unordered_map<std::string, DeviceObject, Hash, std::equal_to<>> devices_;
  std::vector<ObjectsObserver*> observers_;
};

// How properties are read, for the cache and for tests. Each reads a dictionary a{sv}.

void read_adapter(Reader& reader, AdapterObject& adapter);
[[nodiscard]] DeviceChange read_device(Reader& reader, DeviceObject& device);
void read_service(Reader& reader, ServiceObject& service);
void read_characteristic(Reader& reader, CharacteristicObject& characteristic);
void read_descriptor(Reader& reader, DescriptorObject& descriptor);
/// Takes back what a PropertiesChanged names as no longer valid.
[[nodiscard]] DeviceChange invalidate(std::string_view property, DeviceObject& device);

}  // namespace blau::detail::bluez
