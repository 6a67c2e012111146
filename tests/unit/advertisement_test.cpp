#include <blau/advertisement.hpp>

#include <gtest/gtest.h>

#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using blau::AdvertisementData;
using blau::Bytes;
using blau::bytes;
using blau::parse_ad_structures;
using blau::Uuid;

static_assert(std::is_copy_constructible_v<blau::Advertisement>);

/// One AD structure, its length byte computed.
Bytes structure(std::uint8_t type, const Bytes& data) {
  Bytes made = bytes(data.size() + 1, type);
  made.insert(made.end(), data.begin(), data.end());
  return made;
}

Bytes structure(std::uint8_t type, std::string_view text) { return structure(type, blau::bytes_of(text)); }

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// What well-formed bytes hold.
AdvertisementData parsed(const std::vector<Bytes>& parts) {
  AdvertisementData data;
  EXPECT_TRUE(parse_ad_structures(joined(parts), data));
  return data;
}

/// What is left of ill-formed bytes.
AdvertisementData salvaged(const std::vector<Bytes>& parts) {
  AdvertisementData data;
  EXPECT_FALSE(parse_ad_structures(joined(parts), data));
  return data;
}

const Bytes uart_on_air =
    bytes(0x9e, 0xca, 0xdc, 0x24, 0x0e, 0xe5, 0xa9, 0xe0, 0x93, 0xf3, 0xa3, 0xb5, 0x01, 0x00, 0x40, 0x6e);
const Uuid uart("6e400001-b5a3-f393-e0a9-e50e24dcca9e");

TEST(AdStructures, OfNothingAreNothing) {
  EXPECT_EQ(parsed({}), AdvertisementData());
  EXPECT_EQ(AdvertisementData().rssi, -127);
}

TEST(AdStructures, OfAHeartRateStrap) {
  const auto data = parsed({structure(0x01, bytes(0x06)), structure(0x03, bytes(0x0d, 0x18, 0x0f, 0x18)),
                            structure(0x09, "Strap"), structure(0x0a, bytes(0xfc)), structure(0x19, bytes(0x41, 0x03)),
                            structure(0xff, bytes(0xe5, 0x02, 0x01, 0x02))});
  EXPECT_EQ(data.flags, 0x06);
  EXPECT_EQ(data.service_uuids, (std::vector{Uuid(0x180d), Uuid(0x180f)}));
  EXPECT_EQ(data.local_name, "Strap");
  EXPECT_EQ(data.tx_power, -4);
  EXPECT_EQ(data.appearance, 0x0341);
  EXPECT_EQ(data.manufacturer_data, (std::map<std::uint16_t, Bytes>{{0x02e5, bytes(0x01, 0x02)}}));
  EXPECT_EQ(data.rssi, -127);
  EXPECT_EQ(data.connectable, std::nullopt);
}

TEST(AdStructures, ListServicesOfAllWidths) {
  for (const std::uint8_t incomplete : {0, 1}) {
    const auto type = [&](int complete) { return static_cast<std::uint8_t>(complete - incomplete); };
    const auto data = parsed({structure(type(0x07), uart_on_air), structure(type(0x05), bytes(0x78, 0x56, 0x34, 0x12)),
                              structure(type(0x03), bytes(0x0d, 0x18))});
    EXPECT_EQ(data.service_uuids, (std::vector{uart, Uuid(0x12345678), Uuid(0x180d)})) << int(incomplete);
  }
}

TEST(AdStructures, ListEachServiceOnce) {
  const auto data =
      parsed({structure(0x02, bytes(0x0d, 0x18, 0x0d, 0x18)), structure(0x03, bytes(0x0f, 0x18, 0x0d, 0x18)),
              structure(0x05, bytes(0x0d, 0x18, 0x00, 0x00))});
  EXPECT_EQ(data.service_uuids, (std::vector{Uuid(0x180d), Uuid(0x180f)}));
}

TEST(AdStructures, MayListNoService) {
  for (const std::uint8_t type : {2, 3, 4, 5, 6, 7})
    EXPECT_TRUE(parsed({structure(type, bytes())}).service_uuids.empty());
}

