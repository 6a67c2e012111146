// Subscriptions of a client, against a backend that answers when the test says.

#include "support/connected_client.hpp"

#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientNotify : public ClientScene {};

TEST_F(ClientNotify, TheBackendIsToldTheWantedPath) {
  with_client([this](Client& client) -> Task<> {
    auto ignore = [](const Characteristic&, ByteView) {};
    Started<void> usual(client.start_notify("2a19", ignore));
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(usual.succeeded());
    Started<void> stopping(client.stop_notify("2a19"));
    port().unsubscribes.answer(Result<void>());
    co_await turns();
    const NotifyOptions by_socket{.path = NotifyPath::socket};
    Started<Subscription> chosen(client.subscribe("2a19", by_socket));
    EXPECT_EQ(port().subscribe_paths, (std::vector{NotifyPath::automatic, NotifyPath::socket}));
    port().subscribes.answer(Result<void>());
    co_await turns();
  });
}

TEST_F(ClientNotify, NotifiesFromBeforeTheAnswerUntilStop) {
  with_client([this](Client& client) -> Task<> {
    std::vector<Bytes> values;
    auto on_value = [&values](const Characteristic&, ByteView value) {
      values.emplace_back(value.begin(), value.end());
    };
    Started<void> starting(client.start_notify("2a19", on_value));
    EXPECT_EQ(port().subscribe_kinds, std::vector{backend::SubscribeKind::notify});
    port().events->on_value(2, bytes(1));
    port().subscribes.answer(Result<void>());
    port().events->on_value(2, bytes(2));
    co_await turns();
    EXPECT_TRUE(starting.succeeded());
    Started<void> again(client.start_notify("2a19", on_value));
    co_await turns();
    EXPECT_EQ(again.failure(), ErrorCode::already_subscribed);
    Started<void> stopping(client.stop_notify(Handle{3}));
    port().events->on_value(2, bytes(3));
    port().unsubscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(stopping.succeeded());
    EXPECT_EQ(values, (std::vector{bytes(1), bytes(2)}));
    Started<void> twice(client.stop_notify("2a19"));
    co_await turns();
    EXPECT_EQ(twice.failure(), ErrorCode::not_subscribed);
  });
}

TEST_F(ClientNotify, EndsWhereTheSystemGivesNoMoreValues) {
  with_client([this](Client& client) -> Task<> {
    Started<Subscription> starting(client.subscribe("2a19"));
    port().subscribes.answer(Result<void>());
    co_await turns();
    Subscription values = std::move(starting.result()).value();
    port().events->on_value(2, bytes(1));
    const Error refused(ErrorCode::not_permitted, "no more");
    port().events->on_subscription_ended(2, refused);
    port().events->on_value(2, bytes(2));
    const auto first = co_await values.next();
    EXPECT_EQ(first, bytes(1));
    const auto second = co_await values.next();
    EXPECT_FALSE(second);
    EXPECT_EQ(values.end_reason()->code(), ErrorCode::not_permitted);
    values = Subscription();
    co_await turns();
    EXPECT_EQ(port().unsubscribes.count(), 0) << "there is nothing to end";
    Started<Subscription> again(client.subscribe("2a19"));
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(again.succeeded());
  });
}

TEST_F(ClientNotify, NotifyBeforeIndicateUnlessForced) {
  with_client([this](Client& client) -> Task<> {
    auto ignore = [](const Characteristic&, ByteView) {};
    Started<void> both(client.start_notify(Handle{10}, ignore));
    Started<void> only_indicates(client.start_notify(Handle{8}, ignore));
    Started<void> neither(client.start_notify("ff01", ignore));
    Started<void> cannot(client.start_notify("2a19", ignore, NotifyOptions{.force_indicate = true, .queue = {}}));
    co_await turns();
    EXPECT_EQ(port().subscribe_kinds, (std::vector{backend::SubscribeKind::notify, backend::SubscribeKind::indicate}));
    EXPECT_EQ(neither.failure(), ErrorCode::not_permitted);
    EXPECT_EQ(cannot.failure(), ErrorCode::not_supported);
  });
}

TEST_F(ClientNotify, FailedSubscriptionLeavesNothing) {
  with_client([this](Client& client) -> Task<> {
    auto ignore = [](const Characteristic&, ByteView) {};
    Started<void> failing(client.start_notify("2a19", ignore));
    port().subscribes.answer(Error(AttError::insufficient_authentication, "no"));
    co_await turns();
    EXPECT_EQ(failing.failure(), ErrorCode::att);
    Started<void> again(client.start_notify("2a19", ignore));
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(again.succeeded());
  });
}

TEST_F(ClientNotify, CanceledSubscriptionIsUndoneWhenTheSystemHasAnswered) {
  with_client([this](Client& client) -> Task<> {
    int values = 0;
    std::stop_source stop;
    auto on_value = [&values](const Characteristic&, ByteView) { ++values; };
    Started<void> starting(client.start_notify("2a19", on_value).cancel_with(stop.get_token()));
    Started<void> next(client.start_notify("2a19", on_value));
    stop.request_stop();
    co_await turns();
    EXPECT_EQ(starting.failure(), ErrorCode::canceled);
    port().events->on_value(2, bytes(1));
    EXPECT_EQ(values, 0);
    port().subscribes.answer(Result<void>());
    EXPECT_EQ(port().unsubscribes.waiting(), 1U);
    EXPECT_EQ(port().subscribes.count(), 1) << "the next one waits for the undoing";
    port().unsubscribes.answer(Result<void>());
    port().subscribes.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(next.succeeded());
    port().events->on_value(2, bytes(1));
    EXPECT_EQ(values, 1);
  });
}

