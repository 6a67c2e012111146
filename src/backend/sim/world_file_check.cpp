#include "world_file.hpp"

#include <set>

#include "../../core/text.hpp"

namespace blau::sim::detail {
namespace {

/// Core Vol 3 Part C 12.1.
constexpr std::size_t max_device_name = 248;

std::optional<SpecFault> check_adapters(const std::vector<AdapterSpec>& adapters) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < adapters.size(); ++i)
    if (!names.insert(adapters[i].name).second)
      return SpecFault{item("adapters", i) + ".name",
                       "another adapter is called " + blau::detail::quoted(adapters[i].name) + " too"};
  return std::nullopt;
}

/// What makes an AD structure longer than its one byte of length can say: only where there is room for it.
std::optional<SpecFault> check_structures(const AdvertisementSpec& data, const std::string& path) {
  const auto is_long = [](std::size_t size) { return size >= max_structure_size; };
  bool has_long = is_long(data.local_name.value_or("").size()) || is_long(data.short_name.value_or("").size());
  has_long = has_long || is_long(data.service_uuids.size() * 16);
  for (const auto& [company, bytes] : data.manufacturer_data) has_long = has_long || is_long(bytes.size() + 2);
  for (const auto& [uuid, bytes] : data.service_data) has_long = has_long || is_long(bytes.size() + 16);
  if (!has_long) return std::nullopt;
  return SpecFault{path, "an AD structure holds 254 bytes at most, its type included: divide it"};
}

std::optional<SpecFault> check_extended(const AdvertisingSpec& advertising, const Bytes& data,
                                        const std::string& path) {
  if (advertising.scan_response)
    return SpecFault{path + ".scan_response", "an extended advertisement has no scan response: move it into data"};
  if (data.size() > max_extended_size)
    return SpecFault{path + ".data", "this takes " + std::to_string(data.size()) +
                                         " bytes; an extended advertisement holds 1650 at most: shorten it"};
  return advertising.data ? check_structures(*advertising.data, path + ".data") : std::nullopt;
}

std::optional<SpecFault> check_size(const Bytes& data, const std::string& path) {
  if (data.size() <= max_advertising_size) return std::nullopt;
  return SpecFault{path, "this takes " + std::to_string(data.size()) + " bytes, " +
                             std::to_string(data.size() - max_advertising_size) +
                             " more than the 31 of an advertising packet: shorten it or move a part into " +
                             (path.ends_with("scan_response") ? "data" : "scan_response")};
}

std::optional<SpecFault> check_advertising(const PeripheralSpec& peripheral, const std::string& path) {
  const AdvertisingSpec& advertising = peripheral.advertising;
  const AdvertisingBytes bytes = advertising_bytes(peripheral);
  if (advertising.extended) return check_extended(advertising, bytes.data, path + ".advertising");
  if (auto fault = check_size(bytes.data, path + ".advertising.data")) return fault;
  if (auto fault = check_size(bytes.scan_response, path + ".advertising.scan_response")) return fault;
  // Core Specification Supplement Part A 1.3.1.
  if (advertising.scan_response && advertising.scan_response->flags)
    return SpecFault{path + ".advertising.scan_response.flags", "flags belong into data, never into a scan response"};
  return std::nullopt;
}

std::optional<SpecFault> check_services(const PeripheralSpec& peripheral, const std::string& path) {
  for (std::size_t i = 0; peripheral.gap_service && i < peripheral.services.size(); ++i) {
    const Uuid& uuid = peripheral.services[i].uuid;
    if (uuid == Uuid{0x1800} || uuid == Uuid{0x1801})
      return SpecFault{path + item(".services", i) + ".uuid",
                       "this service is made by itself: leave it out, or set gap_service to false"};
  }
  auto fault = find_fault(peripheral.services, peripheral.gap_service ? first_free_after_generic : 1);
  if (fault) fault->path = path + '.' + fault->path;
  return fault;
}

std::optional<SpecFault> check_address(const WorldSpec& world, std::size_t position, const std::string& path) {
  const Address& address = world.peripherals[position].address;
  const std::string in_use = address.to_string() + " is the address of ";
  for (std::size_t i = 0; i < position; ++i)
    if (world.peripherals[i].address == address)
      return SpecFault{path + ".address", in_use + item("peripherals", i) + " too"};
  for (std::size_t i = 0; i < world.adapters.size(); ++i)
    if (world.adapters[i].address && *world.adapters[i].address == address)
      return SpecFault{path + ".address", in_use + item("adapters", i) + " too"};
  return std::nullopt;
}

std::optional<SpecFault> check_pairing(const PairingOptions& pairing, const std::string& path) {
  if (!pairing.passkey) return std::nullopt;
  if (*pairing.passkey > 999'999) return SpecFault{path + ".passkey", "a passkey has six digits: 0 to 999999"};
  if (pairing.io == IoCapability::no_input_no_output)
    return SpecFault{
        path + ".passkey",
        "a peripheral that neither shows nor types has no passkey: leave it out, or say in io what it can"};
  return std::nullopt;
}

std::optional<SpecFault> check_peripheral(const WorldSpec& world, std::size_t position) {
  const PeripheralSpec& peripheral = world.peripherals[position];
  const std::string path = item("peripherals", position);
  if (auto fault = check_address(world, position, path)) return fault;
  if (peripheral.name.size() > max_device_name)
    return SpecFault{path + ".name",
                     "a device name has 248 bytes at most, this one has " + std::to_string(peripheral.name.size())};
  if (auto fault = check_pairing(peripheral.pairing, path + ".pairing")) return fault;
  if (auto fault = check_services(peripheral, path)) return fault;
  return check_advertising(peripheral, path);
}

}  // namespace

std::optional<SpecFault> find_fault(const WorldSpec& world) {
  if (auto fault = check_adapters(world.adapters)) return fault;
  for (std::size_t i = 0; i < world.peripherals.size(); ++i)
    if (auto fault = check_peripheral(world, i)) return fault;
  return check_faults(world);
}

}  // namespace blau::sim::detail
