// pair: the program at a terminal, with somebody who types, and without.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

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

constexpr const char* screen = "C0:00:00:00:01:01";
constexpr const char* passkey_question = "typed there as well: ";
constexpr const char* agreement_question = "(Just Works)? [y/n] ";
constexpr const char* comparison_question = ", too? [y/n] ";

Setting person() {
  Setting setting;
  setting.at_terminal = true;
  setting.environment = {"TERM=dumb"};  // no progress, however slow the machine
  return setting;
}

std::vector<std::string> pair_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "pair");
  return with_world(std::move(arguments), "pairing.json");
}

/// Without anybody at a terminal.
Outcome pair_alone(std::vector<std::string> arguments) { return Program(pair_command(std::move(arguments))).finish(); }

/// Waits for the question and types the answer.
void answer(Program& program, std::string_view question, std::string_view keys) {
  ASSERT_TRUE(program.wait_for_errors(question)) << question;
  program.type(keys);
}

/// The last line that was written.
std::string last_error(const Outcome& outcome) {
  const auto lines = lines_of(outcome.errors);
  return lines.empty() ? "" : lines.back();
}

TEST(Pair, AsksForThePasskeyThatTheDeviceShows) {
  for (const auto* const keys : {"4217\n", "004217\n", " 004 217 \n"}) {
    Program program(pair_command({"Screen"}), person());
    answer(program, passkey_question, keys);
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, std::string(screen) + " 'Screen' is paired\n");
    EXPECT_THAT(outcome.errors, HasSubstr("Passkey that 'Screen' shows"));
  }
}

TEST(Pair, AsksAgainForWhatIsNoPasskey) {
  for (const auto* const keys : {"1000000\n", "0004217\n", "-1\n", "0x1\n", "secret\n", "\n"}) {
    Program program(pair_command({"Screen"}), person());
    answer(program, passkey_question, keys);
    ASSERT_TRUE(program.wait_for_errors("at most six digits")) << keys;
    answer(program, std::string("0 to 999999.\nPasskey that 'Screen' shows, or that is ") + passkey_question, "4217\n");
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
  }
}

TEST(Pair, TakesNothingThatWasTypedBeforeTheQuestion) {
  Program program(pair_command({"Screen"}), person());
  answer(program, passkey_question, "what?\n1\n");
  answer(program, std::string("0 to 999999.\nPasskey that 'Screen' shows, or that is ") + passkey_question, "4217\n");
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
}

TEST(Pair, FailsWithAWrongPasskey) {
  Program program(pair_command({"Screen"}), person());
  answer(program, passkey_question, "4218\n");
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(last_error(outcome), AllOf(StartsWith("blau: "), HasSubstr("passkeys were not the same")));
}

TEST(Pair, ShowsThePasskeyToType) {
  const auto outcome = Program(pair_command({"Keypad"}), person()).finish();
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, ContainsRegex("^Type [0-9][0-9][0-9][0-9][0-9][0-9] on 'Keypad'\\.\n"));
  EXPECT_THAT(outcome.output, HasSubstr("is paired\n"));
}

TEST(Pair, AsksWhetherTheNumbersAreTheSame) {
  for (const auto* const keys : {"y\n", "YES\n"}) {
    Program program(pair_command({"Lock"}), person());
    answer(program, comparison_question, keys);
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_THAT(outcome.errors, ContainsRegex("Does 'Lock' show [0-9][0-9][0-9][0-9][0-9][0-9], too\\?"));
  }
}

TEST(Pair, RefusesWhereTheNumbersDiffer) {
  Program program(pair_command({"Lock"}), person());
  answer(program, comparison_question, "n\n");
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(last_error(outcome), AllOf(StartsWith("blau: not paired"), HasSubstr("differ")));
}

TEST(Pair, AgreesToNothingByAnythingButYes) {
  for (const auto* const keys : {"\n", "maybe\n", "1\n"}) {
    Program program(pair_command({"Plain"}), person());
    answer(program, agreement_question, keys);
    answer(program, "Answer y or n.\nPair with 'Plain'", "no\n");
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.status, 1) << keys;
    EXPECT_THAT(last_error(outcome), StartsWith("blau: not paired, since you did not agree"));
  }
}

TEST(Pair, AsksWhetherToPairWithoutACheck) {
  Program program(pair_command({"Plain"}), person());
  answer(program, agreement_question, "y\n");
  EXPECT_EQ(program.finish().status, 0);
}

TEST(Pair, AgreesBeforehandToJustWorksAlone) {
  EXPECT_EQ(pair_alone({"Plain", "--yes"}).status, 0);
  const auto lock = pair_alone({"Lock", "--yes"});
  EXPECT_EQ(lock.status, 1);
  EXPECT_THAT(lock.errors, HasSubstr("must be compared"));
  Program asked(pair_command({"Lock", "--yes"}), person());
  answer(asked, comparison_question, "n\n");
  EXPECT_EQ(asked.finish().status, 1);
}

TEST(Pair, TakesThePasskeyAsAnOption) {
  for (const auto* const passkey : {"4217", "004217"}) {
    const auto outcome = pair_alone({"Screen", "--passkey", passkey});
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.errors, "");
  }
  const auto wrong = pair_alone({"Screen", "--passkey", "0"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.errors, HasSubstr("passkeys were not the same"));
}

