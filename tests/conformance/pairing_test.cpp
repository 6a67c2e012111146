// Pairing and bonds. The peripherals of the world can do no more than Just Works; what else there is shows in unit sim_pairing_test and in tests/faults/worlds_pairing_test.

#include "support.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace blau::conformance {
namespace {

class Pairing : public Case {};

const Uuid needs_encryption = own(0x0409);
const Uuid needs_authentication = own(0x040a);

/// How an operation ended that goes on beside the case.
Inbox<Result<void>> begun(Operation<void> operation) {
  const Inbox<Result<void>> ended;
  std::move(operation).start([ended](const Result<void>& result) { ended.push(result); });
  return ended;
}

/// An agent that has been asked once it is known, and never answers.
ClientOptions with_silent_agent(Event& asked) {
  ClientOptions options;
  options.pairing.confirm = [&asked](const Device&) -> Task<bool> {
    asked.set();
    co_await sleep_for(1h);
    co_return true;
  };
  return options;
}

Task<std::size_t> count_bonds() {
  const auto adapter = co_await Adapter::get_default();
  const auto devices = co_await adapter.bonded_devices();
  co_return devices.size();
}

BLAU_LINKED_CASE(Pairing, OpensWhatDemandsEncryption) {
  if (!can(rig, Ability::pairing)) co_return;
  co_await client.pair();
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e, 0xc0));
  if (rig.judges_keys()) {
    const auto more = co_await client.read_gatt_char(needs_authentication).as_result();
    expect_error(more, ErrorCode::att);
  }
  co_await client.pair();  // there is a bond already
  EXPECT_EQ(co_await count_bonds(), 1U);
  co_await client.unpair();
}

BLAU_LINKED_CASE(Pairing, ABondOutlivesItsLink) {
  if (!can(rig, Ability::pairing)) co_return;
  co_await client.pair();
  co_await client.disconnect();
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e, 0xc0));
  co_await client.unpair();
}

BLAU_CASE(Pairing, TheBondIsTold) {
  if (!can(rig, Ability::pairing)) co_return;
  Client client{gatt};
  auto changes = client.bond_changes();
  co_await client.connect();
  EXPECT_FALSE(client.is_bonded());
  co_await client.pair();
  EXPECT_TRUE(client.is_bonded());
  EXPECT_TRUE(co_await next_of(changes));
  co_await client.disconnect();
  EXPECT_TRUE(client.is_bonded());
  Client later{gatt};
  EXPECT_FALSE(later.is_bonded());
  co_await later.connect();
  EXPECT_TRUE(later.is_bonded());
  co_await later.unpair();
  EXPECT_FALSE(later.is_bonded());
}

BLAU_LINKED_CASE(Pairing, TheBondOfAnotherClientIsTold) {
  if (!can(rig, Ability::pairing)) co_return;
  auto changes = client.bond_changes();
  Client other{gatt};
  co_await other.connect();
  co_await other.pair();
  EXPECT_TRUE(co_await next_of(changes));
  EXPECT_TRUE(client.is_bonded());
  co_await other.unpair();
  EXPECT_FALSE(co_await next_of(changes));
  EXPECT_FALSE(client.is_bonded());
}

BLAU_CASE(Pairing, WithoutKeysThatAreKeptThereIsNoBond) {
  if (!can(rig, Ability::set_pairing)) co_return;
  sim::PairingOptions forgetful;
  forgetful.bonding = false;
  co_await rig.set_pairing(gatt, forgetful);
  Client client{gatt};
  co_await client.connect();
  co_await client.pair();
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e, 0xc0));
  EXPECT_FALSE(client.is_bonded());
  EXPECT_EQ(co_await count_bonds(), 0U);
  co_await client.unpair();
}

