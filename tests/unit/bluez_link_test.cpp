#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BlueZLink : public BlueZScene {};

TEST_F(BlueZLink, AdoptsALinkThatIsThere) {
  connected_ = 1;
  Told told;
  auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  client.reset();
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty()) << "neither Connect nor Disconnect";
}

TEST_F(BlueZLink, AnswerThatOvertakesTheSignalIsNoFailure) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  peer_.reply(call);
  set_device("Connected", 1);
  EXPECT_FALSE(answer.came());
  answer_connected(1);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

TEST_F(BlueZLink, LinkThatNoSignalTellsOfIsUp) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  peer_.reply(call);
  answer_connected(1);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  discover(*client);
  set_device("Connected", 0);
  peer_.settle();
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::unknown));
}

TEST_F(BlueZLink, LinkThatIsGoneWithItsAnswerIsAFailedAttempt) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  peer_.reply(call);
  answer_connected(0);
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::connection_failed);
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZLink, AbortedConnectIsTakenDownEvenIfNoSignalTellsOfIt) {
  Told told;
  const auto client = make_client(told);
  Answer<void> first, second;
  client->connect(first.taker());
  Message call = peer_.next_call("Connect");
  client->abort_connect();
  Message disconnect = peer_.next_call("Disconnect");
  client->connect(second.taker());
  peer_.reply(call);
  peer_.reply(disconnect);
  answer_connected(1);
  peer_.settle();
  EXPECT_FALSE(second.came()) << "the old link is still there";
  EXPECT_THAT(peer_.calls(), IsEmpty());
  set_device("Connected", 0);
  EXPECT_TRUE(peer_.next_call("Connect"));
}

TEST_F(BlueZLink, AbortedConnectIsTakenDownEvenIfItSucceeds) {
  Told told;
  const auto client = make_client(told);
  Answer<void> first;
  client->connect(first.taker());
  Message call = peer_.next_call("Connect");
  client->abort_connect();
  EXPECT_EQ(first.code(), ErrorCode::canceled);
  Message disconnect = peer_.next_call("Disconnect");

  Answer<void> second;
  client->connect(second.taker());
  set_device("Connected", 1);
  peer_.reply(call);
  peer_.reply(disconnect);
  peer_.settle();
  EXPECT_FALSE(second.came()) << "the old link is still there";
  EXPECT_THAT(peer_.calls(), IsEmpty());
  set_device("Connected", 0);
  Message again = peer_.next_call("Connect");
  set_device("Connected", 1);
  peer_.reply(again);
  expect(second);
  EXPECT_TRUE(second.succeeded());
  EXPECT_EQ(first.calls, 1);
  EXPECT_THAT(told.log, IsEmpty());
}

TEST_F(BlueZLink, DestroyedClientSaysNothingMore) {
  Told told;
  auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  client.reset();
  Message disconnect = peer_.next_call("Disconnect");
  peer_.error(call, "org.bluez.Error.Failed", "br-connection-canceled");
  peer_.reply(disconnect);
  peer_.settle();
  EXPECT_FALSE(answer.came());
}

TEST_F(BlueZLink, ClientMayBeDestroyedByItsOwnAnswer) {
  Told told;
  auto client = make_client(told);
  bool answered = false;
  client->connect([&](const Result<void>&) {
    client.reset();
    answered = true;
  });
  Message call = peer_.next_call("Connect");
  set_device("Connected", 1);
  peer_.reply(call);
  EXPECT_TRUE(peer_.run_until([&] { return answered; }));
  EXPECT_TRUE(peer_.next_call("Disconnect"));
}

TEST_F(BlueZLink, DisconnectWaitsForAnswerAndSignal) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  Answer<void> answer;
  client->disconnect(backend::ReleaseKind::explicit_disconnect, answer.taker());
  Message call = peer_.next_call("Disconnect");
  peer_.reply(call);
  peer_.settle();
  EXPECT_FALSE(answer.came());
  set_device("Connected", 0);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::local));
}

TEST_F(BlueZLink, OnlyTheLastClientDisconnects) {
  Told first, second;
  const auto one = make_client(first);
  const auto two = make_client(second);
  connect(*one);
  Answer<void> joined, left;
  two->connect(joined.taker());
  expect(joined);
  one->disconnect(backend::ReleaseKind::explicit_disconnect, left.taker());
  expect(left);
  EXPECT_THAT(first.ends, ElementsAre(DisconnectReason::local));
  EXPECT_THAT(peer_.calls(), IsEmpty());
  EXPECT_THAT(second.log, IsEmpty());
  Answer<void> last;
  two->disconnect(backend::ReleaseKind::explicit_disconnect, last.taker());
  EXPECT_TRUE(peer_.next_call("Disconnect"));
}

TEST_F(BlueZLink, LostLinkIsToldBeforeWhatItFails) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  int calls = 0;
  client->read_characteristic(rate, false, [&](const Result<Bytes>& result) {
    ++calls;
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::disconnected);
    told.log.emplace_back("read failed");
  });
  Message call = peer_.next_call("ReadValue");
  set_device("Connected", 0);
  peer_.error(call, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e");
  peer_.settle();
  EXPECT_THAT(told.log, ElementsAre("disconnected", "read failed"));
  EXPECT_EQ(calls, 1);
}

TEST_F(BlueZLink, LostBusFailsEverythingAndIsOpenedAnew) {
  Told told;
  Heard heard;
  const auto client = make_client(told);
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  call = Message();
  peer_.hang_up();
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::backend_lost);
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::backend_lost));
  ASSERT_TRUE(heard.ended);
  EXPECT_EQ(heard.ended->code(), ErrorCode::backend_lost);
  connect(*client);
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
