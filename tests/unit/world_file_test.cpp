#include "backend/sim/world_file.hpp"

#include "backend/sim/default_world.hpp"

#include <blau/bytes.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace blau::sim::detail {
namespace {

using namespace std::chrono_literals;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const std::filesystem::path source = BLAU_SOURCE_DIR;

WorldSpec parsed(std::string_view json) {
  auto world = parse_world(json, "test.json");
  EXPECT_TRUE(world.has_value()) << world.error().what();
  return world ? std::move(*world) : WorldSpec();
}

std::string fault_of(std::string_view json) {
  const auto world = parse_world(json, "w.json");
  EXPECT_FALSE(world.has_value());
  if (world) return "";
  EXPECT_EQ(world.error().code(), ErrorCode::invalid_argument);
  return world.error().what();
}

/// A world with one peripheral of these members, which begin in line 4.
std::string with_peripheral(const std::string& members) {
  return "{\"blau_world\": 1,\n \"peripherals\": [\n  {\"address\": \"C0:00:00:00:00:01\",\n" + members + "}]}";
}

/// … with one service of these members, which begin in line 5.
std::string with_service(const std::string& members) {
  return with_peripheral("\"services\": [{\"uuid\": \"180d\",\n" + members + "}]");
}

/// … with one characteristic of these members, which begin in line 6.
std::string with_characteristic(const std::string& members) {
  return with_service("\"characteristics\": [{\"uuid\": \"2a37\",\n" + members + "}]");
}

TEST(WorldFile, TheDefaultWorldIsTheOneInTheExamples) {
  EXPECT_EQ(default_world_json(), read_file(source / "examples/worlds/default.json"));
}

TEST(WorldFile, TheWorldsInTheExamplesAreRight) {
  for (const auto& file : std::filesystem::directory_iterator(source / "examples/worlds")) {
    const auto world = load_world(file.path());
    EXPECT_TRUE(world.has_value()) << world.error().what();
  }
}

TEST(WorldFile, TheDefaultWorldHasThreePeripherals) {
  const WorldSpec world = default_world();
  ASSERT_EQ(world.peripherals.size(), 3u);
  EXPECT_EQ(world.adapters.at(0).name, "hci0");
  const PeripheralSpec& strap = world.peripherals[0];
  EXPECT_EQ(strap.address, Address("C0:FF:EE:00:00:01", AddressType::random));
  EXPECT_EQ(strap.services.at(0).characteristics.at(0).notify->interval, 1s);
  for (const PeripheralSpec& peripheral : world.peripherals) EXPECT_TRUE(build_table(peripheral).has_value());
}

TEST(WorldFile, TheWorldOfTheConformanceSuiteIsRight) {
  const auto world = load_world(source / "tests/conformance/world.json");
  ASSERT_TRUE(world.has_value()) << world.error().what();
  for (const PeripheralSpec& peripheral : world->peripherals) {
    EXPECT_EQ(peripheral.address.type(), AddressType::random);
    const auto built = build_table(peripheral);
    ASSERT_TRUE(built.has_value()) << built.error().what();
    if (&peripheral == &world->peripherals.front()) {
      EXPECT_EQ(built->services.at(6).handle, 256);
    }
  }
}

TEST(WorldFile, FillsInTheDefaultsOfTheSchema) {
  const WorldSpec world = parsed(R"({"blau_world": 1, "peripherals": [{"address": "00-11-22-33-44-55"}]})");
  EXPECT_EQ(world.seed, 1u);
  ASSERT_EQ(world.adapters.size(), 1u);
  EXPECT_EQ(world.adapters[0].name, "hci0");
  EXPECT_TRUE(world.adapters[0].powered && world.adapters[0].central && !world.adapters[0].blocked);
  const PeripheralSpec& peripheral = world.peripherals.at(0);
  EXPECT_EQ(peripheral.address.type(), AddressType::public_);
  EXPECT_EQ(peripheral.mtu, 517);
  EXPECT_EQ(peripheral.rssi, -60);
  EXPECT_EQ(peripheral.rssi_noise, 0);
  EXPECT_EQ(peripheral.connect_time, 50ms);
  EXPECT_EQ(peripheral.latency, 15ms);
  EXPECT_FALSE(peripheral.drop_link_after);
  EXPECT_TRUE(peripheral.gap_service && peripheral.advertising.enabled && peripheral.advertising.connectable);
  EXPECT_EQ(peripheral.advertising.interval, 100ms);
  EXPECT_TRUE(parsed(R"({"blau_world": 1, "adapters": []})").adapters.empty());
}

TEST(WorldFile, ReadsEveryMember) {
  const WorldSpec world = parsed(R"({
    "$schema": "s", "blau_world": 1.0, "description": "d", "seed": 7,
    "adapters": [{"description": "d", "name": "hci1", "address": "00:11:22:33:44:66", "powered": false, "blocked": true, "central": false}],
    "peripherals": [{
      "description": "d", "address": "00:11:22:33:44:55", "address_type": "random", "name": "N", "appearance": 833,
      "mtu": 48, "rssi": -90, "rssi_noise": 5, "connect_ms": 1, "latency_ms": 2, "drop_link_after_ms": 3, "gap_service": false,
      "advertising": {
        "description": "d", "enabled": false, "connectable": false, "interval_ms": 20,
        "data": {"flags": 4, "tx_power": -8, "appearance": 833, "service_uuids": ["180d"]},
        "scan_response": {"local_name": "L", "short_name": "S", "manufacturer_data": {"0x02E5": "01"}, "service_data": {"180f": {"text": "t"}}, "raw": "0201"}
      },
      "services": [
        {"description": "d", "uuid": "180d", "handle": 5, "includes": [1], "characteristics": [{
          "description": "d", "uuid": "2a37", "handle": 8, "properties": ["read", "write", "notify", "reliable_write"],
          "value": {"repeat": "0102", "count": 2}, "max_length": 8, "security": "authenticated", "read_error": 128, "write_error": 3,
          "read_delay_ms": 4, "write_delay_ms": 5, "notify": {"interval_ms": 6, "values": ["07", {"text": "x"}]}, "echo_to": "2a37",
          "descriptors": [{"description": "d", "uuid": "2901", "handle": 20, "value": "aa", "max_length": 1, "writable": true,
                           "security": "encrypted", "read_error": 1, "write_error": 255}]}]},
        {"uuid": "180f", "primary": false}]
    }]})");
  EXPECT_EQ(world.seed, 7u);
  EXPECT_TRUE(!world.adapters.at(0).powered && world.adapters[0].blocked && !world.adapters[0].central);
  EXPECT_EQ(world.adapters[0].address, Address("00:11:22:33:44:66"));
  const PeripheralSpec& peripheral = world.peripherals.at(0);
  EXPECT_EQ(peripheral.address.type(), AddressType::random);
  EXPECT_EQ(peripheral.drop_link_after, 3ms);
  EXPECT_EQ(to_hex(advertising_bytes(peripheral).data),
            "020104"
            "03030d18"
            "020af8"
            "03194103");
  EXPECT_EQ(to_hex(advertising_bytes(peripheral).scan_response),
            "02094c"
            "020853"
            "04ffe50201"
            "04160f1874"
            "0201");
  const CharacteristicSpec& rate = peripheral.services.at(0).characteristics.at(0);
  EXPECT_EQ(rate.properties, property::read | property::write | property::notify | property::reliable_write);
  EXPECT_EQ(rate.value, bytes(1, 2, 1, 2));
  EXPECT_EQ(rate.security, Security::authenticated);
  EXPECT_EQ(rate.read_delay, 4ms);
  EXPECT_EQ(rate.write_delay, 5ms);
  EXPECT_EQ(rate.notify->values.at(1), bytes_of("x"));
  EXPECT_EQ(rate.echo_to, Uuid(0x2a37));
  const DescriptorSpec& descriptor = rate.descriptors.at(0);
  EXPECT_TRUE(descriptor.writable);
  EXPECT_EQ(descriptor.write_error, 255);
  EXPECT_FALSE(peripheral.services.at(1).primary);
  const auto built = build_table(peripheral);
  ASSERT_TRUE(built.has_value());
  EXPECT_EQ(built->services.at(0).characteristics.at(0).descriptors.at(0), 20);
  EXPECT_EQ(built->table.find(9)->read_error, 128);
}

