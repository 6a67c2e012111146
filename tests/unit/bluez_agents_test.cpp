#ifdef BLAU_WITH_BLUEZ

#include "bluez_pairing_scene.hpp"

namespace blau::detail::bluez {
namespace {

// What bluetoothd asks where a pairing was begun by a request, or by the device.

using testing::Contains;
using testing::IsEmpty;

const std::string other_path = "/org/bluez/hci0/dev_C0_FF_EE_00_00_02";

class BlueZStandingAgent : public BlueZPairing {
 protected:
  using Kinds = std::vector<Kind>;

  std::unique_ptr<backend::ClientPort> make_client_with(Kinds answers) {
    backend::ClientRequest request;
    request.device = Device(Address("C0:FF:EE:00:00:01"), std::nullopt, device_path, "hci0");
    request.answers = std::move(answers);
    return backend_->make_client(request, told_of_it_);
  }
  void link(backend::ClientPort& client) {
    Answer<void> linked;
    client.connect(linked.taker());
    BlueZScene::expect(linked);
  }
  /// Answers both calls. @return the capability that was told
  std::string take_standing_agent() {
    std::string capability = take_agent();
    Message call = peer_.next_call("RequestDefaultAgent");
    EXPECT_EQ(Reader(call).object_path(), "/blau/agent");
    peer_.reply(call);
    return capability;
  }
  /// The link is there already, for another client. @return the capability that was told
  std::string link_with_agent(backend::ClientPort& client) {
    Answer<void> linked;
    client.connect(linked.taker());
    std::string capability = take_standing_agent();
    BlueZScene::expect(linked);
    return capability;
  }
  void expect_calls_end() {
    peer_.settle();
    EXPECT_THAT(peer_.calls(), IsEmpty());
  }
  /// Of the client that has the agent.
  void answer_its_user(bool accepted) {
    backend::PairingAnswer answer;
    answer.accepted = accepted;
    told_of_it_.answer(answer);
  }

