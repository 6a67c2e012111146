// Pairings that ask something, on the same world files in the simulator and on the imitated bluetoothd.

#include "lock.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace blau::faults {
namespace {

class WorldPairing : public testing::Test {};

/// A case in a world with such a peripheral.
#define BLAU_PAIRING_CASE(name, pairing)                                    \
  static blau::Task<> pairing_##name();                                     \
  TEST_F(WorldPairing, name) { play(lock_with(pairing), &pairing_##name); } \
  static blau::Task<> pairing_##name()

/// What the user was asked, and answers yes to.
struct User {
  std::vector<std::string> asked;
  std::optional<std::uint32_t> typed;
};

ClientOptions typing(User& user) {
  ClientOptions options;
  options.pairing.request_passkey = [&user](const Device&) {
    user.asked.emplace_back("request");
    return user.typed;
  };
  return options;
}

ClientOptions showing(User& user) {
  ClientOptions options;
  options.pairing.display_passkey = [&user](const Device&, std::uint32_t) {
    user.asked.emplace_back("display");
    return true;
  };
  return options;
}

ClientOptions comparing(User& user, bool same) {
  ClientOptions options;
  options.pairing.confirm_passkey = [&user, same](const Device&, std::uint32_t) {
    user.asked.emplace_back("compare");
    return same;
  };
  return options;
}

/// Pairs, after which nothing is hidden, and takes the bond back.
Task<> expect_opened(Client& client) {
  co_await client.connect();
  co_await client.pair();
  const auto value = co_await client.read_gatt_char(needs_authentication);
  EXPECT_EQ(value, bytes(0x5f));
  co_await client.unpair();
}

Task<> expect_refused(Client& client, ErrorCode code) {
  co_await client.connect();
  const auto paired = co_await client.pair().as_result();
  expect_error(paired, code);
  const auto adapter = co_await Adapter::get_default();
  const auto bonds = co_await adapter.bonded_devices();
  EXPECT_TRUE(bonds.empty());
  co_await client.disconnect();
}

BLAU_PAIRING_CASE(NumbersAreCompared, R"("io": "display_yes_no")") {
  User user;
  Client client{lock, comparing(user, true)};
  co_await expect_opened(client);
  EXPECT_EQ(user.asked, std::vector<std::string>{"compare"});
}

BLAU_PAIRING_CASE(OtherNumbersAreRefused, R"("io": "display_yes_no")") {
  User user;
  Client client{lock, comparing(user, false)};
  co_await expect_refused(client, ErrorCode::pairing_rejected);
}

BLAU_PAIRING_CASE(ThePasskeyOfTheDeviceIsTyped, R"("io": "display_only", "passkey": 42)") {
  User user;
  user.typed = 42;
  Client client{lock, typing(user)};
  co_await expect_opened(client);
  EXPECT_EQ(user.asked, std::vector<std::string>{"request"});
}

BLAU_PAIRING_CASE(AnotherPasskeyFails, R"("io": "display_only", "passkey": 42)") {
  User user;
  user.typed = 43;
  Client client{lock, typing(user)};
  co_await expect_refused(client, ErrorCode::pairing_failed);
}

BLAU_PAIRING_CASE(NoPasskeyIsARefusal, R"("io": "display_only", "passkey": 42)") {
  User user;
  Client client{lock, typing(user)};
  co_await expect_refused(client, ErrorCode::pairing_rejected);
}

BLAU_PAIRING_CASE(BothTypeTheSame, R"("io": "keyboard_only", "passkey": 7)") {
  User user;
  user.typed = 7;
  Client client{lock, typing(user)};
  co_await expect_opened(client);
}

BLAU_PAIRING_CASE(APasskeyIsShown, R"("io": "keyboard_only")") {
  User user;
  Client client{lock, showing(user)};
  co_await expect_opened(client);
  EXPECT_EQ(user.asked, std::vector<std::string>{"display"});
}

BLAU_PAIRING_CASE(AShownPasskeyThatIsTypedWrongFails, R"("io": "keyboard_only", "passkey": 0)") {
  User user;
  Client client{lock, showing(user)};
  co_await expect_refused(client, ErrorCode::pairing_failed);
}

BLAU_PAIRING_CASE(JustWorksIsNotEnough, R"("mitm": true)") {
  Client client{lock};
  co_await expect_refused(client, ErrorCode::pairing_failed);
}

BLAU_PAIRING_CASE(JustWorksOpensWhatOnlyWantsEncryption, R"("io": "display_yes_no")") {
  Client client{lock};
  co_await client.connect();
  co_await client.pair();
  const auto value = co_await client.read_gatt_char(needs_encryption);
  EXPECT_EQ(value, bytes(0x5e));
  const auto more = co_await client.read_gatt_char(needs_authentication).as_result();
  expect_error(more, ErrorCode::att);
  co_await client.unpair();
}

}  // namespace
}  // namespace blau::faults
