// The one-line helpers of the scanner, against a backend that answers when the test says.

#include "support/scanner_scene.hpp"

#include <blau/scanner.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <stop_token>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ScannerHelpers : public ScannerScene {};

TEST_F(ScannerHelpers, DiscoverGivesWhatWasSeenInTime) {
  run_virtually([this]() -> Task<> {
    Started<std::vector<Advertisement>> discovering(Scanner::discover(5s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    hear(first);
    co_await sleep_for(6s);
    port().stops.answer(Result<void>());
    co_await turns(3);
    EXPECT_TRUE(discovering.succeeded());
    EXPECT_EQ(discovering.result().value().size(), 1U);
    EXPECT_FALSE(port().alive);
  });
}

TEST_F(ScannerHelpers, DiscoverFailsWithWhatEndedTheScan) {
  run_virtually([this]() -> Task<> {
    Started<std::vector<Advertisement>> discovering(Scanner::discover(5s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    hear(first);
    const auto began = EventLoop::current()->now();
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    co_await turns(4);
    EXPECT_EQ(discovering.failure(), ErrorCode::bluetooth_not_available);
    EXPECT_EQ(EventLoop::current()->now(), began) << "at once";
  });
}

TEST_F(ScannerHelpers, DiscoverFailsWithWhatEndedTheScanAsItBegan) {
  run_virtually([this]() -> Task<> {
    Started<std::vector<Advertisement>> discovering(Scanner::discover(5s, options()));
    port().starts.answer(Result<void>());
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    co_await turns(6);
    EXPECT_EQ(discovering.failure(), ErrorCode::bluetooth_not_available);
  });
}

TEST_F(ScannerHelpers, AScanThatEndsAsTimedOutIsNoRegularEndOfDiscover) {
  run_virtually([this]() -> Task<> {
    Started<std::vector<Advertisement>> discovering(Scanner::discover(5s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    port().events->on_scan_ended(Error(ErrorCode::timed_out, "the controller does not answer"));
    co_await turns(4);
    EXPECT_EQ(discovering.failure(), ErrorCode::timed_out);
  });
}

TEST_F(ScannerHelpers, DiscoverCanBeCanceledAndStopsItsScan) {
  run_virtually([this]() -> Task<> {
    std::stop_source stop;
    Started<std::vector<Advertisement>> discovering(Scanner::discover(5s, options()).cancel_with(stop.get_token()));
    port().starts.answer(Result<void>());
    co_await turns();
    stop.request_stop();
    co_await turns(3);
    EXPECT_EQ(port().stops.waiting(), 1U);
    port().stops.answer(Result<void>());
    co_await turns(3);
    EXPECT_EQ(discovering.failure(), ErrorCode::canceled);
  });
}

TEST_F(ScannerHelpers, FindFailsWithWhatEndedTheScan) {
  run_virtually([this]() -> Task<> {
    Started<std::optional<Device>> finding(Scanner::find_device_by_name("Strap", 10s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    port().events->on_scan_ended(Error(ErrorCode::backend_lost, "gone"));
    co_await turns(8);
    EXPECT_EQ(finding.failure(), ErrorCode::backend_lost);
  });
}

TEST_F(ScannerHelpers, FindStopsEarlyOrGivesNothing) {
  run_virtually([this]() -> Task<> {
    Started<std::optional<Device>> by_name(Scanner::find_device_by_name("Strap", 10s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    hear(first, {}, "Other");
    hear(second, {}, "Strap");
    co_await turns(4);
    EXPECT_EQ(port().stops.waiting(), 1U) << "long before the ten seconds are over";
    port().stops.answer(Result<void>());
    co_await turns(3);
    EXPECT_EQ(by_name.result().value()->address(), Address(second));

    Started<std::optional<Device>> by_address(Scanner::find_device_by_address(first, 10s, options()));
    port().starts.answer(Result<void>());
    co_await sleep_for(11s);
    port().stops.answer(Result<void>());
    co_await turns(3);
    EXPECT_TRUE(by_address.succeeded());
    EXPECT_FALSE(by_address.result().value());
  });
}

TEST_F(ScannerHelpers, FindRefusesAMalformedAddress) {
  run_virtually([this]() -> Task<> {
    auto result = co_await Scanner::find_device_by_address("C0:00", 10s, options()).as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(backend.scanner_count(), 0U);
  });
}

TEST_F(ScannerHelpers, ExceptionOfTheFilterComesThroughAfterTheStop) {
  run_virtually([this]() -> Task<> {
    auto wanted = [](const Device&, const AdvertisementData&) -> bool { throw std::runtime_error("filter"); };
    Started<std::optional<Device>> finding(Scanner::find_device_by_filter(wanted, 10s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    hear(first);
    co_await turns(4);
    EXPECT_EQ(port().stops.waiting(), 1U);
    port().stops.answer(Result<void>());
    co_await turns(3);
    EXPECT_EQ(finding.failure(), ErrorCode::failed);
  });
}

}  // namespace
}  // namespace blau::test