// Faults: the line and the path must be right.

TEST(WorldFile, TellsTheLineOfWrongJson) {
  EXPECT_TRUE(fault_of("").starts_with("w.json:1: ")) << fault_of("");
  EXPECT_TRUE(fault_of("{\"blau_world\": 1,\n\n  oops}").starts_with("w.json:3: ")) << fault_of("{\n\n  oops}");
  EXPECT_TRUE(fault_of("{\"blau_world\": 1}\n}").starts_with("w.json:2: "));
  EXPECT_TRUE(fault_of("{\"blau_world\": 1,\n\"peripherals\": [\n").starts_with("w.json:2: "));
  EXPECT_EQ(fault_of("{\"blau_world\": 1,\n\"seed\": 1,\n\"seed\": 2}"), "w.json:3: member 'seed' is there twice");
  EXPECT_EQ(fault_of(std::string(40, '[')), "w.json:1: lists and objects are nested too deep");
  EXPECT_EQ(fault_of("{\"blau_world\": 1, \"seed\": \"" + std::string(5000, 'x') + "\n\"}").size() > 300, false);
}

TEST(WorldFile, TellsTheLineOfANumberAtTheEndOfALine) {
  EXPECT_EQ(fault_of("{\"blau_world\":\n2\n}"),
            "w.json:2: blau_world: this version of the format is not known: write 1");
  EXPECT_EQ(fault_of("{\r\n\"blau_world\": 1,\r\n\"seed\": -1\r\n}"),
            "w.json:3: seed: -1 is out of range: 0 to 9223372036854775807");
}

