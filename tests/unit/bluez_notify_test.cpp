#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A client with a link.
class BlueZNotify : public BlueZScene {
 protected:
  void SetUp() override {
    client_ = make_client(told_);
    connect(*client_);
    discover(*client_);
  }
  /// ReadValue, which nobody answers yet.
  Message begin_read(backend::ClientPort& client, Answer<Bytes>& answer) {
    client.read_characteristic(rate, false, answer.taker());
    return peer_.next_call("ReadValue");
  }
  /// The backend's question behind a value that may be an echo.
  Message next_question() {
    Message question = peer_.next_call("Get");
    EXPECT_STREQ(sd_bus_message_get_path(question.get()), rate_path.c_str());
    return question;
  }
  void reply_uuid(const Message& question) {
    peer_.reply(question, [](Message& m) { m.append("v", "s", "2a37"); });
  }

  void emit_rate_added() {
    peer_.emit_added(rate_path, [](Message& m) {
      m.append("a{sa{sv}}", 1, characteristic_interface, 2, "UUID", "s", "2a37", "Flags", "as", 2, "read", "notify");
    });
  }

  Told told_;
  std::unique_ptr<backend::ClientPort> client_;
};

TEST_F(BlueZNotify, NotificationsAreCountedAndStopWithTheLink) {
  Told other;
  const auto second = make_client(other);
  Answer<void> joined, started, shared, left;
  second->connect(joined.taker());
  expect(joined);
  client_->subscribe(rate, {backend::SubscribeKind::notify}, started.taker());
  Message start = peer_.next_call("StartNotify");
  notify(1);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(1))) << "values count before the answer";
  peer_.reply(start);
  expect(started);
  second->subscribe(rate, {backend::SubscribeKind::notify}, shared.taker());
  expect(shared);
  notify(2);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(1), bytes(2)));
  EXPECT_THAT(other.values, ElementsAre(bytes(2)));
  client_->unsubscribe(rate, left.taker());
  expect(left);
  notify(3);
  peer_.settle();
  EXPECT_EQ(told_.values.size(), 2U);
  EXPECT_EQ(other.values.size(), 2U);
  EXPECT_THAT(peer_.calls(), IsEmpty());
  set_device("Connected", 0);
  EXPECT_TRUE(peer_.next_call("StopNotify"));
}

TEST_F(BlueZNotify, ForcedIndicationIsNotSupportedWhereBothAreThere) {
  Answer<void> answer;
  client_->subscribe(rate, {backend::SubscribeKind::indicate}, answer.taker());
  EXPECT_EQ(answer.code(), ErrorCode::not_supported);
}

TEST_F(BlueZNotify, ReadIsNoNotification) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(7);  // a true one while the read is under way
  notify(9);  // what BlueZ announces of the read
  reply_value(read, 9);
  expect(answer);
  EXPECT_THAT(told_.values, ElementsAre(bytes(7)));
  notify(9);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(7), bytes(9)));
}

TEST_F(BlueZNotify, ReadThatHangsHoldsNothingBack) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(7);
  const Message question = next_question();
  reply_uuid(question);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(7)));
  EXPECT_FALSE(answer.came());

  notify(9);
  reply_value(read, 9);
  expect(answer);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(7))) << "the echo of the read";
}

TEST_F(BlueZNotify, EchoWhoseAnswerTheEndOfTheBusTakesIsNoNotification) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(9);
  peer_.settle();
  peer_.hang_up();
  expect(answer);
  EXPECT_FALSE(answer.succeeded());
  EXPECT_THAT(told_.values, IsEmpty());
}

TEST_F(BlueZNotify, ValueBeforeTheEndOfTheLinkIsNoEcho) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(7);
  set_device("Connected", 0);
  expect(answer);
  EXPECT_THAT(told_.values, ElementsAre(bytes(7)));
}

