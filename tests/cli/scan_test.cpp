// adapters and scan on simulated worlds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json.hpp"
#include "process.hpp"

namespace blau::cli::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// Long enough for each device to advertise twice.
constexpr const char* enough = "0.4";

std::vector<Json> objects(const std::string& output) {
  std::vector<Json> all;
  for (const auto& line : lines_of(output)) all.push_back(Json::parse(line));
  return all;
}

Json with_address(const std::vector<Json>& list, const std::string& address) {
  for (const auto& entry : list)
    if (entry["address"] == address) return entry;
  return nullptr;
}

std::vector<std::string> names(const std::string& output) {
  std::vector<std::string> all;
  for (const auto& device : objects(output))
    all.push_back(device["name"].is_null() ? "" : device["name"].get<std::string>());
  return all;
}

TEST(Adapters, ListsThemAligned) {
  const auto outcome = blau({"adapters"});
  EXPECT_EQ(outcome.status, 0);
  const auto lines = lines_of(outcome.output);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], ContainsRegex("^ID +ADDRESS +NAME +DEFAULT +STATE$"));
  EXPECT_THAT(lines[1], ContainsRegex("^hci0 +00:00:00:00:00:A0 .*yes +on$"));
  EXPECT_THAT(lines[2], AllOf(HasSubstr("hci1"), HasSubstr("off: switch it on"), Not(HasSubstr("yes"))));
}

TEST(Adapters, GivesAJsonObjectEach) {
  const auto all = objects(blau({"--json", "adapters"}).output);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(keys(all[0]), ElementsAre("id", "name", "address", "powered", "default"));
  EXPECT_EQ(all[0]["address"], "00:00:00:00:00:A0");
  EXPECT_EQ(all[0]["powered"], true);
  EXPECT_EQ(all[0]["default"], true);
  EXPECT_EQ(all[1]["powered"], false);
  EXPECT_EQ(all[1]["default"], false);
}

TEST(NoBluetooth, GivesStatus5AndSaysWhatToDo) {
  for (const auto* const flag : {"--json", "--verbose"}) {
    const auto listed = Program(with_world({flag, "adapters"}, "no_adapter.json")).finish();
    EXPECT_EQ(listed.status, 5);
    EXPECT_EQ(listed.output, "");
    EXPECT_THAT(listed.errors, HasSubstr("blau: "));
  }
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"scan", "--seconds", enough}, {"info", "Somebody"}, {"read", "C0:00:00:00:00:01", "2a19"}}) {
    for (const auto* const world : {"no_adapter.json", "switched_off.json"}) {
      const auto outcome = Program(with_world(command, world)).finish();
      EXPECT_EQ(outcome.status, 5) << world << command[0];
      EXPECT_EQ(outcome.output, "");
      EXPECT_THAT(lines_of(outcome.errors), SizeIs(1));
    }
  }
}