  Told told_of_it_;
};

TEST_F(BlueZStandingAgent, StandsFromTheConnectToTheBond) {
  auto client = make_client_with({Kind::confirm, Kind::confirm_passkey});
  EXPECT_EQ(link_with_agent(*client), "DisplayYesNo");
  PeerAnswer same;
  ask("RequestConfirmation", same, 4711);
  ASSERT_TRUE(peer_.run_until([&] { return told_of_it_.question.has_value(); }));
  EXPECT_EQ(told_of_it_.question->kind, Kind::confirm_passkey);
  EXPECT_EQ(told_of_it_.question->passkey, 4711U);
  answer_its_user(true);
  expect(same);
  EXPECT_EQ(same.error, "");
  set_device("Bonded", 1);
  peer_.next_call("UnregisterAgent");
  expect_calls_end();
}

TEST_F(BlueZStandingAgent, StandsBeforeTheLinkIsMade) {
  set_device("Connected", 0);
  peer_.settle();
  auto client = make_client_with({Kind::request_passkey});
  Answer<void> linked;
  client->connect(linked.taker());
  Message registers = peer_.next_call("RegisterAgent");
  expect_calls_end();
  peer_.reply(registers);
  Message asks = peer_.next_call("RequestDefaultAgent");
  expect_calls_end();
  peer_.error(asks, "org.bluez.Error.DoesNotExist", "Does Not Exist");
  Message call = peer_.next_call("Connect");
  peer_.reply(call);
}

TEST_F(BlueZStandingAgent, ItsUserMayGoBeforeItStands) {
  set_device("Connected", 0);
  peer_.settle();
  auto client = make_client_with({Kind::request_passkey});
  Answer<void> linked;
  client->connect(linked.taker());
  Message registers = peer_.next_call("RegisterAgent");
  client.reset();
  peer_.reply(registers);
  peer_.next_call("UnregisterAgent");
  expect_calls_end();
}

TEST_F(BlueZStandingAgent, TheEndOfBluetoothdEndsTheWait) {
  auto client = make_client_with({Kind::request_passkey});
  Answer<void> linked;
  client->connect(linked.taker());
  Message registers = peer_.next_call("RegisterAgent");
  peer_.emit_owner(":1.1", "");
  BlueZScene::expect(linked);
  EXPECT_EQ(linked.code(), ErrorCode::backend_lost);
  peer_.error(registers, "org.freedesktop.DBus.Error.NoReply", "Message recipient disconnected from message bus");
  peer_.settle();
}

TEST_F(BlueZStandingAgent, ALinkToAnotherDeviceMeanwhileDoesNotMatter) {
  set_device("Connected", 0);
  peer_.emit_added(other_path, [](Message& m) {
    m.append("a{sa{sv}}", 1, device_interface, 2, "Address", "s", "C0:FF:EE:00:00:02", "Connected", "b", 1);
  });
  peer_.settle();
  auto client = make_client_with({Kind::request_passkey});
  Answer<void> linked, adopted;
  client->connect(linked.taker());
  Message registers = peer_.next_call("RegisterAgent");
  Told told_of_other;
  backend::ClientRequest request;
  request.device = Device(Address("C0:FF:EE:00:00:02"), std::nullopt, other_path, "hci0");
  auto other = backend_->make_client(request, told_of_other);
  other->connect(adopted.taker());
  BlueZScene::expect(adopted);
  peer_.reply(registers);
  Message asks = peer_.next_call("RequestDefaultAgent");
  peer_.reply(asks);
  Message call = peer_.next_call("Connect");
  set_device("Connected", 1);
  peer_.reply(call);
  BlueZScene::expect(linked);
  set_device("Connected", 0);
  peer_.settle();
  EXPECT_THAT(told_of_it_.log, Contains("disconnected"));
}

TEST_F(BlueZStandingAgent, SeveralClientsWaitForIt) {
  auto client = make_client_with({Kind::request_passkey});
  auto second = make_client_with({Kind::confirm});
  Answer<void> linked, other;
  client->connect(linked.taker());
  second->connect(other.taker());
  EXPECT_EQ(take_standing_agent(), "KeyboardOnly");
  BlueZScene::expect(linked);
  BlueZScene::expect(other);
  EXPECT_TRUE(linked.succeeded() && other.succeeded());
  auto third = make_client_with({Kind::confirm});
  link(*third);
  expect_calls_end();
}

TEST_F(BlueZStandingAgent, TheNextOneHasItsOwnAbilities) {
  auto first = make_client_with({Kind::confirm_passkey});
  link_with_agent(*first);
  auto second = make_client_with({Kind::request_passkey});
  link(*second);
  auto third = make_client_with({Kind::request_passkey});
  link(*third);
  first.reset();
  peer_.next_call("UnregisterAgent");
  EXPECT_EQ(take_standing_agent(), "KeyboardOnly");
  second.reset();
  expect_calls_end();
  third.reset();
  peer_.next_call("UnregisterAgent");
  expect_calls_end();
}

TEST_F(BlueZStandingAgent, ABondTakesBackThePasskeyThatIsShown) {
  auto client = make_client_with({Kind::display_passkey});
  link_with_agent(*client);
  show(4711, 0);
  ASSERT_TRUE(peer_.run_until([&] { return told_of_it_.question.has_value(); }));
  set_device("Bonded", 1);
  peer_.next_call("UnregisterAgent");
  peer_.settle();
  EXPECT_THAT(told_of_it_.log, Contains("question withdrawn"));
}

TEST_F(BlueZStandingAgent, ARefusalFailsTheRequestThatWaits) {
  auto client = make_client_with({Kind::confirm});
  link_with_agent(*client);
  discover(*client);
  Answer<Bytes> value;
  client->read_characteristic(location, false, value.taker());
  peer_.next_call("ReadValue");
  PeerAnswer authorized;
  ask("RequestAuthorization", authorized);
  ASSERT_TRUE(peer_.run_until([&] { return told_of_it_.question.has_value(); }));
  EXPECT_EQ(told_of_it_.question->kind, Kind::confirm);
  answer_its_user(false);
  expect(authorized);
  EXPECT_EQ(authorized.error, "org.bluez.Error.Rejected");
  BlueZScene::expect(value);
  EXPECT_EQ(value.code(), ErrorCode::pairing_rejected);
}

TEST_F(BlueZStandingAgent, MakesWayForAPairingOfTheUsers) {
  auto client = make_client_with({Kind::confirm});
  link_with_agent(*client);
  begin({Kind::request_passkey});
  peer_.next_call("UnregisterAgent");
  EXPECT_EQ(take_agent(), "KeyboardOnly");
  Message pair = peer_.next_call("Pair");
  peer_.error(pair, "org.bluez.Error.AuthenticationFailed", "Authentication Failed");
  peer_.next_call("UnregisterAgent");
  EXPECT_EQ(take_standing_agent(), "NoInputNoOutput");
  expect_end(ErrorCode::pairing_failed);
}

TEST_F(BlueZStandingAgent, OfNobodyIsNotRegistered) {
  auto client = make_client_with({});
  link(*client);
  expect_calls_end();
}

TEST_F(BlueZStandingAgent, OfABondedDeviceIsNotRegistered) {
  set_device("Bonded", 1);
  peer_.settle();
  auto client = make_client_with({Kind::confirm});
  link(*client);
  expect_calls_end();
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
