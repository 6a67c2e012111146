// What becomes of a pairing, or of a bond, when something else happens.

#include "lock.hpp"
#include "support.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stop_token>
#include <string>
#include <utility>

namespace blau::faults {
namespace {

class PairingFaults : public testing::Test {};

/// A case in a world with a peripheral that pairs like that.
#define BLAU_LOCK_CASE(name, pairing)                                      \
  static blau::Task<> fault_##name();                                      \
  TEST_F(PairingFaults, name) { play(lock_with(pairing), &fault_##name); } \
  static blau::Task<> fault_##name()

const std::string compares = R"("io": "display_yes_no")";

/// An agent that has been asked once it is known, and answers when it may.
ClientOptions slow(Event& asked, Event& may_answer) {
  ClientOptions options;
  options.pairing.confirm_passkey = [&asked, &may_answer](const Device&, std::uint32_t) -> Task<bool> {
    asked.set();
    co_await may_answer.wait();
    co_return true;
  };
  return options;
}

Inbox<Result<void>> begun(Operation<void> operation) {
  const Inbox<Result<void>> ended;
  std::move(operation).start([ended](const Result<void>& result) { ended.push(result); });
  return ended;
}

bool tells_lost_bonds() {
  const char* version = std::getenv("BLAU_RIG_BLUEZ");
  return version && std::atoi(version + 2) >= 83;
}

void tell_lock(const char* command) { (void)tell({{"command", command}, {"address", lock}}); }

/// Nothing of an earlier pairing is in the way.
Task<> expect_pairs(Client& client) {
  if (!client.is_connected()) co_await client.connect();
  co_await client.pair();
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e));
  co_await client.unpair();
}

BLAU_LOCK_CASE(ABondThatTheDeviceLostIsTold, "") {
  Client client{lock};
  co_await client.connect();
  co_await client.pair();
  co_await client.disconnect();
  tell_lock("forget_bonds");
  ConnectOptions hasty;
  hasty.timeout = 2s;
  const auto connected = co_await client.connect(hasty).as_result();
  BLAU_REQUIRE(!connected);
  if (tells_lost_bonds()) expect_error(connected, ErrorCode::bond_lost);
  co_await client.unpair();
  co_await expect_pairs(client);
}

BLAU_LOCK_CASE(TheLinkEndsWhileTheUserThinks, compares) {
  Event asked;
  Event may_answer;
  const auto options = slow(asked, may_answer);
  Client client{lock, options};
  co_await client.connect();
  auto ended = begun(client.pair());
  co_await asked.wait();
  tell_lock("drop_link");
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::disconnected);
  may_answer.set();
  co_await expect_pairs(client);
}

BLAU_LOCK_CASE(TheDaemonEndsWhileTheUserThinks, compares) {
  Event asked;
  Event may_answer;
  Event back;
  auto options = slow(asked, may_answer);
  options.reconnect.enabled = true;
  options.reconnect.on_reconnected = [&back] { back.set(); };
  Client client{lock, options};
  co_await client.connect();
  auto ended = begun(client.pair());
  co_await asked.wait();
  arm({{"fault", "restart"}, {"down_ms", 100}});
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::disconnected);
  may_answer.set();
  co_await back.wait();
  co_await expect_pairs(client);
}

BLAU_LOCK_CASE(AnotherProgramDisconnectsWhileTheUserThinks, compares) {
  Event asked;
  Event may_answer;
  const auto options = slow(asked, may_answer);
  Client client{lock, options};
  co_await client.connect();
  auto ended = begun(client.pair());
  co_await asked.wait();
  arm({{"fault", "disconnect"}, {"address", lock}});
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::pairing_canceled);
  may_answer.set();
}

BLAU_LOCK_CASE(WhatIsCalledOffLeavesNothingBehind, compares) {
  Event asked;
  Event may_answer;
  const auto options = slow(asked, may_answer);
  Client client{lock, options};
  co_await client.connect();
  std::stop_source stop;
  auto ended = begun(client.pair().cancel_with(stop.get_token()));
  co_await asked.wait();
  stop.request_stop();
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::canceled);
  EXPECT_TRUE(client.is_connected());
  may_answer.set();
  co_await expect_pairs(client);
}

BLAU_LOCK_CASE(AShownPasskeyThatNobodyTypesIsTakenBack, R"("io": "keyboard_only", "user": "never")") {
  int shown = 0;
  ClientOptions options;
  options.pairing.display_passkey = [&shown](const Device&, std::uint32_t) { return ++shown > 0; };
  Client client{lock, options};
  co_await client.connect();
  for (int time = 1; time <= 2; ++time) {
    const auto paired = co_await client.pair().timeout(500ms).as_result();
    expect_error(paired, ErrorCode::timed_out);
    EXPECT_EQ(shown, time);
  }
  EXPECT_TRUE(client.is_connected());
  co_await client.disconnect();
}

/// Core Vol 3 Part H 3.4: the pairing and the link end.
BLAU_LOCK_CASE(ADeviceThatIsSilentEndsThePairing, R"("user": "never")") {
  Client client{lock};
  co_await client.connect();
  const auto paired = co_await client.pair().as_result();
  BLAU_REQUIRE(!paired);
  expect_error(paired, ErrorCode::disconnected);
}

BLAU_LOCK_CASE(AConnectThatPairsAsks, compares) {
  Event asked;
  Event may_answer;
  may_answer.set();
  auto options = slow(asked, may_answer);
  options.pair = true;
  Client client{lock, options};
  co_await client.connect();
  EXPECT_TRUE(asked.is_set());
  const auto value = co_await client.read_gatt_char(needs_authentication);
  EXPECT_EQ(value, bytes(0x5f));
  co_await client.unpair();
}

const std::string second_lock = "C4:B1:A1:00:00:03";

Task<> pair_both() {
  Event asked;
  Event may_answer;
  const auto options = slow(asked, may_answer);
  Client first{lock, options};
  Client second{second_lock, options};
  co_await first.connect();
  co_await second.connect();
  auto one = begun(first.pair());
  auto other = begun(second.pair());
  co_await asked.wait();
  may_answer.set();
  co_await one.reach(1);
  co_await other.reach(1);
  EXPECT_TRUE(one.items()[0].has_value());
  EXPECT_TRUE(other.items()[0].has_value());
  co_await first.unpair();
  co_await second.unpair();
}

TEST_F(PairingFaults, TwoDevicesPairOneAfterTheOther) {
  play(world_of(lock_at(lock, compares) + "," + lock_at(second_lock, compares)), &pair_both);
}

}  // namespace
}  // namespace blau::faults
