#ifdef BLAU_WITH_BLUEZ

#include "bluez_passive_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(BlueZPassive, WithoutPatternsNothingIsAsked) {
  const auto scanner = backend_->make_scanner(heard_);
  for (const std::size_t count : {0U, 113U}) {
    Answer<void> answer;
    scanner->start(request_for(count), answer.taker());
    EXPECT_TRUE(answer.came()) << "at once: bluetoothd was not asked";
    EXPECT_EQ(answer.code(), ErrorCode::invalid_argument) << count;
  }
  backend::ScanRequest discoverable = request_for();
  discoverable.bluez.discoverable = true;
  Answer<void> answer;
  scanner->start(discoverable, answer.taker());
  EXPECT_EQ(answer.code(), ErrorCode::invalid_argument);
}

TEST_F(BlueZPassive, WithoutTheInterfaceItSaysWhatIsMissing) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(), answer.taker());
  Message call = peer_.next_call("GetAll");
  peer_.error(call, SD_BUS_ERROR_INVALID_ARGS, "No such interface 'org.bluez.AdvertisementMonitorManager1'");
  expect(answer);
  ASSERT_EQ(answer.code(), ErrorCode::not_supported);
  EXPECT_THAT(answer.result->error().what(), HasSubstr("-E"));
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZPassive, WithoutThisTypeItIsNotSupported) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(), answer.taker());
  Message call = peer_.next_call("GetAll");
  peer_.reply(call, [](Message& m) { m.append("a{sv}", 1, "SupportedMonitorTypes", "as", 1, "others"); });
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::not_supported);
}

TEST_F(BlueZPassive, StopLeavesNothing) {
  const auto scanner = backend_->make_scanner(heard_);
  const Registered made = start(*scanner);
  Answer<void> stopped;
  scanner->stop(stopped.taker());
  peer_.settle();
  EXPECT_FALSE(stopped.came());
  tell(made, "Release");
  match(made);
  answer_withdrawal(made);
  expect(stopped);
  EXPECT_THAT(heard_.seen, IsEmpty());
  EXPECT_FALSE(heard_.ended) << "the Release of a stop is no end";
  PeerAnswer gone;
  peer_.ask(made.monitor(), monitor_interface, "Activate", gone);
  EXPECT_TRUE(peer_.run_until([&] { return gone.came; }));
  EXPECT_NE(gone.error, "") << "the object is still there";
}

TEST_F(BlueZPassive, StopInMidStartTakesTheRegistrationBack) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(), answer.taker());
  answer_manager();
  const Registered made = next_registration();
  Answer<void> stopped;
  scanner->stop(stopped.taker());
  EXPECT_EQ(answer.code(), ErrorCode::canceled);
  answer_withdrawal(made);
  expect(stopped);
  peer_.error(made.call, "org.bluez.Error.Failed", "Adv Monitor app destroyed");
  peer_.settle();
  EXPECT_EQ(answer.calls, 1);
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZPassive, StopBeforeTheRegistrationPreventsIt) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(), answer.taker());
  Message call = peer_.next_call("GetAll");
  Answer<void> stopped;
  scanner->stop(stopped.taker());
  expect(stopped);
  peer_.reply(call, [](Message& m) { m.append("a{sv}", 1, "SupportedMonitorTypes", "as", 1, "or_patterns"); });
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZPassive, ADestroyedScannerLeavesNothing) {
  auto scanner = backend_->make_scanner(heard_);
  const Registered made = start(*scanner);
  scanner.reset();
  answer_withdrawal(made);
  match(made);
  peer_.settle();
  EXPECT_THAT(heard_.seen, IsEmpty());
}

TEST_F(BlueZPassive, WhatTheKernelDoesNotTakeIsAnError) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(), answer.taker());
  answer_manager();
  const Registered made = next_registration();
  tell(made, "Release");
  peer_.reply(made.call);
  Message question = peer_.next_call("Get");
  EXPECT_FALSE(answer.came());
  peer_.reply(question, [](Message& m) { m.append("v", "b", 1); });
  expect(answer);
  ASSERT_EQ(answer.code(), ErrorCode::failed);
  EXPECT_THAT(answer.result->error().what(), HasSubstr("Linux 5.10"));
  answer_withdrawal(made);
}

TEST_F(BlueZPassive, WhatTheKernelThrowsAwayEndsTheScan) {
  const auto scanner = backend_->make_scanner(heard_);
  const Registered made = start(*scanner);
  tell(made, "Release");
  Message question = peer_.next_call("Get");
  peer_.reply(question, [](Message& m) { m.append("v", "b", 1); });
  answer_withdrawal(made);
  ASSERT_TRUE(heard_.ended);
  EXPECT_EQ(heard_.ended->code(), ErrorCode::failed);
}

TEST_F(BlueZPassive, ReleasedWithItsAdapterItSaysSo) {
  const auto scanner = backend_->make_scanner(heard_);
  const Registered made = start(*scanner);
  tell(made, "Release");
  Message question = peer_.next_call("Get");
  peer_.emit_removed(adapter_path, adapter_interface);
  peer_.error(question, SD_BUS_ERROR_UNKNOWN_OBJECT, "gone");
  EXPECT_TRUE(peer_.run_until([this] { return heard_.ended.has_value(); }));
  EXPECT_EQ(heard_.ended->unavailable_reason(), UnavailableReason::no_adapter);
}

TEST_F(BlueZPassive, PowerOffEndsItAndTakesItBack) {
  const auto scanner = backend_->make_scanner(heard_);
  const Registered made = start(*scanner);
  set_adapter_powered(0);
  answer_withdrawal(made);
  ASSERT_TRUE(heard_.ended);
  EXPECT_EQ(heard_.ended->unavailable_reason(), UnavailableReason::powered_off);
  set_adapter_powered(1);
  peer_.settle();
  const Registered again = start(*scanner);
  EXPECT_NE(again.path, made.path);
}

TEST_F(BlueZPassive, ItEndsWithBluetoothdAndBeginsWithTheNext) {
  const auto scanner = backend_->make_scanner(heard_);
  (void)start(*scanner);
  peer_.emit_owner(":1.1", "");
  EXPECT_TRUE(peer_.run_until([this] { return heard_.ended.has_value(); }));
  EXPECT_EQ(heard_.ended->code(), ErrorCode::backend_lost);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty()) << "there is nobody to take it back from";
  peer_.emit_owner("", ":1.2");
  peer_.settle();
  const Registered again = start(*scanner);
  match(again);
  peer_.settle();
  EXPECT_THAT(heard_.seen, SizeIs(1));
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