TEST(WorldFile, RefusesWhatIsNoWorld) {
  EXPECT_EQ(fault_of("[]"), "w.json:1: this must be an object, not a list");
  EXPECT_EQ(fault_of("{}"), "w.json:1: member 'blau_world' is missing");
  EXPECT_EQ(fault_of("{\"blau_world\": \"1\"}"), "w.json:1: blau_world: this must be an integer, not a string");
  EXPECT_EQ(fault_of("{\"blau_world\": 1.5}"), "w.json:1: blau_world: this must be an integer, not a number");
}

TEST(WorldFile, RefusesUnknownMembersWithTheNearestName) {
  EXPECT_EQ(fault_of("{\"blau_world\": 1,\n\"peripheral\": []}"),
            "w.json:2: peripheral: there is no member of this name; did you mean 'peripherals'?");
  EXPECT_EQ(fault_of(with_peripheral("\"colour\": 1")),
            "w.json:4: peripherals[0].colour: there is no member of this name");
  EXPECT_EQ(fault_of(with_characteristic("\"properties\": [], \"read_delay\": 3")),
            "w.json:6: peripherals[0].services[0].characteristics[0].read_delay: there is no member of this name; did "
            "you mean 'read_delay_ms'?");
  EXPECT_EQ(fault_of("{\"blau_world\": 1, \"\\u0000 a\": []}"), "w.json:1: '? a': there is no member of this name");
}

