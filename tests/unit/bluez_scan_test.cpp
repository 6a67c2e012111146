#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BlueZScan : public BlueZScene {};

TEST_F(BlueZScan, ListsAdapters) {
  Answer<std::vector<backend::AdapterState>> answer;
  backend_->list_adapters(answer.taker());
  expect(answer);
  ASSERT_TRUE(answer.succeeded());
  ASSERT_EQ((*answer.result)->size(), 1U);
  EXPECT_EQ((*answer.result)->front().id, "hci0");
  EXPECT_TRUE((*answer.result)->front().is_default);
}

TEST_F(BlueZScan, KnowsOnlyDevicesThatAreHere) {
  Answer<std::optional<Device>> answer;
  backend_->find_known_device("", Address("C0:FF:EE:00:00:01"), answer.taker());
  expect(answer);
  ASSERT_TRUE(answer.succeeded());
  EXPECT_FALSE(**answer.result) << "it was here once";
  advertise(-50);
  Answer<std::optional<Device>> heard;
  peer_.settle();
  backend_->find_known_device("", Address("C0:FF:EE:00:00:01"), heard.taker());
  expect(heard);
  EXPECT_TRUE(**heard.result);
}

TEST_F(BlueZScan, FilterHoldsNoUuids) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  backend::ScanRequest request;
  request.service_uuids = {Uuid(0x180d)};
  Answer<void> answer;
  scanner->start(request, answer.taker());
  Message call = peer_.next_call("SetDiscoveryFilter");
  std::vector<std::string> keys;
  Reader reader(call);
  reader.each_property([&](std::string_view key) { return keys.emplace_back(key), false; });
  EXPECT_THAT(keys, ElementsAre("Transport", "DuplicateData"));
}

TEST_F(BlueZScan, ReportsADeviceOnceATurn) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  advertise(-50);
  advertise(-51);
  peer_.settle();
  ASSERT_EQ(heard.seen.size(), 1U);
  EXPECT_EQ(heard.seen[0].second.rssi, -51);
  EXPECT_EQ(heard.seen[0].second.local_name, "Strap");
  EXPECT_EQ(heard.seen[0].first.id(), device_path);
}

TEST_F(BlueZScan, FloodOfSightingsLeavesTurnsToOthers) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  for (int i = 0; i < 250; ++i) advertise(-40 - i % 50);
  peer_.settle();
  EXPECT_GE(heard.seen.size(), 3U) << "one a turn, so that 250 at once took one turn alone";
}

TEST_F(BlueZScan, MemoriesAreNoSightings) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  peer_.emit(device_path, device_interface, [](Message& m) { m.append("a{sv}as", 1, "Name", "s", "Other", 0); });
  peer_.settle();
  EXPECT_TRUE(heard.seen.empty());
}

TEST_F(BlueZScan, DeviceWithoutAnAddressIsNone) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  const std::string path = std::string(adapter_path) + "/dev_C0_FF_EE_00_00_02";
  peer_.emit_added(
      path, [](Message& m) { m.append("a{sa{sv}}", 1, device_interface, 2, "RSSI", "n", -50, "Connected", "b", 1); });
  peer_.settle();
  EXPECT_TRUE(heard.seen.empty());
  Answer<std::vector<Device>> connected;
  backend_->connected_devices("", {}, connected.taker());
  expect(connected);
  EXPECT_TRUE((*connected.result)->empty());

  peer_.emit(path, device_interface,
             [](Message& m) { m.append("a{sv}as", 2, "Address", "s", "C0:FF:EE:00:00:02", "RSSI", "n", -51, 0); });
  peer_.settle();
  ASSERT_EQ(heard.seen.size(), 1U);
  EXPECT_EQ(heard.seen[0].first.id(), path);
}

TEST_F(BlueZScan, ScannersShareOneDiscovery) {
  Heard first, second;
  auto one = backend_->make_scanner(first);
  auto two = backend_->make_scanner(second);
  start_scan(*one);
  Answer<void> joined;
  two->start({}, joined.taker());
  expect(joined);
  EXPECT_TRUE(joined.succeeded());
  advertise(-50);
  peer_.settle();
  EXPECT_EQ(first.seen.size(), 1U);
  EXPECT_EQ(second.seen.size(), 1U);

  Answer<void> left, stopped;
  one->stop(left.taker());
  expect(left);
  advertise(-51);
  peer_.settle();
  EXPECT_EQ(first.seen.size(), 1U) << "nothing after stop";
  EXPECT_EQ(second.seen.size(), 2U);
  EXPECT_THAT(peer_.calls(), IsEmpty());

  two->stop(stopped.taker());
  Message call = peer_.next_call("StopDiscovery");
  EXPECT_FALSE(stopped.came());
  peer_.error(call, "org.bluez.Error.Failed", "No discovery started");
  expect(stopped);
  EXPECT_TRUE(stopped.succeeded());
}

