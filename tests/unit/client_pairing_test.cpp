// Pairing of a client, against a backend that asks and answers when the test says.

#include "core/client_core.hpp"
#include "support/connected_client.hpp"
#include "support/manual.hpp"

#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace blau::test {
namespace {

using namespace std::chrono_literals;
using Kind = backend::PairingQuestion::Kind;

/// What became of a question that the backend asked.
struct Asked {
  std::optional<backend::PairingAnswer> answer;
  backend::Done<backend::PairingAnswer> done() {
    return [this](Result<backend::PairingAnswer> given) { answer = given.value(); };
  }
};

class ClientPairing : public ClientScene {
 protected:
  ClientOptions options() override {
    auto made = ClientScene::options();
    made.pairing = agent;
    return made;
  }
  /// An agent whose passkey comes from a dialog that the test answers.
  void ask_in_a_dialog() {
    agent.request_passkey = [this](const Device&) -> Task<std::optional<std::uint32_t>> {
      ++dialogs;
      const std::unique_ptr<int, void (*)(int*)> closed(&dialogs_closed, [](int* count) { ++*count; });
      co_return co_await dialog.operation();
    };
  }
  void ask(Asked& asked, Kind kind, std::uint32_t passkey = 0) {
    port().events->on_pairing_question({kind, passkey}, asked.done());
  }

  PairingAgent agent;
  Manual<std::uint32_t> dialog;
  int dialogs = 0;
  int dialogs_closed = 0;
};

TEST_F(ClientPairing, TheAgentAnswersTheQuestion) {
  ask_in_a_dialog();
  with_client([this](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    EXPECT_EQ(port().pair_requests.at(0).answers, std::vector{Kind::request_passkey});
    Asked asked;
    ask(asked, Kind::request_passkey);
    co_await turns();
    EXPECT_FALSE(asked.answer);
    dialog.complete(123456);
    co_await turns(3);
    EXPECT_TRUE(asked.answer && asked.answer->accepted);
    EXPECT_EQ(asked.answer->passkey, 123456U);
    port().pairs.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(pairing.succeeded());
  });
}

TEST_F(ClientPairing, ConnectThatPairsIsOverAfterThePairing) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.pair = true;
    Client client(known_device(), own);
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    co_await turns();
    EXPECT_EQ(port().discoveries.count(), 0);
    port().pairs.answer(Result<void>());
    port().discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
  });
}

TEST_F(ClientPairing, WhatTheSystemRefusesIsTheResult) {
  with_client([this](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    Started<void> unpairing(client.unpair());
    port().pairs.answer(Error(ErrorCode::not_supported, "no pairing here"));
    port().unpairs.answer(Error(ErrorCode::not_supported, "no pairing here"));
    co_await turns();
    EXPECT_EQ(pairing.failure(), ErrorCode::not_supported);
    EXPECT_EQ(unpairing.failure(), ErrorCode::not_supported);
  });
}

TEST_F(ClientPairing, AWithdrawnQuestionCancelsTheCoroutineAndIsNotAnswered) {
  ask_in_a_dialog();
  with_client([this](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    Asked asked;
    ask(asked, Kind::request_passkey);
    co_await turns();
    EXPECT_EQ(dialogs, 1);
    port().events->on_pairing_question_withdrawn();
    EXPECT_EQ(dialog.early_ends(), 1) << "what it awaited was canceled";
    co_await turns(3);
    EXPECT_EQ(dialogs_closed, 1);
    EXPECT_FALSE(asked.answer);
    EXPECT_TRUE(pairing.pending());
    Asked again;
    ask(again, Kind::request_passkey);
    dialog.complete(7);
    co_await turns(3);
    EXPECT_EQ(again.answer->passkey, 7U);
    EXPECT_FALSE(asked.answer);
  });
}

TEST_F(ClientPairing, TheAnswerToAWithdrawnQuestionDoesNotCount) {
  agent.confirm = [](const Device&) { return true; };
  with_client([this](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    Asked asked;
    ask(asked, Kind::confirm);  // answered already, not delivered yet
    port().events->on_pairing_question_withdrawn();
    port().events->on_pairing_question_withdrawn();
    co_await turns(3);
    EXPECT_FALSE(asked.answer);
  });
}

