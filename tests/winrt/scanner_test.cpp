// The scanner's own options on Windows, and how its watcher starts and ends.

#include "support.hpp"

#include <set>
#include <string>

namespace blau::test {
namespace {

class WinRtScanner : public OnWindows {
 protected:
  WinRtScanner() {
    // The name comes in the scan response alone.
    sim::PeripheralOptions near;
    near.address = strap;
    near.name = "Strap";
    near.rssi = -40;
    near.advertising.data.emplace();
    near.advertising.data->flags = 6;
    near.advertising.data->service_uuids = {0x180d};
    near.advertising.data->manufacturer_data = {{0x004c, bytes(1, 2, 3)}};
    world().add_peripheral(near);
    sim::PeripheralOptions far;
    far.address = "C4:11:22:33:44:66";
    far.name = "Beacon";
    far.rssi = -80;
    far.advertising.connectable = false;
    world().add_peripheral(far);
  }

  /// The addresses of what a scan hears.
  std::set<std::string> heard_with(const WinRtScanOptions& options) {
    return run([&options]() -> Task<std::set<std::string>> {
      ScannerOptions wanted;
      wanted.winrt = options;
      const auto seen = co_await Scanner::discover(3s, wanted);
      std::set<std::string> addresses;
      for (const auto& one : seen) addresses.insert(one.device.address().to_string());
      co_return addresses;
    });
  }
  std::set<std::string> heard_with(const AdvertisementFilter& filter) {
    WinRtScanOptions options;
    options.advertisement_filter = filter;
    return heard_with(options);
  }
  /// What a scan knows of the strap.
  AdvertisementData data_of_strap(const WinRtScanOptions& options = WinRtScanOptions()) {
    return run([&options]() -> Task<AdvertisementData> {
      ScannerOptions wanted;
      wanted.winrt = options;
      for (const auto& one : co_await Scanner::discover(3s, wanted))
        if (one.device.address().to_string() == strap) co_return one.data;
      ADD_FAILURE() << "not heard";
      co_return AdvertisementData();
    });
  }
  /// The error of a start, if it has one.
  std::optional<Error> start(const ScannerOptions& options = ScannerOptions()) {
    return run([&options]() -> Task<std::optional<Error>> {
      Scanner scanner{options};
      const auto started = co_await scanner.start().as_result();
      if (started) co_return std::nullopt;
      co_return started.error();
    });
  }

