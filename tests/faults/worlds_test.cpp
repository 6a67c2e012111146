// The same world files on the simulator and on the imitated bluetoothd.

#include "worlds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace blau::faults {
namespace {

const std::string sensor = "C4:B1:A1:00:00:01";
constexpr Uuid value{0xfff1};  ///< read, write, notify
constexpr Uuid ticks{0xfff2};  ///< notifies 01, 02, … every 50 ms

/// A world with one peripheral, and these faults of it: the rest of each, behind its address.
std::string world_with(const std::string& faults) {
  return R"({"blau_world": 1, "peripherals": [{"address": "C4:B1:A1:00:00:01", "name": "Sensor", "latency_ms": 5, "services": [
    {"uuid": "fff0", "characteristics": [
      {"uuid": "fff1", "properties": ["read", "write", "notify"], "value": "2a"},
      {"uuid": "fff2", "properties": ["notify"], "notify": {"interval_ms": 50, "values": ["01", "02", "03", "04", "05", "06"]}}]},
    {"uuid": "fff8", "characteristics": [{"uuid": "fff9", "properties": ["read"], "value": "09"}]}]}],
    "faults": [)" +
         faults + "]}";
}

/// A fault of the sensor.
std::string of_sensor(const std::string& kind, const std::string& members) {
  return R"({"fault": ")" + kind + R"(", "address": "C4:B1:A1:00:00:01", )" + members + "}";
}

std::string link_lost_at(const std::string& step) { return world_with(of_sensor("link", "\"step\": \"" + step + '"')); }

class WorldFaults : public testing::Test {};

