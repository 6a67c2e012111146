// What the search for races (tests/interleave) has found.

#include "support/connected_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientRaces : public ClientScene {};

TEST_F(ClientRaces, DiscoveryWhoseTurnComesWhileTheLinkIsBeingClosed) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    DiscoveryOptions afresh;
    afresh.cache_mode = CacheMode::uncached;
    Started<ServiceCollection> first(client.get_services(afresh));
    Started<ServiceCollection> second(client.get_services(afresh));
    Started<void> disconnecting(client.disconnect());
    port().discoveries.answer(small_database());
    co_await turns();
    EXPECT_EQ(first.failure(), ErrorCode::disconnected);
    EXPECT_EQ(second.failure(), ErrorCode::not_connected);
    EXPECT_EQ(port().discoveries.count(), 2) << "one with the connect, one of the first";
  });
}

TEST_F(ClientRaces, StopNotifyWhoseTurnComesWhileTheLinkIsBeingClosed) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    Started<Bytes> reading(client.read_gatt_char("2a19"));
    Started<void> stopping(client.stop_notify("2a19"));
    Started<void> disconnecting(client.disconnect());
    port().reads.answer(Bytes());
    co_await turns();
    EXPECT_EQ(stopping.failure(), ErrorCode::not_connected);
  });
}

TEST_F(ClientRaces, ExplicitDisconnectWithoutAnswerDoesNotHoldTheClientForEver) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    Started<void> disconnecting(client.disconnect());
    co_await sleep_for(10s);
    EXPECT_EQ(disconnecting.failure(), ErrorCode::timed_out);
    co_await turns();
    EXPECT_EQ(gone, std::vector{DisconnectReason::local});
    Started<void> connecting(client.connect());
    EXPECT_EQ(backend.client(1).connects.count(), 1);
  });
}

TEST_F(ClientRaces, CallbackThatDestroysItsClientAndThrows) {
  std::optional<Client> client;
  const auto story = [&]() -> Task<> {
    client.emplace(known_device(), options());
    co_await connect(*client);
    auto destroy = [&client](const Characteristic&, ByteView) {
      client.reset();
      throw std::runtime_error("after its end");
    };
    Started<void> notifying(client->start_notify("2a19", destroy));
    port().subscribes.answer(Result<void>());
    co_await turns();
    port().events->on_value(2, bytes(1));
    co_await turns();
  };
  EXPECT_THROW(run_virtually(story), std::runtime_error);
}

TEST_F(ClientRaces, DeviceThatAnotherClientConnectsToIsFound) {
  run_virtually([this]() -> Task<> {
    Client first(known_device(), options());
    Started<void> connecting(first.connect());
    Client second("C0:FF:EE:00:00:01", options());
    Started<void> looking(second.connect());
    backend.scanner().starts.answer(Result<void>());
    answer_connect();  // from here on the device does not advertise
    co_await turns(3);
    EXPECT_EQ(backend.client_count(), 2U);
    EXPECT_EQ(backend.client(1).connects.count(), 1);
  });
}

}  // namespace
}  // namespace blau::test
