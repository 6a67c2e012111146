#ifdef BLAU_WITH_BLUEZ

// Who ends a link that other programs may use as well: the rules of "Disconnecting, and other programs".

#include "bluez_scene.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>

namespace blau::detail::bluez {
namespace {

using backend::ReleaseKind;
using testing::ElementsAre;
using testing::IsEmpty;

class BlueZOwner : public BlueZScene {
 protected:
  std::unique_ptr<backend::ClientPort> make_releasing_client(Told& told) {
    backend::ClientRequest request;
    request.device = Device(Address("C0:FF:EE:00:00:01"), std::nullopt, device_path, "hci0");
    request.bluez_release_only = true;
    return backend_->make_client(request, told);
  }
  /// Of a link that another program has made.
  void adopt(backend::ClientPort& client) {
    Answer<void> answer;
    client.connect(answer.taker());
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
  }
  void end(backend::ClientPort& client, ReleaseKind kind) {
    Answer<void> answer;
    client.disconnect(kind, answer.taker());
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
  }
};

TEST_F(BlueZOwner, DisconnectEndsAnAdoptedLinkToo) {
  connected_ = 1;
  Told told;
  const auto client = make_client(told);
  adopt(*client);
  Answer<void> answer;
  client->disconnect(ReleaseKind::explicit_disconnect, answer.taker());
  Message call = peer_.next_call("Disconnect");
  set_device("Connected", 0);
  peer_.reply(call);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::local));
}

TEST_F(BlueZOwner, AnotherEndLeavesAnAdoptedLink) {
  connected_ = 1;
  Told told;
  const auto client = make_client(told);
  adopt(*client);
  end(*client, ReleaseKind::implicit_release);
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::local));
  adopt(*client);
  client->release();
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZOwner, AnotherEndTakesTheOwnLinkDown) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  Answer<void> answer;
  client->disconnect(ReleaseKind::implicit_release, answer.taker());
  EXPECT_TRUE(peer_.next_call("Disconnect"));
}

TEST_F(BlueZOwner, ReleaseOnlyLeavesTheLinkHoweverItEnds) {
  Told told;
  auto client = make_releasing_client(told);
  connect(*client);
  end(*client, ReleaseKind::explicit_disconnect);
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::local));
  adopt(*client);
  end(*client, ReleaseKind::implicit_release);
  adopt(*client);
  client.reset();
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZOwner, WhoTakesItsConnectBackDoesNotEndThatOfAnother) {
  Told first, second;
  const auto one = make_client(first);
  const auto two = make_client(second);
  Answer<void> canceled, connected;
  one->connect(canceled.taker());
  Message call = peer_.next_call("Connect");
  two->connect(connected.taker());
  one->abort_connect();
  EXPECT_EQ(canceled.code(), ErrorCode::canceled);
  set_device("Connected", 1);
  peer_.reply(call);
  expect(connected);
  EXPECT_TRUE(connected.succeeded());
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZOwner, SubscriptionsEndBeforeTheLink) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  subscribe(*client);
  Answer<void> answer;
  client->disconnect(ReleaseKind::explicit_disconnect, answer.taker());
  EXPECT_TRUE(peer_.next_call("StopNotify"));
  EXPECT_TRUE(peer_.next_call("Disconnect"));
}

TEST_F(BlueZOwner, DisconnectThatIsAnsweredLastIsWaitedFor) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  Answer<void> answer;
  client->disconnect(ReleaseKind::explicit_disconnect, answer.taker());
  Message call = peer_.next_call("Disconnect");
  set_device("Connected", 0);
  peer_.settle();
  EXPECT_FALSE(answer.came());
  peer_.reply(call);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

TEST_F(BlueZOwner, FailedAttemptLastsUntilItsLinkIsDown) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  set_device("Connected", 1);
  peer_.error(call, "org.bluez.Error.Failed", "le-connection-abort-by-local");
  peer_.settle();
  EXPECT_FALSE(answer.came()) << "a Connect now would join a link that dies";
  set_device("Connected", 0);
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::connection_failed);
}

TEST_F(BlueZOwner, ConnectThatAnotherProgramCancelsSaysSo) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  peer_.error(call, "org.bluez.Error.Failed", "br-connection-canceled");
  expect(answer);
  ASSERT_EQ(answer.code(), ErrorCode::connection_failed);
  EXPECT_THAT(answer.result->error().what(), testing::HasSubstr("another program"));
}

