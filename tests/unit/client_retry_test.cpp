// What `connect` does after a failure: tries again inside its deadline, one connect an adapter at a time.

#include "support/connected_client.hpp"

#include <gtest/gtest.h>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientRetry : public ClientScene {
 protected:
  static Error aborted() { return {ErrorCode::connection_failed, "aborted", "org.bluez.Error.Failed"}; }
};

TEST_F(ClientRetry, PassingFaultIsTriedAgainAfterAPause) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(aborted());
    EXPECT_EQ(port().connects.count(), 1) << "not at once";
    co_await sleep_for(249ms);
    EXPECT_EQ(port().connects.count(), 1);
    co_await sleep_for(1ms);
    EXPECT_EQ(port().connects.count(), 2);
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_EQ(client.connect_attempts(), 2U);
  });
}

TEST_F(ClientRetry, NineFaultsOfTheAirAreEnough) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    for (int i = 0; i < 9; ++i) {
      EXPECT_TRUE(connecting.pending());
      port().connects.answer(aborted());
      co_await sleep_for(300ms);
    }
    EXPECT_EQ(connecting.failure(), ErrorCode::connection_failed);
    EXPECT_EQ(client.connect_attempts(), 9U);
    EXPECT_NE(std::string(connecting.result().error().what()).find("9 attempts"), std::string::npos);
    EXPECT_EQ(connecting.result().error().native(), "org.bluez.Error.Failed");
  });
}

TEST_F(ClientRetry, FourRealFailuresAreEnough) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    for (int i = 0; i < 4; ++i) {
      port().connects.answer(Error(ErrorCode::failed, "strange"));
      co_await sleep_for(100ms);
    }
    EXPECT_EQ(connecting.failure(), ErrorCode::failed);
    EXPECT_EQ(client.connect_attempts(), 4U);
  });
}

TEST_F(ClientRetry, DeadlineIsNotMultiplied) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect(ConnectOptions{.timeout = 2s}));
    co_await sleep_for(1s);
    port().connects.answer(aborted());
    co_await sleep_for(999ms);
    EXPECT_TRUE(connecting.pending());
    co_await sleep_for(1ms);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
    EXPECT_NE(std::string(connecting.result().error().what()).find("aborted"), std::string::npos) << "and why";
    EXPECT_EQ(port().aborts, 1);
  });
}

TEST_F(ClientRetry, FullControllerNeedsFourSeconds) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Error(ErrorCode::too_many_connections, "full"));
    co_await sleep_for(3999ms);
    EXPECT_EQ(port().connects.count(), 1);
    co_await sleep_for(1ms);
    EXPECT_EQ(port().connects.count(), 2);
  });
}

TEST_F(ClientRetry, DoesNotWaitForADeadlineThatComesFirst) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    for (int i = 0; i < 2; ++i) {
      port().connects.answer(Error(ErrorCode::too_many_connections, "full"));
      co_await sleep_for(4s);
    }
    port().connects.answer(Error(ErrorCode::too_many_connections, "full"));
    co_await turns();
    EXPECT_EQ(connecting.failure(), ErrorCode::too_many_connections) << "at 8 s, since 12 s would be too late";
    EXPECT_EQ(client.connect_attempts(), 3U);
  });
}

TEST_F(ClientRetry, WhatNeedsAPersonIsNotTriedAgain) {
  for (const auto code : {ErrorCode::bond_lost, ErrorCode::not_supported, ErrorCode::access_denied,
                          ErrorCode::bluetooth_not_available, ErrorCode::invalid_argument, ErrorCode::backend_lost}) {
    ScriptedBackend own;
    run_virtually([&]() -> Task<> {
      auto its = options();
      its.backend = own.ref();
      Client client(known_device(), its);
      Started<void> connecting(client.connect());
      own.client().connects.answer(Error(code, "no"));
      co_await turns();
      EXPECT_EQ(connecting.failure(), code);
    });
  }
}

TEST_F(ClientRetry, ForgottenDeviceIsLookedForDuringFourSeconds) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Error(ErrorCode::device_not_found, "gone"));
    EXPECT_EQ(backend.scanner_count(), 1U);
    backend.scanner().starts.answer(Result<void>());
    co_await sleep_for(1s);
    backend.scanner().events->on_advertisement(known_device(), AdvertisementData());
    co_await turns(2);
    EXPECT_EQ(port().connects.count(), 2);
    port().connects.answer(Error(ErrorCode::device_not_found, "gone again"));
    co_await sleep_for(4s);
    EXPECT_EQ(connecting.failure(), ErrorCode::device_not_found);
  });
}

TEST_F(ClientRetry, LinkThatDropsBeforeItIsReportedIsAFailedAttempt) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    auto late = port().discoveries.take();
    port().events->on_disconnected(DisconnectReason::remote, "");
    late.answer(Error(ErrorCode::disconnected, "the link ended"));
    co_await sleep_for(100ms);
    EXPECT_EQ(port().connects.count(), 2);
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_TRUE(gone.empty()) << "connect never reported the first link";
  });
}

TEST_F(ClientRetry, WaitsUntilTheSystemSaysThatTheLinkIsDown) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(Error(ErrorCode::failed, "no services"));
    EXPECT_EQ(port().disconnects.count(), 1);
    co_await sleep_for(2s);
    EXPECT_EQ(port().connects.count(), 1);
    port().disconnects.answer(Result<void>());
    co_await sleep_for(100ms);
    EXPECT_EQ(port().connects.count(), 2);
  });
}

TEST_F(ClientRetry, AndNoLongerThanFiveSeconds) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(Error(ErrorCode::failed, "no services"));
    co_await sleep_for(5s + 100ms);
    EXPECT_FALSE(port().alive) << "given up";
    EXPECT_EQ(backend.client(1).connects.count(), 1);
    backend.client(1).connects.answer(Result<void>());
    backend.client(1).discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
  });
}

