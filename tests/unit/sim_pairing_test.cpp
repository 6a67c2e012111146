// Pairing in the simulator: what is asked, and how it ends.

#include "sim_pairing_scene.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace blau {
namespace {

using namespace std::chrono_literals;
using sim::PairingUser;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(SimPairing, OpensWhatDemandsEncryption) {
  with_client([&](Client& client) -> Task<> {
    const auto before = co_await client.read_gatt_char("3001").as_result();
    EXPECT_EQ(before.error().att(), AttError::insufficient_authentication);
    co_await client.pair();
    EXPECT_EQ(co_await client.read_gatt_char("3001"), bytes(0x5e));
    const auto more = co_await client.read_gatt_char("3002").as_result();
    EXPECT_EQ(more.error().att(), AttError::insufficient_authentication) << "Just Works protects from nobody";
  });
  EXPECT_EQ(bonds(), 1U);
}

TEST_F(SimPairing, TakesTime) {
  answer_confirm();
  with_client([&](Client& client) -> Task<> {
    const auto began = world.elapsed();
    co_await client.pair();
    EXPECT_EQ(world.elapsed() - began, 45ms) << "three exchanges";
    co_await client.pair();
    EXPECT_EQ(world.elapsed() - began, 45ms) << "there is a bond already";
  });
  EXPECT_THAT(asked, ElementsAre("confirm"));
}

TEST_F(SimPairing, NumbersAreCompared) {
  answer_all();
  device.set_pairing({.io = Io::display_yes_no, .mitm = true});
  with_client([&](Client& client) -> Task<> {
    co_await client.pair();
    EXPECT_EQ(co_await client.read_gatt_char("3002"), bytes(0x5f));
  });
  EXPECT_THAT(asked, ElementsAre("compare"));
  EXPECT_LE(number, 999'999U);
}

TEST_F(SimPairing, AnOldDeviceComparesNoNumbers) {
  answer_all();
  EXPECT_TRUE(pair_with({.io = Io::display_yes_no, .secure_connections = false}));
  EXPECT_THAT(asked, ElementsAre("request"));
}

TEST_F(SimPairing, TheUserTypesWhatThePeripheralShows) {
  answer_request();
  EXPECT_TRUE(pair_with({.io = Io::display_only, .passkey = 7}));
  EXPECT_THAT(asked, ElementsAre("request"));
}

TEST_F(SimPairing, AWrongPasskeyFails) {
  answer_request();
  typed = 8;
  const auto ended = pair_with({.io = Io::display_only, .passkey = 7});
  EXPECT_EQ(code_of_result(ended), ErrorCode::pairing_failed);
  EXPECT_EQ(ended.error().native(), "confirm value failed (0x04)");
  EXPECT_EQ(bonds(), 0U);
}

TEST_F(SimPairing, ThePeripheralsUserTypesWhatIsShown) {
  answer_display();
  EXPECT_TRUE(pair_with({.io = Io::keyboard_only}));
  EXPECT_THAT(asked, ElementsAre("display"));
  EXPECT_LE(number, 999'999U);
}

TEST_F(SimPairing, ThePeripheralsUserTypesSomethingElse) {
  answer_display();
  EXPECT_EQ(code_of_result(pair_with({.io = Io::keyboard_only, .passkey = 1})), ErrorCode::pairing_failed);
}

TEST_F(SimPairing, BothUsersType) {
  answer_request();
  typed = 42;
  EXPECT_EQ(code_of_result(pair_with({.io = Io::keyboard_only, .passkey = 43})), ErrorCode::pairing_failed);
  EXPECT_TRUE(pair_with({.io = Io::keyboard_only, .passkey = 42}));
}

TEST_F(SimPairing, TheSameSeedGivesTheSamePasskey) {
  answer_display();
  std::vector<std::uint32_t> numbers;
  for (const std::uint64_t seed : {1, 1, 2}) {
    world = sim::World({.seed = seed});
    auto& peripheral = world.add_peripheral({.address = device_address, .pairing = {.io = Io::keyboard_only}});
    with_client([](Client& client) -> Task<> { co_await client.pair(); });
    EXPECT_FALSE(peripheral.shown_passkey());
    numbers.push_back(number);
  }
  EXPECT_EQ(numbers[0], numbers[1]);
  EXPECT_NE(numbers[0], numbers[2]);
}

TEST_F(SimPairing, WhatNobodyAnswersIsRejected) {
  answer_request();
  agent.display_passkey = nullptr;
  answer_comparison();  // so that it seems to have a display
  const auto ended = pair_with({.io = Io::keyboard_only});
  EXPECT_EQ(code_of_result(ended), ErrorCode::pairing_rejected);
  EXPECT_THAT(ended.error().what(), HasSubstr("PairingAgent::display_passkey"));
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(SimPairing, APeripheralThatDemandsProtectionTakesNoJustWorks) {
  answer_confirm();
  EXPECT_EQ(code_of_result(pair_with({.io = Io::display_yes_no, .mitm = true})), ErrorCode::pairing_failed);
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(SimPairing, OurUserRefuses) {
  answer_all();
  accepts = false;
  for (const auto io : {Io::no_input_no_output, Io::display_only, Io::keyboard_only, Io::keyboard_display})
    EXPECT_EQ(code_of_result(pair_with({.io = io})), ErrorCode::pairing_rejected);
  EXPECT_THAT(asked, ElementsAre("confirm", "request", "display", "compare"));
}

TEST_F(SimPairing, ThePeripheralsUserRefuses) {
  answer_all();
  for (const auto io : {Io::no_input_no_output, Io::display_only, Io::keyboard_only, Io::keyboard_display})
    EXPECT_EQ(code_of_result(pair_with({.io = io, .user = PairingUser::rejects})), ErrorCode::pairing_rejected);
  EXPECT_EQ(asked.size(), 4U);
  EXPECT_EQ(bonds(), 0U);
}

TEST_F(SimPairing, NobodyAnswersInTime) {
  device.set_pairing({.user = PairingUser::never});
  with_client([&](Client& client) -> Task<> {
    const auto began = world.elapsed();
    const auto ended = co_await client.pair().as_result();
    EXPECT_EQ(code_of_result(ended), ErrorCode::pairing_timed_out);
    EXPECT_EQ(world.elapsed() - began, 30s + 15ms) << "since the last message";
    device.set_pairing({});
    const auto again = co_await client.pair().as_result();
    EXPECT_EQ(code_of_result(again), ErrorCode::pairing_failed) << "not over this link";
    co_await client.disconnect();
    co_await client.connect();
    co_await client.pair();
  });
}

TEST_F(SimPairing, AFrozenPeripheralAnswersLater) {
  with_client([&](Client& client) -> Task<> {
    device.stall();
    world.after(10s, [&] { device.resume(); });
    const auto began = world.elapsed();
    co_await client.pair();
    EXPECT_EQ(world.elapsed() - began, 10s + 30ms);
  });
}

TEST_F(SimPairing, AWorldFileSaysHow) {
  answer_request();
  world = sim::World::from_json(R"({"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01", "pairing":
      {"io": "display_only", "passkey": 4711, "mitm": true, "secure_connections": false, "user": "accepts"}}]})");
  typed = 4711;
  with_client([](Client& client) -> Task<> { co_await client.pair(); });
  EXPECT_THAT(asked, ElementsAre("request"));
}

TEST_F(SimPairing, WhatCannotBeIsRefused) {
  EXPECT_THROW(device.set_pairing({.io = Io::display_only, .passkey = 1'000'000}), Error);
  EXPECT_THROW(device.set_pairing({.passkey = 1}), Error);
  EXPECT_THROW(world.add_peripheral({.address = "C0:FF:EE:00:00:02", .pairing = {.passkey = 1}}), Error);
}

}  // namespace
}  // namespace blau