TEST_F(ClientPairing, ACoroutineThatCleansUpDoesNotHoldUpTheNextQuestion) {
  Manual<void> clean_up;
  agent.confirm = [this, &clean_up](const Device&) -> Task<bool> {
    ++dialogs;
    const auto answer = co_await dialog.operation().as_result();
    if (!answer) co_await clean_up.operation();
    co_return answer.has_value();
  };
  with_client([&](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    Asked first;
    ask(first, Kind::confirm);
    port().events->on_pairing_question_withdrawn();
    co_await turns(2);
    EXPECT_EQ(clean_up.begun(), 1);
    Asked second;
    ask(second, Kind::confirm);
    dialog.complete(1);
    co_await turns(3);
    EXPECT_TRUE(second.answer && second.answer->accepted);
    clean_up.complete(Result<void>());
    co_await turns(3);
    EXPECT_FALSE(first.answer);
  });
}

TEST_F(ClientPairing, TheEndOfThePairingWithdrawsTheQuestion) {
  ask_in_a_dialog();
  with_client([this](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    Asked asked;
    ask(asked, Kind::request_passkey);
    port().pairs.answer(Error(ErrorCode::pairing_timed_out, "too slow"));
    co_await turns(3);
    EXPECT_EQ(pairing.failure(), ErrorCode::pairing_timed_out);
    EXPECT_EQ(dialogs_closed, 1);
    EXPECT_FALSE(asked.answer);
  });
}

TEST_F(ClientPairing, ACancelWithdrawsTheQuestionAndCallsThePairingOff) {
  ask_in_a_dialog();
  with_client([this](Client& client) -> Task<> {
    std::stop_source stop;
    Started<void> pairing(client.pair().cancel_with(stop.get_token()));
    Asked asked;
    ask(asked, Kind::request_passkey);
    stop.request_stop();
    co_await turns(3);
    EXPECT_EQ(pairing.failure(), ErrorCode::canceled);
    EXPECT_EQ(port().pair_cancels, 1);
    EXPECT_EQ(dialogs_closed, 1);
    port().pairs.answer(Error(ErrorCode::pairing_canceled, "called off"));
    EXPECT_FALSE(asked.answer);
  });
}

TEST_F(ClientPairing, TheEndOfTheLinkWithdrawsTheQuestion) {
  ask_in_a_dialog();
  with_client([this](Client& client) -> Task<> {
    Started<void> pairing(client.pair());
    Asked asked;
    ask(asked, Kind::request_passkey);
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await turns(3);
    EXPECT_EQ(pairing.failure(), ErrorCode::disconnected);
    EXPECT_EQ(dialogs_closed, 1);
    EXPECT_FALSE(asked.answer);
  });
}

TEST_F(ClientPairing, NothingOfAWithdrawnCallbackRunsAfterDestruction) {
  bool ran_on = false;
  Manual<void> clean_up;
  agent.confirm = [&](const Device&) -> Task<bool> {
    const auto canceled = co_await dialog.operation().as_result();
    co_await clean_up.operation();
    ran_on = true;
    co_return canceled.has_value();
  };
  run_virtually([&]() -> Task<> {
    auto client = std::make_unique<Client>(known_device(), options());
    co_await connect(*client);
    Started<void> pairing(client->pair());
    Asked asked;
    ask(asked, Kind::confirm);
    port().events->on_pairing_question_withdrawn();
    co_await turns(2);
    EXPECT_EQ(clean_up.begun(), 1);
    client.reset();
    EXPECT_EQ(clean_up.early_ends(), 1);
    co_await turns(3);
    EXPECT_FALSE(ran_on);
  });
}

TEST_F(ClientPairing, UnpairNeedsNoLink) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> unpairing(client.unpair());
    EXPECT_EQ(port().connects.count(), 0);
    Started<void> connecting(client.connect());
    co_await turns();
    EXPECT_EQ(connecting.failure(), ErrorCode::busy) << "not while the bond is being removed";
    port().unpairs.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(unpairing.succeeded());
    co_await connect(client);
    EXPECT_TRUE(client.is_connected());
  });
}

