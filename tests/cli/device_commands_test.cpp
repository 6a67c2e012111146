// info, read and write on the simulated world.

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
using ::testing::StartsWith;

constexpr const char* everything = "b1a00001-0000-4000-8000-00b1a0b1a0b1";
constexpr const char* forbidden = "b1a00002-0000-4000-8000-00b1a0b1a0b1";

const Json& with_uuid(const Json& list, const std::string& uuid) {
  for (const auto& entry : list)
    if (entry["uuid"] == uuid) return entry;
  throw std::out_of_range("no " + uuid);
}

const std::string base = "-0000-1000-8000-00805f9b34fb";

TEST(Read, PrintsHexadecimalDigitsAndNothingElse) {
  const auto outcome = blau({"read", strap, "battery_level"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "57\n");
  EXPECT_EQ(outcome.errors, "");
}

TEST(Read, TakesNamesAndEveryWayToNameACharacteristic) {
  for (const auto* const characteristic : {"2a38", "0x2a38", "00002a38", "00002a38-0000-1000-8000-00805f9b34fb",
                                           "body_sensor_location", "#0x0f", "#15", "#16"})
    EXPECT_EQ(blau({"read", "Test Strap", characteristic}).output, "01\n") << characteristic;
}

TEST(Read, PrintsInAFormat) {
  EXPECT_EQ(blau({"read", strap, "battery_level", "--format", "u8"}).output, "87\n");
  EXPECT_EQ(blau({"read", strap, "2a29", "--format", "text"}).output, "Blau Works\n");
  EXPECT_EQ(blau({"read", strap, everything, "--format", "i16le"}).output, "-468,-1\n");
}

TEST(Read, FailsWhereTheFormatDoesNotFitAndShowsTheValue) {
  const auto outcome = blau({"read", strap, "battery_level", "--format", "u16le"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr(" 57 "), HasSubstr("--format")));
}

TEST(Read, EscapesWhatWouldSteerATerminal) {
  EXPECT_EQ(blau({"read", strap, "2a24", "--format", "text"}).output, "\\x1b[31mred\\x0aline\n");
}

TEST(Read, GivesOneJsonObject) {
  const auto outcome = blau({"--json", "read", strap, "battery_level", "--format", "u8"});
  const auto json = Json::parse(outcome.output);
  EXPECT_THAT(keys(json), ElementsAre("uuid", "handle", "value"));
  EXPECT_EQ(json["uuid"], "00002a19" + base);
  EXPECT_EQ(json["value"], "57");
  EXPECT_TRUE(json["handle"].is_number_unsigned());
  EXPECT_EQ(lines_of(outcome.output).size(), 1U);
}

TEST(Read, ReadsDescriptors) {
  EXPECT_EQ(blau({"read", strap, "2a37", "--descriptor", "2901", "--format", "text"}).output, "beats\n");
  EXPECT_EQ(blau({"read", strap, "2a37", "--descriptor", "characteristic_user_description"}).output, "6265617473\n");
  const auto json = Json::parse(blau({"--json", "read", strap, "2a37", "--descriptor", "#14"}).output);
  EXPECT_EQ(json["uuid"], "00002901" + base);
  EXPECT_EQ(json["handle"], 14);
}

TEST(Read, TellsTheHandlesOfAnAmbiguousUuid) {
  const auto outcome = blau({"read", "Twins", "2a19"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("#0x0021"), HasSubstr("#0x0031")));
  EXPECT_EQ(blau({"read", "Twins", "#0x0021"}).output, "01\n");
  EXPECT_EQ(blau({"read", "Twins", "#0x0031"}).output, "02\n");
}

TEST(Read, TellsWhatIsNotThere) {
  const auto by_uuid = blau({"read", "Twins", "2a37"});
  EXPECT_EQ(by_uuid.status, 3);
  EXPECT_THAT(by_uuid.errors, AllOf(HasSubstr("2a37"), HasSubstr("blau info")));
  EXPECT_EQ(blau({"read", "Twins", "#0x1234"}).status, 3);
  const auto descriptor = blau({"read", strap, "2a37", "--descriptor", "2904"});
  EXPECT_EQ(descriptor.status, 3);
  EXPECT_THAT(descriptor.errors, HasSubstr("Characteristic User Description (2901)"));
}

TEST(Read, TellsTheDevicesOwnAnswer) {
  const auto outcome = blau({"read", strap, forbidden});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("application error 0x80"));
  const auto unreadable = blau({"read", strap, "2a37"});
  EXPECT_EQ(unreadable.status, 1);
  EXPECT_THAT(unreadable.errors, HasSubstr("read"));
}

