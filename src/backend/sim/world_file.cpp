#include "world_file.hpp"

#include "world_file_reader.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

#include "../../core/text.hpp"

namespace blau::sim::detail {
namespace {

constexpr std::array<std::string_view, 2> address_types = {"public", "random"};

constexpr std::array<std::string_view, 5> io_capabilities = {"display_only", "display_yes_no", "keyboard_only",
                                                             "no_input_no_output", "keyboard_display"};
constexpr std::array<std::string_view, 3> pairing_users = {"accepts", "rejects", "never"};

AdapterSpec read_adapter(const Place& place) {
  const Members members(place, {"description", "name", "address", "powered", "blocked", "central"});
  AdapterSpec spec;
  members.with("description", [](const Place& p) { (void)p.text(); });
  const Place name = members.require("name");
  spec.name = name.text();
  if (spec.name.empty()) name.fail("an adapter needs a name, as hci0");
  members.with("address", [&](const Place& p) { spec.address = read_address(p); });
  members.with("powered", [&](const Place& p) { spec.powered = p.boolean(); });
  members.with("blocked", [&](const Place& p) { spec.blocked = p.boolean(); });
  members.with("central", [&](const Place& p) { spec.central = p.boolean(); });
  return spec;
}

void read_link(const Members& members, PeripheralSpec& spec) {
  members.with("mtu", [&](const Place& p) { spec.mtu = p.number<std::uint16_t>(23, 517); });
  members.with("rssi", [&](const Place& p) { spec.rssi = p.number<int>(-127, 20); });
  members.with("rssi_noise", [&](const Place& p) { spec.rssi_noise = p.number<int>(0, 30); });
  members.with("connect_ms", [&](const Place& p) { spec.connect_time = p.milliseconds(); });
  members.with("latency_ms", [&](const Place& p) { spec.latency = p.milliseconds(); });
  members.with("drop_link_after_ms", [&](const Place& p) { spec.drop_link_after = p.milliseconds(); });
}

}  // namespace

PairingOptions read_pairing(const Place& place) {
  const Members members(place, {"description", "io", "passkey", "mitm", "secure_connections", "bonding", "user"});
  PairingOptions pairing;
  members.with("description", [](const Place& p) { (void)p.text(); });
  members.with("io", [&](const Place& p) { pairing.io = static_cast<IoCapability>(p.one_of(io_capabilities)); });
  members.with("passkey", [&](const Place& p) { pairing.passkey = p.number<std::uint32_t>(0, 999'999); });
  members.with("mitm", [&](const Place& p) { pairing.mitm = p.boolean(); });
  members.with("secure_connections", [&](const Place& p) { pairing.secure_connections = p.boolean(); });
  members.with("bonding", [&](const Place& p) { pairing.bonding = p.boolean(); });
  members.with("user", [&](const Place& p) { pairing.user = static_cast<PairingUser>(p.one_of(pairing_users)); });
  return pairing;
}

namespace {

PeripheralSpec read_peripheral(const Place& place) {
  const Members members(
      place, {"description", "address", "address_type", "name", "appearance", "mtu", "rssi", "rssi_noise", "connect_ms",
              "latency_ms", "drop_link_after_ms", "advertising", "pairing", "gap_service", "services"});
  PeripheralSpec spec;
  members.with("description", [](const Place& p) { (void)p.text(); });
  const Address address = read_address(members.require("address"));
  AddressType type = likely_type(address);
  members.with("address_type", [&](const Place& p) { type = static_cast<AddressType>(p.one_of(address_types)); });
  spec.address = Address(address.number(), type);
  members.with("name", [&](const Place& p) { spec.name = p.text(); });
  members.with("appearance", [&](const Place& p) { spec.appearance = p.number<std::uint16_t>(0, 0xffff); });
  read_link(members, spec);
  members.with("advertising", [&](const Place& p) { spec.advertising = read_advertising(p); });
  members.with("pairing", [&](const Place& p) { spec.pairing = read_pairing(p); });
  members.with("gap_service", [&](const Place& p) { spec.gap_service = p.boolean(); });
  members.with("services", [&](const Place& list) {
    list.each([&](const Place& item) { spec.services.push_back(read_service(item)); });
  });
  return spec;
}

AdapterSpec default_adapter() {
  AdapterSpec adapter;
  adapter.name = "hci0";
  return adapter;
}

WorldSpec read_world(const Place& place) {
  const Members members(
      place, {"$schema", "blau_world", "description", "seed", "adapters", "peripherals", "faults", "bluez_faults"});
  WorldSpec spec;
  const Place version = members.require("blau_world");
  version.expect(JsonNode::Kind::integer);
  if (version.node().integer != 1) version.fail("this version of the format is not known: write 1");
  members.with("$schema", [](const Place& p) { (void)p.text(); });
  members.with("description", [](const Place& p) { (void)p.text(); });
  members.with("seed", [&](const Place& p) { spec.seed = p.number<std::uint64_t>(0, INT64_MAX); });
  const auto adapters = members.find("adapters");
  if (!adapters)
    spec.adapters.push_back(default_adapter());
  else
    adapters->each([&](const Place& item) { spec.adapters.push_back(read_adapter(item)); });
  members.with("peripherals", [&](const Place& list) {
    list.each([&](const Place& item) { spec.peripherals.push_back(read_peripheral(item)); });
  });
  members.with("faults", [&](const Place& list) { spec.faults = read_faults(list); });
  members.with("bluez_faults", [&](const Place& list) { spec.bluez_faults = read_bluez_faults(list); });
  return spec;
}

/// The line of what stands at a path such as `peripherals[0].name`, or of the nearest thing around it that the file
/// has.
std::size_t line_of(const JsonNode& root, std::string_view path) {
  const JsonNode* node = &root;
  while (!path.empty()) {
    const JsonNode* next = nullptr;
    if (path.front() == '[') {
      std::size_t position = 0;
      const auto end = std::from_chars(path.data() + 1, path.data() + path.size(), position).ptr;
      path.remove_prefix(static_cast<std::size_t>(end - path.data()) + 1);
      if (position < node->items.size()) next = &node->items[position];
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      const std::size_t length = std::min(path.size(), path.find_first_of(".["));
      next = node->find(path.substr(0, length));
      path.remove_prefix(length);
    }
    if (next == nullptr) break;
    node = next;
  }
  return node->line;
}

std::string place_of(std::string_view file, std::size_t line, const std::string& path) {
  std::string text(file);
  text += ':' + std::to_string(line) + ": ";
  if (!path.empty()) text += path + ": ";
  return text;
}

Error located(std::string_view file, std::size_t line, const std::string& path, const std::string& message) {
  return {ErrorCode::invalid_argument, place_of(file, line, path) + message};
}

}  // namespace

Result<WorldSpec> parse_world(std::string_view json_text, std::string_view file_name) {
  JsonNode root;
  JsonFault syntax;
  if (!parse_json(json_text, root, syntax)) return located(file_name, syntax.line, "", syntax.message);
  try {
    WorldSpec world = read_world(Place(root, ""));
    if (const auto fault = find_fault(world))
      return located(file_name, line_of(root, fault->path), fault->path, fault->message);
    if (world.bluez_faults)
      world.bluez_faults_place = place_of(file_name, line_of(root, "bluez_faults"), "bluez_faults");
    return world;
  } catch (const WorldFault& fault) {
    return located(file_name, fault.line, fault.path, fault.message);
  }
}

namespace {

std::string utf8_name(const std::filesystem::path& path) {
  const auto name = path.u8string();
  return {name.begin(), name.end()};
}

}  // namespace

Result<WorldSpec> load_world(const std::filesystem::path& path) {
  std::error_code failure;
  if (!std::filesystem::exists(path, failure))
    return Error(ErrorCode::invalid_argument, "there is no world file " + utf8_name(path));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open() || file.bad() || text.bad() || std::filesystem::is_directory(path, failure))
    return Error(ErrorCode::invalid_argument, "the world file " + utf8_name(path) + " cannot be read");
  return parse_world(text.str(), utf8_name(path.filename()));
}

Result<BuiltTable> build_table(const PeripheralSpec& peripheral) {
  BuiltTable built;
  if (peripheral.gap_service) {
    const auto generic = built.table.append_generic_services(peripheral.name, peripheral.appearance);
    if (!generic) return generic.error();
  }
  auto placed = built.table.append(peripheral.services);
  if (!placed) return placed.error();
  built.services = std::move(*placed);
  return built;
}

}  // namespace blau::sim::detail
