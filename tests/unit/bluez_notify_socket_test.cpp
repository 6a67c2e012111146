#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr backend::SubscribeRequest by_socket{backend::SubscribeKind::notify, NotifyPath::socket};

/// bluetoothd's end of a socket that AcquireNotify gave.
class Given {
 public:
  /// Answers the call.
  Given(BlueZPeer& peer, const Message& call) {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours_ = ends[0];
    peer.reply(call, [&](Message& m) { m.append("hq", ends[1], 247); });
    ::close(ends[1]);
  }
  Given(const Given&) = delete;
  Given& operator=(const Given&) = delete;
  ~Given() { hang_up(); }

  void send(const Bytes& value) const {
    EXPECT_EQ(::send(ours_, value.data(), value.size(), MSG_NOSIGNAL), static_cast<ssize_t>(value.size()));
  }
  /// False if there is no room.
  [[nodiscard]] bool try_send(const Bytes& value) const {
    return ::send(ours_, value.data(), value.size(), MSG_NOSIGNAL) >= 0;
  }
  void hang_up() {
    if (const int descriptor = std::exchange(ours_, -1); descriptor >= 0) ::close(descriptor);
  }
  /// The backend has closed its end.
  [[nodiscard]] bool is_closed() const {
    char byte = 0;
    const auto read = ::recv(ours_, &byte, 1, MSG_DONTWAIT);
    return read == 0 || (read < 0 && errno == ECONNRESET);  // with values that it did not read
  }

 private:
  int ours_ = -1;
};

/// A client with a link.
class BlueZNotifySocket : public BlueZScene {
 protected:
  void SetUp() override {
    client_ = make_client(told_);
    connect(*client_);
    discover(*client_);
  }
  Message ask_for_socket() {
    client_->subscribe(rate, by_socket, subscribed_.taker());
    return peer_.next_call("AcquireNotify");
  }
  std::unique_ptr<Given> subscribe_by_socket() {
    auto given = std::make_unique<Given>(peer_, ask_for_socket());
    expect(subscribed_);
    EXPECT_TRUE(subscribed_.succeeded());
    return given;
  }
  void wait_for_values(std::size_t count) {
    EXPECT_TRUE(peer_.run_until([&] { return told_.values.size() >= count; })) << told_.values.size() << " came";
  }

  Told told_;
  std::unique_ptr<backend::ClientPort> client_;
  Answer<void> subscribed_;
};

TEST_F(BlueZNotifySocket, ValuesComeWholeAndInOrder) {
  const auto given = subscribe_by_socket();
  for (int value = 0; value < 100; ++value) given->send(bytes(static_cast<std::uint8_t>(value)));
  given->send(Bytes(514, 7));
  wait_for_values(101);
  for (int value = 0; value < 100; ++value) EXPECT_EQ(told_.values[value], bytes(static_cast<std::uint8_t>(value)));
  EXPECT_EQ(told_.values[100], Bytes(514, 7));
}

TEST_F(BlueZNotifySocket, WhatAReadBringsIsNoNotification) {
  const auto given = subscribe_by_socket();
  notify(9);
  peer_.settle();
  EXPECT_THAT(told_.values, IsEmpty());
}

TEST_F(BlueZNotifySocket, AnEmptyValueIsAValue) {
  const auto given = subscribe_by_socket();
  given->send({});
  wait_for_values(1);
  given->send(bytes(1));
  given->send({});
  wait_for_values(3);
  EXPECT_THAT(told_.values, ElementsAre(Bytes(), bytes(1), Bytes()));
}

TEST_F(BlueZNotifySocket, EmptyValuesBeforeTheEndAreValuesWhereMoreFollows) {
  const auto given = subscribe_by_socket();
  given->send({});
  for (int value = 0; value < 20; ++value) given->send({});
  given->send(bytes(1));
  given->hang_up();
  peer_.reply(peer_.next_call("StartNotify"));
  EXPECT_EQ(told_.values.size(), 22U);
  EXPECT_EQ(told_.values.back(), bytes(1));
}

TEST_F(BlueZNotifySocket, UnsubscribingClosesItAndIsToldToBlueZ) {
  const auto given = subscribe_by_socket();
  given->send(bytes(1));
  wait_for_values(1);
  Answer<void> left;
  client_->unsubscribe(rate, left.taker());
  Message stop = peer_.next_call("StopNotify");
  EXPECT_TRUE(given->is_closed());
  peer_.error(stop, "org.bluez.Error.Failed", "No notify session started");
  expect(left);
  EXPECT_TRUE(left.succeeded());
}

TEST_F(BlueZNotifySocket, TwoClientsShareOne) {
  Told other;
  const auto second = make_client(other);
  Answer<void> joined, shared, left;
  second->connect(joined.taker());
  expect(joined);
  const auto given = subscribe_by_socket();
  second->subscribe(rate, {}, shared.taker());
  expect(shared);
  given->send(bytes(1));
  wait_for_values(1);
  EXPECT_THAT(other.values, ElementsAre(bytes(1)));
  client_->unsubscribe(rate, left.taker());
  expect(left);
  EXPECT_FALSE(given->is_closed());
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

class BlueZNotifyFallback : public BlueZNotifySocket, public testing::WithParamInterface<const char*> {};

TEST_P(BlueZNotifyFallback, SignalsWhereThereIsNoSocket) {
  peer_.error(ask_for_socket(), GetParam(), "no");
  peer_.reply(peer_.next_call("StartNotify"));
  expect(subscribed_);
  EXPECT_TRUE(subscribed_.succeeded());
  notify(1);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(1)));
}

