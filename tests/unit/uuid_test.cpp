#include <blau/error.hpp>
#include <blau/uuid.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <type_traits>
#include <unordered_set>

namespace {

using blau::Uuid;

static_assert(Uuid() == Uuid(std::array<std::uint8_t, 16>{}));
static_assert(Uuid(0x180d).short_number() == 0x180d);
static_assert(Uuid(0x180d).bytes()[3] == 0x0d && Uuid(0x180d).bytes()[15] == 0xfb);
static_assert(Uuid(0x12345678).is_on_base() && !Uuid(0x12345678).short_number());
static_assert(!Uuid().is_on_base() && !Uuid().short_number());
static_assert(Uuid(0x180d) < Uuid(0x180e) && Uuid(0x180d) != Uuid(0x180e));
static_assert(!std::is_convertible_v<int, Uuid> && !std::is_convertible_v<const char*, Uuid>);
static_assert(std::is_nothrow_copy_constructible_v<Uuid> && std::is_trivially_copyable_v<Uuid>);

constexpr const char* heart_rate = "0000180d-0000-1000-8000-00805f9b34fb";
constexpr const char* uart = "6e400001-b5a3-f393-e0a9-e50e24dcca9e";

TEST(Uuid, PrintsThirtySixLowerCaseCharacters) {
  EXPECT_EQ(Uuid(0x180d).to_string(), heart_rate);
  EXPECT_EQ(Uuid().to_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(Uuid("6E400001-B5A3-F393-E0A9-E50E24DCCA9E").to_string(), uart);
  std::ostringstream out;
  out << Uuid(0x2a37);
  EXPECT_EQ(out.str(), "00002a37-0000-1000-8000-00805f9b34fb");
}

TEST(Uuid, IsReadFromFourEightOrThirtySixCharacters) {
  EXPECT_EQ(Uuid("180d"), Uuid(0x180d));
  EXPECT_EQ(Uuid("180D"), Uuid(0x180d));
  EXPECT_EQ(Uuid("0000180d"), Uuid(0x180d));
  EXPECT_EQ(Uuid("fedcba98"), Uuid(0xfedcba98));
  EXPECT_EQ(Uuid(heart_rate), Uuid(0x180d));
  EXPECT_EQ(Uuid(uart).to_string(), uart);
}

TEST(Uuid, RefusesOtherText) {
  for (const char* text : {"",
                           "1",
                           "18",
                           "180",
                           "180d0",
                           "180d00",
                           "180d000",
                           "18zz",
                           "zz18",
                           "0x18",
                           "0000180g",
                           " 180d",
                           "180d ",
                           "0000180d-0000-1000-8000-00805f9b34f",
                           "0000180d-0000-1000-8000-00805f9b34fbb",
                           "0000180d00000-1000-8000-00805f9b34fb",
                           "0000180d-0000-1000-8000-00805f9b34fg",
                           "0000180d_0000_1000_8000_00805f9b34fb",
                           "0000180d000010008000008"
                           "05f9b34fb",
                           "{000180d-0000-1000-8000-00805f9b34f}",
                           "-000180d-0000-1000-8000-00805f9b34fb"}) {
    EXPECT_EQ(Uuid::parse(text), std::nullopt) << "'" << text << "'";
    EXPECT_THROW(Uuid{text}, blau::Error) << "'" << text << "'";
  }
}

TEST(Uuid, SaysWhatToWriteInstead) {
  try {
    Uuid{"18zz"};
    FAIL() << "no exception";
  } catch (const blau::Error& error) {
    EXPECT_EQ(error.code(), blau::ErrorCode::invalid_argument);
    EXPECT_STREQ(error.what(),
                 "'18zz' is not a UUID: write 4, 8 or 36 characters, such as 180d or "
                 "0000180d-0000-1000-8000-00805f9b34fb");
  }
}

TEST(Uuid, KeepsTheMessageReadableWhateverTheTextIs) {
  try {
    Uuid{"a\n\x1b\xff" + std::string(10'000, 'x')};
    FAIL() << "no exception";
  } catch (const blau::Error& error) {
    const std::string message = error.what();
    EXPECT_LT(message.size(), 300u);
    EXPECT_TRUE(message.starts_with("'a??\xEF\xBF\xBDx")) << message;
    EXPECT_NE(message.find("x…' is not a UUID"), std::string::npos) << message;
  }
}

TEST(Uuid, IsReadInTheOrderOfTheAir) {
  const std::uint8_t air[] = {0x9e, 0xca, 0xdc, 0x24, 0x0e, 0xe5, 0xa9, 0xe0,
                              0x93, 0xf3, 0xa3, 0xb5, 0x01, 0x00, 0x40, 0x6e};
  EXPECT_EQ(Uuid::from_little_endian(air, 16), Uuid(uart));
  EXPECT_EQ(Uuid::from_little_endian(air, 2), Uuid(0xca9e));
  EXPECT_EQ(Uuid::from_little_endian(air, 4), Uuid(0x24dcca9e));
  for (const std::size_t size : {0, 1, 3, 5, 8, 15})
    EXPECT_EQ(Uuid::from_little_endian(air, size), std::nullopt) << size;
  EXPECT_EQ(Uuid::from_little_endian(nullptr, 0), std::nullopt);
}

TEST(Uuid, HasAShortNumberOnTheBaseOnly) {
  EXPECT_EQ(Uuid("0000ffff-0000-1000-8000-00805f9b34fb").short_number(), 0xffff);
  EXPECT_EQ(Uuid("0001180d-0000-1000-8000-00805f9b34fb").short_number(), std::nullopt);
  EXPECT_EQ(Uuid("0000180d-0000-1000-8000-00805f9b34fc").short_number(), std::nullopt);
  EXPECT_FALSE(Uuid("0000180d-0000-1000-8000-00805f9b34fc").is_on_base());
  EXPECT_FALSE(Uuid(uart).is_on_base());
}

TEST(Uuid, OrdersAsItIsWritten) {
  const std::set<Uuid> sorted{Uuid(uart), Uuid(0x2a37), Uuid(), Uuid(0x180d)};
  std::string last;
  for (const Uuid& uuid : sorted) {
    EXPECT_LT(last, uuid.to_string());
    last = uuid.to_string();
  }
}

TEST(Uuid, HashesEqualValuesAlikeAndSpreadsNeighbours) {
  const std::hash<Uuid> hash;
  EXPECT_EQ(hash(Uuid("180d")), hash(Uuid(heart_rate)));
  std::unordered_set<std::size_t> hashes;
  std::unordered_set<std::size_t> low_bytes;
  for (std::uint32_t number = 0; number < 65536; ++number) hashes.insert(hash(Uuid(number)));
  EXPECT_EQ(hashes.size(), 65536u);
  for (std::uint32_t number = 0x2a00; number < 0x2b00; ++number) low_bytes.insert(hash(Uuid(number)) & 0xff);
  EXPECT_GT(low_bytes.size(), 128u);
  std::array<std::uint8_t, 16> halves_swapped{};
  for (std::size_t i = 0; i < 16; ++i) halves_swapped[i] = Uuid(uart).bytes()[(i + 8) % 16];
  EXPECT_NE(hash(Uuid(halves_swapped)), hash(Uuid(uart)));
}

}  // namespace
