#include "text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace blau::cli {
namespace {

TEST(Printable, LeavesReadableTextAlone) {
  for (const std::string text : {"", "Blau Heart", "grün – 心率 😀", "tab-less"}) EXPECT_EQ(printable(text), text);
}

TEST(Printable, EscapesWhatSteersATerminal) {
  EXPECT_EQ(printable("a\033[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(printable("a\r\nb\tc\x7f"), "a\\x0d\\x0ab\\x09c\\x7f");
  EXPECT_EQ(printable("\u009b31m"), "\\xc2\\x9b31m");  // the one-character form of ESC [
  EXPECT_EQ(printable("\u2028"), "\\xe2\\x80\\xa8");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Printable, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("a\xc3"), "a\\xc3");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(Printable, ReplacesMarksThatTurnTheDirection) { EXPECT_EQ(printable("a\u202eb"), "a\uFFFDb"); }

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("Blau"), 4U);
  EXPECT_EQ(display_width("grün"), 4U);
  EXPECT_EQ(display_width("心率"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
}

TEST(Cut, KeepsToTheColumnsAndToWholeCharacters) {
  EXPECT_EQ(cut("Blau", 4), "Blau");
  EXPECT_EQ(cut("Blau", 3), "Bl…");
  EXPECT_EQ(cut("心率計", 4), "心…");
  EXPECT_EQ(cut("grün", 1), "…");
  EXPECT_EQ(cut("grün", 0), "");
}

TEST(Pad, FillsUpToColumns) {
  EXPECT_EQ(pad_right("grün", 6), "grün  ");
  EXPECT_EQ(pad_left("grün", 6), "  grün");
  EXPECT_EQ(pad_left("grün", 2), "grün");
}

TEST(ContainsIgnoringCase, FindsParts) {
  EXPECT_TRUE(contains_ignoring_case("Blau Heart", "heart"));
  EXPECT_TRUE(contains_ignoring_case("Blau Heart", ""));
  EXPECT_FALSE(contains_ignoring_case("Blau Heart", "uart"));
  EXPECT_FALSE(contains_ignoring_case("", "a"));
}

TEST(Counted, MindsTheSingular) {
  EXPECT_EQ(counted(1, "byte", "bytes"), "1 byte");
  EXPECT_EQ(counted(0, "byte", "bytes"), "0 bytes");
}

}  // namespace
}  // namespace blau::cli