TEST(AdStructures, KeepTheWholeUuidsOfACutList) {
  EXPECT_EQ(salvaged({structure(0x03, bytes(0x0d, 0x18, 0x0f))}).service_uuids, std::vector{Uuid(0x180d)});
  EXPECT_EQ(salvaged({structure(0x05, bytes(1, 0, 0, 0, 2, 0, 0))}).service_uuids, std::vector{Uuid(1)});
  EXPECT_TRUE(salvaged({structure(0x07, Bytes(15, 0))}).service_uuids.empty());
}

TEST(AdStructures, HoldServiceDataOfAllWidths) {
  Bytes wide = uart_on_air;
  wide.push_back(0x07);
  const auto data =
      parsed({structure(0x16, bytes(0x0f, 0x18, 0x63)), structure(0x20, bytes(0x78, 0x56, 0x34, 0x12, 1, 2)),
              structure(0x21, wide), structure(0x16, bytes(0x0d, 0x18))});
  EXPECT_EQ(
      data.service_data,
      (std::map<Uuid, Bytes>{
          {Uuid(0x180f), bytes(0x63)}, {Uuid(0x12345678), bytes(1, 2)}, {uart, bytes(7)}, {Uuid(0x180d), Bytes()}}));
  EXPECT_TRUE(data.service_uuids.empty());
}

TEST(AdStructures, RefuseServiceDataWithoutWholeUuid) {
  EXPECT_TRUE(salvaged({structure(0x16, bytes(0x0f))}).service_data.empty());
  EXPECT_TRUE(salvaged({structure(0x20, bytes(1, 2, 3))}).service_data.empty());
  EXPECT_TRUE(salvaged({structure(0x21, Bytes(15, 1))}).service_data.empty());
}

TEST(AdStructures, HoldDataOfSeveralManufacturers) {
  const auto data = parsed({structure(0xff, bytes(0x4c, 0x00, 0x02, 0x15)), structure(0xff, bytes(0xff, 0xff)),
                            structure(0xff, bytes(0xe5, 0x02, 1)), structure(0xff, bytes(0xe5, 0x02, 2))});
  EXPECT_EQ(data.manufacturer_data,
            (std::map<std::uint16_t, Bytes>{{0x004c, bytes(0x02, 0x15)}, {0xffff, Bytes()}, {0x02e5, bytes(2)}}));
  EXPECT_TRUE(salvaged({structure(0xff, bytes(0x4c))}).manufacturer_data.empty());
}

TEST(AdStructures, HaveFlagsOfAnyLength) {
  EXPECT_EQ(parsed({structure(0x01, bytes())}).flags, 0);
  EXPECT_EQ(parsed({structure(0x01, bytes(0x1a, 0x01))}).flags, 0x1a);
}

TEST(AdStructures, RefuseImpossibleLengths) {
  EXPECT_EQ(salvaged({structure(0x0a, bytes())}).tx_power, std::nullopt);
  EXPECT_EQ(salvaged({structure(0x0a, bytes(1, 2))}).tx_power, std::nullopt);
  EXPECT_EQ(salvaged({structure(0x19, bytes(0x41))}).appearance, std::nullopt);
  EXPECT_EQ(salvaged({structure(0x19, bytes(0x41, 0x03, 0x00))}).appearance, std::nullopt);
  EXPECT_EQ(salvaged({structure(0x0a, bytes()), structure(0x09, "kept")}).local_name, "kept");
}

TEST(AdStructures, HaveTransmitPowerOfEitherSign) {
  EXPECT_EQ(parsed({structure(0x0a, bytes(0x80))}).tx_power, -128);
  EXPECT_EQ(parsed({structure(0x0a, bytes(0x14))}).tx_power, 20);
}

TEST(AdStructures, EndAtLengthZero) {
  const auto data = parsed({structure(0x01, bytes(0x06)), bytes(0, 0, 0), structure(0x09, "behind")});
  EXPECT_EQ(data.flags, 0x06);
  EXPECT_EQ(data.local_name, std::nullopt);
  EXPECT_EQ(parsed({Bytes(31, 0)}).flags, std::nullopt);
}

