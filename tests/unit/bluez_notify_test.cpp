#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BlueZNotify : public BlueZScene {};

TEST_F(BlueZNotify, NotificationsAreCountedAndStopWithTheLink) {
  Told first, second;
  const auto one = make_client(first);
  const auto two = make_client(second);
  connect(*one);
  discover(*one);
  Answer<void> joined, started, shared, left;
  two->connect(joined.taker());
  expect(joined);
  one->subscribe(rate, backend::SubscribeKind::notify, started.taker());
  Message start = peer_.next_call("StartNotify");
  notify(1);
  peer_.settle();
  EXPECT_THAT(first.values, ElementsAre(bytes(1))) << "values count before the answer";
  peer_.reply(start);
  expect(started);
  two->subscribe(rate, backend::SubscribeKind::notify, shared.taker());
  expect(shared);
  notify(2);
  peer_.settle();
  EXPECT_THAT(first.values, ElementsAre(bytes(1), bytes(2)));
  EXPECT_THAT(second.values, ElementsAre(bytes(2)));
  one->unsubscribe(rate, left.taker());
  expect(left);
  notify(3);
  peer_.settle();
  EXPECT_EQ(first.values.size(), 2U);
  EXPECT_EQ(second.values.size(), 2U);
  EXPECT_THAT(peer_.calls(), IsEmpty());
  set_device("Connected", 0);
  EXPECT_TRUE(peer_.next_call("StopNotify"));
}

TEST_F(BlueZNotify, ReadIsNoNotification) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<void> started;
  client->subscribe(rate, backend::SubscribeKind::notify, started.taker());
  Message start = peer_.next_call("StartNotify");
  peer_.reply(start);
  expect(started);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  notify(7);  // a true one while the read is under way
  notify(9);  // what BlueZ announces of the read
  peer_.reply(call, [](Message& m) { m.append("ay", 1, 9); });
  expect(answer);
  EXPECT_THAT(told.values, ElementsAre(bytes(7)));
  notify(9);
  peer_.settle();
  EXPECT_THAT(told.values, ElementsAre(bytes(7), bytes(9)));
}

TEST_F(BlueZNotify, ForcedIndicationIsNotSupportedWhereBothAreThere) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<void> answer;
  client->subscribe(rate, backend::SubscribeKind::indicate, answer.taker());
  EXPECT_EQ(answer.code(), ErrorCode::not_supported);
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
