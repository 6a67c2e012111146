// `blau pair` and `blau unpair` on the imitated bluetoothd, with somebody at the terminal.

#include "cli/process.hpp"
#include "lock.hpp"
#include "support.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace blau::faults {
namespace {

using cli::test::Outcome;
using cli::test::Program;

class ToolPairs : public testing::Test {};

#define BLAU_TOOL_CASE(name, pairing)                                 \
  static blau::Task<> tool_##name();                                  \
  TEST_F(ToolPairs, name) { play(lock_with(pairing), &tool_##name); } \
  static blau::Task<> tool_##name()

const std::string is_paired = lock + " 'Lock' is paired\n";
const std::string is_not_paired = lock + " 'Lock' is not paired any more\n";
constexpr const char* passkey_question = "typed there as well: ";
constexpr const char* comparison_question = ", too? [y/n] ";

cli::test::Setting somebody_on_this_bus() {
  cli::test::Setting setting;
  setting.at_terminal = true;
  setting.environment = {"TERM=dumb", "BLAU_BACKEND=bluez",
                         std::string("DBUS_SYSTEM_BUS_ADDRESS=") + std::getenv("DBUS_SYSTEM_BUS_ADDRESS")};
  return setting;
}

Outcome run_tool(std::vector<std::string> arguments) {
  return Program(std::move(arguments), somebody_on_this_bus()).finish();
}

void expect_prints(const Outcome& outcome, const std::string& output) {
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, output);
}

/// How many bonds all adapters together have.
Task<std::size_t> count_all_bonds() {
  const auto adapters = co_await Adapter::all();
  std::size_t found = 0;
  for (std::size_t i = 0; i < adapters.size(); ++i) {
    const auto bonded = co_await adapters[i].bonded_devices();
    found += bonded.size();
  }
  co_return found;
}

/// Asked anew: the loop of the case has not heard meanwhile what the tool did.
std::size_t bonds() {
  std::size_t found = 0;
  std::thread([&found] { found = blau::run(count_all_bonds()); }).join();
  return found;
}

/// With BlueZ that is asked first, whatever comes of the pairing.
void agree_to_just_works(Program& pairing) {
  ASSERT_TRUE(pairing.wait_for_errors("(Just Works)? [y/n] "));
  pairing.type("y\n");
}

/// The six digits behind these words.
std::uint32_t number_behind(const std::string& words, const std::string& text) {
  const auto at = text.find(words);
  return at == std::string::npos ? 1'000'000
                                 : static_cast<std::uint32_t>(std::stoul(text.substr(at + words.size(), 6)));
}

BLAU_TOOL_CASE(MakesABondByThePasskeyThatIsTypedAndRemovesIt, R"("io": "display_only", "passkey": 4217)") {
  Program pairing({"pair", lock}, somebody_on_this_bus());
  agree_to_just_works(pairing);
  BLAU_REQUIRE(pairing.wait_for_errors(passkey_question));
  pairing.type("4217\n");
  expect_prints(pairing.finish(), is_paired);
  EXPECT_EQ(bonds(), 1U);
  expect_prints(run_tool({"pair", lock}), lock + " 'Lock' is paired already\n");
  expect_prints(run_tool({"unpair", "Lock"}), is_not_paired);
  EXPECT_EQ(bonds(), 0U);
  expect_prints(run_tool({"unpair", lock}), lock + " was not paired\n");
  co_return;
}

BLAU_TOOL_CASE(ShowsTheNumberThatTheDeviceShows, R"("io": "display_yes_no")") {
  Program pairing({"pair", lock}, somebody_on_this_bus());
  agree_to_just_works(pairing);
  BLAU_REQUIRE(pairing.wait_for_errors(comparison_question));
  const auto there = tell({{"command", "shown_passkey"}, {"address", lock}}).at("passkey").get<std::uint32_t>();
  pairing.type("y\n");
  const auto outcome = pairing.finish();
  expect_prints(outcome, is_paired);
  EXPECT_EQ(number_behind("Does 'Lock' show ", outcome.errors), there);
  expect_prints(run_tool({"unpair", lock}), is_not_paired);
  co_return;
}

BLAU_TOOL_CASE(ShowsThePasskeyToTypeThere, "") {
  (void)tell({{"command", "set_pairing"}, {"address", lock}, {"io", "keyboard_only"}});
  Program pairing({"pair", lock}, somebody_on_this_bus());
  agree_to_just_works(pairing);
  BLAU_REQUIRE(pairing.wait_for_errors(" on 'Lock'."));
  const auto shown = number_behind("Type ", pairing.errors());
  (void)tell({{"command", "type_passkey"}, {"address", lock}, {"passkey", shown}});
  expect_prints(pairing.finish(), is_paired);
  expect_prints(run_tool({"unpair", lock}), is_not_paired);
  co_return;
}

BLAU_TOOL_CASE(SaysThatAWrongPasskeyWasTyped, R"("io": "display_only", "passkey": 4217)") {
  const auto outcome = run_tool({"pair", lock, "--yes", "--passkey", "4218"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.output, "");
  EXPECT_NE(outcome.errors.find("passkey"), std::string::npos) << outcome.errors;
  EXPECT_EQ(bonds(), 0U);
  co_return;
}

BLAU_TOOL_CASE(DoesNotCallADevicePairedThatKeepsNoBond, R"("bonding": false)") {
  const auto outcome = run_tool({"pair", lock, "--yes"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.output, "");
  EXPECT_NE(outcome.errors.find("keeps no bond"), std::string::npos) << outcome.errors;
  EXPECT_EQ(bonds(), 0U);
  co_return;
}

BLAU_TOOL_CASE(LeavesNothingBehindWhereItIsInterrupted, R"("io": "display_yes_no")") {
  Program pairing({"pair", lock}, somebody_on_this_bus());
  agree_to_just_works(pairing);
  BLAU_REQUIRE(pairing.wait_for_errors(comparison_question));
  EXPECT_EQ(tell({{"command", "registered"}}).at("agents"), 1);
  pairing.type("\x03");
  EXPECT_EQ(pairing.finish().status, 130);
  (void)tell({{"command", "registered"}, {"count", 0}});
  (void)tell({{"command", "connections"}, {"address", lock}, {"count", 0}});
  EXPECT_EQ(bonds(), 0U);
  co_return;
}

const std::string two_adapters =
    R"({"blau_world": 1, "adapters": [{"name": "hci0"}, {"name": "hci1"}], "peripherals": [)";

Task<> unpair_on_the_other() {
  expect_prints(run_tool({"pair", lock, "--yes", "--adapter", "hci1"}), is_paired);
  EXPECT_EQ(bonds(), 1U);
  expect_prints(run_tool({"pair", lock, "--yes", "--adapter", "hci1"}), lock + " 'Lock' is paired already\n");
  expect_prints(run_tool({"unpair", lock, "--adapter", "hci0"}), lock + " was not paired\n");
  expect_prints(run_tool({"unpair", lock}), is_not_paired);
  EXPECT_EQ(bonds(), 0U);
  co_return;
}

TEST_F(ToolPairs, FindsTheBondOfAnyAdapter) { play(two_adapters + lock_at(lock, "") + "]}", &unpair_on_the_other); }

}  // namespace
}  // namespace blau::faults