TEST_F(ClientPairing, UnpairByAddressAsksTheSystemForTheDevice) {
  backend.state().known = known_device();
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    Started<void> unpairing(client.unpair());
    EXPECT_EQ(port().request.device.id(), "id-1");
    port().unpairs.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(unpairing.succeeded());
  });
}

TEST_F(ClientPairing, UnpairOfAnUnknownAddressIsUpToTheBackend) {
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    Started<void> unpairing(client.unpair());
    EXPECT_EQ(port().request.device.address(), Address("C0:FF:EE:00:00:01"));
    port().unpairs.answer(Error(ErrorCode::access_denied, "no"));
    co_await turns();
    EXPECT_EQ(unpairing.failure(), ErrorCode::access_denied);
  });
}

TEST_F(ClientPairing, UnpairEndsTheLinkAndSucceeds) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char("2a19"));
    Started<void> unpairing(client.unpair());
    port().events->on_disconnected(DisconnectReason::local, "");
    co_await turns();
    EXPECT_EQ(reading.failure(), ErrorCode::disconnected);
    EXPECT_TRUE(unpairing.pending()) << "it does not fail with the link";
    port().unpairs.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(unpairing.succeeded());
    EXPECT_FALSE(client.is_connected());
  });
}

TEST_F(ClientPairing, UnpairDuringAConnectOrADisconnectIsBusy) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    const auto during_connect = co_await client.unpair().as_result();
    EXPECT_EQ(code_of(during_connect), ErrorCode::busy);
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    Started<void> disconnecting(client.disconnect());
    const auto during_disconnect = co_await client.unpair().as_result();
    EXPECT_EQ(code_of(during_disconnect), ErrorCode::busy);
    EXPECT_EQ(port().unpairs.count(), 0);
  });
}

TEST_F(ClientPairing, UnpairEndsTheWaitForTheNextReconnect) {
  auto own = options();
  own.reconnect.enabled = true;
  run_virtually([&]() -> Task<> {
    Client client(known_device(), own);
    co_await connect(client);
    port().events->on_disconnected(DisconnectReason::timeout, "");  // a reconnect is due in a moment
    Started<void> unpairing(client.unpair());
    co_await sleep_for(5s);
    EXPECT_EQ(port().connects.count(), 1);
    port().unpairs.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(unpairing.succeeded());
  });
}

TEST_F(ClientPairing, UnpairsGoOneAfterAnotherAndEndAsCanceledWithTheClient) {
  run_virtually([this]() -> Task<> {
    auto client = std::make_unique<Client>(known_device(), options());
    Started<void> first(client->unpair());
    Started<void> second(client->unpair());
    EXPECT_EQ(port().unpairs.count(), 1);
    port().unpairs.answer(Result<void>());
    EXPECT_EQ(port().unpairs.count(), 2);
    client.reset();
    co_await turns();
    EXPECT_TRUE(first.succeeded());
    EXPECT_EQ(second.failure(), ErrorCode::canceled);
  });
}

TEST_F(ClientPairing, TellsOfTheBondAtEachChange) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    auto changes = client.bond_changes();
    EXPECT_FALSE(client.is_bonded());
    co_await connect(client);
    port().events->on_bond_changed(false);  // no change
    port().events->on_bond_changed(true);
    EXPECT_TRUE(client.is_bonded());
    port().events->on_bond_changed(true);
    port().events->on_disconnected(DisconnectReason::remote, "");
    EXPECT_TRUE(client.is_bonded()) << "it outlives the link";
    port().events->on_bond_changed(false);
    EXPECT_FALSE(client.is_bonded());
    const auto first = co_await changes.next();
    const auto second = co_await changes.next();
    EXPECT_EQ(first, true);
    EXPECT_EQ(second, false);
    const auto more = co_await changes.next().timeout(1s).as_result();
    EXPECT_FALSE(more.has_value());
  });
}

}  // namespace
}  // namespace blau::test
