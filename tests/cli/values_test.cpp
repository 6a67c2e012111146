#include "values.hpp"

#include <blau/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace blau::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string message_of(std::string_view text) {
  try {
    const auto value = parse_value(text);
    return "taken as " + to_hex(value);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
}

TEST(ParseValue, TakesHexadecimalDigits) {
  EXPECT_EQ(parse_value("01ff"), bytes(0x01, 0xff));
  EXPECT_EQ(parse_value("01FF"), bytes(0x01, 0xff));
  EXPECT_EQ(parse_value("0x01ff"), bytes(0x01, 0xff));
  EXPECT_EQ(parse_value("hex:01ff"), bytes(0x01, 0xff));
  EXPECT_EQ(parse_value("01 ff"), bytes(0x01, 0xff));
  EXPECT_EQ(parse_value("01:ff:10"), bytes(0x01, 0xff, 0x10));
  EXPECT_EQ(parse_value(""), Bytes());
}

TEST(ParseValue, TakesText) {
  EXPECT_EQ(parse_value("text:hello"), bytes_of("hello"));
  EXPECT_EQ(parse_value("text:a:b, c"), bytes_of("a:b, c"));
  EXPECT_EQ(parse_value("text:grün"), bytes_of("grün"));
  EXPECT_EQ(parse_value("text:"), Bytes());
}

