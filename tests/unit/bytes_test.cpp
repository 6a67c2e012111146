#include <blau/bytes.hpp>

#include <gtest/gtest.h>

#include <array>

namespace {

using blau::Bytes;
using blau::bytes;

TEST(Bytes, AreMadeOfNumbersCutToEightBits) {
  EXPECT_EQ(bytes(1, 0xff, 0x1ab, -1, 'A'), (Bytes{0x01, 0xff, 0xab, 0xff, 0x41}));
  EXPECT_TRUE(bytes().empty());
}

TEST(Bytes, OfTextHoldZerosButNoTerminator) {
  EXPECT_EQ(blau::bytes_of("hi"), (Bytes{0x68, 0x69}));
  EXPECT_EQ(blau::bytes_of(std::string_view("a\0\xff", 3)), (Bytes{0x61, 0x00, 0xff}));
  EXPECT_TRUE(blau::bytes_of("").empty());
}

TEST(Hex, IsLowerCaseWithoutSeparators) {
  EXPECT_EQ(blau::to_hex(bytes(0x00, 0x0a, 0xa0, 0xff)), "000aa0ff");
  EXPECT_EQ(blau::to_hex({}), "");
}

TEST(Hex, ReadsPairsOfEitherCase) {
  EXPECT_EQ(blau::from_hex("000aA0fF"), bytes(0x00, 0x0a, 0xa0, 0xff));
  EXPECT_EQ(blau::from_hex(""), Bytes());
}

TEST(Hex, ReadsSeparatorsBetweenPairs) {
  const Bytes expected = bytes(0x01, 0x02, 0x03);
  for (const char* text : {"01 02 03", "01:02:03", "01-02-03", "0102 03", "01  \t02:03"})
    EXPECT_EQ(blau::from_hex(text), expected) << text;
}

TEST(Hex, RefusesAnythingElse) {
  for (const char* text :
       {"0", "012", "0g", "g0", "0x01", " 01", "01 ", "01:", ":01", "01::02", "0 1", "01,02", "01 :02", "-", " "})
    EXPECT_EQ(blau::from_hex(text), std::nullopt) << "'" << text << "'";
  EXPECT_EQ(blau::from_hex(std::string_view("01\0"
                                            "02",
                                            5)),
            std::nullopt);
  EXPECT_EQ(blau::from_hex("\xc3\xa4"), std::nullopt);
}

TEST(Hex, RoundTripsEveryByte) {
  Bytes all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<std::uint8_t>(byte));
  EXPECT_EQ(blau::from_hex(blau::to_hex(all)), all);
}

}  // namespace
