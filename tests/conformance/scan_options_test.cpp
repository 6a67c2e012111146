#include "support.hpp"

#include <utility>

namespace blau::conformance {
namespace {

class ScanOptions : public Case {};

BLAU_CASE(ScanOptions, TheOneLinersRefuseWhatStartRefuses) {
  ScannerOptions unknown;
  unknown.adapter = "hci7";
  ScannerOptions passive;
  passive.mode = ScanMode::passive;
  std::vector<std::pair<ScannerOptions, ErrorCode>> refused{{unknown, rig.unknown_adapter()}};
  if (!rig.is_simulated()) refused.emplace_back(passive, ErrorCode::invalid_argument);
  auto any = [](const Device&, const AdvertisementData&) { return true; };
  for (const auto& [options, code] : refused) {
    const auto all = co_await Scanner::discover(1s, options).as_result();
    expect_error(all, code);
    const auto by_address = co_await Scanner::find_device_by_address(gatt, 1s, options).as_result();
    expect_error(by_address, code);
    const auto by_name = co_await Scanner::find_device_by_name("Blau Gatt", 1s, options).as_result();
    expect_error(by_name, code);
    const auto by_filter = co_await Scanner::find_device_by_filter(any, 1s, options).as_result();
    expect_error(by_filter, code);
  }
}

BLAU_CASE(ScanOptions, AnOrPatternThatNoSystemTakes) {
  ScannerOptions options;
  options.bluez.or_patterns.emplace_back();
  EXPECT_THROW(Scanner{options}, Error);
  co_return;
}

BLAU_CASE(ScanOptions, TheFilterOfWindowsFiltersNothingElsewhere) {
  Scanner scanner;
  SignalStrengthFilter nothing_passes;
  nothing_passes.in_range_dbm = std::int16_t{20};
  scanner.set_scanning_filter(nothing_passes);
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await next_of(sightings);
  co_await scanner.stop();
}

}  // namespace
}  // namespace blau::conformance
