// A scan that goes on after interruptions and silences.

#include "support/loops.hpp"
#include "support/scripted_backend.hpp"
#include "support/started.hpp"

#include <blau/client.hpp>
#include <blau/scanner.hpp>

#include <gtest/gtest.h>

#include <string>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ScannerResume : public ::testing::Test {
 protected:
  ScannerOptions options() {
    ScannerOptions options;
    options.backend = backend.ref();
    options.on_interrupted = [this](const Error& error) { told.push_back(error.code()); };
    return options;
  }
  Task<> start(Scanner& scanner) {
    Started<void> starting(scanner.start());
    port().starts.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(starting.succeeded());
  }
  ScannerScript& port() { return backend.scanner(); }
  void hear() { port().events->on_advertisement(known_device(), AdvertisementData()); }
  void adapter_is_back() {
    backend::AdapterState state;
    state.id = "hci0";
    backend.state().adapter_events->on_adapter_changed(state);
  }

  ScriptedBackend backend;
  std::vector<ErrorCode> told;
};

TEST_F(ScannerResume, GoesOnWhenTheAdapterIsBack) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    hear();
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    EXPECT_TRUE(told.empty()) << "never inline";
    co_await turns();
    EXPECT_EQ(told, std::vector{ErrorCode::bluetooth_not_available});
    EXPECT_FALSE(scanner.is_scanning());
    co_await sleep_for(1000s);
    EXPECT_EQ(port().starts.count(), 1);
    adapter_is_back();
    co_await turns();
    EXPECT_EQ(port().starts.count(), 2);
    port().starts.answer(Result<void>());
    EXPECT_TRUE(scanner.is_scanning());
    EXPECT_EQ(backend.state().adapter_events, nullptr) << "the watch is over";
    hear();
    EXPECT_TRUE((co_await sightings.next()).has_value());
    EXPECT_TRUE((co_await sightings.next()).has_value());
    EXPECT_EQ(scanner.discovered_devices().size(), 1U) << "kept over the interruption";
  });
}

TEST_F(ScannerResume, UnusableAdapterIsNotBack) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    port().events->on_scan_ended(Error(ErrorCode::backend_lost, "gone"));
    backend::AdapterState state;
    state.id = "hci0";
    state.unusable = UnavailableReason::powered_off;
    backend.state().adapter_events->on_adapter_changed(state);
    co_await sleep_for(10s);
    EXPECT_EQ(port().starts.count(), 1);
  });
}

TEST_F(ScannerResume, AdapterThatNeverWasAwayIsTriedAfterAMoment) {
  run_virtually([this]() -> Task<> {
    backend.state().adapters.emplace_back();
    backend.state().adapters.back().id = "hci0";
    Scanner scanner(options());
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "a stale word"));
    co_await sleep_for(999ms);
    EXPECT_EQ(port().starts.count(), 1);
    co_await sleep_for(1ms);
    EXPECT_EQ(port().starts.count(), 2);
  });
}

TEST_F(ScannerResume, FailedResumptionWaitsAgainOrEnds) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    adapter_is_back();
    co_await turns();
    port().starts.answer(Error(UnavailableReason::powered_off, "off again"));
    adapter_is_back();
    co_await turns();
    port().starts.answer(Error(ErrorCode::access_denied, "no"));
    const auto end = co_await sightings.next();
    EXPECT_FALSE(end);
    EXPECT_EQ(sightings.end_reason()->code(), ErrorCode::access_denied);
  });
}

TEST_F(ScannerResume, ChangeOfAnotherAdapterDoesNotEndTheWait) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.adapter = "hci0";
    Scanner scanner(std::move(own));
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    backend::AdapterState other;
    other.id = "hci1";
    auto& events = *backend.state().adapter_events;
    adapter_is_back();
    events.on_adapter_changed(other);
    co_await turns();
    EXPECT_EQ(port().starts.count(), 2);
  });
}

TEST_F(ScannerResume, RenewalThatFailsIsInterruptedOrTold) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    co_await sleep_for(90s);
    port().stops.answer(Result<void>());
    port().starts.answer(Error(ErrorCode::busy, "somebody scans"));
    EXPECT_FALSE(scanner.is_scanning());
    adapter_is_back();
    co_await turns();
    port().starts.answer(Error(ErrorCode::access_denied, "no"));
    co_await turns();
    EXPECT_FALSE(scanner.is_scanning());
    EXPECT_EQ(told, (std::vector{ErrorCode::busy, ErrorCode::access_denied}));
  });
}

TEST_F(ScannerResume, StopEndsTheWait) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    co_await scanner.stop();
    EXPECT_EQ(backend.state().adapter_events, nullptr);
    EXPECT_FALSE((co_await sightings.next()).has_value());
    EXPECT_FALSE(sightings.end_reason().has_value());
  });
}

