#include "support.hpp"

#include <algorithm>
#include <map>

namespace blau::conformance {
namespace {

class Scan : public Case {};

/// Scans until everything that the device tells has come, advertisement and scan response.
Task<Advertisement> see(std::string address, bool (*is_whole)(const AdvertisementData&)) {
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  for (;;) {
    auto seen = co_await next_of(sightings);
    if (seen.device.address().to_string() != address || !is_whole(seen.data)) continue;
    co_await scanner.stop();
    co_return seen;
  }
}

bool has_name(const AdvertisementData& data) { return data.local_name.has_value(); }
bool has_uuid(const AdvertisementData& data, const Uuid& uuid) {
  return std::find(data.service_uuids.begin(), data.service_uuids.end(), uuid) != data.service_uuids.end();
}

BLAU_CASE(Scan, NameServicesAppearanceFlagsAndStrength) {
  const auto seen = co_await see(gatt, has_name);
  EXPECT_EQ(seen.data.local_name, "Blau Gatt");
  EXPECT_EQ(seen.device.name(), "Blau Gatt");
  EXPECT_TRUE(has_uuid(seen.data, Uuid{0x180d}));
  EXPECT_TRUE(has_uuid(seen.data, own(0x0100)));
  EXPECT_EQ(seen.data.appearance, 833);
  EXPECT_EQ(seen.data.flags, 6);
  EXPECT_EQ(seen.data.rssi, -50);
  EXPECT_TRUE(seen.data.manufacturer_data.empty());
  EXPECT_FALSE(seen.data.tx_power.has_value());
}

BLAU_CASE(Scan, DeviceIsIdentified) {
  const auto seen = co_await see(gatt, has_name);
  EXPECT_EQ(seen.device.address().to_string(), gatt);
  EXPECT_EQ(seen.device.address().type(), AddressType::random);
  EXPECT_EQ(seen.device.adapter(), rig.default_adapter());
  EXPECT_FALSE(seen.device.id().empty());
}

BLAU_CASE(Scan, ManufacturerDataOfTwoCompaniesAndPower) {
  auto whole = [](const AdvertisementData& data) { return has_name(data) && data.manufacturer_data.size() == 2; };
  const auto seen = co_await see(tag, whole);
  const std::map<std::uint16_t, Bytes> told{{0x02e5, bytes(1, 2, 3, 4, 5)}, {0xffff, bytes(0xa0, 0xa1)}};
  EXPECT_EQ(seen.data.manufacturer_data, told);
  EXPECT_EQ(seen.data.tx_power, -4);
  EXPECT_EQ(seen.data.rssi, -70);
  EXPECT_TRUE(has_uuid(seen.data, Uuid{0xb1a0}));
  EXPECT_EQ(seen.data.local_name, "Blau Tag");
}

BLAU_CASE(Scan, ServiceDataOfANamelessBeacon) {
  auto whole = [](const AdvertisementData& data) { return !data.service_data.empty(); };
  const auto seen = co_await see(beacon, whole);
  const std::map<Uuid, Bytes> told{{Uuid{0xfeaa}, bytes(0x00, 0xec, 1, 2, 3, 4, 5, 6, 7, 8)}};
  EXPECT_EQ(seen.data.service_data, told);
  EXPECT_TRUE(has_uuid(seen.data, Uuid{0xfeaa}));
  EXPECT_FALSE(seen.data.local_name.has_value());
  EXPECT_FALSE(seen.device.name().has_value());
  EXPECT_EQ(seen.data.rssi, -80);
}

BLAU_CASE(Scan, TellsWhetherADeviceTakesConnections) {
  if (!rig.tells_connectable()) {
    skip("the system's scan does not tell which devices take connections");
    co_return;
  }
  auto whole = [](const AdvertisementData& data) { return !data.service_data.empty(); };
  const auto refuses = co_await see(beacon, whole);
  EXPECT_EQ(refuses.data.connectable, false);
  const auto takes = co_await see(gatt, has_name);
  EXPECT_EQ(takes.data.connectable, true);
}

BLAU_CASE(Scan, GivesTheRawBytes) {
  if (!rig.tells_raw_advertisements()) {
    skip("the system's scan gives no raw bytes");
    co_return;
  }
  const auto seen = co_await see(gatt, has_name);
  AdvertisementData parsed;
  EXPECT_TRUE(parse_ad_structures(seen.data.raw, parsed));
  EXPECT_EQ(parsed.local_name, "Blau Gatt");
  EXPECT_EQ(parsed.flags, 6);
}

BLAU_CASE(Scan, SeesEveryPeripheral) {
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  EXPECT_TRUE(scanner.is_scanning());
  std::map<std::string, bool> missing{{gatt, true}, {tag, true}, {beacon, true}, {dropper, true}, {spare, true}};
  while (!missing.empty()) {
    const auto seen = co_await next_of(sightings);
    missing.erase(seen.device.address().to_string());
  }
  co_await scanner.stop();
  EXPECT_FALSE(scanner.is_scanning());
  EXPECT_GE(scanner.discovered_devices().size(), 5U);
}

BLAU_CASE(Scan, DefaultPayloadsTellNameAndServices) {
  const auto seen = co_await see(spare, has_name);
  EXPECT_EQ(seen.data.local_name, "Blau Spare");
  EXPECT_TRUE(has_uuid(seen.data, Uuid{0x1809}));
  EXPECT_TRUE(has_uuid(seen.data, own(0x0d00)));
}

BLAU_CASE(Scan, EachDeviceIsListedOnceWithItsLatest) {
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  for (int times = 0; times < 3;) {
    const auto seen = co_await next_of(sightings);
    if (seen.device.address().to_string() == gatt) ++times;
  }
  co_await scanner.stop();
  const auto all = scanner.discovered_devices();
  const auto of_gatt = [](const Advertisement& seen) { return seen.device.address().to_string() == gatt; };
  EXPECT_EQ(std::count_if(all.begin(), all.end(), of_gatt), 1);
  const auto by_id = scanner.seen_devices();
  EXPECT_EQ(by_id.size(), all.size());
  for (const auto& seen : all) {
    const auto found = by_id.find(seen.device.id());
    BLAU_REQUIRE(found != by_id.end());
    EXPECT_EQ(found->second.data, seen.data);
  }
}

BLAU_CASE(Scan, PlainCallbackIsCalled) {
  Inbox<std::string> seen;
  ScannerOptions options;
  options.on_detection = [&seen](const Device& device, const AdvertisementData&) {
    seen.push(device.address().to_string());
  };
  Scanner scanner{options};
  co_await scanner.start();
  co_await seen.reach(4);
  co_await scanner.stop();
  const auto at_stop = seen.size();
  const auto found = co_await Scanner::find_device_by_address(gatt, patience);
  EXPECT_TRUE(found.has_value());
  EXPECT_EQ(seen.size(), at_stop) << "called after stop";
}

BLAU_CASE(Scan, CoroutineCallbackHoldsBackTheNext) {
  int inside = 0;
  int most_inside = 0;
  Inbox<std::string> seen;
  ScannerOptions options;
  options.on_detection = [&](const Device& device, const AdvertisementData&) -> Task<> {
    most_inside = std::max(most_inside, ++inside);
    const auto address = device.address().to_string();
    co_await sleep_for(1ms);
    EXPECT_EQ(device.address().to_string(), address) << "the arguments are kept";
    --inside;
    seen.push(address);
  };
  Scanner scanner{options};
  co_await scanner.start();
  co_await seen.reach(6);
  co_await scanner.stop();
  EXPECT_EQ(most_inside, 1);
}

BLAU_CASE(Scan, ServiceFilterLetsOnlyItsDevicesThrough) {
  ScannerOptions options;
  options.service_uuids = {own(0x0d00), Uuid{0xfeaa}};
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  bool saw_spare = false;
  bool saw_beacon = false;
  while (!saw_spare || !saw_beacon) {
    const auto seen = co_await next_of(sightings);
    const auto address = seen.device.address().to_string();
    EXPECT_TRUE(address == spare || address == beacon) << address;
    saw_spare = saw_spare || address == spare;
    saw_beacon = saw_beacon || address == beacon;
  }
  co_await scanner.stop();
  EXPECT_EQ(scanner.discovered_devices().size(), 2U);
}

BLAU_CASE(Scan, ServiceFilterTakesShortUuids) {
  ScannerOptions options;
  options.service_uuids = {Uuid{"180d"}};
  auto any = [](const Device&, const AdvertisementData&) { return true; };
  const auto found = co_await Scanner::find_device_by_filter(any, patience, options);
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->address().to_string(), gatt);
}

BLAU_CASE(Scan, TwoScannersWithDifferentFilters) {
  ScannerOptions for_tag;
  for_tag.service_uuids = {Uuid{0xb1a0}};
  ScannerOptions for_spare;
  for_spare.service_uuids = {Uuid{0x1809}};
  Scanner first{for_tag};
  Scanner second{for_spare};
  auto first_sightings = first.advertisements();
  auto second_sightings = second.advertisements();
  co_await when_all(first.start(), second.start());
  for (int i = 0; i < 2; ++i) {
    const auto [a, b] = co_await when_all(next_of(first_sightings), next_of(second_sightings));
    EXPECT_EQ(a.device.address().to_string(), tag);
    EXPECT_EQ(b.device.address().to_string(), spare);
  }
  // The end of one is not the end of the other.
  co_await first.stop();
  EXPECT_TRUE(second.is_scanning());
  for (int i = 0; i < 2; ++i) (void)co_await next_of(second_sightings);
  co_await second.stop();
}

BLAU_CASE(Scan, TwoStreamsOfOneScanner) {
  Scanner scanner;
  auto one = scanner.advertisements();
  auto other = scanner.advertisements();
  co_await scanner.start();
  const auto [a, b] = co_await when_all(next_of(one), next_of(other));
  EXPECT_EQ(a.device.address(), b.device.address());
  co_await scanner.stop();
  co_await drain(one);
  co_await drain(other);
  EXPECT_FALSE(one.end_reason().has_value());
}

BLAU_CASE(Scan, StartAndStopCanBeRepeated) {
  Scanner scanner;
  co_await scanner.stop();
  co_await scanner.start();
  co_await scanner.start();
  EXPECT_TRUE(scanner.is_scanning());
  co_await scanner.stop();
  co_await scanner.stop();
  EXPECT_FALSE(scanner.is_scanning());
}

BLAU_CASE(Scan, RestartForgetsWhatWasSeen) {
  ScannerOptions options;
  Inbox<int> seen;
  options.on_detection = [&seen](const Device&, const AdvertisementData&) { seen.push(0); };
  Scanner scanner{options};
  co_await scanner.start();
  co_await seen.reach(3);
  co_await scanner.stop();
  EXPECT_FALSE(scanner.discovered_devices().empty());
  // Before anything new can have been heard in this turn of the loop.
  auto restarted = std::make_shared<std::size_t>(1000);
  scanner.start().start([&scanner, restarted](const Result<void>& result) {
    expect_success(result);
    *restarted = scanner.discovered_devices().size();
  });
  co_await seen.reach(seen.size() + 1);
  EXPECT_LT(*restarted, 1000U);
  co_await scanner.stop();
}

BLAU_CASE(Scan, StreamEndsWithStop) {
  Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await next_of(sightings);
  co_await scanner.stop();
  co_await drain(sightings);
  EXPECT_FALSE(sightings.end_reason().has_value());
}

BLAU_CASE(Scan, FindByAddressStopsEarly) {
  const auto begin = EventLoop::current()->now();
  const auto found = co_await Scanner::find_device_by_address(spare, 100s);
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->address().to_string(), spare);
  EXPECT_LT(EventLoop::current()->now() - begin, 50s);
}

