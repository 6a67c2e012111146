#include "output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::cli {
namespace {

using ::testing::ElementsAre;

Table devices() {
  Table table({{"NAME", Column::Align::left, 4}, {"RSSI", Column::Align::right}, {"SERVICES", Column::Align::left, 5}});
  table.add({Cell("grün", Style::bold), Cell("-7"), Cell("Heart Rate, Battery")});
  table.add({Cell("心率"), Cell("-100"), Cell("")});
  return table;
}

TEST(Table, AlignsByWhatOneSees) {
  EXPECT_THAT(devices().lines(0, false), ElementsAre("NAME  RSSI  SERVICES",             //
                                                     "grün    -7  Heart Rate, Battery",  //
                                                     "心率  -100"));
}

TEST(Table, CutsTheWidestColumnOnANarrowTerminal) {
  EXPECT_THAT(devices().lines(20, false), ElementsAre("NAME  RSSI  SERVICES",  //
                                                      "grün    -7  Heart R…",  //
                                                      "心率  -100"));
}

TEST(Table, GoesBelowTheLeastWidthsOnlyWhereItMust) {
  EXPECT_THAT(devices().lines(17, false), ElementsAre("NAME  RSSI  SERV…",  //
                                                      "grün    -7  Hear…",  //
                                                      "心率  -100"));
  EXPECT_THAT(devices().lines(3, false), ElementsAre("…  RSSI  …",  //
                                                     "…    -7  …",  //
                                                     "…  -100"));
}

TEST(Table, ColoursCellsWithoutMovingThem) {
  Table table({{"A"}, {"B"}});
  table.add({Cell("x", Style::red), Cell("y")});
  EXPECT_THAT(table.lines(0, true), ElementsAre("\033[1mA\033[0m  \033[1mB\033[0m", "\033[31mx\033[0m  y"));
}

TEST(Table, EscapesWhatIsPutIn) {
  Table table({{"NAME"}});
  table.add({Cell("a\nb\033[2J")});
  EXPECT_THAT(table.lines(0, false), ElementsAre("NAME", "a\\x0ab\\x1b[2J"));
}

}  // namespace
}  // namespace blau::cli