TEST(Read, EndsWhenItsTimeIsUp) {
  const auto outcome = blau({"--timeout", "0.5", "read", strap, slow});
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.errors, HasSubstr("--timeout"));
}

TEST(Connect, TellsDevicesThatAreNotThere) {
  for (const auto* const device : {"C0:00:00:00:00:07", "C0:00:00:00:00:99", "Silent", "Nobody"}) {
    const auto outcome = blau({"--timeout", "0.3", "info", device});
    EXPECT_EQ(outcome.status, 3) << device;
    EXPECT_THAT(outcome.errors, AllOf(StartsWith("blau: "), HasSubstr(device)));
    EXPECT_EQ(lines_of(outcome.errors).size(), 1U);
  }
}

TEST(Connect, EndsWhenItsTimeIsUp) {
  for (const auto* const device : {"C0:00:00:00:00:06", "Sleeper"}) {
    const auto outcome = blau({"--timeout", "0.4", "info", device});
    EXPECT_EQ(outcome.status, 4) << device;
    EXPECT_THAT(outcome.errors, HasSubstr("did not connect"));
  }
}

TEST(Write, TellsWhatItWrote) {
  const auto outcome = blau({"write", strap, everything, "u16le:1,2"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(StartsWith("wrote 4 bytes to #0x"), HasSubstr(everything)));
}

TEST(Write, GivesOneJsonObject) {
  for (const auto* const flag : {"--json", "--no-response"}) {
    const auto outcome = blau({"--json", "write", strap, everything, "text:hello", flag});
    const auto json = Json::parse(outcome.output);
    EXPECT_THAT(keys(json), ElementsAre("uuid", "handle", "written"));
    EXPECT_EQ(json["uuid"], everything);
    EXPECT_EQ(json["written"], 5);
  }
}

TEST(Write, WritesWhatItIsGiven) {
  // The echo of the default world sends back what was written; here the device's own check tells.
  EXPECT_EQ(blau({"write", strap, "2a39", "01"}).status, 0);
  const auto too_long = blau({"write", strap, "2a39", "0102"});
  EXPECT_EQ(too_long.status, 1);
  EXPECT_THAT(too_long.errors, HasSubstr("invalid_attribute_value_length (0x0d)"));
  EXPECT_EQ(blau({"write", strap, everything, std::string(1024, 'a')}).status, 0);
}

TEST(Write, WritesReliablyWhatOffersIt) {
  const auto write = [](const char* uuid) {
    return Program(with_world({"write", "C0:FF:EE:00:00:07", uuid, "01", "--reliable"}, "reliable.json")).finish();
  };
  const auto written = write("2a46");
  EXPECT_EQ(written.status, 0) << written.errors;
  EXPECT_THAT(written.output, StartsWith("wrote 1 byte"));
  const auto refused = write("2a47");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.errors, HasSubstr("reliable_write"));
}

TEST(Write, RefusesWhatTheCharacteristicDoesNotAllow) {
  const auto unwritable = blau({"write", strap, "2a38", "00"});
  EXPECT_EQ(unwritable.status, 1);
  EXPECT_THAT(unwritable.errors, HasSubstr("write"));
  const auto without_response = blau({"write", strap, "2a39", "01", "--no-response"});
  EXPECT_EQ(without_response.status, 1);
  EXPECT_THAT(without_response.errors, HasSubstr("without"));
}