TEST(WorldFile, RefusesMalformedUuids) {
  const std::string advice =
      " is not a UUID: write 4, 8 or 36 characters, as 180d or 6e400001-b5a3-f393-e0a9-e50e24dcca9e";
  EXPECT_EQ(fault_of(with_peripheral("\"services\": [\n{},\n{\"uuid\": \"180d\"}]")),
            "w.json:5: peripherals[0].services[0]: member 'uuid' is missing");
  EXPECT_EQ(fault_of(with_peripheral("\"services\": [{\"uuid\": \"180d\"}, {\n\"characteristics\": [{\"properties\": "
                                     "[],\n\"uuid\": \"18zz\"}], \"uuid\": \"180f\"}]")),
            "w.json:6: peripherals[0].services[1].characteristics[0].uuid: '18zz'" + advice);
  EXPECT_EQ(fault_of(with_peripheral("\"services\": [{\"uuid\": 6157}]")),
            "w.json:4: peripherals[0].services[0].uuid: this must be a string, not an integer");
  EXPECT_EQ(fault_of(with_peripheral("\"advertising\": {\"data\": {\"service_data\": {\"18\": \"00\"}}}")),
            "w.json:4: peripherals[0].advertising.data.service_data.18: '18' is not a UUID: write 4, 8 or 36 "
            "characters, as 180f");
}

TEST(WorldFile, RefusesMalformedAddresses) {
  const std::string advice = " is not an address: write six pairs of hexadecimal digits, as C0:FF:EE:00:00:01";
  EXPECT_EQ(fault_of("{\"blau_world\": 1, \"peripherals\": [{\"address\": \"C0:00\"}]}"),
            "w.json:1: peripherals[0].address: 'C0:00'" + advice);
  EXPECT_EQ(fault_of("{\"blau_world\": 1, \"adapters\": [{\"name\": \"a\",\n\"address\": "
                     "\"6e400001-b5a3-f393-e0a9-e50e24dcca9e\"}]}"),
            "w.json:2: adapters[0].address: '6e400001-b5a3-f393-e0a9-e50e24dcca9e'" + advice);
  EXPECT_EQ(fault_of(with_peripheral("\"address_type\": \"Random\"")),
            "w.json:4: peripherals[0].address_type: 'Random' is none of public, random; did you mean 'random'?");
}

TEST(WorldFile, RefusesMalformedValues) {
  const std::string at = "w.json:6: peripherals[0].services[0].characteristics[0].value";
  const auto fault = [](const std::string& value) {
    return fault_of(with_characteristic("\"value\": " + value + ", \"properties\": []"));
  };
  EXPECT_EQ(fault("\"0\""), at + ": '0' is not bytes: write pairs of hexadecimal digits, as 00ff, or {\"text\": …}");
  EXPECT_EQ(fault("\"00 11\""),
            at + ": '00 11' is not bytes: write pairs of hexadecimal digits, as 00ff, or {\"text\": …}");
  EXPECT_EQ(
      fault("17"),
      at + ": a value must be hexadecimal digits, {\"text\": …} or {\"repeat\": …, \"count\": …}, not an integer");
  EXPECT_EQ(fault("{\"text\": \"a\", \"count\": 1}"), at + ".count: there is no member of this name");
  EXPECT_EQ(fault("{\"text\": 1}"), at + ".text: this must be a string, not an integer");
  EXPECT_EQ(fault("{\"repeat\": \"00\"}"), at + ": member 'count' is missing");
  EXPECT_EQ(fault("{\"repeat\": \"00\", \"count\": 513}"), at + ".count: 513 is out of range: 0 to 512");
  EXPECT_EQ(fault("{\"repeat\": \"0000\", \"count\": 257}"), at + ": a value has 512 bytes at most");
  EXPECT_EQ(fault("{\"text\": \"" + std::string(513, 'x') + "\"}"), at + ": this value has 513 bytes, 512 is the most");
  EXPECT_EQ(fault("\"0001\", \"max_length\": 1"), at + ": the value has 2 bytes, the attribute takes 1 at most");
}

