// What people see: the program on a pseudo-terminal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.hpp"
#include "text.hpp"

namespace blau::cli::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Setting terminal(unsigned short columns, std::vector<std::string> environment = {}) {
  Setting setting;
  setting.terminal_columns = columns;
  setting.environment = std::move(environment);
  return setting;
}

/// What is left of text when control sequences (ESC [ … letter, carriage return) are taken out.
std::string without_sequences(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (!text.starts_with("\033[")) {
      if (text.front() != '\r') plain.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find_first_of("ABCDEFGHJKmhl", 2);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return plain;
}

/// A terminal as far as a list that is redrawn needs one: cursor up, erase to the end of the line and of the screen.
std::vector<std::string> screen_after(std::string_view text) {
  std::vector<std::string> lines(1);
  std::size_t row = 0;
  std::size_t column = 0;
  while (!text.empty()) {
    if (text.starts_with("\033[")) {
      const auto end = text.find_first_of("AJKm", 2);
      if (end == std::string_view::npos)
        throw std::runtime_error("a control sequence that this terminal does not know");
      if (text[end] == 'A') row -= static_cast<std::size_t>(std::stoul(std::string(text.substr(2))));
      if (text[end] == 'K') lines[row].resize(column);
      if (text[end] == 'J') lines.resize(row + 1), lines[row].resize(column);
      text.remove_prefix(end + 1);
      continue;
    }
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\r') {
      column = 0;
    } else if (c == '\n') {
      column = 0;
      if (++row == lines.size()) lines.emplace_back();
    } else {
      lines[row].resize(std::max(lines[row].size(), column + 1), ' ');
      lines[row][column++] = c;
    }
  }
  return lines;
}

TEST(Terminal, HasColours) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"adapters"}, {"info", "Twins"}})
    EXPECT_THAT(blau(arguments, terminal(100)).output, AllOf(HasSubstr("\033[1m"), HasSubstr("\033[0m")));
}

TEST(Terminal, HasNoColoursWhereTheyAreNotWanted) {
  EXPECT_THAT(blau({"adapters"}, terminal(100, {"NO_COLOR=1"})).output, Not(HasSubstr("\033")));
  EXPECT_THAT(blau({"adapters"}, terminal(100, {"TERM=dumb"})).output, Not(HasSubstr("\033")));
  EXPECT_THAT(blau({"--json", "adapters"}, terminal(100)).output, Not(HasSubstr("\033")));
  EXPECT_THAT(blau({"--json", "scan", "--seconds", "0.3"}, terminal(100)).output, Not(HasSubstr("\033[")));
}

TEST(Terminal, NarrowOnesCutColumnsRatherThanWrap) {
  const auto info = blau({"info", strap}, terminal(60));
  for (const auto& line : lines_of(without_sequences(info.output))) EXPECT_LE(display_width(line), 60U) << line;
  EXPECT_THAT(info.output, HasSubstr("…"));
  const auto piped = blau({"info", strap});
  EXPECT_THAT(piped.output, Not(HasSubstr("…")));
}

TEST(Terminal, ShowsTextBesideHexadecimalDigits) {
  EXPECT_EQ(without_sequences(blau({"read", strap, "2a29"}, terminal(80)).output),
            "426c617520576f726b73  \"Blau Works\"\n");
  EXPECT_EQ(blau({"read", strap, "2a29"}).output, "426c617520576f726b73\n");
  EXPECT_EQ(without_sequences(blau({"read", strap, "2a29", "--format", "hex"}, terminal(80)).output),
            "426c617520576f726b73  \"Blau Works\"\n");
}

TEST(LiveScan, RedrawsInPlaceAndLeavesTheListAtTheEnd) {
  const auto outcome = blau({"scan", "--seconds", "0.7"}, terminal(90));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("Scanning: "), HasSubstr("Ctrl-C")));
  auto screen = screen_after(outcome.output);
  ASSERT_EQ(screen.size(), 8U) << outcome.output;
  EXPECT_EQ(screen.back(), "");
  EXPECT_THAT(screen[0], ::testing::StartsWith("ADDRESS"));
  EXPECT_THAT(screen[1], HasSubstr("Test Strap"));
  for (const auto& line : screen) EXPECT_THAT(line, Not(HasSubstr("Scanning")));
}

TEST(LiveScan, KeepsToTheTerminal) {
  auto setting = terminal(50);
  setting.terminal_rows = 7;
  Program program(with_world({"scan", "--seconds", "0.7"}), setting);
  ASSERT_TRUE(program.wait_for_output("more"));
  const auto outcome = program.finish();
  // Before the list for good, which may scroll, no picture has more lines than the terminal.
  const auto last_wipe = outcome.output.rfind("\033[J");
  for (std::size_t at = 0; (at = outcome.output.find("\033[", at)) < last_wipe; at += 2) {
    const auto end = outcome.output.find_first_of("ABCDEFGHJKm", at);
    if (outcome.output[end] == 'A') {
      EXPECT_LE(std::stoi(outcome.output.substr(at + 2)), 6);
    }
  }
  for (const auto& line : lines_of(without_sequences(outcome.output))) EXPECT_LE(display_width(line), 50U) << line;
}

TEST(LiveScan, IsNotDrawnWhereItWouldWrap) {
  EXPECT_THAT(blau({"scan", "--seconds", "0.3"}, terminal(30)).output, Not(HasSubstr("Scanning")));
}

TEST(Progress, TellsWhatTakesLongerThanASecondAndWipesItAway) {
  auto setting = terminal(80);
  setting.errors_too = true;
  const auto outcome = blau({"--timeout", "1.5", "read", strap, slow}, setting);
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.output, HasSubstr("Reading b1a00003"));
  const auto screen = screen_after(outcome.output);
  ASSERT_EQ(screen.size(), 2U) << outcome.output;
  EXPECT_THAT(screen[0], ::testing::StartsWith("blau: "));
}

TEST(Progress, IsSilentWhereStandardErrorIsNoTerminal) {
  const auto outcome = blau({"--timeout", "1.3", "read", strap, slow}, terminal(80));
  EXPECT_THAT(outcome.output + outcome.errors, Not(HasSubstr("Reading")));
}

}  // namespace
}  // namespace blau::cli::test