TEST(Write, WritesDescriptorsButNotThatOfNotifications) {
  const auto written = Json::parse(blau({"--json", "write", strap, "2a37", "text:hi", "--descriptor", "2901"}).output);
  EXPECT_EQ(written["handle"], 14);
  EXPECT_EQ(written["written"], 2);
  const auto refused = blau({"write", strap, "2a37", "0100", "--descriptor", "2902"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.errors, HasSubstr("blau notify"));
}

TEST(Info, ListsEveryAttributeAligned) {
  const auto outcome = blau({"info", strap});
  EXPECT_EQ(outcome.status, 0);
  const auto lines = lines_of(outcome.output);
  EXPECT_EQ(lines[0], "Test Strap  C0:00:00:00:00:01  MTU 517");
  EXPECT_THAT(lines[1], ContainsRegex("^HANDLE +ATTRIBUTE +PROPERTIES$"));
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("#0x000a  Heart Rate (180d)"), HasSubstr("  Battery Level (2a19)"),
                                    HasSubstr("    Characteristic User Description (2901)"), HasSubstr("read notify")));
  EXPECT_THAT(outcome.output, Not(HasSubstr("VALUE")));
}

TEST(Info, ReadsValuesAndSaysWhyOneCannotBeRead) {
  const auto outcome = blau({"--timeout", "0.5", "info", strap, "--values"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(ContainsRegex("Battery Level \\(2a19\\) +read notify +57 +87 %\n"),
                                    ContainsRegex(" +426c617520576f726b73 +Blau Works\n"),
                                    ContainsRegex("Body Sensor Location \\(2a38\\) +read +01 +chest\n"),
                                    HasSubstr("(application error 0x80)"), HasSubstr("(timed_out)")));
}

TEST(Info, GivesOneJsonObject) {
  const auto outcome = blau({"--json", "--timeout", "0.5", "info", strap, "--values"});
  EXPECT_EQ(lines_of(outcome.output).size(), 1U);
  const auto json = Json::parse(outcome.output);
  EXPECT_THAT(keys(json), ElementsAre("address", "name", "mtu_size", "services"));
  EXPECT_EQ(json["address"], strap);
  EXPECT_EQ(json["name"], "Test Strap");
  EXPECT_EQ(json["mtu_size"], 517);

  const auto& heart = with_uuid(json["services"], "0000180d" + base);
  EXPECT_THAT(keys(heart), ElementsAre("uuid", "handle", "description", "characteristics"));
  EXPECT_EQ(heart["handle"], 10);
  EXPECT_EQ(heart["description"], "Heart Rate");
  const auto& rate = with_uuid(heart["characteristics"], "00002a37" + base);
  EXPECT_THAT(keys(rate),
              ElementsAre("uuid", "handle", "description", "properties", "value", "decoded", "descriptors"));
  EXPECT_EQ(rate["properties"], Json::array({"notify"}));
  EXPECT_EQ(rate["value"], nullptr);
  EXPECT_EQ(rate["decoded"], nullptr);
  EXPECT_EQ(rate["descriptors"][1],
            (Json{{"uuid", "00002901" + base}, {"handle", 14}, {"description", "Characteristic User Description"}}));

  const auto& own = with_uuid(json["services"], "b1a00000-0000-4000-8000-00b1a0b1a0b1");
  EXPECT_EQ(with_uuid(own["characteristics"], everything)["value"], "2cfeffff");
  EXPECT_EQ(with_uuid(own["characteristics"], everything)["decoded"], nullptr);
  EXPECT_EQ(with_uuid(own["characteristics"], forbidden)["value"], nullptr);
}

TEST(Info, DecodesValuesInJsonBesideTheirDigits) {
  const auto json = Json::parse(blau({"--json", "--timeout", "0.5", "info", strap, "--values"}).output);
  const auto& battery = with_uuid(json["services"], "0000180f" + base)["characteristics"][0];
  EXPECT_EQ(battery["value"], "57");
  EXPECT_EQ(battery["decoded"], "87 %");
  const auto& device = with_uuid(json["services"], "0000180a" + base);
  EXPECT_EQ(with_uuid(device["characteristics"], "00002a29" + base)["decoded"], "Blau Works");
  // It holds control characters, which no model number does.
  EXPECT_EQ(with_uuid(device["characteristics"], "00002a24" + base)["decoded"], nullptr);
}

TEST(Info, LeavesValuesNullWhereNoneWereAskedFor) {
  const auto json = Json::parse(blau({"--json", "info", "Twins"}).output);
  const auto& battery = json["services"].back()["characteristics"][0];
  EXPECT_EQ(battery["handle"], 0x31);
  EXPECT_EQ(battery["value"], nullptr);
  EXPECT_EQ(battery["decoded"], nullptr);
}

}  // namespace
}  // namespace blau::cli::test
