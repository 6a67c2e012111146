#include <blau/address.hpp>
#include <blau/error.hpp>

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

namespace {

using blau::Address;
using blau::AddressType;

constexpr const char* text = "C4:11:22:33:44:55";
constexpr const char* identifier = "1C3F2A10-9B55-4E0B-8C7D-0A1B2C3D4E5F";

static_assert(!std::is_convertible_v<const char*, Address> && !std::is_convertible_v<int, Address>);
static_assert(std::is_nothrow_move_constructible_v<Address>);

TEST(Address, IsReadWithEitherSeparatorAndCase) {
  for (const char* written : {text, "c4:11:22:33:44:55", "C4-11-22-33-44-55", "c4-11-22-33-44-55"}) {
    const Address address{written};
    EXPECT_EQ(address.number(), 0xc41122334455u) << written;
    EXPECT_EQ(address.to_string(), text) << written;
    EXPECT_EQ(address.type(), std::nullopt);
    EXPECT_FALSE(address.is_opaque());
  }
}

TEST(Address, KeepsItsType) {
  EXPECT_EQ(Address(text, AddressType::random).type(), AddressType::random);
  EXPECT_EQ(Address(0xc41122334455, AddressType::public_).type(), AddressType::public_);
  EXPECT_EQ(Address::parse(text, AddressType::random)->type(), AddressType::random);
  EXPECT_EQ(blau::to_string(AddressType::public_), "public");
  EXPECT_EQ(blau::to_string(AddressType::random), "random");
}

TEST(Address, IsMadeOfFortyEightBits) {
  EXPECT_EQ(Address(0xc41122334455), Address(text));
  EXPECT_EQ(Address(0x123456789abcdef0).number(), 0x56789abcdef0u);
  EXPECT_EQ(Address(1).to_string(), "00:00:00:00:00:01");
  EXPECT_EQ(Address().to_string(), "00:00:00:00:00:00");
  EXPECT_EQ(Address(0xffff'ffff'ffff).to_string(), "FF:FF:FF:FF:FF:FF");
}

TEST(Address, RefusesOtherText) {
  for (const char* written :
       {"", "C4", "C4:11:22:33:44", "C4:11:22:33:44:5", "C4:11:22:33:44:555", "C4:11:22:33:44:55:66",
        "C4:11:22:33:44:5G", "C4:11-22:33:44:55", "C4:11:22:33:44-55", "C4 11 22 33 44 55", "C41122334455",
        " C4:11:22:33:44:55", "C4:11:22:33:44:55 ", "C4::1:22:33:44:55", "1C3F2A10-9B55-4E0B-8C7D-0A1B2C3D4E5",
        "1C3F2A10-9B55-4E0B-8C7D-0A1B2C3D4E5X", "180d"}) {
    EXPECT_EQ(Address::parse(written), std::nullopt) << "'" << written << "'";
    EXPECT_THROW(Address{written}, blau::Error) << "'" << written << "'";
  }
}

TEST(Address, SaysWhatToWriteInstead) {
  try {
    Address{"C4:11"};
    FAIL() << "no exception";
  } catch (const blau::Error& error) {
    EXPECT_EQ(error.code(), blau::ErrorCode::invalid_argument);
    EXPECT_STREQ(error.what(),
                 "'C4:11' is not an address: write six pairs of hexadecimal digits, such as C4:11:22:33:44:55, or on "
                 "Apple systems a UUID of 36 characters");
  }
}

TEST(Address, MayBeAnOpaqueIdentifier) {
  const Address address(identifier, AddressType::random);
  EXPECT_TRUE(address.is_opaque());
  EXPECT_EQ(address.number(), 0u);
  EXPECT_EQ(address.type(), std::nullopt);
  EXPECT_EQ(address.to_string(), "1c3f2a10-9b55-4e0b-8c7d-0a1b2c3d4e5f");
  EXPECT_EQ(address, Address("1c3f2a10-9b55-4e0b-8c7d-0a1b2c3d4e5f"));
  EXPECT_NE(address, Address());
  EXPECT_NE(address, Address("1c3f2a10-9b55-4e0b-8c7d-0a1b2c3d4e50"));
  EXPECT_EQ(std::hash<Address>()(address), std::hash<Address>()(Address(address.to_string())));
}

TEST(Address, OfUnknownTypeEqualsBoth) {
  const Address unknown(text);
  const Address public_(text, AddressType::public_);
  const Address random(text, AddressType::random);
  EXPECT_EQ(unknown, public_);
  EXPECT_EQ(unknown, random);
  EXPECT_EQ(random, unknown);
  EXPECT_EQ(random, random);
  EXPECT_NE(public_, random);
  EXPECT_NE(random, Address("C4:11:22:33:44:56", AddressType::random));
}

TEST(Address, HashAgreesWithEquality) {
  const std::hash<Address> hash;
  EXPECT_EQ(hash(Address(text)), hash(Address(text, AddressType::public_)));
  EXPECT_EQ(hash(Address(text)), hash(Address(text, AddressType::random)));
  std::unordered_set<std::size_t> hashes;
  for (std::uint64_t number = 0; number < 65536; ++number) hashes.insert(hash(Address(number << 16)));
  EXPECT_EQ(hashes.size(), 65536u);
  std::unordered_map<Address, int> seen;
  seen[Address(text, AddressType::random)] = 7;
  EXPECT_EQ(seen.at(Address(text)), 7);
}

TEST(Address, OrdersByBitsAlone) {
  EXPECT_LT(Address("00:00:00:00:00:FF"), Address("00:00:00:00:01:00"));
  EXPECT_TRUE(std::is_eq(Address(text, AddressType::public_) <=> Address(text, AddressType::random)));
  const std::set<Address> seen{Address(text, AddressType::public_), Address(text, AddressType::random), Address(text)};
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_LT(Address(), Address(identifier));
}

TEST(Address, IsWrittenToStreams) {
  std::ostringstream out;
  out << Address(text);
  EXPECT_EQ(out.str(), text);
}

}  // namespace