TEST_F(ScannerResume, StopDuringTheResumption) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    adapter_is_back();
    co_await turns();
    Started<void> stopping(scanner.stop());
    EXPECT_TRUE(stopping.pending());
    port().starts.answer(Result<void>());
    port().stops.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(stopping.succeeded());
    EXPECT_FALSE(scanner.is_scanning());
  });
}

TEST_F(ScannerResume, StartInsteadOfWaitingBeginsAnew) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    hear();
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    Started<void> starting(scanner.start());
    EXPECT_TRUE(scanner.discovered_devices().empty());
    port().starts.answer(Error(UnavailableReason::powered_off, "off"));
    co_await turns();
    EXPECT_EQ(starting.failure(), ErrorCode::bluetooth_not_available);
  });
}

TEST_F(ScannerResume, CanBeSwitchedOff) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.resume = false;
    Scanner scanner(std::move(own));
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    EXPECT_FALSE((co_await sightings.next()).has_value());
    EXPECT_EQ(sightings.end_reason()->code(), ErrorCode::bluetooth_not_available);
    EXPECT_TRUE(told.empty());
  });
}

TEST_F(ScannerResume, SilenceRenewsTheScanAndThenIsReported) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    co_await sleep_for(60s);
    hear();
    co_await sleep_for(89s);
    EXPECT_EQ(port().stops.count(), 0);
    co_await sleep_for(1s);
    EXPECT_EQ(port().stops.count(), 1);
    EXPECT_TRUE(scanner.is_scanning());
    port().stops.answer(Result<void>());
    EXPECT_EQ(port().starts.count(), 2);
    port().starts.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(told.empty());
    co_await sleep_for(90s);
    EXPECT_EQ(told, std::vector{ErrorCode::timed_out});
    EXPECT_EQ(port().stops.count(), 2) << "and once more";
  });
}

TEST_F(ScannerResume, SoundAfterARenewalIsNoSecondSilence) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    co_await sleep_for(90s);
    port().stops.answer(Result<void>());
    port().starts.answer(Result<void>());
    co_await sleep_for(10s);
    hear();
    co_await sleep_for(90s);
    EXPECT_EQ(port().stops.count(), 2);
    EXPECT_TRUE(told.empty());
  });
}

TEST_F(ScannerResume, PassiveScansMayBeSilent) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.mode = ScanMode::passive;
    Scanner scanner(std::move(own));
    co_await start(scanner);
    co_await sleep_for(1000s);
    EXPECT_EQ(port().stops.count(), 0);
  });
}

TEST_F(ScannerResume, RenewalDoesNotDisturbAConnect) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    co_await sleep_for(85s);
    ClientOptions other;
    other.backend = backend.ref();
    Client client(known_device(), other);
    Started<void> connecting(client.connect());
    co_await sleep_for(9s);
    EXPECT_EQ(port().stops.count(), 0);
    backend.client().connects.answer(Error(ErrorCode::bond_lost, "no"));
    co_await sleep_for(4s);
    EXPECT_EQ(port().stops.count(), 1);
  });
}

TEST_F(ScannerResume, ConnectThatTakesForEverDoesNotPutOffTheRenewal) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    ClientOptions other;
    other.backend = backend.ref();
    other.timeout = 1000s;
    Client client(known_device(), other);
    Started<void> connecting(client.connect());
    co_await sleep_for(170s);
    EXPECT_EQ(port().stops.count(), 0);
    co_await sleep_for(20s);
    EXPECT_EQ(port().stops.count(), 1);
  });
}

TEST_F(ScannerResume, NamedAdapterThatIsUnpluggedForAMomentIsWaitedFor) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.adapter = "hci0";
    Scanner scanner(std::move(own));
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::no_adapter, "gone"));
    adapter_is_back();
    co_await turns();
    EXPECT_EQ(port().starts.count(), 2);
    port().starts.answer(Error(ErrorCode::invalid_argument, "no adapter hci0"));
    co_await turns();
    adapter_is_back();
    co_await turns();
    EXPECT_EQ(port().starts.count(), 3);
  });
}

TEST_F(ScannerResume, StreamMadeWhileInterruptedLivesThroughAStart) {
  run_virtually([this]() -> Task<> {
    Scanner scanner(options());
    co_await start(scanner);
    port().events->on_scan_ended(Error(UnavailableReason::powered_off, "off"));
    co_await turns();
    auto sightings = scanner.advertisements();
    co_await start(scanner);
    hear();
    const auto seen = co_await sightings.next();
    EXPECT_TRUE(seen.has_value());
  });
}

}  // namespace
}  // namespace blau::test