BLAU_CASE(Scan, FindByAddressTakesLowerCaseAndHyphens) {
  const auto found = co_await Scanner::find_device_by_address("c4-b1-a0-00-00-05", patience);
  EXPECT_TRUE(found.has_value());
}

BLAU_CASE(Scan, FindByAddressRefusesOtherText) {
  const auto found = co_await Scanner::find_device_by_address("no address", 1s).as_result();
  expect_error(found, ErrorCode::invalid_argument);
}

BLAU_CASE(Scan, FindByNameStopsEarly) {
  const auto found = co_await Scanner::find_device_by_name("Blau Tag", patience);
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->address().to_string(), tag);
}

BLAU_CASE(Scan, FindByFilterSeesTheData) {
  auto of_company = [](const Device&, const AdvertisementData& data) {
    return data.manufacturer_data.contains(0x02e5);
  };
  const auto found = co_await Scanner::find_device_by_filter(of_company, patience);
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->address().to_string(), tag);
}

BLAU_CASE(Scan, FindGivesNothingWhenTimeIsUp) {
  const auto begin = EventLoop::current()->now();
  const auto by_address = co_await Scanner::find_device_by_address(nobody, 500ms);
  EXPECT_FALSE(by_address.has_value());
  const auto by_name = co_await Scanner::find_device_by_name("Blau Nobody", 500ms);
  EXPECT_FALSE(by_name.has_value());
  EXPECT_GE(EventLoop::current()->now() - begin, 1s);
}

