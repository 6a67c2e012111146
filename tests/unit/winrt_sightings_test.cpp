// The halves of an advertisement, which Windows tells one by one.

#include "backend/winrt/sightings.hpp"

#include <gtest/gtest.h>

namespace {

using blau::detail::windows::Heard;
using blau::detail::windows::Sightings;

constexpr std::uint64_t strap = 0xc41122334455;

const blau::Bytes uuids = blau::bytes(0x03, 0x03, 0x0d, 0x18);
const blau::Bytes name = blau::bytes(0x04, 0x09, 'H', 'R', 'M');

Heard packet(const blau::Bytes& sections, bool scan_response = false) {
  Heard heard;
  heard.address = strap;
  heard.type = blau::AddressType::random;
  heard.scan_response = scan_response;
  heard.rssi = -50;
  heard.connectable = !scan_response;
  heard.sections = sections;
  return heard;
}

TEST(WinRtSightings, TheTwoHalvesAreMerged) {
  Sightings sightings("adapter");
  EXPECT_FALSE(sightings.hear(packet(uuids)).data.local_name);
  const auto& seen = sightings.hear(packet(name, true));
  EXPECT_EQ(seen.data.local_name, "HRM");
  EXPECT_EQ(seen.data.service_uuids, std::vector{blau::Uuid(0x180d)});
  EXPECT_EQ(seen.data.raw, blau::bytes(0x03, 0x03, 0x0d, 0x18, 0x04, 0x09, 'H', 'R', 'M'));
  EXPECT_EQ(seen.data.connectable, true);
  EXPECT_EQ(seen.device.name(), "HRM");
  EXPECT_EQ(seen.device.adapter(), "adapter");
  EXPECT_EQ(seen.device.address().type(), blau::AddressType::random);
}

TEST(WinRtSightings, TheOrderOfRawIsThatOfTheAir) {
  Sightings sightings("");
  sightings.hear(packet(name, true));
  EXPECT_EQ(sightings.hear(packet(uuids)).data.raw.front(), uuids.front());
}

TEST(WinRtSightings, ANewHalfReplacesItsOwnOnly) {
  Sightings sightings("");
  sightings.hear(packet(uuids));
  sightings.hear(packet(name, true));
  const auto& seen = sightings.hear(packet(blau::bytes(0x03, 0x03, 0x0f, 0x18)));
  EXPECT_EQ(seen.data.service_uuids, std::vector{blau::Uuid(0x180f)});
  EXPECT_EQ(seen.data.local_name, "HRM");
}

TEST(WinRtSightings, AnonymousOnesAreNeverMerged) {
  Sightings sightings("");
  auto first = packet(uuids);
  auto second = packet(name, true);
  for (Heard* heard : {&first, &second}) {
    heard->anonymous = true;
    heard->address = 0;
    heard->type.reset();
  }
  sightings.hear(first);
  const auto& seen = sightings.hear(second);
  EXPECT_EQ(seen.data.local_name, "HRM");
  EXPECT_TRUE(seen.data.service_uuids.empty());
}

TEST(WinRtSightings, TheTypesOfAnAddressAreTwoDevices) {
  Sightings sightings("");
  sightings.hear(packet(uuids));
  auto other = packet(name);
  other.type = blau::AddressType::public_;
  EXPECT_TRUE(sightings.hear(other).data.service_uuids.empty());
}

TEST(WinRtSightings, WhatIsStillHeardIsRememberedAmongMany) {
  Sightings sightings("");
  sightings.hear(packet(name, true));
  auto other = packet(uuids);
  for (std::size_t i = 0; i < 4 * Sightings::many; ++i) {
    other.address = i;
    sightings.hear(other);
    if (i % (Sightings::many / 2) == 0) sightings.hear(packet(uuids));
  }
  EXPECT_EQ(sightings.hear(packet(uuids)).data.local_name, "HRM");
}

TEST(WinRtSightings, WhatIsNotHeardAnyMoreIsForgottenAmongMany) {
  Sightings sightings("");
  sightings.hear(packet(name, true));
  auto other = packet(uuids);
  for (std::size_t i = 0; i < 2 * Sightings::many; ++i) {
    other.address = i;
    sightings.hear(other);
  }
  EXPECT_FALSE(sightings.hear(packet(uuids)).data.local_name);
}

TEST(WinRtSightings, PowerIsThatOfTheHeaderElseTheSignedOneOfTheData) {
  Sightings sightings("");
  auto heard = packet(blau::bytes(0x02, 0x0a, 0xf4));
  EXPECT_EQ(sightings.hear(heard).data.tx_power, -12);
  heard.tx_power = 4;
  EXPECT_EQ(sightings.hear(heard).data.tx_power, 4);
}

TEST(WinRtSightings, EveryPacketBringsItsStrength) {
  Sightings sightings("");
  auto heard = packet(uuids);
  sightings.hear(heard);
  heard.rssi = -70;
  EXPECT_EQ(sightings.hear(heard).data.rssi, -70);
}

}  // namespace