TEST_F(BlueZNotify, EchoIsKnownWhenItsAnswerComesLater) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(9);
  // The backend has handled it, and waits on its loop.
  const Message question = next_question();
  peer_.settle();
  EXPECT_THAT(told_.values, IsEmpty());
  reply_value(read, 9);
  reply_uuid(question);
  expect(answer);
  peer_.settle();
  EXPECT_THAT(told_.values, IsEmpty());
}

TEST_F(BlueZNotify, OneQuestionServesAllValuesBeforeItsAnswer) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  for (const int value : {1, 2, 3}) notify(static_cast<std::uint8_t>(value));
  const Message question = next_question();
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(1), bytes(2)));
  reply_uuid(question);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(1), bytes(2), bytes(3)));
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZNotify, NotificationOfTheSameBytesIsNotLost) {
  subscribe(*client_);
  Answer<Bytes> first, second;
  const Message read = begin_read(*client_, first);
  notify(9);
  notify(9);
  reply_value(read, 9);
  expect(first);
  EXPECT_THAT(told_.values, ElementsAre(bytes(9))) << "the echo comes last";
  const Message question = next_question();
  reply_uuid(question);

  const Message again = begin_read(*client_, second);
  notify(9);
  const Message next = next_question();
  reply_uuid(next);
  notify(9);
  reply_value(again, 9);
  expect(second);
  EXPECT_THAT(told_.values, ElementsAre(bytes(9), bytes(9))) << "the answer between says that the first is no echo";
}

TEST_F(BlueZNotify, FailedReadHasNoEcho) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(7);
  peer_.error(read, "org.bluez.Error.NotPermitted", "Read not permitted");
  expect(answer);
  EXPECT_THAT(told_.values, ElementsAre(bytes(7)));
}

TEST_F(BlueZNotify, MergedReadsHaveOneEcho) {
  subscribe(*client_);
  Told other;
  const auto second = make_client(other);
  Answer<void> joined;
  second->connect(joined.taker());
  expect(joined);
  Answer<Bytes> mine, theirs;
  const Message read = begin_read(*client_, mine);
  const Message same = begin_read(*second, theirs);
  notify(9);
  reply_value(read, 9);
  reply_value(same, 9);
  expect(mine);
  expect(theirs);
  EXPECT_THAT(told_.values, IsEmpty());
}

TEST_F(BlueZNotify, EchoOfAReadThatBeganBeforeTheSubscription) {
  Told other;
  const auto second = make_client(other);
  Answer<void> joined;
  second->connect(joined.taker());
  expect(joined);
  Answer<Bytes> answer;
  const Message read = begin_read(*second, answer);
  subscribe(*client_);
  notify(9);
  reply_value(read, 9);
  expect(answer);
  EXPECT_THAT(told_.values, IsEmpty());
}

TEST_F(BlueZNotify, ValuesOfTwoCharacteristicsKeepTheirOrder) {
  subscribe(*client_);
  subscribe(*client_, location);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(1);
  notify(2, location_path);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(1), bytes(2)));
}

TEST_F(BlueZNotify, LastValueComesBeforeTheEndOfTheLink) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(7);
  set_device("Connected", 0);
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::disconnected);
  EXPECT_THAT(told_.log, ElementsAre("value 07", "disconnected"));
}

TEST_F(BlueZNotify, NothingIsDeliveredAfterUnsubscribe) {
  subscribe(*client_);
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  notify(7);
  const Message question = next_question();
  Answer<void> left;
  client_->unsubscribe(rate, left.taker());
  const Message stop = peer_.next_call("StopNotify");
  peer_.reply(stop);
  expect(left);
  subscribe(*client_);
  reply_uuid(question);
  peer_.settle();
  EXPECT_THAT(told_.values, IsEmpty());
}

TEST_F(BlueZNotify, ReadOfARemovedCharacteristicIsNoLongerOpen) {
  Answer<Bytes> answer;
  const Message read = begin_read(*client_, answer);
  peer_.emit_removed(rate_path, characteristic_interface);
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::attribute_gone);
  emit_rate_added();
  peer_.settle();
  discover(*client_);
  subscribe(*client_);
  notify(7);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(7)));
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
