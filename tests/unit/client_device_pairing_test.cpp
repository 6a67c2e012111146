// A pairing that the device begins while a connect is under way, as the backend tells of it.

#include "support/connected_client.hpp"
#include "support/manual.hpp"

#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientDevicePairing : public ClientScene {
 protected:
  ClientOptions options() override {
    auto made = ClientScene::options();
    made.bluez.default_agent = true;
    made.pairing.confirm = [this](const Device&) -> Task<bool> { co_return co_await dialog.operation(); };
    return made;
  }
  void ask() { port().events->on_pairing_question({backend::PairingQuestion::Kind::confirm, 0}, ignore()); }
  /// With the user asked while the services are discovered.
  Task<> asked_meanwhile(Started<void>& connecting) {
    port().connects.answer(Result<void>());
    ask();
    port().discoveries.answer(database);
    co_await turns(3);
    EXPECT_TRUE(connecting.pending());
  }

  Manual<bool> dialog;

 private:
  static backend::Done<backend::PairingAnswer> ignore() {
    return [](const Result<backend::PairingAnswer>&) {};
  }
};

TEST_F(ClientDevicePairing, AConnectIsOverAfterIt) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    co_await asked_meanwhile(connecting);
    dialog.complete(true);
    co_await turns(3);
    EXPECT_TRUE(connecting.pending());
    port().events->on_bond_changed(true);
    co_await turns(3);
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_TRUE(client.is_bonded());
  });
}

TEST_F(ClientDevicePairing, ARefusalEndsTheWait) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    co_await asked_meanwhile(connecting);
    dialog.complete(false);
    co_await sleep_for(1s);
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_FALSE(client.is_bonded());
  });
}

TEST_F(ClientDevicePairing, AQuestionThatIsTakenBackEndsTheWait) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    co_await asked_meanwhile(connecting);
    port().events->on_pairing_question_withdrawn();
    co_await turns(3);
    EXPECT_TRUE(connecting.succeeded());
  });
}

TEST_F(ClientDevicePairing, PeopleMayTakeLongerThanAConnectAndDevicesLessThanThat) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    co_await asked_meanwhile(connecting);
    co_await sleep_for(55s);
    EXPECT_TRUE(connecting.pending());
    dialog.complete(true);
    co_await sleep_for(4s);
    EXPECT_TRUE(connecting.pending());
    co_await sleep_for(2s);
    EXPECT_TRUE(connecting.succeeded()) << "the pairing failed, which nobody tells";
  });
}

TEST_F(ClientDevicePairing, AQuestionThatNobodyAnswersDoesNotLastForEver) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    co_await asked_meanwhile(connecting);
    co_await sleep_for(61s);
    EXPECT_TRUE(connecting.succeeded());
  });
}

TEST_F(ClientDevicePairing, WhatAPairedDeviceMayDoIsNoPairing) {
  run_virtually([this]() -> Task<> {
    auto agreeing = options();
    agreeing.pairing.authorize = [](const Device&) { return true; };
    Client client(known_device(), agreeing);
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    auto nobody = [](const Result<backend::PairingAnswer>&) {};
    port().events->on_pairing_question({backend::PairingQuestion::Kind::authorize, 0}, nobody);
    port().discoveries.answer(database);
    co_await turns(3);
    EXPECT_TRUE(connecting.succeeded());
  });
}

TEST_F(ClientDevicePairing, TheNextTryWaitsForNoneOfTheLast) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    co_await asked_meanwhile(connecting);
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await sleep_for(5s);
    EXPECT_EQ(port().connects.count(), 2);
    answer_connect();
    co_await turns(3);
    EXPECT_TRUE(connecting.succeeded());
  });
}

TEST_F(ClientDevicePairing, OneThatBeginsLaterDelaysNothing) {
  with_client([this](Client& client) -> Task<> {
    ask();
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    const Bytes value{1};
    port().reads.answer(value);
    co_await turns(3);
    EXPECT_TRUE(reading.succeeded());
    EXPECT_TRUE(client.is_connected());
  });
}

}  // namespace
}  // namespace blau::test
