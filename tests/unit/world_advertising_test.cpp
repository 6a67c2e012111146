#include "backend/sim/world_file.hpp"

#include <blau/advertisement.hpp>
#include <blau/bytes.hpp>

#include <gtest/gtest.h>

#include <string>

namespace blau::sim::detail {
namespace {

PeripheralSpec peripheral_of(const std::string& members) {
  const std::string json =
      "{\"blau_world\": 1, \"peripherals\": [{\"address\": \"C0:00:00:00:00:01\"," + members + "}]}";
  return parse_world(json, "test.json").value().peripherals.at(0);
}

TEST(WorldAdvertising, AdvertisesServicesAndAnswersScansWithTheName) {
  const auto sent = advertising_bytes(peripheral_of(
      R"("name": "Heart", "services": [{"uuid": "180d"}, {"uuid": "180f", "primary": false}, {"uuid": "180d"}, {"uuid": "b1a00800"},
         {"uuid": "6e400001-b5a3-f393-e0a9-e50e24dcca9e"}])"));
  EXPECT_EQ(to_hex(sent.data),
            "020106"
            "03030d18"
            "05050008a0b1"
            "11079ecadc240ee5a9e093f3a3b50100406e");
  EXPECT_EQ(to_hex(sent.scan_response), "06094865617274");
  AdvertisementData data;
  EXPECT_TRUE(parse_ad_structures(sent.data, data) && parse_ad_structures(sent.scan_response, data));
  EXPECT_EQ(data.service_uuids.size(), 3u);
  EXPECT_EQ(data.local_name, "Heart");
}

TEST(WorldAdvertising, LeavesOutServicesThatDoNotFit) {
  const auto sent = advertising_bytes(peripheral_of(
      R"("services": [{"uuid": "6e400001-b5a3-f393-e0a9-e50e24dcca9e"}, {"uuid": "6e400002-b5a3-f393-e0a9-e50e24dcca9e"},
         {"uuid": "180d"}])"));
  EXPECT_EQ(to_hex(sent.data),
            "020106"
            "03030d18"
            "11069ecadc240ee5a9e093f3a3b50100406e")
      << "marked incomplete";
  EXPECT_TRUE(sent.scan_response.empty());
}

TEST(WorldAdvertising, AdvertisesOnlyFlagsWithoutServices) {
  EXPECT_EQ(to_hex(advertising_bytes(peripheral_of("\"name\": \"\"")).data), "020106");
}

TEST(WorldAdvertising, ShortensALongNameAtACharacter) {
  const auto sent = advertising_bytes(peripheral_of("\"name\": \"abcdefghijklmnopqrstuvwxyz12ü\""));
  ASSERT_EQ(sent.scan_response.size(), 30u);
  EXPECT_EQ(sent.scan_response[1], 0x08);
  EXPECT_EQ(sent.scan_response.back(), '2');
  const auto fits = advertising_bytes(peripheral_of("\"name\": \"abcdefghijklmnopqrstuvwxyz1ü\""));
  EXPECT_EQ(fits.scan_response.size(), 31u);
  EXPECT_EQ(fits.scan_response[1], 0x09);
}

TEST(WorldAdvertising, AddsNothingToWhatIsListed) {
  const auto named = advertising_bytes(peripheral_of(R"("name": "N", "advertising": {"data": {"local_name": "M"}})"));
  EXPECT_EQ(to_hex(named.data), "02094d");
  EXPECT_TRUE(named.scan_response.empty()) << "data tells a name";
  const auto unnamed = advertising_bytes(peripheral_of(R"("name": "N", "advertising": {"data": {"raw": "020106"}})"));
  EXPECT_EQ(to_hex(unnamed.data), "020106");
  EXPECT_EQ(to_hex(unnamed.scan_response), "02094e");
  const auto silent = advertising_bytes(peripheral_of(R"("name": "N", "advertising": {"scan_response": {}})"));
  EXPECT_TRUE(silent.scan_response.empty());
}

TEST(WorldAdvertising, TakesServiceDataOfEachWidth) {
  const auto sent = advertising_bytes(peripheral_of(
      R"("advertising": {"data": {"service_data": {"180f": "64", "b1a00800": "01"}},
         "scan_response": {"service_data": {"6e400001-b5a3-f393-e0a9-e50e24dcca9e": "02"}}})"));
  EXPECT_EQ(to_hex(sent.data),
            "04160f1864"
            "06200008a0b101");
  EXPECT_EQ(to_hex(sent.scan_response), "12219ecadc240ee5a9e093f3a3b50100406e02");
}

}  // namespace
}  // namespace blau::sim::detail
