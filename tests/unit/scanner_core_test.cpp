// A scanner, against a backend that answers when the test says.

#include "support/scanner_scene.hpp"

#include <blau/scanner.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ScannerCoreTest : public ScannerScene {};

TEST_F(ScannerCoreTest, StartsOnceAndStopsOnce) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    Started<void> a(scanner.start());
    Started<void> b(scanner.start());
    EXPECT_EQ(port().starts.count(), 1);
    EXPECT_FALSE(scanner.is_scanning());
    port().starts.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(a.succeeded() && b.succeeded());
    EXPECT_TRUE(scanner.is_scanning());
    co_await scanner.start();
    EXPECT_EQ(port().starts.count(), 1);
    Started<void> c(scanner.stop());
    Started<void> d(scanner.stop());
    EXPECT_EQ(port().stops.count(), 1);
    port().stops.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(c.succeeded() && d.succeeded());
    co_await scanner.stop();
    EXPECT_EQ(port().stops.count(), 1);
  });
}

TEST_F(ScannerCoreTest, StopBeforeStartIsSafe) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await scanner.stop();
    EXPECT_EQ(backend.scanner_count(), 0U);
  });
}

TEST_F(ScannerCoreTest, StopDuringStartAndStartDuringStop) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    Started<void> starting(scanner.start());
    Started<void> stopping(scanner.stop());
    EXPECT_EQ(port().stops.count(), 0);
    port().starts.answer(Result<void>());
    EXPECT_EQ(port().stops.count(), 1);
    Started<void> again(scanner.start());
    EXPECT_EQ(port().starts.count(), 1);
    port().stops.answer(Result<void>());
    EXPECT_EQ(port().starts.count(), 2);
    port().starts.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(starting.succeeded() && stopping.succeeded() && again.succeeded());
    EXPECT_TRUE(scanner.is_scanning());
  });
}

TEST_F(ScannerCoreTest, TheLastWordCountsWhileAStartIsUnderWay) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    Started<void> starting(scanner.start());
    Started<void> stopping(scanner.stop());
    Started<void> again(scanner.start());
    port().starts.answer(Result<void>());
    port().stops.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(starting.succeeded() && stopping.succeeded());
    EXPECT_EQ(port().starts.count(), 2);
    port().starts.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(again.succeeded());
    EXPECT_TRUE(scanner.is_scanning());
  });
}

TEST_F(ScannerCoreTest, TheLastWordCountsWhileAStopIsUnderWay) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    Started<void> stopping(scanner.stop());
    Started<void> starting(scanner.start());
    Started<void> again(scanner.stop());
    port().stops.answer(Result<void>());
    co_await turns();
    EXPECT_EQ(starting.failure(), ErrorCode::canceled);
    EXPECT_TRUE(stopping.succeeded() && again.succeeded());
    EXPECT_EQ(port().starts.count(), 1);
    EXPECT_FALSE(scanner.is_scanning());
  });
}

TEST_F(ScannerCoreTest, FailedStartIsTheResultAndEndsStreams) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    auto sightings = scanner.advertisements();
    Started<void> starting(scanner.start());
    port().starts.answer(Error(UnavailableReason::powered_off, "switch it on"));
    auto end = co_await sightings.next();
    EXPECT_FALSE(end);
    EXPECT_EQ(sightings.end_reason()->code(), ErrorCode::bluetooth_not_available);
    co_await turns();
    EXPECT_EQ(starting.failure(), ErrorCode::bluetooth_not_available);
    EXPECT_FALSE(scanner.is_scanning());
  });
}

TEST_F(ScannerCoreTest, TellsCallbackAndStreamsAndRemembersTheNewest) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    std::vector<std::string> heard;
    own.on_detection = [&heard](const Device& device, const AdvertisementData&) {
      heard.push_back(device.address().to_string());
    };
    Scanner scanner(own);
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    hear(first);
    hear(second);
    hear(first, {}, "named");
    EXPECT_EQ(heard, (std::vector<std::string>{first, second, first}));
    const auto seen = scanner.discovered_devices();
    EXPECT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen.at(0).data.local_name, "named");
    EXPECT_EQ(scanner.seen_devices().count(std::string("id-") + second), 1U);
    for (int i = 0; i < 3; ++i) {
      auto next = co_await sightings.next();
      EXPECT_TRUE(next);
    }
  });
}

TEST_F(ScannerCoreTest, StartForgetsWhatWasSeen) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    hear(first);
    Started<void> stopping(scanner.stop());
    port().stops.answer(Result<void>());
    EXPECT_EQ(scanner.discovered_devices().size(), 1U);
    co_await start(scanner);
    EXPECT_TRUE(scanner.discovered_devices().empty());
  });
}

TEST_F(ScannerCoreTest, FiltersServicesInSoftware) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.service_uuids = {Uuid{0x180d}, Uuid{0x1809}};
    Scanner scanner(own);
    co_await start(scanner);
    EXPECT_EQ(port().request->service_uuids.size(), 2U);
    hear(first, {Uuid{0x180f}, Uuid{0x1809}});
    hear(second, {Uuid{0x180f}});
    EXPECT_EQ(scanner.discovered_devices().size(), 1U);
  });
}

