// What a client that keeps its link up waits for, and what ends it.

#include "support/reconnecting_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

TEST_F(ClientReconnect, AdapterThatIsOffIsWaitedFor) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    co_await lose_later(DisconnectReason::adapter_off);
    co_await sleep_for(1000s);
    EXPECT_EQ(port().connects.count(), 1);
    co_await return_adapter();
    EXPECT_EQ(port().connects.count(), 2);
    port().connects.answer(Error(UnavailableReason::powered_off, "off again"));
    co_await turns(2);
    EXPECT_NE(backend.state().adapter_events, nullptr) << "waits again";
    EXPECT_TRUE(told.empty());
  });
}

TEST_F(ClientReconnect, NamedAdapterThatIsUnpluggedForAMomentIsWaitedFor) {
  run_virtually([this]() -> Task<> {
    auto own = keeping();
    own.adapter = "hci0";
    Client client(known_device(), own);
    co_await connect(client);
    co_await lose_later();
    port().connects.answer(Error(ErrorCode::invalid_argument, "no adapter hci0"));
    co_await turns(2);
    EXPECT_TRUE(told.empty());
    co_await return_adapter();
    EXPECT_EQ(port().connects.count(), 3);
  });
}

TEST_F(ClientReconnect, DisconnectEndsIt) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    co_await lose_later(DisconnectReason::timeout);
    co_await client.disconnect();
    co_await sleep_for(100s);
    EXPECT_EQ(port().connects.count(), 1);
    EXPECT_TRUE(told.empty());
  });
}

TEST_F(ClientReconnect, OwnDisconnectIsNoLoss) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    Started<void> disconnecting(client.disconnect());
    port().events->on_disconnected(DisconnectReason::local, "");
    port().disconnects.answer(Result<void>());
    co_await sleep_for(100s);
    EXPECT_EQ(port().connects.count(), 1);
  });
}

TEST_F(ClientReconnect, ConnectTakesItOverAndWaitsForIt) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    co_await lose_later();
    Started<void> connecting(client.connect());
    EXPECT_EQ(port().connects.count(), 2) << "the one that is under way";
    answer_connect();
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_TRUE(told.empty()) << "who asked was told";
  });
}

TEST_F(ClientReconnect, DestructionEndsIt) {
  run_virtually([this]() -> Task<> {
    auto client = std::make_unique<Client>(known_device(), keeping());
    co_await connect(*client);
    co_await lose_later();
    client.reset();
    co_await sleep_for(100s);
    EXPECT_FALSE(port().alive);
    EXPECT_TRUE(told.empty());
  });
}

}  // namespace
}  // namespace blau::test
