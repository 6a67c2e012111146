#pragma once

#include "attribute_spec.hpp"
#include "attribute_table.hpp"
#include "fault_spec.hpp"

#include <blau/address.hpp>
#include <blau/bytes.hpp>
#include <blau/result.hpp>
#include <blau/sim/pairing.hpp>
#include <blau/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// @file
/// Worlds as data: what docs/world.schema.json describes, with its defaults filled in.

namespace blau::sim::detail {

struct JsonNode;

struct AdapterSpec {
  std::string name;
  std::optional<Address> address;
  bool powered = true;
  bool blocked = false;
  bool central = true;
};

/// The fields of one advertising packet, in the order in which they are sent.
struct AdvertisementSpec {
  std::optional<std::uint8_t> flags;
  std::vector<Uuid> service_uuids;
  std::optional<std::string> local_name;
  std::optional<std::string> short_name;
  std::optional<std::int8_t> tx_power;
  std::optional<std::uint16_t> appearance;
  std::vector<std::pair<std::uint16_t, Bytes>> manufacturer_data;
  std::vector<std::pair<Uuid, Bytes>> service_data;
  Bytes raw;
};

struct AdvertisingSpec {
  bool enabled = true;
  bool connectable = true;
  bool extended = false;
  std::chrono::milliseconds interval{100};
  std::optional<AdvertisementSpec> data;           ///< absent: flags and services
  std::optional<AdvertisementSpec> scan_response;  ///< absent: the name
};

struct PeripheralSpec {
  Address address;  ///< its type is known
  std::string name;
  std::uint16_t appearance = 0;
  std::uint16_t mtu = 517;
  int rssi = -60;
  int rssi_noise = 0;
  std::chrono::milliseconds connect_time{50};
  std::chrono::milliseconds latency{15};
  std::optional<std::chrono::milliseconds> drop_link_after;
  AdvertisingSpec advertising;
  PairingOptions pairing;
  bool gap_service = true;
  std::vector<ServiceSpec> services;
};

struct WorldSpec {
  std::uint64_t seed = 1;
  std::vector<AdapterSpec> adapters;
  std::vector<PeripheralSpec> peripherals;
  std::vector<FaultSpec> faults;
  /// Faults of bluetoothd and of its bus, which only an imitated bluetoothd can have; null where there are none.
  std::shared_ptr<const JsonNode> bluez_faults;
  std::string bluez_faults_place;  ///< file, line and path, where there are any
};

/// Reads a world from JSON text.
/// @param file_name stands at the front of an error's message
/// @return `invalid_argument` with line, JSON path and what to do: `heart.json:12: peripherals[0].services[1].uuid: …`
Result<WorldSpec> parse_world(std::string_view json_text, std::string_view file_name);

/// Reads a world file. `invalid_argument` too where it cannot be read.
Result<WorldSpec> load_world(const std::filesystem::path& path);

/// Looks for what no world can be, though each member alone may be right: for worlds that are made in C++ as well.
[[nodiscard]] std::optional<SpecFault> find_fault(const WorldSpec& world);
/// The part of it that looks at the faults: what they name must be there, and they must not contradict each other. The rest of the world is right.
[[nodiscard]] std::optional<SpecFault> check_faults(const WorldSpec& world);

/// AD structures as they go over the air (Core Vol 3 Part C 11).
struct AdvertisingBytes {
  Bytes data;
  Bytes scan_response;
};

/// The most that a legacy advertising packet holds (Core Vol 6 Part B 2.3.1).
inline constexpr std::size_t max_advertising_size = 31;
/// The most that extended advertising holds (Core Vol 4 Part E 7.8.54), and one AD structure.
inline constexpr std::size_t max_extended_size = 1650;
inline constexpr std::size_t max_structure_size = 254;

/// What a peripheral sends, with the defaults of the schema: both fit if `find_fault` finds no fault.
[[nodiscard]] AdvertisingBytes advertising_bytes(const PeripheralSpec& peripheral);

/// The fields as AD structures, however long.
[[nodiscard]] Bytes encode(const AdvertisementSpec& advertisement);

/// A peripheral's attribute table and the handles that its services got, in the order of `peripheral.services`.
struct BuiltTable {
  AttributeTable table;
  std::vector<PlacedService> services;
};
Result<BuiltTable> build_table(const PeripheralSpec& peripheral);

/// The two highest bits of a static random address are set (Core Vol 6 Part B 1.3.2.1).
[[nodiscard]] inline AddressType likely_type(const Address& address) {
  return address.number() >> 46 == 3 ? AddressType::random : AddressType::public_;
}

}  // namespace blau::sim::detail