TEST(AdStructures, KeepWhatStandsBeforeACut) {
  const Bytes whole = joined({structure(0x01, bytes(0x06)), structure(0x09, "Strap")});
  for (std::size_t size = 4; size < whole.size(); ++size) {
    const auto data = salvaged({Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))});
    EXPECT_EQ(data.flags, 0x06) << size;
    EXPECT_EQ(data.local_name, std::nullopt) << size;
  }
  EXPECT_EQ(salvaged({bytes(1)}).flags, std::nullopt);
  EXPECT_EQ(salvaged({bytes(2, 1)}).flags, std::nullopt);
  EXPECT_EQ(salvaged({bytes(255, 9, 'a')}).local_name, std::nullopt);
}

TEST(AdStructures, PassOverUnknownTypes) {
  auto data =
      parsed({structure(0x14, bytes(0x0d, 0x18)), structure(0x1f, bytes(1, 2, 3, 4)), structure(0x15, uart_on_air),
              structure(0x2e, bytes(1)), bytes(1, 0x3d), structure(0x00, bytes(1))});
  data.raw.clear();
  EXPECT_EQ(data, AdvertisementData());
}

TEST(AdStructures, OfExtendedAdvertisingMayBeLong) {
  const auto data = parsed({structure(0xff, Bytes(254, 1)), structure(0x09, std::string(248, 'n'))});
  EXPECT_EQ(data.manufacturer_data.at(0x0101), Bytes(252, 1));
  EXPECT_EQ(data.local_name, std::string(248, 'n'));
}

TEST(AdStructures, AreKeptAsTheyCame) {
  AdvertisementData data;
  const Bytes advertisement = bytes(2, 1, 6, 0, 0);
  const Bytes response = joined({structure(0x09, "Strap"), bytes(9)});
  EXPECT_TRUE(parse_ad_structures(advertisement, data));
  EXPECT_FALSE(parse_ad_structures(response, data));
  EXPECT_EQ(data.raw, joined({advertisement, response}));
  const Bytes wrong_length = structure(0x19, bytes(1));
  EXPECT_EQ(salvaged({wrong_length}).raw, wrong_length);
}

TEST(LocalName, IsTheCompleteOneWhateverTheOrder) {
  EXPECT_EQ(parsed({structure(0x08, "Str")}).local_name, "Str");
  EXPECT_EQ(parsed({structure(0x08, "Str"), structure(0x09, "Strap")}).local_name, "Strap");
  EXPECT_EQ(parsed({structure(0x09, "Strap"), structure(0x08, "Str")}).local_name, "Strap");
  EXPECT_EQ(parsed({structure(0x09, "Strap"), structure(0x08, "Other")}).local_name, "Strap");
}

TEST(LocalName, OfAScanResponseAddsToTheAdvertisement) {
  AdvertisementData data = parsed({structure(0x08, "Str"), bytes(0, 0, 0)});
  EXPECT_TRUE(parse_ad_structures(structure(0x09, "Strap"), data));
  EXPECT_EQ(data.local_name, "Strap");
  EXPECT_TRUE(parse_ad_structures(structure(0x08, "Other"), data));
  EXPECT_EQ(data.local_name, "Strap") << "the complete name stands in raw, behind zeros";
  EXPECT_TRUE(parse_ad_structures(structure(0x09, "New"), data));
  EXPECT_EQ(data.local_name, "New");
}

TEST(LocalName, ThatIsShortenedReplacesOnlyWhatDoesNotBeginSo) {
  AdvertisementData data;
  data.local_name = "Strap";
  EXPECT_TRUE(parse_ad_structures(structure(0x08, "Str"), data));
  EXPECT_EQ(data.local_name, "Strap");
  EXPECT_TRUE(parse_ad_structures(structure(0x08, "Belt"), data));
  EXPECT_EQ(data.local_name, "Belt");
  EXPECT_TRUE(parse_ad_structures(structure(0x08, "Belt 2"), data));
  EXPECT_EQ(data.local_name, "Belt 2");
}

