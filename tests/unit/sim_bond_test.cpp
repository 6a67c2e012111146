// Bonds in the simulator: what is kept, by whom, and how it ends. And pairings that do not get that far.

#include "sim_pairing_scene.hpp"
#include "support/manual.hpp"
#include "support/started.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <stop_token>

namespace blau {
namespace {

using namespace std::chrono_literals;
using test::Manual;
using test::Started;

struct SimBond : SimPairing {
  /// The agent asks in a dialog that nobody answers.
  void ask_in_a_dialog() {
    agent.confirm = [this](const Device&) -> Task<bool> { co_return co_await dialog.operation(); };
  }
  Manual<bool> dialog;
};

TEST_F(SimBond, ALinkToABondedDeviceIsEncrypted) {
  with_client([&](Client& client) -> Task<> {
    co_await client.pair();
    co_await client.disconnect();
    co_await client.connect();
    EXPECT_EQ(co_await client.read_gatt_char("3001"), bytes(0x5e));
  });
  with_client([](Client& client) -> Task<> { co_await client.read_gatt_char("3001"); });
}

TEST_F(SimBond, ThePeripheralRemembersSubscriptions) {
  with_client([&](Client& client) -> Task<> {
    co_await client.pair();
    auto ignore = [](const Characteristic&, ByteView) {};
    co_await client.start_notify("3001", ignore);
    device.drop_link();
    co_await sleep_for(1s);
    EXPECT_EQ(encrypted.subscribers(), 0U);
    co_await client.connect();
    EXPECT_EQ(encrypted.subscribers(), 1U);
  });
}

TEST_F(SimBond, WithoutBondingTheKeysEndWithTheLink) {
  device.set_pairing({.bonding = false});
  with_client([&](Client& client) -> Task<> {
    co_await client.pair();
    EXPECT_EQ(co_await client.read_gatt_char("3001"), bytes(0x5e));
    co_await client.disconnect();
    co_await client.connect();
    const auto after = co_await client.read_gatt_char("3001").as_result();
    EXPECT_FALSE(after.has_value());
  });
  EXPECT_EQ(bonds(), 0U);
}

TEST_F(SimBond, UnpairEndsTheLinkAndTheBond) {
  std::vector<DisconnectReason> reasons;
  with_client([&](Client& first) -> Task<> {
    auto own = options();
    own.on_disconnected = [&](const Disconnection& d) { reasons.push_back(d.reason); };
    Client client{device_address, own};
    co_await client.connect();
    co_await client.pair();
    co_await client.unpair();
    EXPECT_FALSE(client.is_connected());
    EXPECT_FALSE(first.is_connected()) << "the link was one";
    EXPECT_THAT(reasons, testing::ElementsAre(DisconnectReason::local));
    co_await client.connect();
    const auto after = co_await client.read_gatt_char("3001").as_result();
    EXPECT_FALSE(after.has_value());
    co_await client.pair();
    EXPECT_EQ(co_await client.read_gatt_char("3001"), bytes(0x5e));
    co_await client.disconnect();
    co_await client.unpair();
    co_await client.unpair();
  });
  EXPECT_EQ(bonds(), 0U);
}

TEST_F(SimBond, ALostBondIsToldAndKept) {
  with_client([&](Client& client) -> Task<> {
    co_await client.pair();
    device.forget_bonds();
    EXPECT_EQ(co_await client.read_gatt_char("3001"), bytes(0x5e)) << "this link is encrypted";
    co_await client.disconnect();
    for (int i = 0; i < 2; ++i) {
      const auto up = co_await client.connect().as_result();
      EXPECT_EQ(code_of_result(up), ErrorCode::bond_lost);
      EXPECT_THAT(up.error().what(), testing::HasSubstr("unpair"));
    }
    EXPECT_FALSE(device.connected());
    co_await client.unpair();
    co_await client.connect();
    co_await client.pair();
  });
  EXPECT_EQ(bonds(), 1U);
}

TEST_F(SimBond, AConnectThatPairs) {
  auto body = [&]() -> Task<> {
    auto own = options();
    own.pair = true;
    Client client{device_address, own};
    co_await client.connect();
    EXPECT_EQ(co_await client.read_gatt_char("3001"), bytes(0x5e));
  };
  world.run(body);
}

TEST_F(SimBond, AConnectFailsWhereItsPairingDoes) {
  device.set_pairing({.user = sim::PairingUser::rejects});
  auto body = [&]() -> Task<> {
    auto own = options();
    own.pair = true;
    Client client{device_address, own};
    const auto up = co_await client.connect().as_result();
    EXPECT_EQ(code_of_result(up), ErrorCode::pairing_rejected);
    co_await sleep_for(1s);
    EXPECT_FALSE(device.connected());
  };
  world.run(body);
}

TEST_F(SimBond, APairingThatIsCanceledMayBeginAgain) {
  ask_in_a_dialog();
  with_client([&](Client& client) -> Task<> {
    std::stop_source stop;
    Started<void> pairing(client.pair().cancel_with(stop.get_token()));
    co_await sleep_for(1s);
    EXPECT_EQ(dialog.begun(), 1);
    stop.request_stop();
    co_await sleep_for(1s);
    EXPECT_EQ(pairing.failure(), ErrorCode::canceled);
    EXPECT_EQ(dialog.early_ends(), 1);
    Started<void> again(client.pair());
    co_await sleep_for(1s);
    dialog.complete(true);
    co_await sleep_for(1s);
    EXPECT_TRUE(again.succeeded());
  });
}

TEST_F(SimBond, TheEndOfTheLinkEndsThePairing) {
  ask_in_a_dialog();
  with_client([&](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    co_await sleep_for(1s);
    device.drop_link();
    co_await sleep_for(1s);
    EXPECT_EQ(pairing.failure(), ErrorCode::disconnected);
    EXPECT_EQ(dialog.early_ends(), 1);
    co_await client.connect();
    Started<void> again(client.pair());
    co_await sleep_for(1s);
    world.adapter().set_powered(false);
    co_await sleep_for(1s);
    EXPECT_EQ(again.failure(), ErrorCode::disconnected);
    EXPECT_EQ(dialog.early_ends(), 2);
  });
}

TEST_F(SimBond, OnePairingAtATime) {
  ask_in_a_dialog();
  with_client([&](Client& first) -> Task<> {
    Client second{device_address, options()};
    co_await second.connect();
    Started<void> pairing(first.pair());
    co_await sleep_for(1s);
    const auto refused = co_await second.pair().as_result();
    EXPECT_EQ(code_of_result(refused), ErrorCode::busy);
    co_await first.disconnect();  // the link stays, for the second one
    EXPECT_EQ(pairing.failure(), ErrorCode::disconnected);
    Started<void> again(second.pair());
    co_await sleep_for(1s);
    dialog.complete(true);
    co_await sleep_for(1s);
    EXPECT_TRUE(again.succeeded());
  });
}

TEST_F(SimBond, UnpairByAnotherClientCallsAPairingOff) {
  with_client([&](Client& first) -> Task<> {
    Client second{device_address, options()};
    co_await second.connect();
    Started<void> pairing(first.pair());
    co_await sleep_for(40ms);  // the keys are on their way, for 5 ms more; the link needs 15 to end
    co_await second.unpair();
    co_await sleep_for(1s);
    EXPECT_EQ(pairing.failure(), ErrorCode::disconnected);
  });
  EXPECT_EQ(bonds(), 0U);
}

TEST_F(SimBond, ABondedDeviceIsConnectedToWithoutAScan) {
  with_client([](Client& client) -> Task<> { co_await client.pair(); });
  device.advertise(false);
  auto body = [&]() -> Task<> {
    Client client{device_address};
    Started<void> connecting(client.connect());
    co_await sleep_for(5s);
    EXPECT_TRUE(connecting.pending());
    device.advertise(true);
    co_await sleep_for(1s);
    EXPECT_TRUE(connecting.succeeded());
  };
  world.run(body);
}

TEST_F(SimBond, ADeviceThatWantsSecurityIsAnsweredByTheDefaultAgentAlone) {
  answer_confirm();
  for (const bool is_default : {false, true}) {
    auto run = [&]() -> Task<> {
      auto own = options();
      own.bluez.default_agent = is_default;
      Client client{device_address, own};
      co_await client.connect();
      device.request_security();
      co_await sleep_for(1s);
      EXPECT_EQ(client.is_bonded(), is_default);
      EXPECT_EQ(asked.size(), is_default ? 1U : 0U);
    };
    world.run(run);
  }
  EXPECT_EQ(bonds(), 1U);
}

TEST_F(SimBond, APairingThatTheDeviceBeganServesPairAsWell) {
  ask_in_a_dialog();
  auto run = [&]() -> Task<> {
    auto own = options();
    own.bluez.default_agent = true;
    Client client{device_address, own};
    co_await client.connect();
    device.request_security();
    co_await sleep_for(1s);
    Started<void> pairing(client.pair());
    co_await sleep_for(1s);
    EXPECT_TRUE(pairing.pending());
    dialog.complete(true);
    co_await sleep_for(1s);
    EXPECT_TRUE(pairing.succeeded());
    EXPECT_EQ(dialog.begun(), 1);
  };
  world.run(run);
}

TEST_F(SimBond, JustWorksThatTheDeviceBeganIsWantedByPair) {
  answer_request();
  for (const bool wanted : {false, true}) {
    auto run = [&]() -> Task<> {
      auto own = options();
      own.bluez.default_agent = true;
      Client client{device_address, own};
      co_await client.connect();
      device.request_security();
      co_await sleep_for(1ms);
      if (wanted) co_await client.pair();
      co_await sleep_for(1s);
      EXPECT_EQ(client.is_bonded(), wanted);
    };
    world.run(run);
  }
}

TEST_F(SimBond, AConnectWaitsForThePairingThatTheDeviceBegins) {
  ask_in_a_dialog();
  device.on_connected([this] { device.request_security(); });
  auto run = [&]() -> Task<> {
    auto own = options();
    own.bluez.default_agent = true;
    Client client{device_address, own};
    Started<void> connecting(client.connect());
    co_await sleep_for(20s);
    EXPECT_TRUE(connecting.pending());
    EXPECT_EQ(dialog.begun(), 1);
    dialog.complete(true);
    co_await sleep_for(1s);
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_TRUE(client.is_bonded());
  };
  world.run(run);
}

}  // namespace
}  // namespace blau
