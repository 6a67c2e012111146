// A machine with several adapters: which one is used, and what is told of each.

#include "support.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace blau::conformance {
namespace {

class TwoAdapters : public Case {};

std::vector<RigAdapter> called(std::initializer_list<const char*> names) {
  std::vector<RigAdapter> adapters;
  for (const char* name : names) adapters.emplace_back(name);
  return adapters;
}

/// `hci0` and `hci1`.
Task<std::vector<Adapter>> two_adapters(Rig& rig) {
  const auto both = called({"hci0", "hci1"});
  co_await rig.set_adapters(both);
  // What the system said before it answers this has arrived.
  Scanner scanner;
  co_await scanner.start();
  co_await scanner.stop();
  auto all = co_await Adapter::all();
  if (all.size() != 2) throw Error(ErrorCode::failed, "the machine has not two adapters");
  co_return all;
}

/// The next state that is so. @throws Error `timed_out`
Task<AdapterState> state_that(Stream<AdapterState>& states, std::function<bool(const AdapterState&)> is_so) {
  for (;;) {
    auto state = co_await next_of(states);
    if (is_so(state)) co_return state;
  }
}

/// What options select it by.
std::vector<std::string> words_for(const Adapter& adapter) { return {adapter.id(), adapter.address().to_string()}; }

BLAU_CASE(TwoAdapters, BothAreListedAndTheFirstIsTheDefault) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  EXPECT_EQ(all[0].id(), "hci0");
  EXPECT_EQ(all[1].id(), "hci1");
  EXPECT_NE(all[0].address(), all[1].address());
  EXPECT_TRUE(all[0].is_default());
  EXPECT_FALSE(all[1].is_default());
  EXPECT_TRUE(all[1].powered());
  EXPECT_FALSE(all[1].unusable().has_value());
}

BLAU_CASE(TwoAdapters, AScannerListensByTheOneThatItNames) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  for (const auto& adapter : all) {
    for (const auto& words : words_for(adapter)) {
      ScannerOptions options;
      options.adapter = words;
      Scanner scanner{options};
      auto sightings = scanner.advertisements();
      co_await scanner.start();
      for (int i = 0; i < 3; ++i) {
        const auto seen = co_await next_of(sightings);
        EXPECT_EQ(seen.device.adapter(), adapter.id()) << words;
      }
      co_await scanner.stop();
    }
  }
}

BLAU_CASE(TwoAdapters, TheHelpersTakeOneToo) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  ScannerOptions options;
  options.adapter = all[1].address().to_string();
  const auto by_name = co_await Scanner::find_device_by_name("Blau Spare", patience, options);
  BLAU_REQUIRE(by_name.has_value());
  EXPECT_EQ(by_name->adapter(), "hci1");
  auto is_tag = [](const Device& device, const AdvertisementData&) { return device.address().to_string() == tag; };
  const auto by_filter = co_await Scanner::find_device_by_filter(is_tag, patience, options);
  BLAU_REQUIRE(by_filter.has_value());
  EXPECT_EQ(by_filter->adapter(), "hci1");
  const auto seen = co_await Scanner::discover(1s, options);
  EXPECT_FALSE(seen.empty());
  for (const auto& sighting : seen) EXPECT_EQ(sighting.device.adapter(), "hci1");
}

BLAU_CASE(TwoAdapters, TwoScannersListenByOneEach) {
  if (!can(rig, Ability::several_adapters)) co_return;
  (void)co_await two_adapters(rig);
  ScannerOptions by_first;
  by_first.adapter = "hci0";
  ScannerOptions by_second;
  by_second.adapter = "hci1";
  Scanner first{by_first};
  Scanner second{by_second};
  auto first_sightings = first.advertisements();
  auto second_sightings = second.advertisements();
  co_await when_all(first.start(), second.start());
  for (int i = 0; i < 5; ++i) {
    const auto [a, b] = co_await when_all(next_of(first_sightings), next_of(second_sightings));
    EXPECT_EQ(a.device.adapter(), "hci0");
    EXPECT_EQ(b.device.adapter(), "hci1");
  }
  co_await when_all(first.stop(), second.stop());
}

/// Connects, and looks which adapter has the link.
Task<> expect_link_by(const std::vector<Adapter>& all, const std::string& id, Client& client) {
  co_await client.connect();
  for (const auto& adapter : all) {
    const auto devices = co_await adapter.connected_devices();
    EXPECT_EQ(devices.size(), adapter.id() == id ? 1U : 0U) << adapter.id();
    for (const auto& device : devices) EXPECT_EQ(device.adapter(), id);
  }
  const auto value = co_await client.read_gatt_char(own(0x0d01));
  EXPECT_EQ(value, bytes(0x0d, 0x01));
  co_await client.disconnect();
}

BLAU_CASE(TwoAdapters, AClientConnectsByTheOneThatItNames) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  for (const auto& words : words_for(all[1])) {
    ClientOptions options;
    options.adapter = words;
    Client client{spare, options};
    co_await expect_link_by(all, "hci1", client);
  }
  Client by_default{spare};
  co_await expect_link_by(all, "hci0", by_default);
}

BLAU_CASE(TwoAdapters, ADeviceIsConnectedByTheOneThatHeardIt) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  ScannerOptions options;
  options.adapter = "hci1";
  const auto found = co_await Scanner::find_device_by_address(spare, patience, options);
  BLAU_REQUIRE(found.has_value());
  Client client{*found};
  co_await expect_link_by(all, "hci1", client);
}

