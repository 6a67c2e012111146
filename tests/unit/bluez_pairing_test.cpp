#ifdef BLAU_WITH_BLUEZ

#include "bluez_pairing_scene.hpp"

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = backend::PairingQuestion::Kind;

TEST_F(BlueZPairing, RegistersAnAgentForAsLongAsItPairs) {
  Message call = begin_pair({});
  EXPECT_EQ(sd_bus_message_get_path(call.get()), device_path);
  peer_.reply(call);
  expect_success();
  peer_.settle();
  EXPECT_THAT(peer_.calls(), ElementsAre("UnregisterAgent"));
}

struct Capability {
  std::vector<Kind> answers;
  const char* name;
};

class BlueZCapability : public BlueZPairing, public testing::WithParamInterface<Capability> {};

TEST_P(BlueZCapability, FollowsFromTheCallbacks) {
  begin(GetParam().answers);
  EXPECT_EQ(take_agent(), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    Callbacks, BlueZCapability,
    testing::Values(Capability{{}, "NoInputNoOutput"}, Capability{{Kind::authorize}, "NoInputNoOutput"},
                    Capability{{Kind::display_passkey}, "DisplayOnly"},
                    Capability{{Kind::confirm_passkey}, "DisplayYesNo"},
                    Capability{{Kind::display_passkey, Kind::confirm_passkey}, "DisplayYesNo"},
                    Capability{{Kind::request_passkey}, "KeyboardOnly"},
                    Capability{{Kind::request_passkey, Kind::display_passkey}, "KeyboardDisplay"},
                    Capability{{Kind::request_passkey, Kind::confirm_passkey}, "KeyboardDisplay"}));

TEST_F(BlueZPairing, PasskeyOfTheUserIsHandedOn) {
  Message call = begin_pair({Kind::request_passkey});
  PeerAnswer passkey;
  ask("RequestPasskey", passkey);
  expect_question(Kind::request_passkey);
  answer_user(true, 123456);
  expect(passkey);
  EXPECT_EQ(passkey.error, "");
  EXPECT_EQ(Reader(passkey.message).long_number(), 123456U);
  peer_.reply(call);
  expect_success();
}

TEST_F(BlueZPairing, PasskeyIsShownOnce) {
  Message call = begin_pair({Kind::display_passkey});
  show(42, 0);
  expect_question(Kind::display_passkey, 42);
  answer_user(true);
  for (int typed = 1; typed <= 6; ++typed) show(42, typed);
  peer_.settle();
  EXPECT_FALSE(told_.question);
  peer_.reply(call);
  expect_success();
}

TEST_F(BlueZPairing, RefusedDisplayCallsThePairingOff) {
  Message call = begin_pair({Kind::display_passkey});
  show(42, 0);
  expect_question(Kind::display_passkey, 42);
  answer_user(false);
  peer_.next_call("CancelPairing");
  peer_.error(call, "org.bluez.Error.AuthenticationCanceled", "Authentication Canceled");
  expect_end(ErrorCode::pairing_rejected);
}

TEST_F(BlueZPairing, DisplayThatNobodyShowsCallsThePairingOff) {
  Message call = begin_pair({Kind::request_passkey, Kind::confirm_passkey});
  PeerAnswer shown;
  peer_.ask_agent("DisplayPasskey", shown, [](Message& m) { m.append("ouq", device_path.c_str(), 42, 0); });
  peer_.next_call("CancelPairing");
  expect(shown);
  peer_.error(call, "org.bluez.Error.AuthenticationCanceled", "Authentication Canceled");
  expect_end(ErrorCode::pairing_rejected);
  EXPECT_THAT(words(), HasSubstr("PairingAgent::display_passkey"));
}

TEST_F(BlueZPairing, NumbersAreCompared) {
  Message call = begin_pair({Kind::confirm_passkey});
  PeerAnswer same;
  ask("RequestConfirmation", same, 123);
  expect_question(Kind::confirm_passkey, 123);
  answer_user(true);
  expect(same);
  EXPECT_EQ(same.error, "");
  peer_.reply(call);
  expect_success();
}

TEST_F(BlueZPairing, UsersRefusalIsTold) {
  Message call = begin_pair({Kind::confirm_passkey});
  PeerAnswer same;
  ask("RequestConfirmation", same, 123);
  expect_question(Kind::confirm_passkey, 123);
  answer_user(false);
  expect(same);
  EXPECT_EQ(same.error, "org.bluez.Error.Rejected");
  peer_.error(call, "org.bluez.Error.AuthenticationFailed", "Authentication Failed");
  expect_end(ErrorCode::pairing_rejected);
}

TEST_F(BlueZPairing, QuestionThatNobodyAnswersIsRefusedAndNamesTheCallback) {
  Message call = begin_pair({Kind::request_passkey, Kind::display_passkey});
  PeerAnswer same;
  ask("RequestConfirmation", same, 123);
  expect(same);
  EXPECT_EQ(same.error, "org.bluez.Error.Rejected");
  EXPECT_FALSE(told_.question);
  peer_.error(call, "org.bluez.Error.AuthenticationFailed", "Authentication Failed");
  expect_end(ErrorCode::pairing_rejected);
  EXPECT_THAT(words(), HasSubstr("PairingAgent::confirm_passkey"));
}

TEST_F(BlueZPairing, PinCodeIsRefused) {
  Message call = begin_pair({Kind::request_passkey});
  PeerAnswer pin;
  ask("RequestPinCode", pin);
  expect(pin);
  EXPECT_EQ(pin.error, "org.bluez.Error.Rejected");
}

TEST_F(BlueZPairing, OtherDevicesAreRefused) {
  Message call = begin_pair({Kind::request_passkey});
  PeerAnswer passkey;
  peer_.ask_agent("RequestPasskey", passkey,
                  [](Message& m) { m.append("o", "/org/bluez/hci0/dev_C0_FF_EE_00_00_99"); });
  expect(passkey);
  EXPECT_EQ(passkey.error, "org.bluez.Error.Rejected");
  EXPECT_FALSE(told_.question);
  peer_.reply(call);
  expect_success();
}

TEST_F(BlueZPairing, JustWorksIsAskedForBefore) {
  begin({Kind::confirm});
  expect_question(Kind::confirm);
  EXPECT_THAT(peer_.calls(), IsEmpty());
  answer_user(true);
  EXPECT_EQ(take_agent(), "NoInputNoOutput");
  Message call = peer_.next_call("Pair");
  peer_.reply(call);
  expect_success();
}

TEST_F(BlueZPairing, RefusedJustWorksNeverReachesBlueZ) {
  begin({Kind::confirm});
  expect_question(Kind::confirm);
  answer_user(false);
  expect_end(ErrorCode::pairing_rejected);
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZPairing, JustWorksIsAskedForBeforeWhateverElseMayBeAsked) {
  begin({Kind::confirm, Kind::request_passkey});
  expect_question(Kind::confirm);
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

struct Failure {
  const char* name;
  ErrorCode code;
};

class BlueZPairingError : public BlueZPairing, public testing::WithParamInterface<Failure> {};

TEST_P(BlueZPairingError, IsTranslated) {
  Message call = begin_pair({});
  peer_.error(call, GetParam().name, "words");
  // What the end of a link causes, too. The other way round, the kernel ends the link of a pairing whose authentication failed.
  const bool failed = GetParam().code == ErrorCode::pairing_failed || GetParam().code == ErrorCode::pairing_canceled;
  if (failed && GetParam().name != std::string("org.bluez.Error.AuthenticationFailed")) expect_look();
  expect_end(GetParam().code);
  EXPECT_EQ(answer_.result->error().native(), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(Names, BlueZPairingError,
                         testing::Values(Failure{"org.bluez.Error.AuthenticationCanceled", ErrorCode::pairing_canceled},
                                         Failure{"org.bluez.Error.AuthenticationFailed", ErrorCode::pairing_failed},
                                         Failure{"org.bluez.Error.AuthenticationRejected", ErrorCode::pairing_rejected},
                                         Failure{"org.bluez.Error.AuthenticationTimeout", ErrorCode::pairing_timed_out},
                                         Failure{"org.bluez.Error.ConnectionAttemptFailed", ErrorCode::pairing_failed},
                                         Failure{"org.bluez.Error.Failed", ErrorCode::pairing_failed},
                                         Failure{"org.bluez.Error.InProgress", ErrorCode::busy},
                                         Failure{"org.freedesktop.DBus.Error.AccessDenied", ErrorCode::access_denied}));

}  // namespace
}  // namespace blau::detail::bluez

#endif