BLAU_CASE(Scan, FindCanBeCanceled) {
  std::stop_source stop;
  auto search = Scanner::find_device_by_address(nobody, patience).cancel_with(stop.get_token());
  stop.request_stop();
  const auto found = co_await search.as_result();
  expect_error(found, ErrorCode::canceled);
}

BLAU_CASE(Scan, DiscoverGivesWhatWasSeen) {
  const auto all = co_await Scanner::discover(3s);
  std::map<std::string, std::int16_t> strengths;
  for (const auto& seen : all) strengths[seen.device.address().to_string()] = seen.data.rssi;
  for (const auto& address : {gatt, tag, beacon, dropper, spare}) EXPECT_EQ(strengths.count(address), 1U) << address;
  EXPECT_EQ(strengths[spare], -60);
}

BLAU_CASE(Scan, WhatDoesNotAdvertiseIsNotSeen) {
  co_await rig.advertise(spare, false);
  const auto gone = co_await Scanner::find_device_by_address(spare, 1s);
  EXPECT_FALSE(gone.has_value());
  co_await rig.advertise(spare, true);
  const auto back = co_await Scanner::find_device_by_address(spare, patience);
  EXPECT_TRUE(back.has_value());
}

BLAU_CASE(Scan, PassiveNeedsPatternsOrGivesSightings) {
  ScannerOptions options;
  options.mode = ScanMode::passive;
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  const auto started = co_await scanner.start().as_result();
  if (!rig.is_simulated()) {
    expect_error(started, ErrorCode::invalid_argument);
    co_return;
  }
  expect_success(started);
  const auto seen = co_await next_of(sightings);
  EXPECT_FALSE(seen.data.local_name.has_value()) << "a scan response came, though none was asked for";
  co_await scanner.stop();
}

BLAU_CASE(Scan, WeakDevicesAreLeftOut) {
  if (rig.is_simulated()) {
    skip("a filter by signal strength is BlueZ's");
    co_return;
  }
  ScannerOptions options;
  options.bluez.rssi = std::int16_t{-65};
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  for (int i = 0; i < 6; ++i) {
    const auto seen = co_await next_of(sightings);
    EXPECT_GE(seen.data.rssi, -65) << seen.device.address();
  }
  co_await scanner.stop();
}

}  // namespace
}  // namespace blau::conformance
