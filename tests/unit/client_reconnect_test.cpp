// A client that keeps its link up by itself.

#include "support/reconnecting_client.hpp"

#include <blau/bytes.hpp>

#include <gtest/gtest.h>

#include <string>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

TEST_F(ClientReconnect, IsOffByDefault) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    co_await lose_later();
    co_await sleep_for(100s);
    EXPECT_EQ(port().connects.count(), 1);
  });
}

TEST_F(ClientReconnect, OrdinaryEndIsFollowedByANewLinkAtOnce) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    co_await lose_later();
    EXPECT_EQ(gone, std::vector{DisconnectReason::remote});
    EXPECT_EQ(port().connects.count(), 2);
    EXPECT_FALSE(client.is_connected());
    answer_connect();
    co_await turns();
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(told, std::vector<std::string>{"back"});
  });
}

TEST_F(ClientReconnect, SubscriptionsAreRestoredBeforeTheUserIsTold) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    std::vector<Bytes> values;
    auto note = [&values](const Characteristic&, ByteView value) { values.emplace_back(value.begin(), value.end()); };
    Started<void> notifying(client.start_notify("2a19", note));
    port().subscribes.answer(Result<void>());
    Started<Subscription> subscribing(client.subscribe(Handle(8)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto stream = std::move(*subscribing.result());
    co_await lose_later();
    answer_connect();
    co_await turns();
    EXPECT_EQ(port().subscribes.waiting(), 2U);
    EXPECT_FALSE(client.is_connected()) << "not before they are restored";
    EXPECT_TRUE(told.empty());
    port().events->on_value(2, bytes(7));  // values may come before the answer
    port().subscribes.answer(Result<void>());
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(told, std::vector<std::string>{"back"});
    port().events->on_value(8, bytes(9));
    const auto next = co_await stream.next();
    EXPECT_EQ(next, bytes(9));
    EXPECT_EQ(values, std::vector<Bytes>{bytes(7)});
    EXPECT_EQ(port().subscribe_kinds.size(), 4U);
    EXPECT_EQ(port().subscribe_kinds[1], backend::SubscribeKind::indicate);
  });
}

TEST_F(ClientReconnect, SubscriptionThatCannotBeRestoredEndsWithTheReason) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    Started<Subscription> first(client.subscribe(Handle(2)));
    port().subscribes.answer(Result<void>());
    Started<Subscription> second(client.subscribe(Handle(8)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto refused = std::move(*first.result());
    auto vanished = std::move(*second.result());
    co_await lose_later();
    port().connects.answer(Result<void>());
    auto database = small_database();
    database.services.pop_back();
    port().discoveries.answer(std::move(database));
    EXPECT_EQ(port().subscribes.waiting(), 1U);
    port().subscribes.answer(Error(AttError::insufficient_resources, "no"));
    co_await turns();
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(refused.end_reason()->code(), ErrorCode::att);
    EXPECT_EQ(vanished.end_reason()->code(), ErrorCode::attribute_gone);
  });
}

TEST_F(ClientReconnect, SubscriptionThatFailsWhileRestoringDropsTheServices) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    Started<Subscription> subscribing(client.subscribe(Handle(2)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto values = std::move(*subscribing.result());
    co_await lose_later();
    answer_connect();
    port().subscribes.answer(Error(ErrorCode::failed, "Failed to register notify session"));
    EXPECT_EQ(port().disconnects.count(), 1);
    port().disconnects.answer(Result<void>());
    co_await sleep_for(100ms);
    EXPECT_EQ(port().connects.count(), 3);
    answer_connect();
    EXPECT_EQ(port().discoveries.count(), 3) << "discovered anew";
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(client.is_connected());
    EXPECT_FALSE(values.end_reason().has_value());
  });
}

TEST_F(ClientReconnect, SubscriptionLetGoMeanwhileIsNotRestored) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    Started<Subscription> subscribing(client.subscribe(Handle(2)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    co_await lose_later();
    {
      const auto dropped = std::move(*subscribing.result());
    }
    co_await turns(2);
    answer_connect();
    co_await turns();
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(port().subscribes.waiting(), 0U);
    EXPECT_EQ(port().unsubscribes.waiting(), 0U);
  });
}

TEST_F(ClientReconnect, LinkLostWhileRestoringIsTriedAgain) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    Started<Subscription> subscribing(client.subscribe(Handle(2)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto values = std::move(*subscribing.result());
    co_await lose_later();
    answer_connect();
    auto late = port().subscribes.take();
    lose();
    late.answer(Error(ErrorCode::disconnected, "the link ended"));
    co_await sleep_for(1s);
    answer_connect();
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(client.is_connected());
    EXPECT_FALSE(values.end_reason().has_value());
    EXPECT_EQ(gone.size(), 1U);
  });
}