/// Reads what is sent to the other end, on a thread of its own, until it has seen the text; false if it does not come.
class SlowReader {
 public:
  SlowReader(int socket, std::string text) : thread_([this, socket, text] { read(socket, text); }) {}
  bool finish() {
    thread_.join();
    return found_;
  }

 private:
  void read(int socket, const std::string& text) {
    const timeval patience{2, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string all;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 1; size > 0 && !found_; found_ = all.find(text) != std::string::npos) {
      size = recv(socket, buffer.data(), buffer.size(), 0);
      if (size > 0) all.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  bool found_ = false;
  std::thread thread_;
};

TEST_F(BlueZOwner, DestructorSendsTheDisconnectThoughTheBusIsFull) {
  int ours = -1;
  backend_ = make_backend(peer_.loop(), [&ours, open = peer_.opener()](sd_bus** bus) {
    const int result = open(bus);
    if (result >= 0) ours = sd_bus_get_fd(*bus);
    return result;
  });
  Told told;
  auto client = make_client(told);
  connect(*client);
  discover(*client);
  const int little = 1;
  ASSERT_EQ(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &little, sizeof little), 0);
  for (int i = 0; i < 50; ++i)
    client->write_characteristic(rate, Bytes(512), backend::WriteKind::with_response, [](const Result<void>&) {});
  // The peer's loop does not run meanwhile; flags belong to the socket, not to the descriptor.
  const int theirs = dup(peer_.descriptor());
  ASSERT_EQ(fcntl(theirs, F_SETFL, fcntl(theirs, F_GETFL) & ~O_NONBLOCK), 0);
  SlowReader reader(theirs, "Disconnect");
  client.reset();
  EXPECT_TRUE(reader.finish());
  ::close(theirs);
  peer_.hang_up();
}

struct ToldReason {
  const char* told;
  DisconnectReason reason;
};

class BlueZReason : public BlueZScene {
 protected:
  void tell_reason(const char* reason) {
    peer_.emit_signal(device_path, device_interface, "Disconnected",
                      [&](Message& m) { m.append("ss", reason, "words for people"); });
  }
};

class BlueZReasons : public BlueZReason, public testing::WithParamInterface<ToldReason> {};

TEST_P(BlueZReasons, AreToldWithBlueZsWord) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  tell_reason(GetParam().told);
  set_device("Connected", 0);
  peer_.settle();
  EXPECT_THAT(told.ends, ElementsAre(GetParam().reason));
  EXPECT_THAT(told.words, ElementsAre(GetParam().told));
}

TEST_F(BlueZReason, OfAnEarlierLinkIsNotToldOfAnAdoptedOne) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  tell_reason("org.bluez.Reason.Remote");
  set_device("Connected", 0);
  peer_.settle();
  set_device("Connected", 1);
  peer_.settle();
  Answer<void> adopted;
  client->connect(adopted.taker());
  expect(adopted);
  set_device("Connected", 0);
  peer_.settle();
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::remote, DisconnectReason::unknown));
}

constexpr ToldReason reasons[] = {
    {"org.bluez.Reason.Timeout", DisconnectReason::timeout},
    {"org.bluez.Reason.Remote", DisconnectReason::remote},
    {"org.bluez.Reason.Authentication", DisconnectReason::authentication},
    {"org.bluez.Reason.Suspend", DisconnectReason::suspend},
    {"org.bluez.Reason.Local", DisconnectReason::other_program},
    {"org.bluez.Reason.Unknown", DisconnectReason::unknown},
};
INSTANTIATE_TEST_SUITE_P(Each, BlueZReasons, testing::ValuesIn(reasons), [](const auto& info) {
  const std::string told = info.param.told;
  return told.substr(told.rfind('.') + 1);
});

TEST_F(BlueZOwner, EndWithTheAdaptersPowerIsTold) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  set_adapter_powered(0);
  set_device("Connected", 0);
  peer_.settle();
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::adapter_off));
}

TEST_F(BlueZOwner, SaysWhatADiscoveryWaitsFor) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  Answer<backend::GattDatabase> answer;
  client->discover({}, answer.taker());
  peer_.settle();
  EXPECT_THAT(client->discovery_waits_for(), testing::HasSubstr("not resolved the services: 1 are known"));
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