BLAU_CASE(TwoAdapters, AnUnknownOneIsNamedWithThoseThatThereAre) {
  if (!can(rig, Ability::several_adapters)) co_return;
  (void)co_await two_adapters(rig);
  ScannerOptions options;
  options.adapter = "02:00:00:00:00:77";
  Scanner scanner{options};
  const auto started = co_await scanner.start().as_result();
  expect_error(started, ErrorCode::invalid_argument);
  if (!started) {
    EXPECT_NE(std::string(started.error().what()).find("hci1"), std::string::npos);
  }
}

BLAU_CASE(TwoAdapters, TheDefaultIsTheFirstThatCanBeUsed) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  auto first = all[0].state_changes();
  auto second = all[1].state_changes();
  co_await rig.switch_one("hci0", false);
  const auto off = co_await state_that(first, [](const AdapterState& state) { return !state.powered; });
  EXPECT_FALSE(off.is_default);
  const auto heir = co_await state_that(second, [](const AdapterState& state) { return state.is_default; });
  EXPECT_EQ(heir.id, "hci1");
  const auto chosen = co_await Adapter::get_default();
  EXPECT_EQ(chosen.id(), "hci1");
  const auto found = co_await Scanner::find_device_by_address(spare, patience);
  BLAU_REQUIRE(found.has_value());
  EXPECT_EQ(found->adapter(), "hci1");
  Client client{spare};
  co_await expect_link_by(all, "hci1", client);

  co_await rig.switch_one("hci0", true);
  const auto back = co_await state_that(first, [](const AdapterState& state) { return state.is_default; });
  EXPECT_TRUE(back.powered);
  const auto deposed = co_await state_that(second, [](const AdapterState& state) { return !state.is_default; });
  EXPECT_TRUE(deposed.powered);
}

BLAU_CASE(TwoAdapters, OneThatIsOffIsNotReplacedWhereItIsNamed) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  auto states = all[1].state_changes();
  co_await rig.switch_one("hci1", false);
  (void)co_await state_that(states, [](const AdapterState& state) { return !state.powered; });
  ScannerOptions options;
  options.adapter = "hci1";
  Scanner scanner{options};
  const auto started = co_await scanner.start().as_result();
  expect_error(started, ErrorCode::bluetooth_not_available);
  ClientOptions through;
  through.adapter = all[1].address().to_string();
  Client client{spare, through};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::bluetooth_not_available);
}

BLAU_CASE(TwoAdapters, OneThatIsTakenAwayEndsWhatItDid) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await two_adapters(rig);
  auto states = all[1].state_changes();
  ScannerOptions options;
  options.adapter = "hci1";
  options.resume = false;
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();

  const auto alone = called({"hci0"});
  co_await rig.set_adapters(alone);
  co_await drain(states);
  BLAU_REQUIRE(states.end_reason().has_value());
  EXPECT_EQ(states.end_reason()->code(), ErrorCode::bluetooth_not_available);
  EXPECT_EQ(states.end_reason()->unavailable_reason(), UnavailableReason::no_adapter);
  co_await drain(sightings);
  BLAU_REQUIRE(sightings.end_reason().has_value());
  EXPECT_EQ(sightings.end_reason()->code(), ErrorCode::bluetooth_not_available);
  const auto left = co_await Adapter::all();
  BLAU_REQUIRE(left.size() == 1);
  EXPECT_EQ(left[0].id(), "hci0");
  const auto connected = co_await all[1].connected_devices().as_result();
  expect_error(connected, ErrorCode::bluetooth_not_available);
  const auto bonded = co_await all[1].bonded_devices().as_result();
  expect_error(bonded, ErrorCode::bluetooth_not_available);
}

BLAU_CASE(TwoAdapters, ARadioSwitchIsAReasonOfItsOwn) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto all = co_await Adapter::all();
  BLAU_REQUIRE(all.size() == 1);
  auto states = all[0].state_changes();
  auto blocked = called({"hci0"});
  blocked[0].blocked = true;
  co_await rig.set_adapters(blocked);
  const auto is_blocked = [](const AdapterState& state) { return state.unusable == UnavailableReason::blocked; };
  const auto told = co_await state_that(states, is_blocked);
  EXPECT_FALSE(told.powered);
  const auto none = co_await Adapter::get_default().as_result();
  expect_error(none, ErrorCode::bluetooth_not_available);
  if (!none) {
    EXPECT_EQ(none.error().unavailable_reason(), UnavailableReason::blocked);
  }
  const auto unblocked = called({"hci0"});
  co_await rig.set_adapters(unblocked);
  const auto usable = co_await state_that(states, [](const AdapterState& state) { return !state.unusable; });
  EXPECT_TRUE(usable.powered);
}

BLAU_CASE(TwoAdapters, EachTurnOfTheSwitchIsToldOnceAndInOrder) {
  if (!can(rig, Ability::several_adapters)) co_return;
  const auto adapter = co_await Adapter::get_default();
  auto states = adapter.state_changes();
  auto others = adapter.state_changes();  // another reader of the same
  std::vector<bool> told;
  for (const bool on : {false, true, false, true}) {
    co_await rig.set_powered(on);
    const auto state = co_await state_that(states, [on](const AdapterState& now) { return now.powered == on; });
    EXPECT_EQ(state.id, adapter.id());
    EXPECT_EQ(state.address, adapter.address());
    EXPECT_EQ(state.unusable.has_value(), !on);
  }
  bool last = true;
  while (told.size() < 4) {
    const auto state = co_await next_of(others);
    if (state.powered != last) told.push_back(last = state.powered);
  }
  const std::vector<bool> turns{false, true, false, true};
  EXPECT_EQ(told, turns);
}

}  // namespace
}  // namespace blau::conformance