TEST(LocalName, EndsAtItsFirstZero) {
  EXPECT_EQ(parsed({structure(0x09, std::string_view("Strap\0\0\0", 8))}).local_name, "Strap");
  EXPECT_EQ(parsed({structure(0x09, std::string_view("A\0B", 3))}).local_name, "A");
}

TEST(LocalName, ThatIsEmptyCountsForNothing) {
  EXPECT_EQ(parsed({structure(0x09, "")}).local_name, std::nullopt);
  EXPECT_EQ(parsed({structure(0x08, "")}).local_name, std::nullopt);
  EXPECT_EQ(parsed({structure(0x09, Bytes(3, 0))}).local_name, std::nullopt);
  EXPECT_EQ(parsed({structure(0x09, "Strap"), structure(0x09, "")}).local_name, "Strap");
  EXPECT_EQ(parsed({structure(0x09, ""), structure(0x08, "Str")}).local_name, "Str");
}

TEST(LocalName, HasIllFormedPartsReplaced) {
  const auto name = [](std::string_view text) { return *parsed({structure(0x09, text)}).local_name; };
  EXPECT_EQ(name("Tür 門 😀"), "Tür 門 😀");
  EXPECT_EQ(name("a\xff"
                 "b"),
            "a\uFFFDb");
  EXPECT_EQ(name("\x80\x80"), "\uFFFD\uFFFD");
  EXPECT_EQ(name("\xc0\xaf"), "\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(name("\xe0\x80\xaf"), "\uFFFD\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(name("\xf0\x8f\xbf\xbf"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(name("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(name("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "above U+10FFFF";
  EXPECT_EQ(name("\xf0\x9f\x98"
                 "x"),
            "\uFFFDx")
      << "one maximal part";
  EXPECT_EQ(name("x\xf0\x9f\x98"), "x\uFFFD");
  EXPECT_EQ(name("\xf4\x8f\xbf\xbf\xee\x80\x80\xc2\x80"), "\xf4\x8f\xbf\xbf\xee\x80\x80\xc2\x80");
}

TEST(LocalName, ThatIsShortenedInsideACharacterLosesIt) {
  EXPECT_EQ(parsed({structure(0x08, "T\xc3")}).local_name, "T");
  EXPECT_EQ(parsed({structure(0x08, "\xf0\x9f\x98")}).local_name, std::nullopt);
  AdvertisementData data;
  data.local_name = "Tür";
  EXPECT_TRUE(parse_ad_structures(structure(0x08, "T\xc3"), data));
  EXPECT_EQ(data.local_name, "Tür");
}

TEST(AdStructures, OfAScanResponseReplaceAndGrow) {
  AdvertisementData data =
      parsed({structure(0x01, bytes(0x06)), structure(0x03, bytes(0x0d, 0x18)), structure(0x0a, bytes(4)),
              structure(0xff, bytes(1, 0, 1)), structure(0x16, bytes(0x0f, 0x18, 50))});
  data.rssi = -60;
  data.connectable = true;
  EXPECT_TRUE(parse_ad_structures(joined({structure(0x03, bytes(0x0f, 0x18)), structure(0x0a, bytes(8)),
                                          structure(0xff, bytes(2, 0, 2)), structure(0x16, bytes(0x0f, 0x18, 51))}),
                                  data));
  EXPECT_EQ(data.flags, 0x06);
  EXPECT_EQ(data.service_uuids, (std::vector{Uuid(0x180d), Uuid(0x180f)}));
  EXPECT_EQ(data.tx_power, 8);
  EXPECT_EQ(data.manufacturer_data, (std::map<std::uint16_t, Bytes>{{1, bytes(1)}, {2, bytes(2)}}));
  EXPECT_EQ(data.service_data, (std::map<Uuid, Bytes>{{Uuid(0x180f), bytes(51)}}));
  EXPECT_EQ(data.rssi, -60);
  EXPECT_EQ(data.connectable, true);
}

}  // namespace