TEST(WorldFile, RefusesNumbersOutOfRange) {
  const auto fault = [](const std::string& members) { return fault_of(with_peripheral(members)); };
  EXPECT_EQ(fault("\"mtu\": 22"), "w.json:4: peripherals[0].mtu: 22 is out of range: 23 to 517");
  EXPECT_EQ(fault("\"mtu\": 518"), "w.json:4: peripherals[0].mtu: 518 is out of range: 23 to 517");
  EXPECT_EQ(fault("\"rssi\": -128"), "w.json:4: peripherals[0].rssi: -128 is out of range: -127 to 20");
  EXPECT_EQ(fault("\"rssi_noise\": 31"), "w.json:4: peripherals[0].rssi_noise: 31 is out of range: 0 to 30");
  EXPECT_EQ(fault("\"latency_ms\": 86400001"),
            "w.json:4: peripherals[0].latency_ms: 86400001 is out of range: 0 to 86400000");
  EXPECT_EQ(fault("\"appearance\": 65536"), "w.json:4: peripherals[0].appearance: 65536 is out of range: 0 to 65535");
  EXPECT_EQ(fault("\"advertising\": {\"interval_ms\": 19}"),
            "w.json:4: peripherals[0].advertising.interval_ms: 19 is out of range: 20 to 10240");
  EXPECT_EQ(fault("\"advertising\": {\"data\": {\"tx_power\": 128}}"),
            "w.json:4: peripherals[0].advertising.data.tx_power: 128 is out of range: -127 to 127");
  EXPECT_EQ(fault("\"mtu\": 1e300"), "w.json:4: peripherals[0].mtu: this must be an integer, not a number");
  EXPECT_EQ(fault("\"mtu\": 99999999999999999999"),
            "w.json:4: peripherals[0].mtu: this must be an integer, not a number");
  EXPECT_EQ(fault("\"gap_service\": 1"),
            "w.json:4: peripherals[0].gap_service: this must be a boolean, not an integer");
}

TEST(WorldFile, RefusesWrongCharacteristics) {
  const std::string at = "w.json:6: peripherals[0].services[0].characteristics[0]";
  EXPECT_EQ(fault_of(with_characteristic("\"properties\": [\"raed\"]")),
            at + ".properties[0]: 'raed' is none of broadcast, read, write_without_response, write, notify, indicate, "
                 "authenticated_signed_writes, reliable_write, writable_auxiliaries; did you mean 'read'?");
  EXPECT_EQ(fault_of(with_characteristic("\"properties\": [\"read\", \"read\"]")),
            at + ".properties[1]: 'read' is listed twice");
  EXPECT_EQ(fault_of(with_characteristic("\"properties\": [], \"security\": \"encryption\"")),
            at + ".security: 'encryption' is none of none, encrypted, authenticated; did you mean 'encrypted'?");
  EXPECT_EQ(fault_of(with_characteristic("\"properties\": [], \"read_error\": 0")),
            at + ".read_error: 0 is out of range: 1 to 255");
  EXPECT_EQ(
      fault_of(with_characteristic("\"properties\": [\"notify\"], \"notify\": {\"interval_ms\": 1, \"values\": []}")),
      at + ".notify.values: list one value at least");
  EXPECT_EQ(fault_of(with_characteristic(
                "\"properties\": [\"notify\"], \"notify\": {\"interval_ms\": 0, \"values\": [\"\"]}")),
            at + ".notify.interval_ms: 0 is out of range: 1 to 86400000");
  EXPECT_EQ(fault_of(with_service("\"characteristics\": [\n{\"uuid\": \"2a37\"}]")),
            "w.json:6: peripherals[0].services[0].characteristics[0]: member 'properties' is missing");
}