TEST_F(ClientRetry, DiscoveryThatTakesTooLongSaysWhatIsMissing) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect(ConnectOptions{.timeout = 15s}));
    port().connects.answer(Result<void>());
    port().discovery_waits_for = "ServicesResolved is false";
    co_await sleep_for(10s);
    EXPECT_EQ(port().disconnects.count(), 1) << "to try again";
    co_await sleep_for(5s);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
    EXPECT_EQ(client.connect_attempts(), 1U);
    EXPECT_NE(std::string(connecting.result().error().what()).find("ServicesResolved is false"), std::string::npos);
  });
}

TEST_F(ClientRetry, DeadlineDuringDiscoverySaysWhatIsMissing) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    port().discovery_waits_for = "ServicesResolved is false";
    co_await sleep_for(10s);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
    EXPECT_NE(std::string(connecting.result().error().what()).find("ServicesResolved is false"), std::string::npos);
  });
}

TEST_F(ClientRetry, ConnectsOfOneAdapterGoOneAfterAnother) {
  run_virtually([this]() -> Task<> {
    Client first(known_device(), options());
    Client second(Device(Address("C0:FF:EE:00:00:02"), std::nullopt, "id-2"), options());
    Client third(Device(Address("C0:FF:EE:00:00:03"), std::nullopt, "id-3"), options());
    Started<void> a(first.connect());
    Started<void> b(second.connect());
    Started<void> c(third.connect());
    co_await turns(2);
    EXPECT_EQ(backend.client(0).connects.count(), 1);
    EXPECT_EQ(backend.client(1).connects.count(), 0);
    backend.client(0).connects.answer(aborted());
    co_await turns(2);
    EXPECT_EQ(backend.client(1).connects.count(), 1) << "goes on while the first one pauses";
    EXPECT_EQ(backend.client(2).connects.count(), 0);
    backend.client(1).connects.answer(Result<void>());
    co_await turns(2);
    EXPECT_EQ(backend.client(2).connects.count(), 1) << "discovery needs no turn";
    co_await sleep_for(1s);
    EXPECT_EQ(backend.client(0).connects.count(), 1) << "behind the third one now";
    backend.client(2).connects.answer(Result<void>());
    co_await turns(2);
    EXPECT_EQ(backend.client(0).connects.count(), 2);
  });
}

TEST_F(ClientRetry, ConnectsOfOtherAdaptersDoNotWait) {
  run_virtually([this]() -> Task<> {
    auto by_another = options();
    by_another.adapter = "hci1";
    Client first(known_device(), options());
    Client second(known_device(), by_another);
    Started<void> a(first.connect());
    Started<void> b(second.connect());
    co_await turns(2);
    EXPECT_EQ(backend.client(0).connects.count(), 1);
    EXPECT_EQ(backend.client(1).connects.count(), 1);
  });
}

TEST_F(ClientRetry, DeviceOutOfReachKeepsOthersWaitingForFourSeconds) {
  run_virtually([this]() -> Task<> {
    Client first(known_device(), options());
    Client second(Device(Address("C0:FF:EE:00:00:02"), std::nullopt, "id-2"), options());
    Started<void> a(first.connect());
    Started<void> b(second.connect());
    co_await sleep_for(3999ms);
    EXPECT_EQ(backend.client(1).connects.count(), 0);
    co_await sleep_for(2ms);
    EXPECT_EQ(backend.client(1).connects.count(), 1);
    EXPECT_TRUE(a.pending());
  });
}

TEST_F(ClientRetry, WhoLeavesTheQueueHoldsNobodyUp) {
  run_virtually([this]() -> Task<> {
    auto first = std::make_unique<Client>(known_device(), options());
    auto second = std::make_unique<Client>(Device(Address("C0:FF:EE:00:00:02"), std::nullopt, "id-2"), options());
    Client third(Device(Address("C0:FF:EE:00:00:03"), std::nullopt, "id-3"), options());
    Started<void> a(first->connect());
    Started<void> b(second->connect());
    Started<void> c(third.connect());
    second.reset();
    co_await turns(2);
    EXPECT_EQ(b.failure(), ErrorCode::canceled);
    EXPECT_EQ(backend.client(2).connects.count(), 0);
    first.reset();
    co_await turns(2);
    EXPECT_EQ(backend.client(2).connects.count(), 1);
  });
}

TEST_F(ClientRetry, TurnLastsUntilTheSystemHasLetGo) {
  run_virtually([this]() -> Task<> {
    Client first(known_device(), options());
    Client second(Device(Address("C0:FF:EE:00:00:02"), std::nullopt, "id-2"), options());
    Started<void> a(first.connect(ConnectOptions{.timeout = 1s}));
    Started<void> b(second.connect());
    co_await sleep_for(2s);
    EXPECT_EQ(a.failure(), ErrorCode::timed_out);
    EXPECT_EQ(backend.client(1).connects.count(), 0) << "the first one's attempt is still being taken back";
    backend.client(0).connects.answer(Error(ErrorCode::canceled, "aborted"));
    co_await turns(2);
    EXPECT_EQ(backend.client(1).connects.count(), 1);
  });
}

TEST_F(ClientRetry, CancelDuringThePauseEndsIt) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    std::stop_source stop;
    Started<void> connecting(client.connect().cancel_with(stop.get_token()));
    port().connects.answer(aborted());
    stop.request_stop();
    co_await sleep_for(1s);
    EXPECT_EQ(connecting.failure(), ErrorCode::canceled);
    EXPECT_EQ(port().connects.count(), 1);
  });
}

}  // namespace
}  // namespace blau::test
