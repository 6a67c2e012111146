// What the program says about its command line, before it touches any Bluetooth.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.hpp"

namespace blau::cli::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A wrong command line gives status 2, nothing on standard output and one line that says what is wrong.
void expect_usage_error(const std::vector<std::string>& arguments, const std::string& hint) {
  const auto outcome = blau(arguments);
  const auto whole = ::testing::PrintToString(arguments);
  EXPECT_EQ(outcome.status, 2) << whole;
  EXPECT_EQ(outcome.output, "") << whole;
  EXPECT_THAT(outcome.errors, AllOf(StartsWith("blau: "), HasSubstr(hint), EndsWith("\n"))) << whole;
  EXPECT_EQ(lines_of(outcome.errors).size(), 1U) << whole;
}

TEST(Usage, HelpTellsCommandsOptionsAndStatuses) {
  for (const auto* const flag : {"--help", "-h"}) {
    const auto outcome = blau_alone({flag});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.errors, "");
    for (const auto* const word : {"adapters", "scan", "info", "read", "write", "notify", "pair", "unpair", "--backend",
                                   "--adapter", "--timeout", "--json", "--verbose", "--version", "130"})
      EXPECT_THAT(outcome.output, HasSubstr(word));
  }
}

TEST(Usage, EachCommandHasHelp) {
  for (const auto* const command : {"adapters", "scan", "info", "read", "write", "notify", "pair", "unpair"}) {
    const auto outcome = blau_alone({command, "--help"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.output, HasSubstr(std::string("Usage: blau ") + command));
    for (const auto& line : lines_of(outcome.output)) EXPECT_LE(line.size(), 120U) << line;
  }
}

TEST(Usage, NamesEachCommandWhereNoneWasGiven) { expect_usage_error({}, "say what to do: adapters, scan, "); }

TEST(Usage, PrintsCompletionOfKnownShellsOnly) {
  const auto outcome = blau_alone({"completion", "bash"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("complete -F _blau blau"));
  expect_usage_error({"completion", "tcsh"}, "'tcsh' is no shell");
}

TEST(Usage, VersionIsThatOfTheProject) {
  const auto outcome = blau_alone({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "blau " BLAU_VERSION "\n");
}

TEST(Usage, RefusesAMissingOrUnknownCommand) {
  expect_usage_error({}, "say what to do");
  expect_usage_error({"--json"}, "say what to do");
  expect_usage_error({"scna"}, "'scna'");
  expect_usage_error({"read", "a", "2a19", "more"}, "'more' is not expected");
  expect_usage_error({"scan", "--sconds", "1"}, "'--sconds'");
}

TEST(Usage, RefusesMissingArguments) {
  expect_usage_error({"info"}, "DEVICE is required");
  expect_usage_error({"read", "Twins"}, "CHAR is required");
  expect_usage_error({"write", "Twins", "2a19"}, "VALUE is required");
  expect_usage_error({"notify", "Twins"}, "CHAR is required");
  expect_usage_error({"completion"}, "SHELL is required");
  expect_usage_error({"scan", "--seconds"}, "--seconds");
}

TEST(Usage, RefusesMalformedDevices) {
  for (const auto* const command : {"info", "read", "write", "notify"}) {
    std::vector<std::string> arguments{command, "C0:00:00:00:00"};
    if (arguments[0] != "info") arguments.emplace_back("2a19");
    if (arguments[0] == "write") arguments.emplace_back("00");
    expect_usage_error(arguments, "'C0:00:00:00:00' is no address");
  }
  expect_usage_error({"info", ""}, "the device is empty");
}

TEST(Usage, RefusesMalformedCharacteristics) {
  expect_usage_error({"read", "Twins", "2a1"}, "'2a1' is no characteristic");
  expect_usage_error({"read", "Twins", "#0x10000"}, "'#0x10000' is no handle");
  expect_usage_error({"notify", "Twins", "2a19", "nonsense"}, "'nonsense' is no characteristic");
  expect_usage_error({"read", "Twins", "2a19", "--descriptor", "x"}, "'x' is no descriptor");
  expect_usage_error({"read", "Twins", "2a19", "--descriptor", ""}, "is no descriptor");
}

TEST(Usage, RefusesMalformedValuesAndFormats) {
  expect_usage_error({"write", "Twins", "2a19", "0"}, "hexadecimal");
  expect_usage_error({"write", "Twins", "2a19", "u8:256"}, "between 0 and 255");
  expect_usage_error({"write", "Twins", "2a19", "u16:1"}, "u16le");
  expect_usage_error({"write", "Twins", "2a19", std::string(1026, 'a')}, "at most 512");
  expect_usage_error({"write", "Twins", "2a19", "00", "--descriptor", "2901", "--no-response"}, "--no-response");
  for (const auto* const flag : {"--no-response", "--descriptor=2901"})
    expect_usage_error({"write", "Twins", "2a19", "00", "--reliable", flag}, "--reliable");
  expect_usage_error({"read", "Twins", "2a19", "--format", "u9"}, "'u9' is no format");
  expect_usage_error({"read", "Twins", "2a19", "--format", ""}, "is no format");
}

TEST(Usage, RefusesMalformedNumbers) {
  for (const auto* const text : {"", "0", "-1", "x", "nan", "1e99"}) {
    expect_usage_error({"scan", "--seconds", text}, "--seconds takes a time");
    expect_usage_error({"--timeout", text, "scan"}, "--timeout takes a time");
    expect_usage_error({"notify", "Twins", "2a19", "--seconds", text}, "--seconds takes a time");
  }
  for (const auto* const text : {"", "0", "-1", "1.5", "x"})
    expect_usage_error({"notify", "Twins", "2a19", "--count", text}, "--count takes a whole number");
  for (const auto* const text : {"", "21", "-128", "x"})
    expect_usage_error({"scan", "--rssi", text}, "--rssi takes a whole number");
  expect_usage_error({"scan", "--service", "nonsense"}, "'nonsense' is no service");
  expect_usage_error({"scan", "--passive", "--pattern", "ff:0"}, "--pattern takes the type");
  expect_usage_error({"scan", "--passive", "--pattern", "ff:0:" + std::string(64, 'a')}, "31st");
  expect_usage_error({"scan", "--pattern", "ff:0:00"}, "add --passive");
}

TEST(Usage, RefusesBackendsThatAreNotThere) {
  for (const auto& [backend, hint] : std::vector<std::pair<std::string, std::string>>{
           {"nonsense", "'nonsense'"}, {"sim:/no/such/file.json", "/no/such/file.json"}, {"", "--backend"}}) {
    const auto outcome = blau_alone({"--backend", backend, "adapters"});
    EXPECT_EQ(outcome.status, 2) << backend;
    EXPECT_THAT(outcome.errors, HasSubstr(hint));
  }
}

TEST(Usage, TellsFileLineAndPathOfAFaultInAWorld) {
  const auto outcome = Program(with_world({"adapters"}, "faulty.json")).finish();
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("faulty.json:3"), HasSubstr("peripherals[0].address")));
  EXPECT_EQ(lines_of(outcome.errors).size(), 1U);
}

TEST(Usage, ComplaintsCarryNoControlCharacters) {
  const auto outcome = blau({"read", "Twins", "\033[2J"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, ::testing::Not(HasSubstr("\033")));
}

TEST(Usage, GlobalOptionsStandBeforeOrAfterTheCommand) {
  const std::string world = "sim:" BLAU_CLI_TESTS "/world.json";
  const auto before = blau_alone({"--backend", world, "--json", "--timeout", "5", "read", "Twins", "#0x31"});
  const auto after = blau_alone({"read", "--json", "Twins", "--backend", world, "#0x31", "--timeout", "5"});
  EXPECT_EQ(before.status, 0) << before.errors;
  EXPECT_EQ(before.output, after.output) << after.errors;
}

TEST(Usage, TakesADeviceThatIsNamedLikeACommand) {
  const auto outcome = blau({"--timeout", "0.2", "info", "scan"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.errors, HasSubstr("'scan'"));
}

}  // namespace
}  // namespace blau::cli::test
