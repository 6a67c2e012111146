// What a `connect` may cost: its attempts, its pauses, its deadline.

#include "support/connected_client.hpp"

#include <gtest/gtest.h>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientBudget : public ClientScene {
 protected:
  /// The pause behind a failure that is answered now.
  Task<std::chrono::nanoseconds> pause_after(Error failure) {
    const auto before = port().connects.count();
    const auto begin = EventLoop::current()->now();
    port().connects.answer(std::move(failure));
    while (port().connects.count() == before && EventLoop::current()->now() < begin + 30s) co_await sleep_for(1ms);
    co_return EventLoop::current()->now() - begin;
  }
};

TEST_F(ClientBudget, PausesAreShortAndALittleLongerAfterFaultsOfTheSystem) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect(ConnectOptions{.timeout = 60s}));
    const auto ordinary = co_await pause_after(Error(ErrorCode::connection_failed, "no answer"));
    EXPECT_EQ(ordinary, 100ms);
    const auto named = co_await pause_after(Error(ErrorCode::connection_failed, "aborted", "org.bluez.Error.Failed"));
    EXPECT_EQ(named, 250ms);
    const auto late = co_await pause_after(Error(ErrorCode::timed_out, "too late"));
    EXPECT_EQ(late, 250ms);
    const auto full = co_await pause_after(Error(ErrorCode::too_many_connections, "full"));
    EXPECT_EQ(full, 4s);
  });
}

TEST_F(ClientBudget, FaultsOfTheAirAreCountedApart) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect(ConnectOptions{.timeout = 60s}));
    for (int i = 0; i < 8; ++i) {
      port().connects.answer(Error(ErrorCode::connection_failed, "a hitch"));
      co_await sleep_for(100ms);
    }
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(connecting.pending()) << i;
      port().connects.answer(Error(ErrorCode::failed, "strange"));
      co_await sleep_for(100ms);
    }
    EXPECT_EQ(connecting.failure(), ErrorCode::failed);
    EXPECT_EQ(client.connect_attempts(), 12U);
  });
}

TEST_F(ClientBudget, LookingForTheDeviceAgainDoesNotProlongTheDeadline) {
  backend.state().known = known_device();
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    Started<void> connecting(client.connect(ConnectOptions{.timeout = 5s}));
    port().connects.answer(Error(ErrorCode::device_not_found, "forgotten"));
    backend.scanner().starts.answer(Result<void>());
    co_await sleep_for(3s);
    backend.scanner().events->on_advertisement(known_device(), AdvertisementData());
    co_await turns(2);
    EXPECT_EQ(port().connects.count(), 2);
    co_await sleep_for(2s);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
  });
}

TEST_F(ClientBudget, DeadlineThatComesInASecondAttemptTellsOfTheFirst) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect(ConnectOptions{.timeout = 12s}));
    port().connects.answer(Result<void>());
    port().discovery_waits_for = "two of three services are there";
    co_await sleep_for(10s);
    port().disconnects.answer(Result<void>());
    co_await sleep_for(2s);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
    EXPECT_EQ(client.connect_attempts(), 2U);
    const std::string words = connecting.result().error().what();
    EXPECT_NE(words.find("two of three services"), std::string::npos) << words;
  });
}

TEST_F(ClientBudget, OwnScanEndsWhenTheLinkIsUp) {
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    Started<void> connecting(client.connect());
    backend.scanner().starts.answer(Result<void>());
    backend.scanner().events->on_advertisement(known_device(), AdvertisementData());
    co_await turns(2);
    EXPECT_TRUE(backend.scanner().alive) << "BlueZ forgets a device that nobody listens for";
    port().connects.answer(Result<void>());
    EXPECT_EQ(port().discoveries.waiting(), 1U);
    EXPECT_FALSE(backend.scanner().alive) << "discovery has the radio for itself";
  });
}

TEST_F(ClientBudget, OwnScanGoesOnBetweenAttempts) {
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    Started<void> connecting(client.connect());
    backend.scanner().starts.answer(Result<void>());
    backend.scanner().events->on_advertisement(known_device(), AdvertisementData());
    co_await turns(2);
    port().connects.answer(Error(ErrorCode::connection_failed, "a hitch"));
    co_await sleep_for(50ms);
    EXPECT_TRUE(backend.scanner().alive);
  });
}

}  // namespace
}  // namespace blau::test
