// The end of a client's link, and of the client, against a backend that answers when the test says.

#include "latch.hpp"
#include "support/connected_client.hpp"

#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientEnd : public ClientScene {};

TEST_F(ClientEnd, FailedDisconnectIsTheResult) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    Started<void> disconnecting(client.disconnect());
    EXPECT_FALSE(client.is_connected());
    port().disconnects.answer(Error(ErrorCode::access_denied, "no"));
    co_await turns();
    EXPECT_EQ(disconnecting.failure(), ErrorCode::access_denied);
  });
}

TEST_F(ClientEnd, DisconnectWhileConnecting) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    Started<void> disconnecting(client.disconnect());
    co_await turns();
    EXPECT_EQ(connecting.failure(), ErrorCode::canceled);
    EXPECT_TRUE(disconnecting.pending());
    port().connects.answer(Error(ErrorCode::canceled, "aborted"));
    co_await turns();
    EXPECT_TRUE(disconnecting.succeeded());
  });
}

TEST_F(ClientEnd, DisconnectIsIdempotentAndToldOnce) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await client.disconnect();
    co_await connect(client);
    Started<void> first(client.disconnect());
    Started<void> second(client.disconnect());
    EXPECT_EQ(port().disconnects.count(), 1);
    EXPECT_EQ(port().disconnect_kinds.front(), backend::ReleaseKind::explicit_disconnect);
    port().events->on_disconnected(DisconnectReason::unknown, "");
    EXPECT_TRUE(gone.empty()) << "never inline";
    port().disconnects.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(first.succeeded() && second.succeeded());
    EXPECT_EQ(gone, std::vector{DisconnectReason::local});
    EXPECT_FALSE(client.is_connected());
    EXPECT_THROW((void)client.services(), Error);
    EXPECT_THROW((void)client.mtu_size(), Error);
  });
}

TEST_F(ClientEnd, RemoteEndIsToldOnceAndAllowsReconnect) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    port().events->on_disconnected(DisconnectReason::timeout, "org.example.Timeout");
    port().events->on_disconnected(DisconnectReason::timeout, "org.example.Timeout");
    co_await turns();
    EXPECT_EQ(gone, std::vector{DisconnectReason::timeout});
    co_await connect(client);
    EXPECT_TRUE(client.is_connected());
  });
}

TEST_F(ClientEnd, CallbackCanBeReplacedAndRemoved) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    int others = 0;
    co_await connect(client);
    client.set_disconnected_callback([&others](const Disconnection&) { ++others; });
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await turns();
    EXPECT_EQ(others, 1);
    client.set_disconnected_callback(nullptr);
    co_await connect(client);
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await turns();
    EXPECT_EQ(others, 1);
    EXPECT_TRUE(gone.empty());
  });
}

TEST_F(ClientEnd, DestructionReleasesAndCancels) {
  run_virtually([this]() -> Task<> {
    auto client = std::make_unique<Client>(known_device(), options());
    co_await connect(*client);
    Started<Bytes> reading(client->read_gatt_char("2a19"));
    client.reset();
    EXPECT_EQ(port().releases, 1);
    EXPECT_FALSE(port().alive);
    co_await turns();
    EXPECT_EQ(reading.failure(), ErrorCode::canceled);
    EXPECT_TRUE(gone.empty());
  });
}

TEST_F(ClientEnd, ReleaseOnlyIsTheBackendsBusiness) {
  run_virtually([this]() -> Task<> {
    auto own = options();
    own.bluez.release_only = true;
    Client client(known_device(), own);
    co_await connect(client);
    EXPECT_TRUE(port().request.bluez_release_only);
  });
}

TEST_F(ClientEnd, DestructionInsideItsOwnDisconnectedCallback) {
  run_virtually([this]() -> Task<> {
    std::unique_ptr<Client> client;
    auto own = options();
    int calls = 0;
    own.on_disconnected = [&](const Disconnection&) {
      ++calls;
      client.reset();
    };
    client = std::make_unique<Client>(known_device(), own);
    co_await connect(*client);
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await turns();
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(port().alive);
  });
}

TEST_F(ClientEnd, NoCallbackAfterDestruction) {
  run_virtually([this]() -> Task<> {
    auto client = std::make_unique<Client>(known_device(), options());
    co_await connect(*client);
    port().events->on_disconnected(DisconnectReason::remote, "");  // posts the callback
    client.reset();
    co_await turns();
    EXPECT_TRUE(gone.empty());
  });
}

TEST_F(ClientEnd, ConnectDuringDisconnectWaitsForIt) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    Started<void> disconnecting(client.disconnect());
    Started<void> connecting(client.connect());
    EXPECT_EQ(port().connects.count(), 1);
    port().events->on_disconnected(DisconnectReason::local, "");
    EXPECT_EQ(port().connects.count(), 1);
    port().disconnects.answer(Result<void>());
    EXPECT_EQ(port().connects.count(), 2);
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(disconnecting.succeeded());
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_EQ(gone, std::vector{DisconnectReason::local});
  });
}

TEST_F(ClientEnd, ClosedLoopReleasesLinksAndRefuses) {
  auto loop = std::make_unique<VirtualLoop>();
  auto own = options();
  own.loop = &loop->facade();
  Client client(known_device(), own);
  loop->run(connect(client));
  loop.reset();
  EXPECT_EQ(port().releases, 1);
  EXPECT_FALSE(port().alive);
  EXPECT_FALSE(client.is_connected());
  const auto result = client.connect().as_result().get();
  EXPECT_EQ(result.error().code(), ErrorCode::loop_closed);
}

TEST_F(ClientEnd, DestructionOnAnotherThreadWaitsForTheCallback) {
  LoopThread loop;
  test::Latch inside(1);
  test::Latch leave(1);
  std::atomic<bool> ended{false};
  auto own = options();
  own.loop = &loop.facade();
  own.on_disconnected = [&](const Disconnection&) {
    inside.count_down();
    leave.wait();
    ended = true;
  };
  auto client = std::make_unique<Client>(known_device(), own);
  Started<void> connecting(client->connect());
  on_loop(loop.loop(), [&] {
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
  });
  on_loop(loop.loop(), [&] { port().events->on_disconnected(DisconnectReason::remote, ""); });
  inside.wait();
  std::thread helper([&] { leave.count_down(); });
  client.reset();
  EXPECT_TRUE(ended) << "the destructor came back while the callback ran";
  helper.join();
  on_loop(loop.loop(), [] {});
}

TEST_F(ClientEnd, WithConnectionDisconnectsAlsoOnAnException) {
  backend.state().known = known_device();
  run_virtually([this]() -> Task<> {
    auto body = [](Client&) -> Task<int> {
      throw std::runtime_error("body");
      co_return 1;
    };
    auto task = with_connection(known_device(), options(), body);
    auto whole = std::move(task).as_operation();
    std::optional<std::string> thrown;
    whole.start([&thrown](Result<int> result) { thrown = result ? "none" : result.error().what(); });
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    co_await turns(2);
    EXPECT_FALSE(thrown) << "awaits the disconnect first";
    EXPECT_EQ(port().disconnects.waiting(), 1U);
    port().events->on_disconnected(DisconnectReason::local, "");
    port().disconnects.answer(Result<void>());
    co_await turns(3);
    EXPECT_TRUE(thrown);
  });
}

}  // namespace
}  // namespace blau::test