/// A case in a world with these faults.
#define BLAU_WORLD_CASE(name, world)                        \
  static blau::Task<> world_##name();                       \
  TEST_F(WorldFaults, name) { play(world, &world_##name); } \
  static blau::Task<> world_##name()

Task<> connect_through() {
  Client client{sensor};
  co_await client.connect();
  EXPECT_EQ(client.connect_attempts(), 2U);
  const auto read = co_await client.read_gatt_char(value);
  EXPECT_EQ(read, bytes(0x2a));
  co_await client.disconnect();
}

BLAU_WORLD_CASE(LostBeforeItIsThereItIsTriedAgain, link_lost_at("before_link")) { co_await connect_through(); }
BLAU_WORLD_CASE(LostBeforeTheMtuIsKnownItIsTriedAgain, link_lost_at("before_mtu")) { co_await connect_through(); }
BLAU_WORLD_CASE(LostInDiscoveryItIsTriedAgain, link_lost_at("in_discovery")) { co_await connect_through(); }
BLAU_WORLD_CASE(LostBeforeTheServicesAreToldItIsTriedAgain, link_lost_at("before_resolved")) {
  co_await connect_through();
}

BLAU_WORLD_CASE(LostRightAfterTheServicesAreToldItIsToldOnce, link_lost_at("after_resolved")) {
  Inbox<DisconnectReason> ends;
  ClientOptions options;
  options.on_disconnected = [ends](const Disconnection& end) { ends.push(end.reason); };
  Client client{sensor, options};
  co_await client.connect();
  // The end may have come before the connect was over, which then made another link.
  if (client.connect_attempts() == 1) co_await ends.reach(1);
  EXPECT_LE(ends.size(), 1U);
  co_await client.connect();
  const auto read = co_await client.read_gatt_char(value);
  EXPECT_EQ(read, bytes(0x2a));
  co_await client.disconnect();
}

BLAU_WORLD_CASE(TheSecondConnectIsTheOneThatFails,
                world_with(of_sensor("link", R"("step": "before_link", "skip": 1)"))) {
  Client client{sensor};
  for (unsigned connects = 1; connects <= 3; ++connects) {
    co_await client.connect();
    EXPECT_EQ(client.connect_attempts(), connects == 2 ? 2U : 1U) << connects;
    co_await client.disconnect();
  }
}

BLAU_WORLD_CASE(RefusedEachTimeItGivesUp, world_with(of_sensor("link", R"("step": "before_link", "count": 1000000)"))) {
  Client client{sensor};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::connection_failed);
  EXPECT_GT(client.connect_attempts(), 3U);
}

BLAU_WORLD_CASE(TheFirstLinkEndsAfterAWhile, world_with(of_sensor("link", R"("after_ms": 700)"))) {
  Inbox<DisconnectReason> ends;
  ClientOptions options;
  options.on_disconnected = [ends](const Disconnection& end) { ends.push(end.reason); };
  Client client{sensor, options};
  co_await client.connect();
  co_await ends.reach(1);
  EXPECT_EQ(ends.items()[0], as_told(DisconnectReason::remote));
  co_await client.connect();
  const auto begun = elapsed();
  co_await sleep_for(800ms);
  EXPECT_TRUE(client.is_connected()) << elapsed().count() - begun.count();
  co_await client.disconnect();
}

// More than one time, so that one of them finds a link on the slowest machine.
BLAU_WORLD_CASE(ALinkEndsAtATime,
                world_with(of_sensor("link", R"("at_ms": 1500)") + ", " + of_sensor("link", R"("at_ms": 5000)") + ", " +
                           of_sensor("link", R"("at_ms": 12000)"))) {
  Inbox<DisconnectReason> ends;
  ClientOptions options;
  options.on_disconnected = [ends](const Disconnection& end) { ends.push(end.reason); };
  Client client{sensor, options};
  co_await client.connect();
  co_await ends.reach(1);
  EXPECT_EQ(ends.items()[0], as_told(DisconnectReason::remote));
  EXPECT_GE(elapsed(), 1500ms);
}

const std::string reading = R"("characteristic": "fff1", "request": "read", )";

BLAU_WORLD_CASE(ReadsAreRefusedByName,
                world_with(of_sensor("request", reading + R"("error": "value_not_allowed", "count": 2)"))) {
  Client client{sensor};
  co_await client.connect();
  for (int i = 0; i < 2; ++i) {
    const auto refused = co_await client.read_gatt_char(value).as_result();
    expect_att_error(refused, 0x13);
  }
  const auto read = co_await client.read_gatt_char(value);
  EXPECT_EQ(read, bytes(0x2a));
  co_await client.disconnect();
}

BLAU_WORLD_CASE(TheSecondWriteIsRefusedByNumber,
                world_with(of_sensor("request", R"("handle": 11, "request": "write", "error": 128, "skip": 1)"))) {
  Client client{sensor};
  co_await client.connect();
  co_await client.write_gatt_char(value, bytes(1));
  const auto refused = co_await client.write_gatt_char(value, bytes(2)).as_result();
  expect_att_error(refused, 0x80);
  const auto kept = co_await client.read_gatt_char(value);
  EXPECT_EQ(kept, bytes(1));
  co_await client.write_gatt_char(value, bytes(3));
  co_await client.disconnect();
}

BLAU_WORLD_CASE(AnAnswerIsLate, world_with(of_sensor("request", reading + R"("delay_ms": 300)"))) {
  Client client{sensor};
  co_await client.connect();
  const auto before = elapsed();
  const auto read = co_await client.read_gatt_char(value);
  EXPECT_GE(elapsed() - before, 300ms);
  EXPECT_EQ(read, bytes(0x2a));
  co_await client.disconnect();
}

BLAU_WORLD_CASE(AnAnswerNeverComes, world_with(of_sensor("request", reading + R"("never": true)"))) {
  Inbox<DisconnectReason> ends;
  ClientOptions options;
  options.on_disconnected = [ends](const Disconnection& end) { ends.push(end.reason); };
  Client client{sensor, options};
  co_await client.connect();
  const auto before = elapsed();
  const auto unanswered = co_await client.read_gatt_char(value).timeout(100ms).as_result();
  expect_error(unanswered, ErrorCode::timed_out);
  EXPECT_TRUE(client.is_connected());
  // ATT allows nothing more until the link has ended by its time-out.
  const auto next = co_await client.read_gatt_char(value).timeout(60s).as_result();
  expect_error(next, ErrorCode::disconnected);
  co_await ends.reach(1);
  EXPECT_EQ(ends.items()[0], as_told(DisconnectReason::timeout));
  EXPECT_GE(elapsed() - before, 1s);
}

BLAU_WORLD_CASE(ASubscriptionIsRefusedOnce,
                world_with(of_sensor("request", R"("characteristic": "fff2", "request": "subscribe", "error": 129)"))) {
  Client client{sensor};
  co_await client.connect();
  Inbox<Bytes> values;
  auto on_value = into(values);
  const auto refused = co_await client.start_notify(ticks, on_value).as_result();
  expect_att_error(refused, 0x81);
  co_await client.start_notify(ticks, on_value);
  co_await values.reach(2);
  EXPECT_EQ(values.items()[0], bytes(1));
  co_await client.disconnect();
}

Task<> expect_ticks(std::vector<Bytes> expected) {
  Client client{sensor};
  co_await client.connect();
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(ticks, on_value);
  co_await values.reach(expected.size());
  auto came = values.items();
  came.resize(expected.size());
  EXPECT_EQ(came, expected);
  co_await client.disconnect();
}

BLAU_WORLD_CASE(AValueComesTwice,
                world_with(of_sensor("notify", R"("characteristic": "fff2", "times": 2, "skip": 1)"))) {
  std::vector<Bytes> expected{bytes(1), bytes(2), bytes(2), bytes(3), bytes(4)};
  co_await expect_ticks(std::move(expected));
}

BLAU_WORLD_CASE(TwoValuesAreLost,
                world_with(of_sensor("notify", R"("characteristic": "fff2", "times": 0, "skip": 1, "count": 2)"))) {
  std::vector<Bytes> expected{bytes(1), bytes(4), bytes(5)};
  co_await expect_ticks(std::move(expected));
}

BLAU_WORLD_CASE(ServicesChangeInMidDiscovery,
                world_with(of_sensor("services", R"("step": "in_discovery", "remove": "fff8", "add": {"uuid": "fffa",
                  "characteristics": [{"uuid": "fffb", "properties": ["read"], "value": "0b"}]})"))) {
  Client client{sensor};
  co_await client.connect();
  (void)co_await client.get_services();
  const auto read = co_await client.read_gatt_char(Uuid{0xfffb});
  EXPECT_EQ(read, bytes(0x0b));
  EXPECT_FALSE(client.services().get_characteristic(Uuid{0xfff9}));
  co_await client.disconnect();
}

BLAU_WORLD_CASE(APeripheralAppearsLater, world_with(of_sensor("peripheral", R"("action": "vanish")") + ", " +
                                                    of_sensor("peripheral", R"("action": "appear", "at_ms": 900)"))) {
  Client client{sensor};
  co_await client.connect();
  EXPECT_GE(elapsed(), 900ms);
  co_await client.disconnect();
}

BLAU_WORLD_CASE(APeripheralFreezesAndGoesOn,
                world_with(of_sensor("peripheral", R"("action": "stall", "at_ms": 700)") + ", " +
                           of_sensor("peripheral", R"("action": "resume", "at_ms": 1400)"))) {
  // Reads until the one that waited for the end of it.
  Client client{sensor};
  auto longest = std::chrono::nanoseconds(0);
  auto before = elapsed();
  co_await client.connect();
  while (elapsed() < 1400ms) {
    longest = std::max(longest, elapsed() - before);
    before = elapsed();
    const auto read = co_await client.read_gatt_char(value);
    EXPECT_EQ(read, bytes(0x2a));
  }
  longest = std::max(longest, elapsed() - before);
  EXPECT_GE(longest, 500ms);
  co_await client.disconnect();
}

BLAU_WORLD_CASE(AnAdapterIsSwitchedOn, world_with(R"({"fault": "adapter", "adapter": "hci0", "action": "off"},
                  {"fault": "adapter", "adapter": "hci0", "action": "on", "at_ms": 700})")) {
  const auto found = co_await Scanner::discover(10ms).as_result();
  expect_error(found, ErrorCode::bluetooth_not_available);
  BLAU_REQUIRE(!found);
  EXPECT_EQ(found.error().unavailable_reason(), UnavailableReason::powered_off);
  auto adapters = co_await Adapter::all();
  auto states = adapters.at(0).state_changes();
  auto state = co_await next_of(states);
  while (!state.powered) state = co_await next_of(states);
  EXPECT_GE(elapsed(), 700ms);
  Client client{sensor};
  co_await client.connect();
  co_await client.disconnect();
}

BLAU_WORLD_CASE(AnAdapterIsPulledOutAndPutIn,
                world_with(R"({"fault": "adapter", "adapter": "hci0", "action": "remove", "at_ms": 600},
                  {"fault": "adapter", "adapter": "hci0", "action": "add", "at_ms": 1000})")) {
  Inbox<ErrorCode> interruptions;
  ScannerOptions options;
  options.on_interrupted = [interruptions](const Error& error) { interruptions.push(error.code()); };
  Scanner scanner{options};
  co_await scanner.start();
  co_await interruptions.reach(1);
  EXPECT_EQ(interruptions.items()[0], ErrorCode::bluetooth_not_available);
  const auto without = co_await Scanner::discover(10ms).as_result();
  expect_error(without, ErrorCode::bluetooth_not_available);
  auto sightings = scanner.advertisements();
  (void)co_await next_of(sightings);
  EXPECT_GE(elapsed(), 1000ms);
  co_await scanner.stop();
}

}  // namespace
}  // namespace blau::faults
