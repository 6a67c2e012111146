// Faults in world files: what the reader makes of them, and what it refuses with its place.

#include "backend/sim/world_file.hpp"

#include <blau/bytes.hpp>
#include <blau/sim.hpp>

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace blau::sim::detail {
namespace {

using namespace std::chrono_literals;

/// A world of two adapters and three peripherals with these faults, which begin in line 11, one a line.
std::string world_with(const std::string& faults) {
  return R"({"blau_world": 1,
 "adapters": [{"name": "hci0"}, {"name": "hci1", "powered": false}],
 "peripherals": [
  {"address": "C0:00:00:00:00:01", "drop_link_after_ms": 500, "services": [
   {"uuid": "180d", "handle": 32, "characteristics": [
    {"uuid": "2a37", "properties": ["notify"]}, {"uuid": "2a39", "properties": ["write"], "write_error": 128},
    {"uuid": "2a38", "properties": ["read"], "read_error": 129}]},
   {"uuid": "180f", "characteristics": [{"uuid": "2a19", "properties": ["read"]}, {"uuid": "2a19", "properties": ["read"]}]}]},
  {"address": "C0:00:00:00:00:02", "advertising": {"connectable": false}, "services": [{"uuid": "180a", "characteristics": [{"uuid": "2a29", "properties": ["read"]}]}]},
  {"address": "C0:00:00:00:00:03"}], "faults": [
)" + faults +
         "]}";
}

const std::string first = R"("address": "C0:00:00:00:00:01")";
const std::string second = R"("address": "C0:00:00:00:00:02")";
const std::string third = R"("address": "C0:00:00:00:00:03")";

std::string link(const std::string& members) { return R"({"fault": "link", )" + members + "}"; }
std::string request(const std::string& members) { return R"({"fault": "request", )" + members + "}"; }
std::string notify(const std::string& members) { return R"({"fault": "notify", )" + members + "}"; }
std::string services(const std::string& members) { return R"({"fault": "services", )" + members + "}"; }
std::string adapter(const std::string& name, const std::string& action, int at) {
  return R"({"fault": "adapter", "adapter": ")" + name + R"(", "action": ")" + action + R"(", "at_ms": )" +
         std::to_string(at) + "}";
}
std::string peripheral(const std::string& action, int at) {
  return R"({"fault": "peripheral", )" + third + R"(, "action": ")" + action + R"(", "at_ms": )" + std::to_string(at) +
         "}";
}

void expect_refused(const std::string& faults, const std::string& message) {
  const auto world = parse_world(world_with(faults), "w.json");
  ASSERT_FALSE(world.has_value()) << faults;
  EXPECT_EQ(world.error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(world.error().what(), message);
}

WorldSpec taken(const std::string& faults) {
  auto world = parse_world(world_with(faults), "w.json");
  EXPECT_TRUE(world.has_value()) << world.error().what();
  return world ? std::move(*world) : WorldSpec();
}

TEST(WorldFaults, AreRead) {
  const auto world =
      taken(link(first + R"(, "step": "in_discovery", "skip": 2, "count": 3, "at_ms": 7, "description": "x")") + ", " +
            request(first + R"(, "handle": 42, "request": "read", "error": "value_not_allowed", "delay_ms": 5)") +
            ", " + request(first + R"(, "characteristic": "2a37", "never": true)") + ", " +
            notify(first + R"(, "characteristic": "2a37", "times": 0, "count": 9)") + ", " +
            services(first + R"(, "remove": 32, "add": {"uuid": "fff0"}, "step": "after_resolved")") + ", " +
            adapter("hci1", "on", 30) + ", " + peripheral("stall", 40));
  ASSERT_EQ(world.faults.size(), 7U);
  const auto& lost = std::get<LinkFaultSpec>(world.faults[0]);
  EXPECT_EQ(lost.step, ConnectStep::in_discovery);
  EXPECT_EQ(lost.at, 7ms);
  EXPECT_EQ(lost.turns.skip, 2U);
  EXPECT_EQ(lost.turns.count, 3U);
  const auto& late = std::get<RequestFaultSpec>(world.faults[1]);
  EXPECT_EQ(std::get<std::uint16_t>(late.characteristic), 42);
  EXPECT_EQ(late.fault.request, RequestKind::read);
  EXPECT_EQ(late.fault.error, AttError::value_not_allowed);
  EXPECT_EQ(late.fault.delay, 5ms);
  EXPECT_EQ(late.fault.count, 1U);
  EXPECT_EQ(std::get<RequestFaultSpec>(world.faults[2]).fault.delay, never);
  EXPECT_EQ(std::get<NotifyFaultSpec>(world.faults[3]).fault.times, 0U);
  const auto& change = std::get<ServicesFaultSpec>(world.faults[4]);
  EXPECT_EQ(std::get<std::uint16_t>(*change.remove), 32);
  EXPECT_EQ(change.add->uuid, Uuid{0xfff0});
  EXPECT_EQ(std::get<AdapterFaultSpec>(world.faults[5]).at, 30ms);
  EXPECT_EQ(std::get<PeripheralFaultSpec>(world.faults[6]).action, PeripheralFaultSpec::Action::stall);
}

TEST(WorldFaults, OfUnknownKindsAndMembers) {
  expect_refused(
      R"({"fault": "lnk"})",
      "w.json:11: faults[0].fault: 'lnk' is none of link, request, notify, services, adapter, peripheral; did "
      "you mean 'link'?");
  expect_refused(R"({"address": "C0:00:00:00:00:01"})", "w.json:11: faults[0]: member 'fault' is missing");
  expect_refused("7", "w.json:11: faults[0]: this must be an object, not an integer");
  expect_refused(
      link(first + R"(, "step": "before_link")") + ",\n" + link(first + R"(, "step": "before_link", "cuont": 1)"),
      "w.json:12: faults[1].cuont: there is no member of this name; did you mean 'count'?");
  expect_refused(
      request(first + R"(, "characteristic": "2a37", "error": "unlikely_eror")"),
      "w.json:11: faults[0].error: 'unlikely_eror' is no ATT error: write its name, as unlikely_error, or 1 to 255; "
      "did you mean 'unlikely_error'?");
}

TEST(WorldFaults, OfWhatIsNotThere) {
  expect_refused(link(R"("address": "C0:00:00:00:00:09", "step": "before_mtu")"),
                 "w.json:11: faults[0].address: no peripheral C0:00:00:00:00:09 in this world");
  expect_refused(R"({"fault": "peripheral", "address": "C0:00:00:00:00:09", "action": "vanish"})",
                 "w.json:11: faults[0].address: no peripheral C0:00:00:00:00:09 in this world");
  expect_refused(adapter("hci7", "off", 5),
                 "w.json:11: faults[0].adapter: no adapter 'hci7' in this world: list it first");
  expect_refused(request(first + R"(, "characteristic": "2a3a", "error": 1)"),
                 "w.json:11: faults[0].characteristic: no characteristic of this UUID in peripheral C0:00:00:00:00:01");
  expect_refused(
      request(first + R"(, "characteristic": "2a19", "error": 1)"),
      "w.json:11: faults[0].characteristic: peripheral C0:00:00:00:00:01 has more than one characteristic of this "
      "UUID: name one by its handle");
  expect_refused(
      notify(first + R"(, "handle": 32, "times": 2)"),
      "w.json:11: faults[0].handle: no listed characteristic at this handle in peripheral C0:00:00:00:00:01");
  expect_refused(services(first + R"(, "remove": 33, "at_ms": 5)"),
                 "w.json:11: faults[0].remove: no such service is listed in peripheral C0:00:00:00:00:01");
  expect_refused(services(third + R"(, "remove": "180d", "at_ms": 5)"),
                 "w.json:11: faults[0].remove: no such service is listed in peripheral C0:00:00:00:00:03");
}

TEST(WorldFaults, ThatSayTooLittle) {
  expect_refused(link(first), "w.json:11: faults[0]: one of these is needed: step, after_ms, at_ms");
  expect_refused(request(first + R"(, "characteristic": "2a37")"),
                 "w.json:11: faults[0]: one of these is needed: error, delay_ms, never");
  expect_refused(request(first + R"(, "error": 1)"),
                 "w.json:11: faults[0]: one of these is needed: characteristic, handle");
  expect_refused(notify(first + R"(, "characteristic": "2a37", "times": 1)"),
                 "w.json:11: faults[0].times: once is no fault: 0 loses a value, 2 doubles it");
  expect_refused(services(first + R"(, "at_ms": 5)"), "w.json:11: faults[0]: one of these is needed: remove, add");
  expect_refused(services(first + R"(, "remove": "180d")"),
                 "w.json:11: faults[0]: one of these is needed: step, at_ms");
}

TEST(WorldFaults, ThatContradictThemselves) {
  expect_refused(link(first + R"(, "step": "before_mtu", "after_ms": 5)"),
                 "w.json:11: faults[0].after_ms: 'step' and 'after_ms' contradict each other: a link is lost once");
  expect_refused(link(first + R"(, "at_ms": 5, "count": 2)"),
                 "w.json:11: faults[0].count: this goes with 'step' or 'after_ms'");
  expect_refused(link(first + R"(, "at_ms": 0)"),
                 "w.json:11: faults[0].at_ms: no link can be there when the world begins");
  expect_refused(request(first + R"(, "characteristic": "2a37", "error": 1, "never": true)"),
                 "w.json:11: faults[0].never: 'never' and 'error' contradict each other");
  expect_refused(request(first + R"(, "characteristic": "2a37", "delay_ms": 1, "never": true)"),
                 "w.json:11: faults[0].never: 'never' and 'delay_ms' contradict each other");
  expect_refused(request(first + R"(, "characteristic": "2a37", "never": false)"),
                 "w.json:11: faults[0].never: false is no fault: leave it out");
  expect_refused(request(first + R"(, "characteristic": "2a37", "handle": 33, "error": 1)"),
                 "w.json:11: faults[0].handle: 'characteristic' and 'handle' exclude each other");
}

TEST(WorldFaults, ThatCannotHappen) {
  const std::string no_links =
      "peripheral C0:00:00:00:00:02 takes no connections: its advertising.connectable is false";
  expect_refused(link(second + R"(, "step": "in_discovery")"), "w.json:11: faults[0].address: " + no_links);
  expect_refused(request(second + R"(, "characteristic": "2a29", "error": 1)"),
                 "w.json:11: faults[0].address: " + no_links);
  expect_refused(
      link(first + R"(, "after_ms": 500)"),
      "w.json:11: faults[0].after_ms: peripheral C0:00:00:00:00:01 ends its links before: its drop_link_after_ms "
      "is 500");
  const std::string not_allowed =
      "this cannot happen: the properties of the characteristic do not allow such a request";
  expect_refused(request(first + R"(, "characteristic": "2a37", "request": "read", "error": 1)"),
                 "w.json:11: faults[0].request: " + not_allowed);
  expect_refused(request(first + R"(, "characteristic": "2a39", "request": "subscribe", "error": 1)"),
                 "w.json:11: faults[0].request: " + not_allowed);
  expect_refused(request(first + R"(, "characteristic": "2a39", "request": "write", "error": 1)"),
                 "w.json:11: faults[0].request: the characteristic refuses all of these already, by its write_error");
  expect_refused(request(first + R"(, "characteristic": "2a38", "request": "read", "delay_ms": 1)"),
                 "w.json:11: faults[0].request: the characteristic refuses all of these already, by its read_error");
  expect_refused(
      notify(first + R"(, "characteristic": "2a39", "times": 2)"),
      "w.json:11: faults[0]: this cannot happen: the characteristic has neither the property notify nor indicate");
  expect_refused(
      peripheral("vanish", 5) + ",\n" + link(third + R"(, "step": "before_mtu", "at_ms": 5)"),
      "w.json:12: faults[1].address: this cannot happen: peripheral C0:00:00:00:00:03 is out of reach from 5 ms on");
  expect_refused(
      link(third + R"(, "at_ms": 7)") + ",\n" + peripheral("vanish", 5) + ",\n" + peripheral("appear", 8),
      "w.json:11: faults[0].at_ms: peripheral C0:00:00:00:00:03 is out of reach at this time: its links end by "
      "their time-out");
}

TEST(WorldFaults, ThatContradictOthers) {
  expect_refused(adapter("hci0", "off", 5) + ",\n" + adapter("hci0", "on", 5),
                 "w.json:12: faults[1]: faults[0] changes the same adapter at 5 ms too: what holds then?");
  expect_refused(peripheral("vanish", 5) + ",\n" + peripheral("stall", 5),
                 "w.json:12: faults[1]: faults[0] changes the same peripheral at 5 ms too: what holds then?");
  expect_refused(link(first + R"(, "at_ms": 5)") + ",\n" + link(first + R"(, "at_ms": 5)"),
                 "w.json:12: faults[1].at_ms: faults[0] ends this peripheral's links at the same time");
  expect_refused(adapter("hci0", "on", 5), "w.json:11: faults[0].action: adapter 'hci0' is on already");
  expect_refused(adapter("hci1", "off", 5), "w.json:11: faults[0].action: adapter 'hci1' is off already");
  expect_refused(adapter("hci0", "add", 5), "w.json:11: faults[0].action: adapter 'hci0' is there already");
  expect_refused(adapter("hci0", "off", 9) + ",\n" + adapter("hci0", "remove", 5),
                 "w.json:11: faults[0].action: adapter 'hci0' is not there at this time: add it first");
  expect_refused(peripheral("appear", 5), "w.json:11: faults[0].action: peripheral C0:00:00:00:00:03 is there already");
  expect_refused(peripheral("vanish", 5) + ",\n" + peripheral("vanish", 6),
                 "w.json:12: faults[1].action: peripheral C0:00:00:00:00:03 is out of reach already");
  expect_refused(peripheral("resume", 5),
                 "w.json:11: faults[0].action: peripheral C0:00:00:00:00:03 is not stalled at this time");
  expect_refused(peripheral("stall", 5) + ",\n" + peripheral("stall", 6),
                 "w.json:12: faults[1].action: peripheral C0:00:00:00:00:03 is stalled already");
  expect_refused(
      services(first + R"(, "remove": "180d", "at_ms": 5)") + ",\n" + services(first + R"(, "remove": 32, "at_ms": 6)"),
      "w.json:12: faults[1].remove: faults[0] takes this service away");
}

TEST(WorldFaults, ServicesThatDoNotFit) {
  expect_refused(services(first + R"(, "at_ms": 5, "add": {"uuid": "fff0", "handle": 3})"),
                 "w.json:11: faults[0].add.handle: handle 3 is not free: the lowest that is, is 45");
  expect_refused(services(first + R"(, "at_ms": 5, "add": {"uuid": "fff0", "includes": [0]})"),
                 "w.json:11: faults[0].add.includes: a service that comes later includes none");
  expect_refused(services(first + R"(, "at_ms": 5, "add": {"uuid": "1801"})"),
                 "w.json:11: faults[0].add.uuid: this service is there by itself");
}

TEST(WorldFaults, SequencesThatMakeSenseAreTaken) {
  (void)taken(adapter("hci0", "on", 9) + ", " + adapter("hci0", "off", 5) + ", " + adapter("hci1", "remove", 5) + ", " +
              adapter("hci1", "add", 9) + ", " + peripheral("vanish", 5) + ", " + peripheral("appear", 8) + ", " +
              link(third + R"(, "at_ms": 8)") + ", " + link(third + R"(, "step": "before_link")") + ", " +
              services(first + R"(, "at_ms": 5, "remove": "180d")") + ", " +
              services(first + R"(, "at_ms": 5, "remove": "180f")"));
}

TEST(WorldFaults, OfBluetoothdAreReadButNotByTheSimulator) {
  const std::string text = "{\"blau_world\": 1,\n\"bluez_faults\": [{\"fault\": \"restart\", \"down_ms\": 5}]}";
  const auto world = parse_world(text, "w.json");
  ASSERT_TRUE(world.has_value()) << world.error().what();
  EXPECT_NE(world->bluez_faults, nullptr);
  try {
    (void)World::from_json(text, "w.json");
    FAIL() << "the simulator took them";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_supported);
    EXPECT_EQ(std::string(error.what()).rfind("w.json:2: bluez_faults: the simulator has no bluetoothd", 0), 0U)
        << error.what();
  }
  EXPECT_NO_THROW((void)World::from_json(R"({"blau_world": 1, "bluez_faults": []})"));
  const auto wrong = parse_world(R"({"blau_world": 1, "bluez_faults": [{"fault": 3}]})", "w.json");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_STREQ(wrong.error().what(), "w.json:1: bluez_faults[0].fault: this must be a string, not an integer");
}

}  // namespace
}  // namespace blau::sim::detail
