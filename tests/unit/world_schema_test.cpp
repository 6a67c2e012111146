// The reader and docs/world.schema.json say the same: every member and every limit of the schema is tried on the reader.

#include "backend/sim/world_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace blau::sim::detail {
namespace {

using Json = nlohmann::ordered_json;

const Json& schema() {
  static const Json parsed = Json::parse(std::ifstream(BLAU_SOURCE_DIR "/docs/world.schema.json"));
  return parsed;
}

/// An object of a world: its part of the schema, and a right world that holds one at `at`.
struct Kind {
  const char* name;
  const char* in_schema;
  const char* world;
  const char* at;
};

const std::vector<Kind> kinds = {
    {"world", "", R"({"blau_world": 1})", ""},
    {"adapter", "/$defs/adapter", R"({"blau_world": 1, "adapters": [{"name": "hci0"}]})", "/adapters/0"},
    {"peripheral", "/$defs/peripheral", R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01"}]})",
     "/peripherals/0"},
    {"pairing", "/$defs/pairing",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "pairing": {"io": "display_only"}}]})",
     "/peripherals/0/pairing"},
    {"advertising", "/$defs/advertising",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "advertising": {}}]})",
     "/peripherals/0/advertising"},
    {"advertisement", "/$defs/advertisement",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "advertising": {"data": {}}}]})",
     "/peripherals/0/advertising/data"},
    {"service", "/$defs/service",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "gap_service": false, "services": [{"uuid": "180d"}]}]})",
     "/peripherals/0/services/0"},
    {"characteristic", "/$defs/characteristic",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": []}]}]}]})",
     "/peripherals/0/services/0/characteristics/0"},
    {"notify", "/$defs/characteristic/properties/notify",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": ["notify"], "notify": {"interval_ms": 1, "values": ["00"]}}]}]}]})",
     "/peripherals/0/services/0/characteristics/0/notify"},
    {"descriptor", "/$defs/descriptor",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": [], "descriptors": [{"uuid": "2901"}]}]}]}]})",
     "/peripherals/0/services/0/characteristics/0/descriptors/0"},
    {"link_fault", "/$defs/link_fault",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": ["read", "write", "notify"]}]}]}], "faults": [
         {"fault": "link", "address": "00:00:00:00:00:01", "step": "before_mtu"}]})",
     "/faults/0"},
    {"request_fault", "/$defs/request_fault",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": ["read", "write", "notify"]}]}]}], "faults": [
         {"fault": "request", "address": "00:00:00:00:00:01", "characteristic": "2a37", "error": 1}]})",
     "/faults/0"},
    {"notify_fault", "/$defs/notify_fault",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": ["read", "write", "notify"]}]}]}], "faults": [
         {"fault": "notify", "address": "00:00:00:00:00:01", "characteristic": "2a37", "times": 2}]})",
     "/faults/0"},
    {"services_fault", "/$defs/services_fault",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": ["read", "write", "notify"]}]}]}], "faults": [
         {"fault": "services", "address": "00:00:00:00:00:01", "at_ms": 5, "remove": "180d"}]})",
     "/faults/0"},
    {"adapter_fault", "/$defs/adapter_fault",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": ["read", "write", "notify"]}]}]}], "faults": [
         {"fault": "adapter", "adapter": "hci0", "action": "off", "at_ms": 5}]})",
     "/faults/0"},
    {"peripheral_fault", "/$defs/peripheral_fault",
     R"({"blau_world": 1, "peripherals": [{"address": "00:00:00:00:00:01", "services": [{"uuid": "180d", "characteristics": [
         {"uuid": "2a37", "properties": ["read", "write", "notify"]}]}]}], "faults": [
         {"fault": "peripheral", "address": "00:00:00:00:00:01", "action": "stall", "at_ms": 5}]})",
     "/faults/0"},
};

/// What the reader says of the kind's world with one member changed; empty if it is right.
std::string fault_with(const Kind& kind, const std::string& member, const Json& value) {
  Json world = Json::parse(kind.world);
  world[Json::json_pointer(kind.at)][member] = value;
  const auto read = parse_world(world.dump(), "w");
  return read ? "" : read.error().what();
}

