#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// An or-pattern as bluetoothd reads it: `type:offset:hex`.
using ReadPatterns = std::vector<std::string>;

/// A passive scan as bluetoothd sees it.
struct Registered {
  Message call;
  std::string path;

  [[nodiscard]] std::string monitor(int number = 0) const { return path + '/' + std::to_string(number); }
};

class BlueZPassive : public BlueZScene {
 protected:
  static backend::ScanRequest request_for(std::size_t patterns = 1) {
    backend::ScanRequest request;
    request.mode = ScanMode::passive;
    for (std::size_t i = 0; i < patterns; ++i)
      request.bluez.or_patterns.push_back({static_cast<std::uint8_t>(i), 0xff, bytes(0xe5, 0x02)});
    return request;
  }
  /// bluetoothd says what it can do.
  void answer_manager(bool controller_matches = false) {
    Message call = peer_.next_call("GetAll");
    peer_.reply(call, [&](Message& m) {
      m.open('a', "{sv}").append("{sv}", "SupportedMonitorTypes", "as", 1, "or_patterns");
      if (controller_matches) m.append("{sv}", "SupportedFeatures", "as", 1, "controller-patterns");
      m.close();
    });
  }
  Registered next_registration() {
    Registered made{peer_.next_call("RegisterMonitor"), {}};
    Reader reader(made.call);
    made.path = reader.object_path();
    return made;
  }
  /// The scan runs afterwards.
  Registered start(backend::ScannerPort& scanner, const backend::ScanRequest& request = request_for(),
                   bool controller_matches = false) {
    Answer<void> answer;
    scanner.start(request, answer.taker());
    answer_manager(controller_matches);
    Registered made = next_registration();
    peer_.reply(made.call);
    tell(made, "Activate");
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
    return made;
  }
  void tell(const Registered& to, const char* member, int number = 0) {
    peer_.tell(to.monitor(number), monitor_interface, member);
  }
  void tell_device(const Registered& to, const char* member, int number = 0) {
    peer_.tell(to.monitor(number), monitor_interface, member, [](Message& m) { m.append("o", device_path.c_str()); });
  }
  /// Something that matches was heard: bluetoothd says what is new of the device, and calls.
  void match(const Registered& to, int rssi = -50) {
    advertise(rssi);
    tell_device(to, "DeviceFound");
  }
  /// What bluetoothd reads of the objects: path and patterns of each.
  std::vector<std::pair<std::string, ReadPatterns>> objects(const Registered& of) {
    PeerAnswer answer;
    peer_.ask(of.path, object_manager_interface, "GetManagedObjects", answer);
    EXPECT_TRUE(peer_.run_until([&] { return answer.came; }));
    EXPECT_EQ(answer.error, "");
    std::vector<std::pair<std::string, ReadPatterns>> found;
    Reader reader(answer.message);
    reader.each_entry("oa{sa{sv}}", [&] {
      found.emplace_back(reader.object_path(), ReadPatterns());
      reader.each_entry("sa{sv}", [&] {
        EXPECT_EQ(reader.text(), monitor_interface);
        read_monitor(reader, found.back().second);
      });
    });
    EXPECT_FALSE(reader.failed());
    return found;
  }
  static void read_monitor(Reader& reader, ReadPatterns& patterns) {
    reader.each_property([&](std::string_view name) {
      std::string_view type;
      if (name == "Type") {
        EXPECT_TRUE(reader.variant(type));
        EXPECT_EQ(type, "or_patterns");
        return true;
      }
      EXPECT_EQ(name, "Patterns");
      EXPECT_TRUE(reader.enter_variant("a(yyay)") && reader.enter('a', "(yyay)"));
      while (reader.enter('r', "yyay")) {
        const int offset = reader.byte();
        const int ad_type = reader.byte();
        patterns.push_back(std::to_string(ad_type) + ':' + std::to_string(offset) + ':' + to_hex(reader.bytes()));
        reader.leave();
      }
      reader.leave();
      reader.leave();
      return true;
    });
  }
  /// The answer of bluetoothd that a withdrawal waits for.
  void answer_withdrawal(const Registered& of) {
    Message call = peer_.next_call("UnregisterMonitor");
    Reader reader(call);
    EXPECT_EQ(reader.object_path(), of.path);
    peer_.reply(call);
  }

  Heard heard_;
};

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
  EXPECT_EQ(answer.code(), ErrorCode::failed);
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
