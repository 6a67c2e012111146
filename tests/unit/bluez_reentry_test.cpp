#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace blau::detail::bluez {
namespace {

/// Does something when its scan ends.
struct ActsAtTheEnd final : backend::ScannerEvents {
  std::function<void()> act;
  void on_advertisement(const Device&, const AdvertisementData&) override {}
  void on_scan_ended(const Error&) override { act(); }
};

/// What users do from inside an answer or an event.
class BlueZReentry : public BlueZScene {};

TEST_F(BlueZReentry, ClientThatIsReleasedInAnotherOnesConnectIsNotConnected) {
  Told told, other_told;
  const auto client = make_client(told);
  const auto other = make_client(other_told);
  Answer<void> answer, other_answer;
  client->connect([&](backend::ConnectResult result) {
    other->release();
    answer.taker()(std::move(result));
  });
  other->connect(other_answer.taker());
  Message call = peer_.next_call("Connect");
  set_device("Connected", 1);
  peer_.reply(call);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  expect(other_answer);
  EXPECT_EQ(other_answer.code(), ErrorCode::canceled);
  Answer<backend::GattDatabase> discovered;
  other->discover({}, discovered.taker());
  expect(discovered);
  EXPECT_EQ(discovered.code(), ErrorCode::disconnected);
}

TEST_F(BlueZReentry, ScanThatIsStoppedAtAnotherOnesEndDoesNotEndAgain) {
  ActsAtTheEnd events;
  Heard heard;
  const auto scanner = backend_->make_scanner(events);
  const auto other = backend_->make_scanner(heard);
  start_scan(*scanner);
  Answer<void> joined, stopped;
  other->start({}, joined.taker());
  expect(joined);
  events.act = [&] { other->stop(stopped.taker()); };
  set_adapter_powered(0);
  expect(stopped);
  EXPECT_TRUE(stopped.succeeded());
  peer_.settle();
  EXPECT_FALSE(heard.ended);
}

TEST_F(BlueZReentry, BackendThatIsDestroyedInAnAnswerGivesNoOther) {
  Answer<std::vector<Device>> answer, never;
  backend_->connected_devices({}, {}, [&](Result<std::vector<Device>> result) {
    answer.taker()(std::move(result));
    backend_.reset();
  });
  backend_->bonded_devices({}, never.taker());
  expect(answer);
  peer_.hang_up();
  EXPECT_FALSE(never.came());
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
