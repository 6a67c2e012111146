// Devices that change what they tell while a scan runs, and scans that go on for long.

#include "support.hpp"

#include <algorithm>
#include <functional>

namespace blau::conformance {
namespace {

class Changes : public Case {};

sim::AdvertisementOptions data_of(std::uint16_t company, Bytes data) {
  sim::AdvertisementOptions told;
  told.flags = std::uint8_t{6};
  told.manufacturer_data.emplace(company, std::move(data));
  return told;
}

sim::AdvertisementOptions told_name(const std::string& name) {
  sim::AdvertisementOptions told;
  told.local_name = name;
  return told;
}

/// The next sighting of the chameleon that is so. @throws Error `timed_out`
Task<Advertisement> chameleon_that(Stream<Advertisement>& sightings,
                                   std::function<bool(const AdvertisementData&)> is_so) {
  const auto end = EventLoop::current()->now() + patience;
  while (EventLoop::current()->now() < end) {
    auto seen = co_await next_of(sightings);
    if (seen.device.address().to_string() == chameleon && is_so(seen.data)) co_return seen;
  }
  throw Error(ErrorCode::timed_out, "the chameleon does not tell it");
}

bool is_listed(const Scanner& scanner, const std::string& address) {
  const auto all = scanner.discovered_devices();
  return std::ranges::any_of(all, [&](const auto& seen) { return seen.device.address().to_string() == address; });
}

BLAU_CASE(Changes, ANewName) {
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto before = co_await chameleon_that(sightings, [](const auto& data) { return data.local_name.has_value(); });
  const auto data = data_of(0xffff, bytes(1));
  const auto name = told_name("Blau Renamed");
  co_await rig.set_advertising(chameleon, data, name);
  const auto renamed = [](const AdvertisementData& told) { return told.local_name == "Blau Renamed"; };
  const auto after = co_await chameleon_that(sightings, renamed);
  EXPECT_EQ(after.device.name(), "Blau Renamed");
  EXPECT_EQ(after.device.id(), before.device.id());
  const auto by_id = scanner.seen_devices();
  EXPECT_EQ(by_id.at(after.device.id()).device.name(), "Blau Renamed");
  co_await scanner.stop();
  const auto found = co_await Scanner::find_device_by_name("Blau Renamed", patience);
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->address().to_string(), chameleon);
  const auto of_old = co_await Scanner::find_device_by_name("Blau Chameleon", 500ms);
  EXPECT_FALSE(of_old.has_value());
}

BLAU_CASE(Changes, NewDataReplacesTheOld) {
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto name = told_name("Blau Chameleon");
  for (std::uint8_t round = 1; round <= 3; ++round) {
    const std::map<std::uint16_t, Bytes> wanted{{static_cast<std::uint16_t>(0x0100 + round), bytes(round, 7)}};
    const auto data = data_of(static_cast<std::uint16_t>(0x0100 + round), bytes(round, 7));
    co_await rig.set_advertising(chameleon, data, name);
    const auto is_so = [&wanted](const AdvertisementData& told) { return told.manufacturer_data == wanted; };
    (void)co_await chameleon_that(sightings, is_so);
  }
  co_await scanner.stop();
}

BLAU_CASE(Changes, OtherServicesPassOtherFilters) {
  ScannerOptions options;
  options.service_uuids = {Uuid{0xb1a2}};
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto name = told_name("Blau Chameleon");
  sim::AdvertisementOptions data;
  data.flags = std::uint8_t{6};
  data.service_uuids = {sim::UuidArgument(0xb1a2)};
  co_await rig.set_advertising(chameleon, data, name);
  const auto seen = co_await next_of(sightings);
  EXPECT_EQ(seen.device.address().to_string(), chameleon);
  co_await scanner.stop();
}

BLAU_CASE(Changes, AnotherAddressIsAnotherDevice) {
  if (!can(rig, Ability::private_addresses)) co_return;
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await chameleon_that(sightings, [](const auto&) { return true; });
  co_await rig.set_private_address(chameleon, "4A:00:00:00:00:01");
  std::string address;
  while (address != "4A:00:00:00:00:01") {
    const auto seen = co_await next_of(sightings);
    address = seen.device.address().to_string();
    EXPECT_NE(address, chameleon) << "it has another one now";
    if (address == "4A:00:00:00:00:01") {
      EXPECT_EQ(seen.device.name(), "Blau Chameleon");
      EXPECT_EQ(seen.device.address().type(), AddressType::random);
    }
  }
  EXPECT_TRUE(is_listed(scanner, chameleon)) << "nobody can tell that it is the same";
  co_await scanner.stop();
  const auto found = co_await Scanner::find_device_by_address("4A:00:00:00:00:01", patience);
  BLAU_REQUIRE(found.has_value());
  const auto of_old = co_await Scanner::find_device_by_address(chameleon, 500ms);
  EXPECT_FALSE(of_old.has_value());
}

BLAU_CASE(Changes, ABondSeesThroughAPrivateAddress) {
  if (!can(rig, Ability::private_addresses)) co_return;
  Client client{gatt};
  co_await client.connect();
  co_await client.pair();
  co_await client.disconnect();
  co_await rig.set_private_address(gatt, "4A:00:00:00:00:02");
  const auto found = co_await Scanner::find_device_by_address(gatt, patience);
  BLAU_REQUIRE(found.has_value());
  co_await client.connect();
  co_await client.unpair();
  // Without the bond it is a stranger.
  const auto stranger = co_await Scanner::find_device_by_address("4A:00:00:00:00:02", patience);
  EXPECT_TRUE(stranger.has_value());
}

BLAU_CASE(Changes, WhatIsSilentIsForgotten) {
  ScannerOptions options;
  options.forget_after = 1s;
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await chameleon_that(sightings, [](const auto&) { return true; });
  EXPECT_TRUE(is_listed(scanner, chameleon));
  co_await rig.advertise(chameleon, false);
  const auto end = EventLoop::current()->now() + patience;
  while (is_listed(scanner, chameleon) && EventLoop::current()->now() < end) (void)co_await next_of(sightings);
  EXPECT_FALSE(is_listed(scanner, chameleon));
  EXPECT_TRUE(is_listed(scanner, tag)) << "who goes on advertising is not forgotten";
  co_await rig.advertise(chameleon, true);
  (void)co_await chameleon_that(sightings, [](const auto&) { return true; });
  EXPECT_TRUE(is_listed(scanner, chameleon));
  EXPECT_EQ(scanner.discovered_devices().back().device.address().to_string(), chameleon) << "seen anew";
  co_await scanner.stop();
}

BLAU_CASE(Changes, WhatIsSilentIsKeptWhereTheUserWantsIt) {
  ScannerOptions options;
  options.forget_after = 0s;
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await chameleon_that(sightings, [](const auto&) { return true; });
  co_await rig.advertise(chameleon, false);
  const auto later = EventLoop::current()->now() + 1500ms;
  while (EventLoop::current()->now() < later) (void)co_await next_of(sightings);
  EXPECT_TRUE(is_listed(scanner, chameleon));
  co_await scanner.stop();
  co_await rig.advertise(chameleon, true);
}

BLAU_CASE(Changes, ALongAdvertisementIsWhole) {
  if (!can(rig, Ability::extended_advertising)) co_return;
  const auto data = data_of(0x02e5, pattern(200));
  const auto nothing = sim::AdvertisementOptions();
  co_await rig.set_advertising(chameleon, data, nothing);
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto is_long = [](const AdvertisementData& told) { return told.manufacturer_data.contains(0x02e5); };
  const auto seen = co_await chameleon_that(sightings, is_long);
  EXPECT_EQ(seen.data.manufacturer_data.at(0x02e5), pattern(200));
  if (rig.tells_raw_advertisements()) {
    EXPECT_EQ(seen.data.raw.size(), 3U + 4U + 200U);
  }
  co_await scanner.stop();
}

}  // namespace
}  // namespace blau::conformance