INSTANTIATE_TEST_SUITE_P(Errors, BlueZNotifyFallback,
                         testing::Values("org.bluez.Error.InProgress", "org.bluez.Error.NotSupported",
                                         "org.freedesktop.DBus.Error.UnknownMethod"));

TEST_F(BlueZNotifySocket, AnAnswerWithoutASocketFallsBack) {
  peer_.reply(ask_for_socket(), [](Message& m) { m.append("s", "socket"); });
  EXPECT_TRUE(peer_.next_call("StopNotify"));
  peer_.reply(peer_.next_call("StartNotify"));
  expect(subscribed_);
  EXPECT_TRUE(subscribed_.succeeded());
}

TEST_F(BlueZNotifySocket, AnotherProgramsSocketIsAnError) {
  peer_.error(ask_for_socket(), "org.bluez.Error.NotPermitted", "Notify acquired");
  expect(subscribed_);
  EXPECT_EQ(subscribed_.code(), ErrorCode::busy);
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZNotifySocket, ClosedByAnotherProgramItGoesOnWithSignals) {
  const auto given = subscribe_by_socket();
  given->send(bytes(1));
  given->hang_up();
  peer_.reply(peer_.next_call("StartNotify"));
  notify(2);
  peer_.settle();
  EXPECT_THAT(told_.values, ElementsAre(bytes(1), bytes(2)));
}

TEST_F(BlueZNotifySocket, ClosedByAnotherProgramAndRefusedSignalsItEnds) {
  const auto given = subscribe_by_socket();
  given->hang_up();
  peer_.error(peer_.next_call("StartNotify"), "org.bluez.Error.NotPermitted", "Notify acquired");
  EXPECT_TRUE(peer_.run_until([&] { return !told_.ended_subscriptions.empty(); }));
  ASSERT_EQ(told_.ended_subscriptions.size(), 1U);
  EXPECT_EQ(told_.ended_subscriptions[0].first, rate);
  EXPECT_EQ(told_.ended_subscriptions[0].second, ErrorCode::busy);
  Answer<void> again;
  client_->subscribe(rate, {}, again.taker());
  peer_.reply(peer_.next_call("StartNotify"));
  expect(again);
  EXPECT_TRUE(again.succeeded());
}

TEST_F(BlueZNotifySocket, WhatCameBeforeTheLinksEndIsDelivered) {
  const auto given = subscribe_by_socket();
  // Both lie there when the loop runs next; the signal is handled first or last.
  given->send(bytes(1));
  set_device("Connected", 0);
  given->send(bytes(2));
  EXPECT_TRUE(peer_.run_until([&] { return told_.ends.size() == 1; }));
  EXPECT_THAT(told_.values, ElementsAre(bytes(1), bytes(2)));
  EXPECT_TRUE(given->is_closed());
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty()) << "there is no session to stop";
}

TEST_F(BlueZNotifySocket, IsClosedWithTheBackendThoughItsClientStays) {
  const auto given = subscribe_by_socket();
  backend_.reset();
  EXPECT_TRUE(given->is_closed());
}

TEST_F(BlueZNotifySocket, AsManyValuesAsItHoldsAreDeliveredBeforeTheLinksEnd) {
  const auto given = subscribe_by_socket();
  std::size_t sent = 0;
  while (given->try_send(bytes(1))) ++sent;
  ASSERT_GT(sent, 256U);
  set_device("Connected", 0);
  EXPECT_TRUE(peer_.run_until([&] { return told_.ends.size() == 1; }));
  EXPECT_EQ(told_.values.size(), sent);
}

TEST_F(BlueZNotifySocket, WhatCameBeforeTheCharacteristicWentIsDelivered) {
  const auto given = subscribe_by_socket();
  given->send(bytes(1));
  peer_.emit_removed(rate_path, characteristic_interface);
  wait_for_values(1);
  EXPECT_TRUE(peer_.run_until([&] { return given->is_closed(); }));
}

TEST_F(BlueZNotifySocket, GivenUpBeforeItsAnswerItIsStopped) {
  const Message never = ask_for_socket();
  Answer<void> left;
  client_->unsubscribe(rate, left.taker());
  peer_.reply(peer_.next_call("StopNotify"));
  expect(left);
  EXPECT_EQ(subscribed_.code(), ErrorCode::canceled);
  Answer<void> again;
  client_->subscribe(rate, {}, again.taker());
  peer_.reply(peer_.next_call("StartNotify"));
  expect(again);
  EXPECT_TRUE(again.succeeded());
}

TEST_F(BlueZNotifySocket, DestroyedInsideItsOwnValue) {
  const auto given = subscribe_by_socket();
  for (int value = 0; value < 40; ++value) given->send(bytes(static_cast<std::uint8_t>(value)));
  told_.then = [this] { client_.reset(); };
  wait_for_values(1);
  peer_.settle();
  EXPECT_EQ(told_.values.size(), 1U);
  EXPECT_TRUE(given->is_closed());
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