TEST(NoBluetooth, AnAdapterThatIsOffOrUnknownIsToldByName) {
  const auto off = blau({"--adapter", "hci1", "scan"});
  EXPECT_EQ(off.status, 5);
  EXPECT_THAT(off.errors, HasSubstr("hci1"));
  const auto unknown = blau({"--adapter", "hci7", "scan"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.errors, AllOf(HasSubstr("hci7"), HasSubstr("hci0")));
  EXPECT_EQ(blau({"--adapter", "00:00:00:00:00:A0", "read", "Twins", "#0x31"}).output, "02\n");
}

TEST(NoBluetooth, AMachineWithoutTheServiceIsToldSo) {
  Setting setting;
  setting.environment = {"DBUS_SYSTEM_BUS_ADDRESS=unix:path=/no/such/bus"};
  for (const auto& command : std::vector<std::vector<std::string>>{{"adapters"}, {"scan"}, {"info", "Somebody"}}) {
    std::vector<std::string> arguments{"--backend", "bluez"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    const auto outcome = blau_alone(arguments, setting);
    if (outcome.errors.find("does not hold the backend") != std::string::npos)
      GTEST_SKIP() << "this build has no BlueZ backend";
    EXPECT_EQ(outcome.status, 5) << command[0];
    EXPECT_EQ(outcome.output, "");
    EXPECT_THAT(lines_of(outcome.errors), SizeIs(1));
  }
}

TEST(NoBluetooth, TheBackendComesFromTheEnvironmentWhereNoneIsChosen) {
  Setting setting;
  setting.environment = {"BLAU_BACKEND=sim:" BLAU_CLI_TESTS "/no_adapter.json"};
  EXPECT_EQ(blau_alone({"adapters"}, setting).status, 5);
  setting.environment = {"BLAU_BACKEND=nonsense"};
  EXPECT_EQ(blau_alone({"adapters"}, setting).status, 2);
}

TEST(Scan, ListsDevicesTheStrongestFirst) {
  const auto outcome = blau({"scan", "--seconds", enough});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "");
  const auto lines = lines_of(outcome.output);
  ASSERT_THAT(lines, SizeIs(7));
  EXPECT_THAT(lines[0], ContainsRegex("^ADDRESS +RSSI  NAME"));
  EXPECT_THAT(lines[1], ContainsRegex("^C0:00:00:00:00:01 +-50  Test Strap +Heart Rate, Battery Service"));
  EXPECT_THAT(lines[6], ContainsRegex("^00:11:22:33:44:03 +-90  \\(no name\\) .*Environmental Sensing.*Espressif"));
}

TEST(Scan, GivesAJsonObjectADeviceWithAllFields) {
  const auto all = objects(blau({"--json", "scan", "--seconds", enough}).output);
  EXPECT_THAT(all, SizeIs(6));
  const auto nameless = with_address(all, "00:11:22:33:44:03");
  EXPECT_THAT(keys(nameless), ElementsAre("address", "address_type", "name", "rssi", "tx_power", "service_uuids",
                                          "manufacturer_data", "service_data", "connectable"));
  EXPECT_EQ(nameless["address_type"], "public");
  EXPECT_EQ(nameless["name"], nullptr);
  EXPECT_EQ(nameless["rssi"], -90);
  EXPECT_EQ(nameless["tx_power"], -4);
  EXPECT_EQ(nameless["manufacturer_data"], (Json{{"0x02e5", "0102ff"}}));
  EXPECT_EQ(nameless["service_data"], (Json{{"0000181a-0000-1000-8000-00805f9b34fb", "6608"}}));
  EXPECT_EQ(nameless["connectable"], false);
  const auto strap = with_address(all, "C0:00:00:00:00:01");
  EXPECT_EQ(strap["address_type"], "random");
  EXPECT_EQ(strap["name"], "Test Strap");
  EXPECT_EQ(strap["tx_power"], nullptr);
  EXPECT_EQ(strap["service_uuids"][0], "0000180d-0000-1000-8000-00805f9b34fb");
  EXPECT_EQ(strap["connectable"], true);
}

TEST(Scan, EscapesNamesThatWouldSteerATerminal) {
  const auto outcome = blau({"scan", "--seconds", enough});
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("Evil\\x1b[31m\\x0aname"), Not(HasSubstr("\033"))));
  // JSON has escapes of its own, and the name as it is.
  EXPECT_THAT(names(blau({"--json", "scan", "--seconds", enough, "--name", "evil"}).output),
              ElementsAre("Evil\033[31m\nname"));
}

TEST(Scan, FiltersByNameServiceAndStrength) {
  EXPECT_THAT(names(blau({"--json", "scan", "--seconds", enough, "--name", "STRAP"}).output),
              ElementsAre("Test Strap"));
  EXPECT_THAT(names(blau({"--json", "scan", "--seconds", enough, "--service", "heart_rate"}).output),
              ElementsAre("Test Strap"));
  EXPECT_THAT(names(blau({"--json", "scan", "--seconds", enough, "--service", "180f"}).output),
              ::testing::UnorderedElementsAre("Test Strap", "Twins", "Leaver"));
  EXPECT_THAT(
      names(blau({"--json", "scan", "--seconds", enough, "--service", "180f", "--service", "180d", "--rssi", "-55"})
                .output),
      ElementsAre("Test Strap"));
}

TEST(Scan, PassivelyItAsksForNoScanResponse) {
  const auto passive = blau({"--json", "scan", "--seconds", enough, "--passive", "--pattern", "ff:0:e502"});
  EXPECT_EQ(passive.status, 0);
  EXPECT_FALSE(passive.output.empty()) << "patterns are BlueZ's";
  const auto active = blau({"--json", "scan", "--seconds", enough});
  EXPECT_LT(passive.output.size(), active.output.size()) << "scan responses came";
}

TEST(Scan, GivesStatus3WhereWhatWasLookedForIsNotThere) {
  for (const auto& filter : std::vector<std::vector<std::string>>{{"--name", "Nobody"}, {"--service", "1234"}}) {
    const auto outcome = blau({"scan", "--seconds", "0.2", filter[0], filter[1]});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(outcome.output, "");
    EXPECT_THAT(outcome.errors, HasSubstr("--seconds"));
  }
}

TEST(Scan, SeeingNobodyIsNoErrorWhereNobodyWasLookedFor) {
  const auto people = Program(with_world({"scan", "--seconds", "0.2"}, "nobody_there.json")).finish();
  EXPECT_EQ(people.status, 0);
  EXPECT_EQ(people.output, "");
  EXPECT_THAT(people.errors, HasSubstr("no device was seen"));
  const auto program = Program(with_world({"--json", "scan", "--seconds", "0.2"}, "nobody_there.json")).finish();
  EXPECT_EQ(program.status, 0);
  EXPECT_EQ(program.output + program.errors, "");
}

TEST(Verbose, PrintsTheLibrarysLogOnStandardErrorAlone) {
  const auto outcome = blau({"-v", "read", "Twins", "#0x31"});
  EXPECT_EQ(outcome.output, "02\n");
  EXPECT_THAT(outcome.errors, ContainsRegex("info \\[tool\\] connected to C0:00:00:00:00:02"));
}

}  // namespace
}  // namespace blau::cli::test
