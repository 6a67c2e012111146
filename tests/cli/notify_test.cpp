// notify, and how the program ends: counts, times, lost links, signals, closed pipes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "json.hpp"
#include "process.hpp"

namespace blau::cli::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

constexpr const char* mute = "b1a00004-0000-4000-8000-00b1a0b1a0b1";

TEST(Notify, PrintsAsManyValuesAsAskedFor) {
  const auto outcome = blau({"notify", strap, "heart_rate_measurement", "--count", "3"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "");
  const auto lines = lines_of(outcome.output);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9][0-9][0-9]  0640"));
  EXPECT_THAT(lines[2], ::testing::EndsWith("  0642"));
}

TEST(Notify, GivesAJsonObjectAValue) {
  const auto outcome = blau({"--json", "notify", "Test Strap", "2a37", "--count", "2"});
  const auto lines = lines_of(outcome.output);
  ASSERT_THAT(lines, SizeIs(2));
  const auto json = Json::parse(lines[1]);
  std::vector<std::string> names;
  for (const auto& [name, value] : json.items()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("uuid", "handle", "value", "time"));
  EXPECT_EQ(json["uuid"], "00002a37-0000-1000-8000-00805f9b34fb");
  EXPECT_EQ(json["handle"], 11);
  EXPECT_EQ(json["value"], "0641");
  EXPECT_THAT(json["time"].get<std::string>(), MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9]+Z"));
}

TEST(Notify, PrintsInAFormatAndNamesTheCharacteristicWhereThereAreSeveral) {
  Program program(with_world({"notify", strap, "2a37", "battery_level", "--format", "u8"}));
  EXPECT_TRUE(program.wait_for_output("Heart Rate Measurement (2a37)  6,64\n"));
  EXPECT_TRUE(program.wait_for_output("Battery Level (2a19)  86\n"));
  program.signal(SIGINT);
  EXPECT_EQ(program.finish().status, 130);
}

TEST(Notify, FailsWhereTheFormatDoesNotFit) {
  const auto outcome = blau({"notify", strap, "2a37", "--format", "u32le"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("0640"));
}

TEST(Notify, EndsAfterItsTime) {
  const auto outcome = blau({"notify", strap, mute, "--seconds", "0.2"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output + outcome.errors, "");
}

TEST(Notify, FewerValuesThanAskedForInItsTimeAreATimeOut) {
  const auto outcome = blau({"notify", strap, mute, "--seconds", "0.2", "--count", "2"});
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("only 0 values"), HasSubstr("--seconds")));
}

TEST(Notify, FailsWhenTheLinkIsLost) {
  const auto outcome = blau({"notify", "Leaver", "2a19"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("the device is gone"), HasSubstr("remote")));
  EXPECT_THAT(lines_of(outcome.errors), SizeIs(1));
}

TEST(Notify, RefusesWhatDoesNotNotifyAndWhatIsNamedTwice) {
  const auto silent = blau({"notify", strap, "2a38"});
  EXPECT_EQ(silent.status, 1);
  EXPECT_THAT(silent.errors, HasSubstr("notif"));
  const auto twice = blau({"notify", strap, "2a37", "#0x0b"});
  EXPECT_EQ(twice.status, 1);
  EXPECT_THAT(lines_of(twice.errors), SizeIs(1));
  EXPECT_EQ(blau({"notify", strap, "2a37", "2a00", "2a55"}).status, 3);
}

class Interrupt : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Signals, Interrupt, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& info) { return info.param == SIGINT ? "SIGINT" : "SIGTERM"; });

TEST_P(Interrupt, EndsNotifyAndTheLink) {
  Program program(with_world({"-v", "notify", strap, "2a37"}));
  ASSERT_TRUE(program.wait_for_lines(2));
  program.signal(GetParam());
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 130);
  EXPECT_THAT(outcome.errors, HasSubstr("disconnected from C0:00:00:00:00:01 (local)"));
  EXPECT_THAT(outcome.errors, ::testing::Not(HasSubstr("blau: ")));
}

TEST_P(Interrupt, EndsAReadThatWaits) {
  Program program(with_world({"-v", "read", strap, slow}));
  ASSERT_TRUE(program.wait_for_errors("connected to"));
  program.signal(GetParam());
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(outcome.errors, HasSubstr("disconnected from C0:00:00:00:00:01 (local)"));
}

TEST_P(Interrupt, EndsConnecting) {
  Program program(with_world({"-v", "--timeout", "60", "info", "Sleeper"}));
  ASSERT_TRUE(program.wait_for_errors("found 'Sleeper'"));
  program.signal(GetParam());
  EXPECT_EQ(program.finish().status, 130);
}

TEST_P(Interrupt, EndsAScanAndPrintsWhatWasSeen) {
  Setting setting;
  setting.terminal_columns = 100;
  Program program(with_world({"scan", "--seconds", "600"}), setting);
  ASSERT_TRUE(program.wait_for_output("Test Strap"));
  program.signal(GetParam());
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.errors, "");
  const auto last_picture = outcome.output.substr(outcome.output.rfind("ADDRESS"));
  EXPECT_THAT(last_picture, HasSubstr("Test Strap"));
}

TEST(ClosedPipe, EndsTheProgramQuietlyAndTheLink) {
  Program program(with_world({"-v", "notify", strap, "2a37"}));
  ASSERT_TRUE(program.wait_for_lines(1));
  program.close_output();
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.errors, HasSubstr("disconnected from C0:00:00:00:00:01 (local)"));
  EXPECT_THAT(outcome.errors, ::testing::Not(HasSubstr("blau: ")));
}

TEST(ClosedPipe, EndsAScanQuietly) {
  Program program(with_world({"scan", "--seconds", "0.3"}));
  program.close_output();
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "");
}

TEST(FullDisk, IsAnErrorThatSaysSo) {
  Setting setting;
  setting.output_file = "/dev/full";
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"}, {"read", "Twins", "#0x31"}}) {
    const auto outcome = Program(with_world(arguments), setting).finish();
    EXPECT_EQ(outcome.status, 1) << arguments[0];
    EXPECT_THAT(outcome.errors, HasSubstr("No space left"));
  }
}

}  // namespace
}  // namespace blau::cli::test
