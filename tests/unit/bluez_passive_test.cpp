#ifdef BLAU_WITH_BLUEZ

#include "bluez_passive_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(BlueZPassive, BluetoothdReadsThePatterns) {
  const auto scanner = backend_->make_scanner(heard_);
  backend::ScanRequest request = request_for();
  request.bluez.or_patterns.push_back({3, 0x09, bytes(0x42)});
  const Registered made = start(*scanner, request);
  EXPECT_THAT(objects(made), ElementsAre(std::pair(made.monitor(), ReadPatterns{"255:0:e502", "9:3:42"})));
}

TEST_F(BlueZPassive, RunsWhenTheKernelHasTakenThePatterns) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(), answer.taker());
  answer_manager();
  const Registered made = next_registration();
  peer_.reply(made.call);
  peer_.settle();
  EXPECT_FALSE(answer.came());
  tell(made, "Activate");
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  EXPECT_THAT(peer_.calls(), IsEmpty()) << "no discovery";
}

TEST_F(BlueZPassive, MayBeActiveBeforeTheRegistrationIsAnswered) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(), answer.taker());
  answer_manager();
  const Registered made = next_registration();
  tell(made, "Activate");
  match(made);
  peer_.settle();
  EXPECT_FALSE(answer.came());
  peer_.reply(made.call);
  expect(answer);
  EXPECT_THAT(heard_.seen, SizeIs(1)) << "heard before the start was over";
}

TEST_F(BlueZPassive, MoreThanSevenPatternsAreSeveralMonitors) {
  const auto scanner = backend_->make_scanner(heard_);
  Answer<void> answer;
  scanner->start(request_for(8), answer.taker());
  answer_manager();
  const Registered made = next_registration();
  const auto read = objects(made);
  ASSERT_THAT(read, SizeIs(2));
  EXPECT_THAT(read[0].second, SizeIs(7));
  EXPECT_EQ(read[1], std::pair(made.monitor(1), ReadPatterns{"255:7:e502"}));
  peer_.reply(made.call);
  tell(made, "Activate", 0);
  peer_.settle();
  EXPECT_FALSE(answer.came()) << "the kernel has taken one of two";
  tell(made, "Activate", 1);
  expect(answer);
  advertise(-50);
  tell_device(made, "DeviceFound", 0);
  tell_device(made, "DeviceFound", 1);
  peer_.settle();
  EXPECT_THAT(heard_.seen, SizeIs(1)) << "one advertisement that matches both";
}

TEST_F(BlueZPassive, ReportsEachAdvertisementThatMatches) {
  const auto scanner = backend_->make_scanner(heard_);
  const Registered made = start(*scanner);
  match(made, -50);
  peer_.settle();
  ASSERT_THAT(heard_.seen, SizeIs(1));
  EXPECT_EQ(heard_.seen[0].first.address(), Address("C0:FF:EE:00:00:01"));
  EXPECT_EQ(heard_.seen[0].second.rssi, -50);
  advertise(-40);
  peer_.settle();
  EXPECT_THAT(heard_.seen, SizeIs(1)) << "it matched something of another program";
  tell_device(made, "DeviceFound");
  peer_.settle();
  EXPECT_THAT(heard_.seen, SizeIs(2)) << "the same once more: bluetoothd has nothing new to say of the device";
}

TEST_F(BlueZPassive, FollowsADeviceWhereTheControllerMatches) {
  const auto scanner = backend_->make_scanner(heard_);
  const Registered made = start(*scanner, request_for(), true);
  advertise(-60);
  peer_.settle();
  EXPECT_THAT(heard_.seen, IsEmpty());
  match(made);
  peer_.settle();
  advertise(-40);
  peer_.settle();
  EXPECT_THAT(heard_.seen, SizeIs(2));
  tell_device(made, "DeviceLost");
  advertise(-30);
  peer_.settle();
  EXPECT_THAT(heard_.seen, SizeIs(2)) << "it does not match any more";
}

TEST_F(BlueZPassive, EachScannerGetsItsOwn) {
  Heard other;
  const auto first = backend_->make_scanner(heard_);
  const auto second = backend_->make_scanner(other);
  const Registered mine = start(*first);
  const Registered its = start(*second);
  EXPECT_NE(mine.path, its.path);
  match(its);
  peer_.settle();
  EXPECT_THAT(heard_.seen, IsEmpty());
  EXPECT_THAT(other.seen, SizeIs(1));
}

TEST_F(BlueZPassive, GoesBesideAnActiveScan) {
  Heard active;
  const auto passive_scanner = backend_->make_scanner(heard_);
  const auto active_scanner = backend_->make_scanner(active);
  const Registered made = start(*passive_scanner);
  start_scan(*active_scanner);
  advertise(-50);
  peer_.settle();
  EXPECT_THAT(active.seen, SizeIs(1));
  EXPECT_THAT(heard_.seen, IsEmpty());
  match(made, -45);
  peer_.settle();
  EXPECT_THAT(active.seen, SizeIs(2));
  EXPECT_THAT(heard_.seen, SizeIs(1));
  Answer<void> stopped;
  passive_scanner->stop(stopped.taker());
  answer_withdrawal(made);
  expect(stopped);
  EXPECT_THAT(peer_.calls(), IsEmpty()) << "the discovery goes on";
}

TEST_F(BlueZPassive, WeakOnesAreLeftOut) {
  const auto scanner = backend_->make_scanner(heard_);
  backend::ScanRequest request = request_for();
  request.bluez.rssi = std::int16_t{-60};
  const Registered made = start(*scanner, request);
  match(made, -70);
  peer_.settle();
  EXPECT_THAT(heard_.seen, IsEmpty());
  match(made, -50);
  peer_.settle();
  EXPECT_THAT(heard_.seen, SizeIs(1));
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