TEST_F(ClientReconnect, PausesGrowWhileItFails) {
  run_virtually([this]() -> Task<> {
    auto own = keeping();
    own.reconnect.first_pause = 1s;
    own.reconnect.longest_pause = 3s;
    own.timeout = 500ms;
    Client client(known_device(), own);
    co_await connect(client);
    co_await lose_later();
    auto fail = [this]() -> Task<> {
      co_await sleep_for(500ms);  // its time-out
      port().connects.answer(Error(ErrorCode::canceled, "aborted"));
    };
    int tries = 2;
    for (const auto pause : {1s, 2s, 3s, 3s}) {
      EXPECT_EQ(port().connects.count(), tries++);
      co_await fail();
      co_await sleep_for(pause - 1ms);
      EXPECT_EQ(port().connects.count(), tries - 1);
      co_await sleep_for(1ms);
    }
  });
}

TEST_F(ClientReconnect, DeviceThatHangsUpAtOnceIsNotCalledWithoutPause) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    lose();
    co_await sleep_for(249ms);
    EXPECT_EQ(port().connects.count(), 1);
    co_await sleep_for(1ms);
    answer_connect();
    lose();
    co_await sleep_for(499ms);
    EXPECT_EQ(port().connects.count(), 2);
    co_await sleep_for(1ms);
    EXPECT_EQ(port().connects.count(), 3);
  });
}

TEST_F(ClientReconnect, GivesUpAfterSoManyFailures) {
  run_virtually([this]() -> Task<> {
    auto own = keeping();
    own.reconnect.most_failures = 2;
    own.timeout = 1s;
    Client client(known_device(), own);
    co_await connect(client);
    Started<Subscription> subscribing(client.subscribe(Handle(2)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto values = std::move(*subscribing.result());
    co_await lose_later();
    for (int i = 0; i < 2; ++i) {
      EXPECT_FALSE(values.end_reason().has_value());
      co_await sleep_for(1s);
      port().connects.answer(Error(ErrorCode::canceled, "aborted"));
      co_await sleep_for(250ms);
    }
    EXPECT_EQ(told, std::vector<std::string>{"gave up: timed_out"});
    EXPECT_EQ(values.end_reason()->code(), ErrorCode::timed_out);
    co_await sleep_for(1000s);
    EXPECT_EQ(port().connects.count(), 3);
  });
}

TEST_F(ClientReconnect, LinksThatDieYoungCountAsFailures) {
  run_virtually([this]() -> Task<> {
    auto own = keeping();
    own.reconnect.most_failures = 2;
    Client client(known_device(), own);
    co_await connect(client);
    lose();
    co_await sleep_for(250ms);
    answer_connect();
    lose();
    co_await sleep_for(100s);
    EXPECT_EQ(told, (std::vector<std::string>{"back", "gave up: connection_failed"}));
    EXPECT_EQ(port().connects.count(), 2);
  });
}

TEST_F(ClientReconnect, SubscriptionThatFailedWithTheLinkIsNotRestored) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    co_await sleep_for(6s);
    auto ignore = [](const Characteristic&, ByteView) {};
    Started<void> notifying(client.start_notify("2a19", ignore));
    auto late = port().subscribes.take();
    lose();
    late.answer(Error(ErrorCode::disconnected, "the link ended"));
    co_await turns(2);
    EXPECT_EQ(notifying.failure(), ErrorCode::disconnected);
    answer_connect();
    co_await turns();
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(port().subscribes.waiting(), 0U);
    Started<void> again(client.start_notify("2a19", ignore));
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(again.succeeded());
  });
}

TEST_F(ClientReconnect, SubscriptionLetGoWhileRestoringEnds) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    Started<Subscription> subscribing(client.subscribe(Handle(2)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    co_await lose_later();
    answer_connect();
    {
      const auto dropped = std::move(*subscribing.result());
    }
    co_await turns(2);
    port().subscribes.answer(Result<void>());
    co_await turns(2);
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(port().unsubscribes.waiting(), 1U);
  });
}

TEST_F(ClientReconnect, ServicesThatChangeWhileRestoringAreDiscoveredAgain) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    Started<Subscription> subscribing(client.subscribe(Handle(2)));
    port().subscribes.answer(Result<void>());
    co_await turns();
    co_await lose_later();
    answer_connect();
    port().events->on_services_changed();
    port().subscribes.answer(Result<void>());
    co_await turns(2);
    EXPECT_EQ(port().discoveries.waiting(), 1U);
  });
}

TEST_F(ClientReconnect, LostBondEndsItAtOnce) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), keeping());
    co_await connect(client);
    co_await lose_later();
    port().connects.answer(Error(ErrorCode::bond_lost, "forgotten"));
    co_await turns(2);
    EXPECT_EQ(told, std::vector<std::string>{"gave up: bond_lost"});
  });
}

}  // namespace
}  // namespace blau::test