TEST(WorldFile, RefusesWhatTheSchemaCannotSay) {
  EXPECT_EQ(fault_of(with_characteristic("\"properties\": [\"read\"],\n\"echo_to\": \"2a99\"")),
            "w.json:7: peripherals[0].services[0].characteristics[0].echo_to: this service has no characteristic "
            "00002a99-0000-1000-8000-00805f9b34fb with the property notify or indicate");
  EXPECT_EQ(fault_of(with_characteristic(
                "\"properties\": [\"read\"],\n\n\"notify\": {\"interval_ms\": 1, \"values\": [\"\"]}")),
            "w.json:8: peripherals[0].services[0].characteristics[0].notify: the characteristic has neither the "
            "property notify nor indicate");
  EXPECT_EQ(fault_of(with_characteristic(
                "\"properties\": [\"read\"], \"descriptors\": [\n{\"uuid\": \"2901\",\n\"handle\": 12}]")),
            "w.json:8: peripherals[0].services[0].characteristics[0].descriptors[0].handle: handle 12 is not free: the "
            "lowest that is, is 13");
  EXPECT_EQ(fault_of(with_service("\"includes\": [\n3]")),
            "w.json:6: peripherals[0].services[0].includes[0]: there is no service 3: the list has 1, counted from 0");
  EXPECT_EQ(fault_of(with_peripheral("\"services\": [{\"uuid\": \"1801\"}]")),
            "w.json:4: peripherals[0].services[0].uuid: this service is made by itself: leave it out, or set "
            "gap_service to false");
}

TEST(WorldFile, RefusesTwins) {
  EXPECT_EQ(fault_of("{\"blau_world\": 1, \"peripherals\": [{\"address\": \"C0:00:00:00:00:01\"},\n{\"address\": "
                     "\"c0-00-00-00-00-01\"}]}"),
            "w.json:2: peripherals[1].address: C0:00:00:00:00:01 is the address of peripherals[0] too");
  EXPECT_EQ(fault_of("{\"blau_world\": 1, \"peripherals\": [{\"address\": \"C0:00:00:00:00:01\"}],\n\"adapters\": "
                     "[{\"name\": \"a\", \"address\": \"C0:00:00:00:00:01\"}]}"),
            "w.json:1: peripherals[0].address: C0:00:00:00:00:01 is the address of adapters[0] too");
  EXPECT_EQ(fault_of("{\"blau_world\": 1, \"adapters\": [{\"name\": \"hci0\"},\n{\"name\": \"hci0\"}]}"),
            "w.json:2: adapters[1].name: another adapter is called 'hci0' too");
}

TEST(WorldFile, RefusesAdvertisementsThatDoNotFit) {
  EXPECT_EQ(fault_of(with_peripheral("\"advertising\": {\"data\":\n{\"flags\": 6, \"local_name\": "
                                     "\"A name of twenty-eight bytes\"}}")),
            "w.json:5: peripherals[0].advertising.data: this takes 33 bytes, 2 more than the 31 of an advertising "
            "packet: shorten it or move a part into scan_response");
  EXPECT_EQ(fault_of(with_peripheral("\"advertising\": {\"scan_response\": {\"manufacturer_data\": {\"0x0001\": "
                                     "{\"repeat\": \"00\", \"count\": 300}}}}")),
            "w.json:4: peripherals[0].advertising.scan_response: this takes 304 bytes, 273 more than the 31 of an "
            "advertising packet: shorten it or move a part into data");
  EXPECT_EQ(
      fault_of(with_peripheral("\"advertising\": {\"scan_response\": {\"flags\": 6}}")),
      "w.json:4: peripherals[0].advertising.scan_response.flags: flags belong into data, never into a scan response");
  EXPECT_EQ(fault_of(with_peripheral("\"advertising\": {\"data\": {\"manufacturer_data\": {\"741\": \"00\"}}}")),
            "w.json:4: peripherals[0].advertising.data.manufacturer_data.741: '741' is not a company identifier: write "
            "0x and four digits, as 0x02e5");
}

// Files

TEST(WorldFile, NamesAFileThatIsNotThere) {
  const auto world = load_world("/nowhere/heart.json");
  ASSERT_FALSE(world.has_value());
  EXPECT_EQ(world.error().code(), ErrorCode::invalid_argument);
  EXPECT_STREQ(world.error().what(), "there is no world file /nowhere/heart.json");
}

TEST(WorldFile, NamesAFolderThatIsNoFile) {
  const auto world = load_world(source / "docs");
  ASSERT_FALSE(world.has_value());
  EXPECT_TRUE(std::string(world.error().what()).ends_with("docs cannot be read")) << world.error().what();
}

}  // namespace
}  // namespace blau::sim::detail