BLAU_LINKED_CASE(Pairing, ALostBondIsToldAndNothingIsRemoved) {
  if (!can(rig, Ability::lose_bond)) co_return;
  co_await client.pair();
  co_await client.disconnect();
  co_await rig.forget_bonds(gatt);
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::bond_lost);
  EXPECT_EQ(co_await count_bonds(), 1U);
  co_await client.unpair();
  co_await client.connect();
  co_await client.pair();
  co_await client.unpair();
}

BLAU_LINKED_CASE(Pairing, UnpairEndsTheLinkAndTheBond) {
  if (!can(rig, Ability::pairing)) co_return;
  co_await client.pair();
  co_await client.unpair();
  EXPECT_FALSE(client.is_connected());
  EXPECT_EQ(co_await count_bonds(), 0U);
  co_await client.unpair();  // there is none
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(needs_encryption).timeout(3s).as_result();
  EXPECT_FALSE(value.has_value());
}

/// Pairs whatever begins, by a user who agrees or not.
ClientOptions default_agent(std::function<bool()> agrees) {
  ClientOptions options;
  options.bluez.default_agent = true;
  options.pairing.confirm = [agrees = std::move(agrees)](const Device&) { return agrees(); };
  return options;
}

BLAU_CASE(Pairing, ARequestThatNeedsABondPairsFirst) {
  if (!can(rig, Ability::begin_pairing)) co_return;
  int asked = 0;
  const auto options = default_agent([&asked] { return ++asked > 0; });
  Client client{gatt, options};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e, 0xc0));
  co_await client.write_gatt_char(needs_encryption, value);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(co_await count_bonds(), 1U);
  co_await client.unpair();
}

BLAU_CASE(Pairing, AWriteThatNeedsABondPairsFirst) {
  if (!can(rig, Ability::begin_pairing)) co_return;
  const auto options = default_agent([] { return true; });
  Client client{gatt, options};
  co_await client.connect();
  co_await client.write_gatt_char(needs_encryption, bytes(0x5e, 0xc0));
  const Place place(gatt, needs_encryption);
  const auto written = co_await rig.writes(place, 1);
  const Written once{bytes(0x5e, 0xc0), true};
  EXPECT_EQ(written, std::vector<Written>{once});
  co_await client.unpair();
}

BLAU_CASE(Pairing, WhatTheAgentRefusesARequestDoesNotGet) {
  if (!can(rig, Ability::begin_pairing)) co_return;
  const auto options = default_agent([] { return false; });
  Client client{gatt, options};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(needs_encryption).as_result();
  expect_error(value, ErrorCode::pairing_rejected);
  EXPECT_EQ(co_await count_bonds(), 0U);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Pairing, NoRequestAgreesToJustWorksByItself) {
  if (!can(rig, Ability::begin_pairing)) co_return;
  ClientOptions options;
  options.bluez.default_agent = true;
  options.pairing.request_passkey = [](const Device&) { return std::optional<std::uint32_t>(1); };
  Client client{gatt, options};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(needs_encryption).as_result();
  expect_error(value, ErrorCode::pairing_rejected);
  EXPECT_EQ(co_await count_bonds(), 0U);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Pairing, ARequestThatIsNotWantedAnyMoreCallsItsPairingOff) {
  if (!can(rig, Ability::begin_pairing)) co_return;
  Event asked;
  auto options = with_silent_agent(asked);
  options.bluez.default_agent = true;
  Client client{gatt, options};
  co_await client.connect();
  std::stop_source stop;
  const Inbox<Result<Bytes>> ended;
  client.read_gatt_char(needs_encryption).cancel_with(stop.get_token()).start([ended](const Result<Bytes>& result) {
    ended.push(result);
  });
  co_await asked.wait();
  stop.request_stop();
  auto inbox = ended;
  co_await inbox.reach(1);
  expect_error(inbox.items()[0], ErrorCode::canceled);
  EXPECT_EQ(co_await count_bonds(), 0U);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Pairing, ADeviceThatBeginsAsksTheDefaultAgent) {
  if (!can(rig, Ability::begin_pairing)) co_return;
  int asked = 0;
  const auto options = default_agent([&asked] { return ++asked > 0; });
  Client client{gatt, options};
  auto changes = client.bond_changes();
  co_await client.connect();
  co_await rig.request_security(gatt);
  EXPECT_TRUE(co_await next_of(changes));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(co_await count_bonds(), 1U);
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e, 0xc0));
  co_await client.unpair();
}