  const std::set<std::string> only_strap{strap};
};

TEST_F(WinRtScanner, MergesWhatWindowsTellsApart) {
  const auto data = data_of_strap();
  EXPECT_EQ(data.local_name, "Strap");
  EXPECT_EQ(data.service_uuids, std::vector{Uuid(0x180d)});
  EXPECT_EQ(data.connectable, true);
}

TEST_F(WinRtScanner, LeavesOutWhatTheSignalStrengthFilterDoes) {
  WinRtScanOptions options;
  options.signal_strength_filter.emplace();
  options.signal_strength_filter->in_range_dbm = std::int16_t{-60};
  options.signal_strength_filter->out_of_range_dbm = std::int16_t{-90};
  options.signal_strength_filter->out_of_range_timeout = 2s;
  options.signal_strength_filter->sampling_interval = 1s;
  EXPECT_EQ(heard_with(options), only_strap);
}

TEST_F(WinRtScanner, RefusesASignalStrengthFilterOutOfRange) {
  SignalStrengthFilter weak;
  weak.in_range_dbm = std::int16_t{-128};
  SignalStrengthFilter strong;
  strong.out_of_range_dbm = std::int16_t{21};
  SignalStrengthFilter hasty;
  hasty.out_of_range_timeout = 999ms;
  for (const auto& filter : {weak, strong, hasty}) {
    ScannerOptions options;
    options.winrt.signal_strength_filter = filter;
    const auto error = start(options);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::invalid_argument);
  }
}

TEST_F(WinRtScanner, LeavesOutWhatTheAdvertisementFilterDoes) {
  AdvertisementFilter by_name;
  by_name.local_name = "Strap";
  EXPECT_EQ(heard_with(by_name), only_strap);
  AdvertisementFilter by_company;
  by_company.manufacturer_data = {{0x004c, bytes(1, 2, 3)}};
  EXPECT_EQ(heard_with(by_company), only_strap);
  AdvertisementFilter by_section;
  by_section.sections = {{0xff, bytes(0x4c, 0, 1, 2, 3)}};
  EXPECT_EQ(heard_with(by_section), only_strap);
  AdvertisementFilter by_bytes;
  by_bytes.byte_patterns.push_back({.offset = 2, .ad_type = 0xff, .content = bytes(1, 2)});
  EXPECT_EQ(heard_with(by_bytes), only_strap);
  AdvertisementFilter by_flags;
  by_flags.flags = 1;
  EXPECT_EQ(heard_with(by_flags), std::set<std::string>());
}

// Windows would drop the scan response, which does not list the service.
TEST_F(WinRtScanner, FiltersByServiceItselfSoThatTheOtherHalfIsNotLost) {
  WinRtScanOptions options;
  options.advertisement_filter.emplace();
  options.advertisement_filter->service_uuids = {Uuid(0x180d)};
  EXPECT_EQ(heard_with(options), only_strap);
  EXPECT_EQ(data_of_strap(options).local_name, "Strap");
}

TEST_F(WinRtScanner, SetScanningFilterCountsFromTheNextStart) {
  run([this]() -> Task<> {
    Scanner scanner;
    co_await scanner.start();
    SignalStrengthFilter near;
    near.in_range_dbm = std::int16_t{-60};
    scanner.set_scanning_filter(near);
    co_await sleep_for(3s);
    EXPECT_EQ(scanner.seen_devices().size(), 2U);
    co_await scanner.stop();
    co_await scanner.start();
    co_await sleep_for(3s);
    EXPECT_EQ(scanner.seen_devices().size(), 1U);
    co_await scanner.stop();
  });
}

TEST_F(WinRtScanner, NeedsNoInterfaceThatAnOldBuildLacks) {
  fake_windows::Habits habits;
  habits.old_build = true;
  set_habits(habits);
  const auto data = data_of_strap();
  EXPECT_EQ(data.local_name, "Strap");
  EXPECT_EQ(data.connectable, true);
}

TEST_F(WinRtScanner, WaitsUntilASlowWatcherHasStarted) {
  fake_windows::Habits habits;
  habits.slow_watcher = 2s;
  set_habits(habits);
  const auto before = world().loop().now();
  EXPECT_FALSE(start());
  EXPECT_GE(world().loop().now() - before, 2s);
}

TEST_F(WinRtScanner, GivesUpAWatcherThatNeverStarts) {
  fake_windows::Habits habits;
  habits.slow_watcher = 1h;
  set_habits(habits);
  const auto error = start();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::failed);
  EXPECT_EQ(error->native(), "Created");
}

TEST_F(WinRtScanner, TellsThatTheUserDeniesBluetooth) {
  fake_windows::Habits habits;
  habits.denied_by_user = true;
  set_habits(habits);
  const auto error = start();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->unavailable_reason(), UnavailableReason::denied);
  EXPECT_EQ(error->native(), "BluetoothError::DisabledByUser");
}

TEST_F(WinRtScanner, EndsWithTheReasonWhenWindowsAbortsIt) {
  run([this]() -> Task<> {
    ScannerOptions options;
    options.resume = false;
    Scanner scanner{options};
    auto seen = scanner.advertisements();
    co_await scanner.start();
    world().adapter().set_powered(false);
    while (co_await seen.next()) {
    }
    const auto end = seen.end_reason();
    if (!end) throw Error(ErrorCode::failed, "it ended without a reason");
    EXPECT_EQ(end->code(), ErrorCode::bluetooth_not_available);
    EXPECT_EQ(end->unavailable_reason(), UnavailableReason::powered_off);
    EXPECT_FALSE(scanner.is_scanning());
  });
}

TEST_F(WinRtScanner, StopsInTheMidstOfItsStart) {
  fake_windows::Habits habits;
  habits.slow_watcher = 2s;
  set_habits(habits);
  run([]() -> Task<> {
    Scanner scanner;
    auto [started, stopped] = co_await when_all(scanner.start().as_result(), scanner.stop().as_result());
    EXPECT_TRUE(stopped.has_value());
    EXPECT_FALSE(scanner.is_scanning());
    co_await scanner.start();
    co_await scanner.stop();
  });
}

}  // namespace
}  // namespace blau::test
