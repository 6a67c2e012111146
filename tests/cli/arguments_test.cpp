#include "arguments.hpp"

#include <blau/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

template <class Function>
std::string complaint(Function function) {
  try {
    (void)function();
    return "no complaint";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
}

std::string characteristic_complaint(const char* text) {
  return complaint([text] { return parse_characteristic(text); });
}

TEST(ParseDevice, TellsAddressesFromNames) {
  EXPECT_EQ(parse_device("c4:11:22:33:44:55"), DeviceArgument(Address("C4:11:22:33:44:55")));
  EXPECT_EQ(parse_device("C4-11-22-33-44-55"), DeviceArgument(Address("C4:11:22:33:44:55")));
  EXPECT_EQ(parse_device("Blau Heart"), DeviceArgument(std::string("Blau Heart")));
  EXPECT_EQ(parse_device("C4-11"), DeviceArgument(std::string("C4-11")));
}

TEST(ParseDevice, RefusesAColonInWhatIsNoAddress) {
  for (const auto* const text : {"C4:11", ":", "C4:11:22:33:44:5g", "C4:11:22:33:44:55:66", "Blau: Heart"})
    EXPECT_THAT(complaint([text] { return parse_device(text); }),
                AllOf(HasSubstr(text), HasSubstr("C4:11:22:33:44:55")));
  EXPECT_THAT(complaint([] { return parse_device(""); }), HasSubstr("blau scan"));
}

TEST(ParseCharacteristic, TakesUuidsNamesAndHandles) {
  EXPECT_EQ(parse_characteristic("2a19"), AttributeArgument(Uuid(0x2a19)));
  EXPECT_EQ(parse_characteristic("0x2A19"), AttributeArgument(Uuid(0x2a19)));
  EXPECT_EQ(parse_characteristic("00002a19"), AttributeArgument(Uuid(0x2a19)));
  EXPECT_EQ(parse_characteristic("00002A19-0000-1000-8000-00805F9B34FB"), AttributeArgument(Uuid(0x2a19)));
  EXPECT_EQ(parse_characteristic("battery_level"), AttributeArgument(Uuid(0x2a19)));
  EXPECT_EQ(parse_characteristic("Battery Level"), AttributeArgument(Uuid(0x2a19)));
  EXPECT_EQ(parse_characteristic("#0x13"), AttributeArgument(Handle(19)));
  EXPECT_EQ(parse_characteristic("#19"), AttributeArgument(Handle(19)));
  EXPECT_EQ(parse_characteristic("#0xffff"), AttributeArgument(Handle(0xffff)));
}

TEST(ParseCharacteristic, RefusesOtherTextAndTellsHowToWriteIt) {
  for (const auto* const text : {"", "2a1", "2a191", "battery_levle", "0x", "0x00002a19-0000-1000-8000-00805f9b34fb"})
    EXPECT_THAT(characteristic_complaint(text), AllOf(HasSubstr("is no characteristic"), HasSubstr("#0x13")));
  for (const auto* const text : {"#", "#0", "#0x", "#x13", "#0x10000", "#65536", "#-1", "#1 "})
    EXPECT_THAT(characteristic_complaint(text), AllOf(HasSubstr("is no handle"), HasSubstr("#0x13")));
}

TEST(ParseDescriptor, TakesNamesOfDescriptors) {
  EXPECT_EQ(parse_descriptor("2901"), AttributeArgument(Uuid(0x2901)));
  EXPECT_EQ(parse_descriptor("report_reference"), AttributeArgument(Uuid(0x2908)));
  EXPECT_THAT(complaint([] { return parse_descriptor("battery_level"); }), HasSubstr("is no descriptor"));
}

TEST(ParseService, TakesUuidsAndNames) {
  EXPECT_EQ(parse_service("180d"), Uuid(0x180d));
  EXPECT_EQ(parse_service("heart_rate"), Uuid(0x180d));
  EXPECT_THAT(complaint([] { return parse_service("hart_rate"); }), HasSubstr("is no service"));
}

TEST(ParsePattern, TakesTypeOffsetAndBytes) {
  const OrPattern pattern = parse_pattern("ff:3:e502");
  EXPECT_EQ(pattern.ad_type, 0xff);
  EXPECT_EQ(pattern.offset, 3);
  EXPECT_EQ(pattern.content, bytes(0xe5, 0x02));
  EXPECT_EQ(parse_pattern("0x16:0:aa fe").ad_type, 0x16);
  EXPECT_EQ(parse_pattern("9:30:00").offset, 30);
}

TEST(ParsePattern, RefusesTheRest) {
  const std::string too_long = "ff:0:" + std::string(64, '0');
  for (const auto& text : std::vector<std::string>{"", "ff", "ff:0", "ff:0:", "ff:x:00", "100:0:00", "ff:256:00",
                                                   "ff:0:0", "ff:31:00", "ff:30:0000", too_long})
    EXPECT_THAT(complaint([&text] { return parse_pattern(text); }), HasSubstr("ff:0:e502")) << text;
}

TEST(ParseSeconds, TakesFractionsAndRefusesTheRest) {
  EXPECT_EQ(parse_seconds("--seconds", "5"), 5s);
  EXPECT_EQ(parse_seconds("--seconds", "0.25"), 250ms);
  for (const auto* const text : {"", "0", "-1", "abc", "5s", "nan", "inf", "1e99"})
    EXPECT_THAT(complaint([text] { return parse_seconds("--seconds", text); }), HasSubstr("--seconds"));
}

TEST(ParseNumber, MindsItsRange) {
  EXPECT_EQ(parse_number("--rssi", "-70", -127, 20), -70);
  for (const auto* const text : {"", "-128", "21", "7.5", "x"})
    EXPECT_THAT(complaint([text] { return parse_number("--rssi", text, -127, 20); }),
                AllOf(HasSubstr("--rssi"), HasSubstr("-127 to 20")));
}

TEST(ToText, WritesWhatCanBeReadAgain) {
  EXPECT_EQ(to_text(Handle(0x13)), "#0x0013");
  EXPECT_EQ(to_text(Uuid(0x2a19)), "2a19");
  EXPECT_EQ(to_text(Uuid(0x12345678)), "12345678");
  EXPECT_EQ(to_text(Uuid("b1a00000-0000-4000-8000-00b1a0b1a0b1")), "b1a00000-0000-4000-8000-00b1a0b1a0b1");
  EXPECT_EQ(to_text(DeviceArgument(Address("C4:11:22:33:44:55"))), "C4:11:22:33:44:55");
  EXPECT_EQ(to_text(DeviceArgument(std::string("Blau"))), "'Blau'");
  EXPECT_EQ(to_text(std::chrono::nanoseconds(500ms)), "0.5 s");
}

}  // namespace
}  // namespace blau::cli