TEST(ParseValue, TakesNumbersOfEachWidthAndOrder) {
  EXPECT_EQ(parse_value("u8:7"), bytes(7));
  EXPECT_EQ(parse_value("u16le:300"), bytes(0x2c, 0x01));
  EXPECT_EQ(parse_value("u16be:300"), bytes(0x01, 0x2c));
  EXPECT_EQ(parse_value("u24le:0x010203"), bytes(3, 2, 1));
  EXPECT_EQ(parse_value("u32be:0xdeadbeef"), bytes(0xde, 0xad, 0xbe, 0xef));
  EXPECT_EQ(parse_value("u64le:1"), bytes(1, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(parse_value("i8:-1"), bytes(0xff));
  EXPECT_EQ(parse_value("i16le:-2"), bytes(0xfe, 0xff));
  EXPECT_EQ(parse_value("i32be:-2"), bytes(0xff, 0xff, 0xff, 0xfe));
  EXPECT_EQ(parse_value("f32le:1"), bytes(0, 0, 0x80, 0x3f));
  EXPECT_EQ(parse_value("f64be:-2"), bytes(0xc0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(parse_value("u8:1,2,0x10"), bytes(1, 2, 16));
}

TEST(ParseValue, TakesTheLimitsOfEachType) {
  EXPECT_EQ(parse_value("u8:255"), bytes(0xff));
  EXPECT_EQ(parse_value("i8:-128"), bytes(0x80));
  EXPECT_EQ(parse_value("i8:+127"), bytes(0x7f));
  EXPECT_EQ(parse_value("u64be:18446744073709551615"), Bytes(8, 0xff));
  EXPECT_EQ(parse_value("i64be:-9223372036854775808"), bytes(0x80, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(parse_value("i16le:-0"), bytes(0, 0));
}

TEST(ParseValue, RefusesNumbersOutOfRangeAndTellsTheRange) {
  EXPECT_THAT(message_of("u8:256"), AllOf(HasSubstr("'256' is out of range"), HasSubstr("between 0 and 255")));
  EXPECT_THAT(message_of("u8:-1"), HasSubstr("between 0 and 255"));
  EXPECT_THAT(message_of("i8:128"), HasSubstr("between -128 and 127"));
  EXPECT_THAT(message_of("i8:-129"), HasSubstr("between -128 and 127"));
  EXPECT_THAT(message_of("u16le:1,65536"), HasSubstr("'65536'"));
  EXPECT_THAT(message_of("u64le:18446744073709551616"), HasSubstr("does not fit into 64 bits"));
  EXPECT_THAT(message_of("i64le:9223372036854775808"), HasSubstr("out of range"));
  EXPECT_THAT(message_of("f32le:1e39"), HasSubstr("f64le"));
  EXPECT_THAT(message_of("f64le:1e999"), HasSubstr("does not fit"));
}

TEST(ParseValue, RefusesWhatIsNoValueAndTellsHowToWriteIt) {
  EXPECT_THAT(message_of("0"), HasSubstr("pairs of hexadecimal digits"));
  EXPECT_THAT(message_of("xyz"), HasSubstr("text:hello"));
  EXPECT_THAT(message_of("hex:1"), HasSubstr("'1' is no value"));
  EXPECT_THAT(message_of("u8:"), HasSubstr("no whole number"));
  EXPECT_THAT(message_of("u8:1,"), HasSubstr("no whole number"));
  EXPECT_THAT(message_of("u8:1.5"), HasSubstr("no whole number"));
  EXPECT_THAT(message_of("u8:--1"), HasSubstr("no whole number"));
  EXPECT_THAT(message_of("u8:0x"), HasSubstr("no whole number"));
  EXPECT_THAT(message_of("f32le:"), HasSubstr("is no number"));
  EXPECT_THAT(message_of("f32le:1x"), HasSubstr("is no number"));
  EXPECT_THAT(message_of("u16:1"), AllOf(HasSubstr("u16le"), HasSubstr("u16be")));
  EXPECT_THAT(message_of("number:1"), AllOf(HasSubstr("'number' is no format"), HasSubstr("u16le")));
}

TEST(ParseValue, RefusesMoreThanAnAttributeTakes) {
  EXPECT_EQ(parse_value(std::string(1024, '0')).size(), 512U);
  EXPECT_THAT(message_of(std::string(1026, '0')), AllOf(HasSubstr("513 bytes"), HasSubstr("at most 512")));
}

TEST(ParseValue, TellsNoControlCharactersOn) { EXPECT_THAT(message_of("\033[2J"), Not(HasSubstr("\033"))); }

TEST(FormatValue, PrintsWhatParseValueTakes) {
  const char* const values[] = {"hex:01ff",
                                "text:hello",
                                "u8:0,255",
                                "u16be:300",
                                "u24be:66051",
                                "i8:-128,5",
                                "i16le:-2",
                                "i64le:-1,2",
                                "f32le:21.5",
                                "f64be:-1e-300",
                                "u64be:18446744073709551615"};
  for (const std::string value : values) {
    const auto colon = value.find(':');
    EXPECT_EQ(format_value(parse_value(value), Format(value.substr(0, colon))), value.substr(colon + 1));
  }
}

TEST(FormatValue, KeepsTextOnOneLineAndHarmless) {
  EXPECT_EQ(format_value(bytes_of("a\nb\033[31m"), Format("text")), "a\\x0ab\\x1b[31m");
  EXPECT_EQ(format_value(bytes(0x61, 0xff), Format("text")), "a\\xff");
  EXPECT_EQ(format_value(bytes_of("grün"), Format("text")), "grün");
}

TEST(FormatValue, RefusesALengthThatDoesNotFitAndShowsTheValue) {
  try {
    (void)format_value(bytes(1, 2, 3), Format("u16le"));
    FAIL() << "three bytes are no whole number of u16le";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::failed);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("010203"), HasSubstr("3 bytes"), HasSubstr("--format")));
  }
}

TEST(FormatValue, PrintsAnEmptyValueAsAnEmptyLine) {
  for (const auto* const name : {"hex", "text", "u8", "f64le"}) EXPECT_EQ(format_value(Bytes(), Format(name)), "");
}

TEST(Format, RefusesOtherNames) {
  EXPECT_THROW(Format("HEX"), Error);
  EXPECT_THROW(Format(""), Error);
  EXPECT_THROW(Format("u128le"), Error);
  EXPECT_TRUE(Format::is_name("i32be"));
  EXPECT_FALSE(Format::is_name("i32"));
}

TEST(TextHint, AppearsOnlyForWhatLooksLikeText) {
  EXPECT_EQ(text_hint(bytes_of("Blau")), "\"Blau\"");
  EXPECT_EQ(text_hint(bytes(0x42, 0x6c, 0x61, 0x75, 0)), "\"Blau\"");
  EXPECT_EQ(text_hint(bytes(0x57)), "");
  EXPECT_EQ(text_hint(bytes(0x42, 0x6c, 0x61, 0x01)), "");
  EXPECT_EQ(text_hint(Bytes()), "");
}

}  // namespace
}  // namespace blau::cli