BLAU_CASE(Pairing, ADeviceThatBeginsMayBeRefused) {
  if (!can(rig, Ability::begin_pairing)) co_return;
  Event asked;
  const auto options = default_agent([&asked] {
    asked.set();
    return false;
  });
  Client client{gatt, options};
  co_await client.connect();
  co_await rig.request_security(gatt);
  co_await asked.wait();
  EXPECT_EQ(co_await count_bonds(), 0U);
  EXPECT_FALSE(client.is_bonded());
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Pairing, TheAgentAgrees) {
  if (!can(rig, Ability::pairing)) co_return;
  int asked = 0;
  ClientOptions options;
  options.pairing.confirm = [&asked](const Device& device) {
    ++asked;
    return device.address() == Address(gatt);
  };
  Client client{gatt, options};
  co_await client.connect();
  co_await client.pair();
  EXPECT_EQ(asked, 1);
  co_await client.unpair();
}

BLAU_CASE(Pairing, TheAgentRefuses) {
  if (!can(rig, Ability::pairing)) co_return;
  ClientOptions options;
  options.pairing.confirm = [](const Device&) { return false; };
  Client client{gatt, options};
  co_await client.connect();
  const auto paired = co_await client.pair().as_result();
  expect_error(paired, ErrorCode::pairing_rejected);
  EXPECT_EQ(co_await count_bonds(), 0U);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Pairing, AConnectThatPairs) {
  if (!can(rig, Ability::pairing)) co_return;
  ClientOptions options;
  options.pair = true;
  Client client{gatt, options};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e, 0xc0));
  co_await client.unpair();
}

BLAU_CASE(Pairing, AConnectFailsWhereItsPairingIsRefused) {
  if (!can(rig, Ability::pairing)) co_return;
  ClientOptions options;
  options.pair = true;
  options.pairing.confirm = [](const Device&) { return false; };
  Client client{gatt, options};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::pairing_rejected);
  co_await rig.await_links(gatt, 0);
}

BLAU_CASE(Pairing, ACancelCallsItOff) {
  if (!can(rig, Ability::pairing)) co_return;
  Event asked;
  const auto options = with_silent_agent(asked);
  Client client{gatt, options};
  co_await client.connect();
  std::stop_source stop;
  auto ended = begun(client.pair().cancel_with(stop.get_token()));
  co_await asked.wait();
  stop.request_stop();
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::canceled);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Pairing, ItsTimeOutCallsItOff) {
  if (!can(rig, Ability::pairing)) co_return;
  Event asked;
  const auto options = with_silent_agent(asked);
  Client client{gatt, options};
  co_await client.connect();
  const auto paired = co_await client.pair().timeout(1s).as_result();
  expect_error(paired, ErrorCode::timed_out);
  EXPECT_TRUE(asked.is_set());
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Pairing, TheEndOfTheLinkEndsIt) {
  if (!can(rig, Ability::pairing)) co_return;
  Event asked;
  const auto options = with_silent_agent(asked);
  Client client{gatt, options};
  co_await client.connect();
  auto ended = begun(client.pair());
  co_await asked.wait();
  co_await drop_and_await(rig, client);
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::disconnected);
}

BLAU_CASE(Pairing, UnpairEndsAPairingThatIsUnderWay) {
  if (!can(rig, Ability::pairing)) co_return;
  Event asked;
  const auto options = with_silent_agent(asked);
  Client client{gatt, options};
  co_await client.connect();
  auto ended = begun(client.pair());
  co_await asked.wait();
  co_await client.unpair();
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::pairing_canceled);
  EXPECT_FALSE(client.is_connected());
}

}  // namespace
}  // namespace blau::conformance
