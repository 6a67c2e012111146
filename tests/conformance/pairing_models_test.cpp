// What a pairing asks of both users, by what the two devices can show and enter (Core Vol 3 Part H 2.3.5.1).

#include "support.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace blau::conformance {
namespace {

class PairingModels : public Case {};

using sim::IoCapability;

const Uuid needs_protected_key = own(0x040a);
/// Secure connections. A name of its own: GCC 12 loses a list in a coroutine's loop.
constexpr std::array<bool, 2> with_and_without{true, false};

sim::PairingOptions that_can(IoCapability io) {
  sim::PairingOptions options;
  options.io = io;
  return options;
}

/// The user types here what `shown` says, which may read the peripheral's display.
template <class F>
ClientOptions with_typing_agent(F shown) {
  ClientOptions options;
  options.pairing.request_passkey = [shown](const Device&) -> Task<std::optional<std::uint32_t>> {
    const auto passkey = co_await shown();
    co_return passkey;
  };
  return options;
}

/// The user looks at both displays.
ClientOptions with_comparing_agent(Rig& rig) {
  ClientOptions options;
  options.pairing.confirm_passkey = [&rig](const Device&, std::uint32_t here) -> Task<bool> {
    const auto there = co_await rig.shown_passkey(gatt);
    co_return here == there;
  };
  return options;
}

/// The user lets the peripheral's user type what is shown here.
ClientOptions with_showing_agent(Rig& rig) {
  ClientOptions options;
  options.pairing.display_passkey = [&rig](const Device&, std::uint32_t shown) -> Task<bool> {
    co_await rig.type_passkey(gatt, shown);
    co_return true;
  };
  return options;
}

/// They pair, and the key counts as protected.
Task<> expect_protected_bond(ClientOptions options) {
  Client client{gatt, std::move(options)};
  co_await client.connect();
  co_await client.pair();
  const auto value = co_await client.read_gatt_char(needs_protected_key);
  EXPECT_EQ(value, bytes(0x5e, 0xc1));
  co_await client.unpair();
}

Task<> expect_no_bond(Rig& rig, ClientOptions options, ErrorCode code) {
  Client client{gatt, std::move(options)};
  co_await client.connect();
  const auto paired = co_await client.pair().as_result();
  expect_error(paired, code);
  const auto adapter = co_await Adapter::get_default();
  const auto bonded = co_await adapter.bonded_devices();
  EXPECT_TRUE(bonded.empty());
  // A system may end the link of a pairing that failed.
  if (client.is_connected()) co_await rig.drop_link(gatt);
  co_await rig.await_links(gatt, 0);
  co_await client.disconnect();
}

BLAU_CASE(PairingModels, ThePasskeyIsTypedHere) {
  if (!can(rig, Ability::set_pairing)) co_return;
  for (const bool secure : with_and_without) {
    auto display = that_can(IoCapability::display_only);
    display.secure_connections = secure;
    co_await rig.set_pairing(gatt, display);
    auto read_display = [&rig] { return rig.shown_passkey(gatt); };
    auto options = with_typing_agent(read_display);
    co_await expect_protected_bond(std::move(options));
  }
}

BLAU_CASE(PairingModels, ThePasskeyIsTypedThere) {
  if (!can(rig, Ability::set_pairing)) co_return;
  for (const bool secure : with_and_without) {
    auto keyboard = that_can(IoCapability::keyboard_only);
    keyboard.secure_connections = secure;
    co_await rig.set_pairing(gatt, keyboard);
    auto options = with_showing_agent(rig);
    co_await expect_protected_bond(std::move(options));
  }
}

BLAU_CASE(PairingModels, TheNumbersAreEqual) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto comparing = that_can(IoCapability::display_yes_no);
  co_await rig.set_pairing(gatt, comparing);
  auto options = with_comparing_agent(rig);
  co_await expect_protected_bond(std::move(options));
}

BLAU_CASE(PairingModels, WhoCanDoEverythingComparesNumbers) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto everything = that_can(IoCapability::keyboard_display);
  co_await rig.set_pairing(gatt, everything);
  auto options = with_comparing_agent(rig);
  options.pairing.request_passkey = [](const Device&) { return std::optional<std::uint32_t>(); };
  options.pairing.display_passkey = [](const Device&, std::uint32_t) { return false; };
  co_await expect_protected_bond(std::move(options));
}

BLAU_CASE(PairingModels, NumbersThatDifferAreRefused) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto comparing = that_can(IoCapability::display_yes_no);
  co_await rig.set_pairing(gatt, comparing);
  ClientOptions options;
  options.pairing.confirm_passkey = [](const Device&, std::uint32_t) { return false; };
  co_await expect_no_bond(rig, std::move(options), ErrorCode::pairing_rejected);
}

BLAU_CASE(PairingModels, AWrongPasskeyIsTypedHere) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto display = that_can(IoCapability::display_only);
  display.passkey = 123456;
  co_await rig.set_pairing(gatt, display);
  auto mistype = []() -> Task<std::uint32_t> { co_return 654321; };
  auto options = with_typing_agent(mistype);
  co_await expect_no_bond(rig, std::move(options), ErrorCode::pairing_failed);
}

BLAU_CASE(PairingModels, AWrongPasskeyIsTypedThere) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto keyboard = that_can(IoCapability::keyboard_only);
  keyboard.passkey = 7;  // one in a million that it is the right one
  co_await rig.set_pairing(gatt, keyboard);
  auto options = with_showing_agent(rig);
  co_await expect_no_bond(rig, std::move(options), ErrorCode::pairing_failed);
}

BLAU_CASE(PairingModels, NobodyTypesHere) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto display = that_can(IoCapability::display_only);
  co_await rig.set_pairing(gatt, display);
  ClientOptions options;
  options.pairing.request_passkey = [](const Device&) { return std::optional<std::uint32_t>(); };
  co_await expect_no_bond(rig, std::move(options), ErrorCode::pairing_rejected);
}

BLAU_CASE(PairingModels, NobodyShowsHere) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto keyboard = that_can(IoCapability::keyboard_only);
  co_await rig.set_pairing(gatt, keyboard);
  auto options = with_comparing_agent(rig);  // a display, but nothing that shows a passkey
  co_await expect_no_bond(rig, std::move(options), ErrorCode::pairing_rejected);
}

BLAU_CASE(PairingModels, ThePeripheralsUserRefuses) {
  if (!can(rig, Ability::set_pairing)) co_return;
  auto comparing = that_can(IoCapability::display_yes_no);
  comparing.user = sim::PairingUser::rejects;
  co_await rig.set_pairing(gatt, comparing);
  auto options = with_comparing_agent(rig);
  // bluetoothd does not tell a refusal from a failure.
  const auto code = rig.is_simulated() ? ErrorCode::pairing_rejected : ErrorCode::pairing_failed;
  co_await expect_no_bond(rig, std::move(options), code);
}

BLAU_CASE(PairingModels, JustWorksIsNotEnoughForThePeripheral) {
  if (!can(rig, Ability::set_pairing)) co_return;
  sim::PairingOptions demanding;
  demanding.mitm = true;
  co_await rig.set_pairing(gatt, demanding);
  co_await expect_no_bond(rig, ClientOptions(), ErrorCode::pairing_failed);
}

}  // namespace
}  // namespace blau::conformance
