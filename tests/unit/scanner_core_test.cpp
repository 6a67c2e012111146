// Scanner and adapters, against a backend that answers when the test says.

#include "support/loops.hpp"
#include "support/scripted_backend.hpp"
#include "support/started.hpp"

#include <blau/adapter.hpp>
#include <blau/scanner.hpp>

#include <gtest/gtest.h>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ScannerCoreTest : public ::testing::Test {
 protected:
  ScannerOptions options() {
    ScannerOptions options;
    options.backend = backend.ref();
    return options;
  }
  Task<> start(Scanner& scanner) {
    Started<void> starting(scanner.start());
    port().starts.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(starting.succeeded());
  }
  void hear(const char* address, std::vector<Uuid> services = {}, std::string name = {}) {
    AdvertisementData data;
    data.rssi = -50;
    data.service_uuids = std::move(services);
    if (!name.empty()) data.local_name = name;
    const Device device(Address(address), std::nullopt, std::string("id-") + address);
    port().events->on_advertisement(device, data);
  }
  ScannerScript& port() { return backend.scanner(backend.scanner_count() - 1); }

  ScriptedBackend backend;
};

constexpr const char* first = "C0:00:00:00:00:01";
constexpr const char* second = "C0:00:00:00:00:02";

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

TEST_F(ScannerCoreTest, DiscoverGivesWhatWasSeenInTime) {
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

TEST_F(ScannerCoreTest, DiscoverFailsWithWhatEndedTheScan) {
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

TEST_F(ScannerCoreTest, AScanThatEndsAsTimedOutIsNoRegularEndOfDiscover) {
  run_virtually([this]() -> Task<> {
    Started<std::vector<Advertisement>> discovering(Scanner::discover(5s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    port().events->on_scan_ended(Error(ErrorCode::timed_out, "the controller does not answer"));
    co_await turns(4);
    EXPECT_EQ(discovering.failure(), ErrorCode::timed_out);
  });
}

TEST_F(ScannerCoreTest, DiscoverCanBeCanceledAndStopsItsScan) {
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

TEST_F(ScannerCoreTest, FindFailsWithWhatEndedTheScan) {
  run_virtually([this]() -> Task<> {
    Started<std::optional<Device>> finding(Scanner::find_device_by_name("Strap", 10s, options()));
    port().starts.answer(Result<void>());
    co_await turns();
    port().events->on_scan_ended(Error(ErrorCode::backend_lost, "gone"));
    co_await turns(8);
    EXPECT_EQ(finding.failure(), ErrorCode::backend_lost);
  });
}

TEST_F(ScannerCoreTest, FindStopsEarlyOrGivesNothing) {
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

TEST_F(ScannerCoreTest, FindRefusesAMalformedAddress) {
  run_virtually([this]() -> Task<> {
    auto result = co_await Scanner::find_device_by_address("C0:00", 10s, options()).as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(backend.scanner_count(), 0U);
  });
}

TEST_F(ScannerCoreTest, ExceptionOfTheFilterComesThroughAfterTheStop) {
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

TEST_F(ScannerCoreTest, OversizedOrPatternIsRefusedAtOnce) {
  auto own = options();
  own.bluez.or_patterns.push_back({0, 9, Bytes(32)});
  EXPECT_THROW(Scanner{own}, Error);
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

TEST_F(ScannerCoreTest, DefaultAdapterAndItsReasons) {
  run_virtually([this]() -> Task<> {
    AdapterOptions own;
    own.backend = backend.ref();
    auto none = co_await Adapter::get_default(own).as_result();
    EXPECT_EQ(none.error().unavailable_reason(), UnavailableReason::no_adapter);
    backend::AdapterState off;
    off.id = "hci0";
    off.unusable = UnavailableReason::powered_off;
    backend.state().adapters = {off};
    auto unusable = co_await Adapter::get_default(own).as_result();
    EXPECT_EQ(unusable.error().unavailable_reason(), UnavailableReason::powered_off);
    backend::AdapterState on;
    on.id = "hci1";
    on.powered = true;
    on.is_default = true;
    backend.state().adapters = {off, on};
    auto chosen = co_await Adapter::get_default(own);
    EXPECT_EQ(chosen.id(), "hci1");
    auto all = co_await Adapter::all(own);
    EXPECT_EQ(all.size(), 2U);
  });
}

TEST_F(ScannerCoreTest, DevicesOfAnAdapterThatIsGone) {
  run_virtually([this]() -> Task<> {
    backend::AdapterState state;
    state.id = "hci0";
    state.is_default = true;
    backend.state().adapters = {state};
    AdapterOptions own;
    own.backend = backend.ref();
    const auto adapter = co_await Adapter::get_default(own);
    backend.state().device_lists = Error(ErrorCode::invalid_argument, "there is no adapter hci0; there is: hci1");
    const auto connected = co_await adapter.connected_devices().as_result();
    EXPECT_EQ(connected.error().unavailable_reason(), UnavailableReason::no_adapter);
    const auto bonded = co_await adapter.bonded_devices().as_result();
    EXPECT_EQ(bonded.error().unavailable_reason(), UnavailableReason::no_adapter);
    backend.state().device_lists = Error(ErrorCode::access_denied, "no");
    const auto refused = co_await adapter.connected_devices().as_result();
    EXPECT_EQ(refused.error().code(), ErrorCode::access_denied);
    backend.state().device_lists = std::vector<Device>{known_device()};
    const auto devices = co_await adapter.bonded_devices();
    EXPECT_EQ(devices.size(), 1U);
  });
}

TEST_F(ScannerCoreTest, AdapterStateStreamFollowsOneAdapter) {
  run_virtually([this]() -> Task<> {
    backend::AdapterState state;
    state.id = "hci0";
    state.is_default = true;
    backend.state().adapters = {state};
    AdapterOptions own;
    own.backend = backend.ref();
    auto adapter = co_await Adapter::get_default(own);
    {
      auto changes = adapter.state_changes();
      backend::AdapterState other = state;
      other.id = "hci1";
      backend.state().adapter_events->on_adapter_changed(other);
      state.powered = true;
      backend.state().adapter_events->on_adapter_changed(state);
      auto change = co_await changes.next();
      EXPECT_TRUE(change->powered);
      backend.state().adapter_events->on_adapter_removed("hci0");
      auto end = co_await changes.next();
      EXPECT_FALSE(end);
      EXPECT_EQ(changes.end_reason()->code(), ErrorCode::bluetooth_not_available);
    }
    EXPECT_EQ(backend.state().adapter_events, nullptr) << "letting the stream go ends the watch";
  });
}

TEST_F(ScannerCoreTest, AdapterStateStreamEndsWithItsLoop) {
  std::optional<Stream<backend::AdapterState>> changes;
  run_virtually([&]() -> Task<> {
    backend::AdapterState state;
    state.id = "hci0";
    state.is_default = true;
    backend.state().adapters = {state};
    AdapterOptions own;
    own.backend = backend.ref();
    const auto adapter = co_await Adapter::get_default(own);
    changes = adapter.state_changes();
  });
  EXPECT_EQ(changes->end_reason()->code(), ErrorCode::loop_closed);
}

}  // namespace
}  // namespace blau::test