TEST(Pair, RefusesWithoutATerminalAndSaysHowToGoOn) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"Screen", "--passkey"}, {"Plain", "--yes"}, {"Lock", "terminal"}, {"Keypad", "terminal"}};
  for (const auto& [device, hint] : cases) {
    const auto outcome = pair_alone({device});
    EXPECT_EQ(outcome.status, 1) << device;
    EXPECT_EQ(outcome.output, "");
    EXPECT_THAT(outcome.errors, AllOf(StartsWith("blau: "), HasSubstr("terminal"), HasSubstr(hint)));
    EXPECT_EQ(lines_of(outcome.errors).size(), 1U) << outcome.errors;
  }
}

TEST(Pair, RefusesAtTheEndOfInput) {
  Program program(pair_command({"Screen"}), person());
  answer(program, passkey_question, "\x04");
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(last_error(outcome), StartsWith("blau: not paired: the input ended"));
}

TEST(Pair, IsCalledOffByCtrlC) {
  for (const auto& [device, question] :
       {std::pair{"Screen", passkey_question}, {"Lock", comparison_question}, {"Plain", agreement_question}}) {
    Program program(pair_command({device, "--verbose"}), person());
    answer(program, question, "\x03");
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.status, 130) << device;
    EXPECT_EQ(outcome.output, "");
    EXPECT_THAT(outcome.errors, AllOf(HasSubstr("connected to "), HasSubstr("disconnected from ")));
    EXPECT_THAT(outcome.errors, HasSubstr(std::string(question) + "^C\n")) << "what follows begins a line";
  }
}

TEST(Pair, IsCalledOffByASignalWhileTheDeviceIsWaitedFor) {
  Program program(pair_command({"Idle", "--verbose"}), person());
  ASSERT_TRUE(program.wait_for_errors("on 'Idle'."));
  program.signal(SIGTERM);
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 130);
  EXPECT_THAT(outcome.errors, HasSubstr("disconnected from "));
}

TEST(Pair, EndsWhenItsTimeIsUp) {
  const auto outcome = Program(pair_command({"Idle", "--timeout", "0.5"}), person()).finish();
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(last_error(outcome), HasSubstr("--timeout"));
}

TEST(Pair, TakesItsQuestionBackWhereTheDeviceRefuses) {
  Program program(pair_command({"Rude"}), person());
  ASSERT_TRUE(program.wait_for_errors(comparison_question));
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(last_error(outcome), AllOf(StartsWith("blau: "), HasSubstr("user of the peripheral refused")));
}

TEST(Pair, TellsThatTheDeviceTakesNoUnprotectedPairing) {
  const auto outcome = pair_alone({"Strict", "--yes"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("protection"));
}

TEST(Pair, GivesOneJsonObjectAndAsksBesideIt) {
  Program program(pair_command({"Screen", "--json"}), person());
  answer(program, passkey_question, "4217\n");
  const auto outcome = program.finish();
  const auto json = Json::parse(outcome.output);
  EXPECT_THAT(keys(json), ElementsAre("address", "paired"));
  EXPECT_EQ(json["address"], screen);
  EXPECT_EQ(json["paired"], true);
  EXPECT_EQ(lines_of(outcome.output).size(), 1U);
}

TEST(Pair, EscapesNamesInQuestions) {
  Program program(pair_command({"C0:00:00:00:01:08"}), person());
  answer(program, agreement_question, "n\n");
  const auto outcome = program.finish();
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("'Evil\\x1b[31m [y/n] y\\x0a'"), Not(HasSubstr("\033"))));
}

TEST(Pair, RefusesAWrongPasskeyOnTheCommandLine) {
  for (const auto* const passkey : {"1000000", "0000001", "-1", "4217x", ""}) {
    const auto outcome = pair_alone({"Screen", "--passkey", passkey});
    EXPECT_EQ(outcome.status, 2) << passkey;
    EXPECT_THAT(outcome.errors, AllOf(StartsWith("blau: --passkey "), HasSubstr("999999")));
  }
}

TEST(Unpair, SaysThatThereWasNoBond) {
  const auto text = Program(with_world({"unpair", screen}, "pairing.json")).finish();
  EXPECT_EQ(text.status, 0) << text.errors;
  EXPECT_EQ(text.output, std::string(screen) + " was not paired\n");
  const auto json = Json::parse(Program(with_world({"--json", "unpair", screen}, "pairing.json")).finish().output);
  EXPECT_THAT(keys(json), ElementsAre("address", "paired"));
  EXPECT_EQ(json["paired"], false);
  const auto name = Program(with_world({"unpair", "Screen"}, "pairing.json")).finish();
  EXPECT_EQ(name.status, 3);
  EXPECT_THAT(name.errors, AllOf(StartsWith("blau: "), HasSubstr("'Screen'"), HasSubstr("address")));
}

TEST(Unpair, TellsWhyTheAdapterCannotBeUsed) {
  EXPECT_EQ(Program(with_world({"unpair", screen}, "switched_off.json")).finish().status, 5);
  const auto unknown = Program(with_world({"unpair", screen, "--adapter", "hci7"}, "pairing.json")).finish();
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("'hci7'"));
}

}  // namespace
}  // namespace blau::cli::test