/// The definition with what it refers to.
Json resolved(const Json& definition) {
  if (!definition.contains("$ref")) return definition;
  Json whole = resolved(schema().at(Json::json_pointer(definition["$ref"].get<std::string>().substr(1))));
  whole.update(definition);
  return whole;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

class WorldSchemaTest : public ::testing::TestWithParam<Kind> {
 protected:
  const Json& definition() const { return schema().at(Json::json_pointer(GetParam().in_schema)); }
};

TEST_P(WorldSchemaTest, TheWorldToStartFromIsRight) {
  const auto world = parse_world(GetParam().world, "w");
  EXPECT_TRUE(world.has_value()) << world.error().what();
}

TEST_P(WorldSchemaTest, TheReaderKnowsTheMembersOfTheSchemaAndNoOthers) {
  for (const auto& [member, ignored] : definition()["properties"].items()) {
    const std::string fault = fault_with(GetParam(), member, nullptr);
    EXPECT_FALSE(fault.empty()) << member << " can be null";
    EXPECT_FALSE(has(fault, "there is no member")) << fault;
  }
  EXPECT_TRUE(has(fault_with(GetParam(), "unheard_of", nullptr), "there is no member of this name"));
}

TEST_P(WorldSchemaTest, TheReaderDemandsWhatTheSchemaRequires) {
  const Json required = definition().value("required", Json::array());
  for (const auto& member : required) {
    Json world = Json::parse(GetParam().world);
    world[Json::json_pointer(GetParam().at)].erase(member.get<std::string>());
    const auto read = parse_world(world.dump(), "w");
    ASSERT_FALSE(read.has_value()) << member;
    EXPECT_TRUE(has(read.error().what(), "is missing")) << read.error().what();
  }
}

TEST_P(WorldSchemaTest, TheReaderHasTheLimitsOfTheSchema) {
  for (const auto& [member, raw] : definition()["properties"].items()) {
    const Json number = resolved(raw);
    if (number.value("type", "") != "integer") continue;
    const auto least = number.at("minimum").get<std::int64_t>();
    EXPECT_TRUE(has(fault_with(GetParam(), member, least - 1), "out of range")) << member;
    EXPECT_FALSE(has(fault_with(GetParam(), member, least), "out of range")) << member;
    if (!number.contains("maximum")) continue;
    const auto most = number["maximum"].get<std::int64_t>();
    EXPECT_TRUE(has(fault_with(GetParam(), member, most + 1), "out of range")) << member;
    EXPECT_FALSE(has(fault_with(GetParam(), member, most), "out of range")) << member;
  }
}

TEST_P(WorldSchemaTest, TheReaderHasTheWordsOfTheSchema) {
  for (const auto& [member, raw] : definition()["properties"].items()) {
    const Json one = resolved(raw);
    const bool is_list = one.contains("items") && one["items"].contains("enum");
    if (!is_list && !one.contains("enum")) continue;
    for (Json word : is_list ? one["items"]["enum"] : one["enum"]) {
      const std::string fault = fault_with(GetParam(), member, is_list ? Json::array({word}) : word);
      // What is already so, or contradicts the rest, is another matter.
      if (GetParam().at == std::string_view("/faults/0")) {
        EXPECT_FALSE(has(fault, "is none of")) << fault;
      } else {
        EXPECT_EQ(fault, "") << member;
      }
    }
    const Json wrong = "unheard_of";
    EXPECT_TRUE(has(fault_with(GetParam(), member, is_list ? Json::array({wrong}) : wrong), "is none of")) << member;
  }
}

TEST_P(WorldSchemaTest, TheReaderTakesTheDefaultsOfTheSchema) {
  for (const auto& [member, raw] : definition()["properties"].items()) {
    const Json one = resolved(raw);
    if (!one.contains("default")) continue;
    EXPECT_EQ(fault_with(GetParam(), member, one["default"]), "") << member;
  }
}

TEST(WorldSchema, ListsTheKindsOfFaultsThatTheReaderKnows) {
  std::size_t kinds_of_faults = 0;
  for (const auto& kind : schema()["$defs"]["fault"]["oneOf"]) {
    const Json one = resolved(kind);
    const std::string text =
        R"({"blau_world": 1, "faults": [{"fault": )" + one["properties"]["fault"]["const"].dump() + "}]}";
    const auto read = parse_world(text, "w");
    ASSERT_FALSE(read.has_value());
    EXPECT_TRUE(has(read.error().what(), "is missing")) << read.error().what();
    ++kinds_of_faults;
  }
  EXPECT_EQ(kinds_of_faults, std::variant_size_v<FaultSpec>);
}

TEST(WorldSchema, NamesTheAttErrorsAsTheReaderDoes) {
  const Kind* kind = nullptr;
  for (const Kind& candidate : kinds)
    if (candidate.name == std::string_view("request_fault")) kind = &candidate;
  const Json ways = schema()["$defs"]["request_fault"]["properties"]["error"]["oneOf"];
  std::set<std::string> names;
  for (const auto& name : ways[1]["enum"]) {
    EXPECT_EQ(fault_with(*kind, "error", name), "");
    names.insert(name.get<std::string>());
  }
  for (unsigned number = 1; number <= 255; ++number) {
    const std::string shown = to_string(static_cast<AttError>(number));
    const auto end = shown.find(" (");
    EXPECT_TRUE(end == std::string::npos || names.contains(shown.substr(0, end))) << shown;
    EXPECT_EQ(fault_with(*kind, "error", number), "");
  }
  EXPECT_TRUE(has(fault_with(*kind, "error", 256), "out of range"));
  EXPECT_TRUE(has(fault_with(*kind, "error", "unlikely_eror"), "did you mean 'unlikely_error'?"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, WorldSchemaTest, ::testing::ValuesIn(kinds),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace blau::sim::detail
