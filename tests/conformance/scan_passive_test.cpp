#include "support.hpp"

#include <cstdlib>
#include <set>
#include <string>
#include <utility>

namespace blau::conformance {
namespace {

/// Passive scans. A simulated one gives everything; or-patterns are BlueZ's.
class Passive : public Case {};

constexpr std::uint8_t manufacturer_data = 0xff;

// What bluetoothd of every version finds (docs/adr/0010): the tag alone tells its power; of the beacon's service data 5.66 counts the UUID, newer ones do not.
OrPattern of_tag() { return {0, 0x0a, bytes(-4)}; }
std::vector<OrPattern> of_beacon() { return {{2, 0x16, bytes(0x00, 0xec)}, {0, 0x16, bytes(0x00, 0xec)}}; }
/// That nobody takes: of nothing, too long, and reaching too far.
std::vector<OrPattern> wrong_ones() { return {{0, 0x09, Bytes()}, {0, 0x09, Bytes(32)}, {3, 0x09, Bytes(29)}}; }
/// Matches nobody.
OrPattern of_nobody(std::uint8_t number) { return {0, manufacturer_data, bytes(0x17, 0x4b, number)}; }

ScannerOptions passive_options(std::vector<OrPattern> patterns) {
  ScannerOptions options;
  options.mode = ScanMode::passive;
  options.bluez.or_patterns = std::move(patterns);
  return options;
}

/// False, and the case is skipped, where patterns filter nothing.
bool filters_by_patterns(const Rig& rig) {
  if (rig.is_simulated()) skip("or-patterns are BlueZ's");
  return !rig.is_simulated();
}

/// The next sightings are of this device alone.
Task<> expect_only(Stream<Advertisement>& sightings, std::string address, int count) {
  for (int i = 0; i < count; ++i) {
    const auto seen = co_await next_of(sightings);
    EXPECT_EQ(seen.device.address().to_string(), address);
  }
}

BLAU_CASE(Passive, GivesWhatMatches) {
  if (!filters_by_patterns(rig)) co_return;
  auto options = passive_options({of_tag(), of_nobody(0)});
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto seen = co_await next_of(sightings);
  EXPECT_EQ(seen.device.address().to_string(), tag);
  BLAU_REQUIRE(seen.data.manufacturer_data.count(0x02e5) == 1);
  EXPECT_EQ(seen.data.manufacturer_data.at(0x02e5), bytes(1, 2, 3, 4, 5));
  co_await expect_only(sightings, tag, 3);
  co_await scanner.stop();
  EXPECT_FALSE(scanner.is_scanning());
}

BLAU_CASE(Passive, EachScannerGetsItsOwn) {
  if (!filters_by_patterns(rig)) co_return;
  auto of_first = passive_options({of_tag()});
  auto of_second = passive_options(of_beacon());
  Scanner first{of_first};
  Scanner second{of_second};
  auto firsts = first.advertisements();
  auto seconds = second.advertisements();
  co_await first.start();
  co_await second.start();
  co_await expect_only(firsts, tag, 3);
  co_await expect_only(seconds, beacon, 3);
  co_await first.stop();
  co_await expect_only(seconds, beacon, 2);
  co_await second.stop();
}

BLAU_CASE(Passive, GoesBesideAnActiveScan) {
  if (!filters_by_patterns(rig)) co_return;
  auto options = passive_options({of_tag()});
  Scanner passive{options};
  Scanner active;
  auto some = passive.advertisements();
  auto all = active.advertisements();
  co_await passive.start();
  co_await active.start();
  std::set<std::string> heard;
  while (heard.size() < 3) {
    const auto seen = co_await next_of(all);
    heard.insert(seen.device.address().to_string());
  }
  co_await expect_only(some, tag, 2);
  co_await active.stop();
  co_await expect_only(some, tag, 2);
  co_await passive.stop();
}

BLAU_CASE(Passive, TakesMorePatternsThanOneMonitor) {
  std::vector<OrPattern> patterns;
  for (std::uint8_t i = 0; i < 9; ++i) patterns.push_back(of_nobody(i));
  patterns.push_back(of_tag());
  auto options = passive_options(patterns);
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  const auto seen = co_await next_of(sightings);
  if (!rig.is_simulated()) {
    EXPECT_EQ(seen.device.address().to_string(), tag);
  }
  co_await scanner.stop();
}

BLAU_CASE(Passive, StartsAgainAfterAStop) {
  auto options = passive_options({of_tag()});
  Scanner scanner{options};
  for (int i = 0; i < 3; ++i) {
    auto sightings = scanner.advertisements();
    co_await scanner.start();
    (void)co_await next_of(sightings);
    co_await scanner.stop();
    co_await drain(sightings);
  }
}

BLAU_CASE(Passive, IsTakenBackInMidStart) {
  auto options = passive_options({of_tag()});
  for (int i = 0; i < 3; ++i) {
    Scanner scanner{options};
    std::stop_source at_once;
    auto pending = scanner.start().cancel_with(at_once.get_token());
    at_once.request_stop();
    const auto canceled = co_await std::move(pending).as_result();
    if (!canceled) expect_error(canceled, ErrorCode::canceled);
  }
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await next_of(sightings);
  co_await scanner.stop();
}

BLAU_CASE(Passive, ResumesWhenTheAdapterIsBack) {
  Inbox<ErrorCode> interruptions;
  auto options = passive_options({of_tag()});
  options.on_interrupted = [interruptions](const Error& error) { interruptions.push(error.code()); };
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  co_await switch_adapter(rig, false);
  co_await interruptions.reach(1);
  EXPECT_EQ(interruptions.items()[0], ErrorCode::bluetooth_not_available);
  co_await switch_adapter(rig, true);
  auto later = scanner.advertisements();
  (void)co_await next_of(later);
  EXPECT_TRUE(scanner.is_scanning());
  co_await scanner.stop();
}

BLAU_CASE(Passive, OutlivesTheDaemon) {
  const char* machine = std::getenv("BLAU_RIG");
  if (!machine) {
    skip("only the machine's bluetoothd is killed here: what the fake's end means is told by faults, SystemFaults");
    co_return;
  }
  const std::string bluetoothd = std::string(machine) + "/bluetoothd ";
  Inbox<ErrorCode> interruptions;
  auto options = passive_options({of_tag()});
  options.on_interrupted = [interruptions](const Error& error) { interruptions.push(error.code()); };
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await next_of(sightings);
  EXPECT_EQ(std::system((bluetoothd + "kill").c_str()), 0);
  co_await interruptions.reach(1);
  EXPECT_EQ(interruptions.items()[0], ErrorCode::backend_lost);
  EXPECT_EQ(std::system((bluetoothd + "start").c_str()), 0);
  auto later = scanner.advertisements();
  const auto seen = co_await next_of(later);
  EXPECT_EQ(seen.device.address().to_string(), tag);
  EXPECT_TRUE(scanner.is_scanning());
  co_await scanner.stop();
}

BLAU_CASE(Passive, SaysWhichPatternIsWrong) {
  for (const OrPattern& wrong : wrong_ones()) {
    auto options = passive_options({of_tag(), wrong});
    try {
      Scanner scanner{options};
      ADD_FAILURE() << wrong.content.size() << " bytes at " << int{wrong.offset} << " were taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_NE(std::string(error.what()).find("0x09 at offset " + std::to_string(wrong.offset)), std::string::npos)
          << error.what();
    }
  }
  co_return;
}

}  // namespace
}  // namespace blau::conformance
