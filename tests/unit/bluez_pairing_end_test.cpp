#ifdef BLAU_WITH_BLUEZ

#include "bluez_pairing_scene.hpp"

namespace blau::detail::bluez {
namespace {

// How a pairing ends that is called off, loses its link, or waits for another one.

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(BlueZPairing, QuestionIsWithdrawn) {
  Message call = begin_pair({Kind::confirm_passkey});
  PeerAnswer same;
  ask("RequestConfirmation", same, 123);
  expect_question(Kind::confirm_passkey, 123);
  peer_.tell_agent("Cancel", [](Message&) {});
  peer_.settle();
  EXPECT_THAT(told_.log, ElementsAre("question withdrawn"));
  answer_user(true);  // too late: it reaches nobody
  peer_.error(call, "org.bluez.Error.AuthenticationTimeout", "Authentication Timeout");
  expect_end(ErrorCode::pairing_timed_out);
  EXPECT_FALSE(same.came);
}

TEST_F(BlueZPairing, OpenQuestionEndsWithThePairing) {
  Message call = begin_pair({Kind::confirm_passkey});
  PeerAnswer same;
  ask("RequestConfirmation", same, 123);
  expect_question(Kind::confirm_passkey, 123);
  peer_.error(call, "org.bluez.Error.AuthenticationTimeout", "Authentication Timeout");
  expect(same);
  EXPECT_EQ(same.error, "org.bluez.Error.Canceled");
  answer_user(true);
  expect_end(ErrorCode::pairing_timed_out);
}

TEST_F(BlueZPairing, CancelCallsItOffOnlyWhileItIsNotAnswered) {
  Message call = begin_pair({});
  client_->cancel_pair();
  peer_.next_call("CancelPairing");
  client_->cancel_pair();
  peer_.error(call, "org.bluez.Error.AuthenticationCanceled", "Authentication Canceled");
  expect_look();
  expect_end(ErrorCode::pairing_canceled);
  client_->cancel_pair();
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZPairing, CancelBeforePairLeavesNothing) {
  begin({});
  Message call = peer_.next_call("RegisterAgent");
  client_->cancel_pair();
  expect_look();
  expect_end(ErrorCode::pairing_canceled);
  peer_.reply(call);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZPairing, DestructionCallsItOff) {
  Message call = begin_pair({});
  client_.reset();
  peer_.next_call("CancelPairing");
  peer_.next_call("Disconnect");
  peer_.error(call, "org.bluez.Error.AuthenticationCanceled", "Authentication Canceled");
  peer_.settle();
  EXPECT_THAT(peer_.calls(), ElementsAre("UnregisterAgent"));
  EXPECT_FALSE(answer_.came());
}

TEST_F(BlueZPairing, OnlyOneAtATime) {
  Told told;
  const auto other = make_linked(told);
  Message call = begin_pair({});
  Answer<void> second;
  other->pair({}, second.taker());
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
  peer_.error(call, "org.bluez.Error.AuthenticationRejected", "Authentication Rejected");
  expect_end(ErrorCode::pairing_rejected);
  peer_.next_call("UnregisterAgent");
  take_agent();
  Message again = peer_.next_call("Pair");
  peer_.error(again, "org.bluez.Error.AlreadyExists", "Already Exists");
  BlueZScene::expect(second);
  EXPECT_TRUE(second.succeeded());
}

TEST_F(BlueZPairing, SecondOneFindsTheBondOfTheFirst) {
  Told told;
  const auto other = make_linked(told);
  Message call = begin_pair({});
  backend::PairRequest request;
  request.answers = {Kind::confirm};
  Answer<void> second;
  other->pair(request, second.taker());
  set_device("Paired", 1);
  peer_.reply(call);
  expect_success();
  BlueZScene::expect(second);
  EXPECT_TRUE(second.succeeded());
  EXPECT_FALSE(told.question);
}

TEST_F(BlueZPairing, EndOfTheLinkFreesTheLineThatAQuestionHoldsUp) {
  begin({Kind::confirm});
  expect_question(Kind::confirm);
  set_device("Connected", 0);
  expect_end(ErrorCode::disconnected);
  connect(*client_);
  client_->pair({}, again_.taker());
  take_agent();
  Message call = peer_.next_call("Pair");
  peer_.reply(call);
  BlueZScene::expect(again_);
  EXPECT_TRUE(again_.succeeded());
}

TEST_F(BlueZPairing, PairThatIsForgottenWithTheLinkEndsAllTheSame) {
  Message call = begin_pair({});
  set_device("Connected", 0);
  expect_end(ErrorCode::disconnected);
  Message question = peer_.next_call("Get");
  peer_.reply(question, [](Message& m) { m.append("v", "b", 0); });
  peer_.settle();
  EXPECT_THAT(peer_.calls(), ElementsAre("UnregisterAgent"));
}

TEST_F(BlueZPairing, CanceledPairNeedsNoAnswer) {
  Message call = begin_pair({});
  client_->cancel_pair();
  Message cancel = peer_.next_call("CancelPairing");
  peer_.reply(cancel);
  expect_look();
  expect_end(ErrorCode::pairing_canceled);
}

TEST_F(BlueZPairing, CancelLeavesABondThatIsThereAlready) {
  Message call = begin_pair({});
  set_device("Paired", 1);
  peer_.settle();
  client_->cancel_pair();
  expect_look();
  expect_end(ErrorCode::pairing_canceled);
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZPairing, RefusedDisplayIsNoSuccessWhateverBlueZSays) {
  Message call = begin_pair({Kind::display_passkey});
  show(42, 0);
  expect_question(Kind::display_passkey, 42);
  answer_user(false);
  peer_.next_call("CancelPairing");
  peer_.reply(call);
  expect_end(ErrorCode::pairing_rejected);
}

TEST_F(BlueZPairing, EndOfTheLinkEndsIt) {
  Message call = begin_pair({});
  set_device("Connected", 0);
  peer_.error(call, "org.bluez.Error.AuthenticationCanceled", "Authentication Canceled");
  expect_end(ErrorCode::disconnected);
  EXPECT_THAT(peer_.calls(), ElementsAre("Get", "UnregisterAgent"));
}

TEST_F(BlueZPairing, EndOfBluetoothdEndsIt) {
  Message call = begin_pair({});
  peer_.emit_owner(":1.1", "");
  expect_end(ErrorCode::backend_lost);
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