TEST_F(ScannerCoreTest, StopEndsStreamsWithoutAReason) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    hear(first);
    Started<void> stopping(scanner.stop());
    hear(second);
    port().stops.answer(Result<void>());
    auto kept = co_await sightings.next();
    EXPECT_TRUE(kept);
    auto end = co_await sightings.next();
    EXPECT_FALSE(end);
    EXPECT_FALSE(sightings.end_reason());
  });
}

TEST_F(ScannerCoreTest, ScanThatEndsByItselfSaysWhyAndCanBeStartedAgain) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.resume = false;
    Scanner scanner(std::move(own));
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    auto end = co_await sightings.next();
    EXPECT_FALSE(end);
    EXPECT_EQ(sightings.end_reason()->unavailable_reason(), UnavailableReason::powered_off);
    EXPECT_FALSE(scanner.is_scanning());
    co_await start(scanner);
    EXPECT_TRUE(scanner.is_scanning());
  });
}

TEST_F(ScannerCoreTest, DestructionStopsAndCancels) {
  run_virtually([this]() -> Task<> {
    auto scanner = std::make_unique<Scanner>(options());
    auto sightings = scanner->advertisements();
    Started<void> starting(scanner->start());
    scanner.reset();
    EXPECT_FALSE(port().alive);
    co_await turns();
    EXPECT_EQ(starting.failure(), ErrorCode::canceled);
    auto end = co_await sightings.next();
    EXPECT_FALSE(end);
  });
}

TEST_F(ScannerCoreTest, DestroyedInsideItsOwnCallback) {
  run_virtually([this]() -> Task<> {
    std::unique_ptr<Scanner> scanner;
    auto own = options();
    int calls = 0;
    own.on_detection = [&](const Device&, const AdvertisementData&) {
      ++calls;
      scanner.reset();
    };
    scanner = std::make_unique<Scanner>(own);
    co_await start(*scanner);
    hear(first);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(port().alive);
  });
}

TEST_F(ScannerCoreTest, CoroutineCallbackGetsOneAtATime) {
  run_virtually([this]() -> Task<> {
    std::vector<std::string> begun;
    auto own = options();
    own.on_detection = [&begun](const Device& device, const AdvertisementData&) -> Task<> {
      begun.push_back(device.address().to_string());
      co_await sleep_for(1s);
    };
    Scanner scanner(own);
    co_await start(scanner);
    hear(first);
    hear(second);
    EXPECT_EQ(begun.size(), 1U);
    co_await sleep_for(1500ms);
    EXPECT_EQ(begun.size(), 2U);
  });
}

TEST_F(ScannerCoreTest, CoroutineCallbackWorksAfterARestart) {
  run_virtually([this]() -> Task<> {
    int begun = 0;
    auto own = options();
    own.on_detection = [&begun](const Device&, const AdvertisementData&) -> Task<> {
      ++begun;
      co_return;
    };
    Scanner scanner(own);
    co_await start(scanner);
    Started<void> stopping(scanner.stop());
    port().stops.answer(Result<void>());
    co_await turns();
    co_await start(scanner);
    hear(first);
    EXPECT_EQ(begun, 1);
  });
}

TEST_F(ScannerCoreTest, StartThatWasTakenBackLeavesNoScan) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    Started<void> starting(scanner.start().timeout(1s));
    co_await sleep_for(2s);
    EXPECT_EQ(starting.failure(), ErrorCode::timed_out);
    port().starts.answer(Result<void>());
    EXPECT_EQ(port().stops.waiting(), 1U);
    EXPECT_FALSE(scanner.is_scanning());
  });
}

TEST_F(ScannerCoreTest, OversizedOrPatternIsRefusedAtOnce) {
  auto own = options();
  own.bluez.or_patterns.push_back({0, 9, Bytes(32)});
  EXPECT_THROW(Scanner{own}, Error);
}

TEST_F(ScannerCoreTest, OrPatternBeyondTheLastByteIsRefusedByItsName) {
  auto own = options();
  own.bluez.or_patterns.push_back({30, 0xff, Bytes(1)});
  Scanner reaches_the_end(own);
  own.bluez.or_patterns.push_back({30, 0xff, Bytes(2)});
  try {
    Scanner reaches_beyond(own);
    FAIL() << "32 bytes were taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_THAT(error.what(), testing::HasSubstr("type 0xff at offset 30 reaches to byte 32"));
  }
}

TEST_F(ScannerCoreTest, FiltersOfWindowsAreKeptUntilReplaced) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    SignalStrengthFilter strength;
    strength.in_range_dbm = std::int16_t{-60};
    scanner.set_scanning_filter(strength);
    AdvertisementFilter wanted;
    wanted.local_name = "Strap";
    scanner.set_scanning_filter(std::nullopt, wanted);
    co_await start(scanner);
    EXPECT_EQ(port().request->winrt.signal_strength_filter->in_range_dbm, -60);
    EXPECT_EQ(port().request->winrt.advertisement_filter->local_name, "Strap");
  });
}

}  // namespace
}  // namespace blau::test