TEST_F(ClientNotify, StreamEndsWithTheLinkAndSaysWhy) {
  with_client([this](Client& client) -> Task<> {
    Started<Subscription> subscribing(client.subscribe("2a19"));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto values = std::move(subscribing.result().value());
    port().events->on_value(2, bytes(7));
    port().events->on_disconnected(DisconnectReason::remote, "");
    auto first = co_await values.next();
    EXPECT_EQ(first, bytes(7)) << "what came before the end is delivered";
    auto end = co_await values.next();
    EXPECT_FALSE(end);
    EXPECT_EQ(values.end_reason()->code(), ErrorCode::disconnected);
  });
}

TEST_F(ClientNotify, SubscriptionThatIsLetGoUnsubscribes) {
  with_client([this](Client& client) -> Task<> {
    {
      Started<Subscription> subscribing(client.subscribe("2a19"));
      port().subscribes.answer(Result<void>());
      co_await turns();
      auto values = std::move(subscribing.result().value());
      EXPECT_EQ(values.characteristic().handle(), Handle{2});
    }
    co_await turns(2);
    EXPECT_EQ(port().unsubscribes.waiting(), 1U);
  });
}

TEST_F(ClientNotify, StopOfASubscriptionThatIsEmptyOrHasEndedDoesNothing) {
  Subscription empty;
  empty.stop().get();
  with_client([this](Client& client) -> Task<> {
    Started<Subscription> subscribing(client.subscribe("2a19"));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto moved_away = std::move(subscribing.result().value());
    auto values = std::move(moved_away);
    co_await moved_away.stop();
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await values.stop();
    co_await values.stop();
    EXPECT_EQ(port().unsubscribes.count(), 0);
  });
}

TEST_F(ClientNotify, ClientDestroyedInsideItsOwnNotification) {
  run_virtually([this]() -> Task<> {
    ClientOptions options;
    options.backend = backend.ref();
    auto client = std::make_unique<Client>(known_device(), options);
    Started<void> connecting(client->connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    int values = 0;
    auto on_value = [&, payload = std::string(100, 'x')](const Characteristic&, ByteView) {
      client.reset();
      values += payload.size() == 100 ? 1 : 100;
    };
    Started<void> starting(client->start_notify("2a19", on_value));
    port().subscribes.answer(Result<void>());
    auto* events = port().events;
    events->on_value(2, bytes(1));
    EXPECT_EQ(values, 1);
    EXPECT_FALSE(port().alive);
    co_await turns();
  });
}

TEST_F(ClientNotify, CoroutineCallbackHoldsBackAndCountsDrops) {
  with_client([this](Client& client) -> Task<> {
    std::vector<int> begun;
    std::vector<int> ended;
    auto on_value = [&](const Characteristic&, ByteView value) -> Task<> {
      begun.push_back(value[0]);
      co_await sleep_for(1s);
      ended.push_back(value[0]);
    };
    NotifyOptions options;
    options.queue.capacity = 2;
    Started<void> starting(client.start_notify("2a19", on_value, options));
    port().subscribes.answer(Result<void>());
    for (int i = 1; i <= 5; ++i) port().events->on_value(2, bytes(i));
    EXPECT_EQ(begun, std::vector{1});
    EXPECT_EQ(client.dropped_values("2a19"), 2U);
    co_await sleep_for(10s);
    EXPECT_EQ(ended, (std::vector{1, 4, 5}));
  });
}

TEST_F(ClientNotify, NothingOfACoroutineCallbackRunsAfterDestruction) {
  run_virtually([this]() -> Task<> {
    ClientOptions options;
    options.backend = backend.ref();
    auto client = std::make_unique<Client>(known_device(), options);
    Started<void> connecting(client->connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    int steps = 0;
    auto on_value = [&](const Characteristic&, ByteView) -> Task<> {
      ++steps;
      try {
        co_await sleep_for(1s);
      } catch (...) {
        steps += 10;
      }
      steps += 100;
    };
    Started<void> starting(client->start_notify("2a19", on_value));
    port().subscribes.answer(Result<void>());
    port().events->on_value(2, bytes(1));
    client.reset();
    co_await sleep_for(2s);
    EXPECT_EQ(steps, 1);
  });
}

TEST_F(ClientNotify, NothingOfACoroutineCallbackRunsAfterLossAndDestruction) {
  run_virtually([this]() -> Task<> {
    ClientOptions options;
    options.backend = backend.ref();
    auto client = std::make_unique<Client>(known_device(), options);
    Started<void> connecting(client->connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    int begun = 0;
    auto on_value = [&begun](const Characteristic&, ByteView) -> Task<> {
      ++begun;
      co_await sleep_for(1s);
    };
    Started<void> starting(client->start_notify("2a19", on_value));
    port().subscribes.answer(Result<void>());
    for (int i = 0; i < 5; ++i) port().events->on_value(2, bytes(i));
    port().events->on_disconnected(DisconnectReason::remote, "");
    client.reset();
    co_await sleep_for(10s);
    EXPECT_EQ(begun, 1);
  });
}

TEST_F(ClientNotify, VanishedCharacteristicEndsItsSubscription) {
  with_client([this](Client& client) -> Task<> {
    Started<Subscription> subscribing(client.subscribe(Handle{10}));
    port().subscribes.answer(Result<void>());
    co_await turns();
    auto values = std::move(subscribing.result().value());
    port().events->on_services_changed();
    auto smaller = small_database();
    smaller.services.pop_back();
    port().discoveries.answer(smaller);
    auto end = co_await values.next();
    EXPECT_FALSE(end);
    EXPECT_EQ(values.end_reason()->code(), ErrorCode::attribute_gone);
  });
}

}  // namespace
}  // namespace blau::test
