#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

/// What users do from inside an answer.
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