TEST_F(BlueZScan, ScanEndsWithTheAdaptersPower) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  set_adapter_powered(0);
  peer_.settle();
  ASSERT_TRUE(heard.ended);
  EXPECT_EQ(heard.ended->code(), ErrorCode::bluetooth_not_available);
  EXPECT_EQ(heard.ended->unavailable_reason(), UnavailableReason::powered_off);
  set_adapter_powered(1);
  peer_.settle();
  start_scan(*scanner);
}

TEST_F(BlueZScan, ScanWaitsForABusyBlueZ) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  Answer<void> answer;
  scanner->start({}, answer.taker());
  Message filter = peer_.next_call("SetDiscoveryFilter");
  peer_.reply(filter);
  Message start = peer_.next_call("StartDiscovery");
  peer_.error(start, "org.bluez.Error.InProgress", "Operation already in progress");
  peer_.error(peer_.next_call("StopDiscovery"), "org.bluez.Error.Failed", "No discovery started");
  Message again = peer_.next_call("StartDiscovery");
  EXPECT_FALSE(answer.came());
  peer_.error(again, "org.bluez.Error.InProgress", "Operation already in progress");
  peer_.settle();
  Answer<void> stopped;
  scanner->stop(stopped.taker());
  EXPECT_EQ(answer.code(), ErrorCode::canceled);
  EXPECT_TRUE(stopped.succeeded()) << "nothing had begun";
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZScan, RefusedFilterIsAskedForAgainAfterAPause) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  Answer<void> answer;
  scanner->start({}, answer.taker());
  const auto begun = peer_.loop().now();
  peer_.error(peer_.next_call("SetDiscoveryFilter"), "org.bluez.Error.InProgress", "Operation already in progress");
  peer_.error(peer_.next_call("StopDiscovery"), "org.bluez.Error.Failed", "No discovery started");
  EXPECT_GE(peer_.loop().now() - begun, std::chrono::milliseconds(500));
  peer_.reply(peer_.next_call("SetDiscoveryFilter"));
  peer_.reply(peer_.next_call("StartDiscovery"));
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

// As it is where the adapter goes off and on while StartDiscovery is under way.
TEST_F(BlueZScan, DiscoveryOfAnEarlierAttemptIsStopped) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  Answer<void> first, second;
  scanner->start({}, first.taker());
  peer_.reply(peer_.next_call("SetDiscoveryFilter"));
  const Message late = peer_.next_call("StartDiscovery");
  set_adapter_powered(0);
  set_adapter_powered(1);
  expect(first);
  EXPECT_EQ(first.code(), ErrorCode::bluetooth_not_available);
  scanner->start({}, second.taker());
  peer_.reply(peer_.next_call("SetDiscoveryFilter"));
  const Message again = peer_.next_call("StartDiscovery");
  peer_.error(again, "org.bluez.Error.InProgress", "Operation already in progress");
  peer_.reply(late);
  peer_.reply(peer_.next_call("StopDiscovery"));
  peer_.reply(peer_.next_call("StartDiscovery"));
  expect(second);
  EXPECT_TRUE(second.succeeded());
}

TEST_F(BlueZScan, ScannerThatIsStoppedBetweenTwoAttemptsIsStoppedOnce) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  Answer<void> answer, stopped;
  scanner->start({}, answer.taker());
  peer_.reply(peer_.next_call("SetDiscoveryFilter"));
  peer_.error(peer_.next_call("StartDiscovery"), "org.bluez.Error.InProgress", "Operation already in progress");
  const Message stop = peer_.next_call("StopDiscovery");
  scanner->stop(stopped.taker());
  peer_.settle();
  EXPECT_FALSE(stopped.came()) << "its answer is awaited";
  peer_.reply(stop);
  expect(stopped);
  EXPECT_TRUE(stopped.succeeded());
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZScan, StartThatIsStoppedEndsBeforeTheStop) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  std::vector<std::string> ends;
  scanner->start({}, [&](const Result<void>& result) {
    EXPECT_EQ(result.error().code(), ErrorCode::canceled);
    ends.emplace_back("start");
  });
  Answer<void> again;
  scanner->stop([&](const Result<void>& result) {
    EXPECT_TRUE(result);
    ends.emplace_back("stop");
    scanner->start({}, again.taker());
  });
  EXPECT_THAT(ends, ElementsAre("start", "stop"));
  peer_.reply(peer_.next_call("SetDiscoveryFilter"));
  peer_.reply(peer_.next_call("StartDiscovery"));
  expect(again);
  EXPECT_TRUE(again.succeeded());
  advertise(-50);
  peer_.settle();
  EXPECT_EQ(heard.seen.size(), 1U) << "one scan runs";
}

TEST_F(BlueZScan, DestroyedScannerStopsTheDiscovery) {
  Heard heard;
  auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  scanner.reset();
  EXPECT_TRUE(peer_.next_call("StopDiscovery"));
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
