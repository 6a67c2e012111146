// How a client gets its link, against a backend that answers when the test says.

#include "support/connected_client.hpp"

#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientLink : public ClientScene {};

TEST_F(ClientLink, ConnectsAndDiscovers) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    EXPECT_EQ(port().request.device.id(), "id-1");
    EXPECT_FALSE(client.is_connected());
    port().connects.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(connecting.pending());
    EXPECT_THROW((void)client.services(), Error);
    port().discoveries.answer(small_database());
    EXPECT_TRUE(connecting.pending()) << "never inline";
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
    EXPECT_TRUE(client.is_connected());
    EXPECT_EQ(client.mtu_size(), 247);
    EXPECT_EQ(client.services().size(), 2U);
    EXPECT_EQ(client.connect_attempts(), 1U);
  });
}

TEST_F(ClientLink, ConnectWhenConnectedDoesNothing) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    co_await client.connect();
    EXPECT_EQ(port().connects.count(), 1);
  });
}

TEST_F(ClientLink, SecondConnectMeanwhileIsBusy) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> first(client.connect());
    Started<void> second(client.connect());
    co_await turns();
    EXPECT_EQ(second.failure(), ErrorCode::busy);
    EXPECT_TRUE(first.pending());
  });
}

TEST_F(ClientLink, FailureOfTheLinkIsTheResult) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Error(ErrorCode::bond_lost, "forgotten"));
    co_await turns();
    EXPECT_EQ(connecting.failure(), ErrorCode::bond_lost);
    EXPECT_TRUE(gone.empty());
  });
}

TEST_F(ClientLink, FailedDiscoveryTakesTheLinkDown) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(Error(ErrorCode::access_denied, "no"));
    EXPECT_EQ(port().disconnect_kinds, std::vector{backend::ReleaseKind::implicit_release});
    co_await turns();
    EXPECT_EQ(connecting.failure(), ErrorCode::access_denied);
    port().events->on_disconnected(DisconnectReason::local, "");
    port().disconnects.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(gone.empty()) << "connect never reported this link";
  });
}

TEST_F(ClientLink, TimeOutCountsAfreshForTheLink) {
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    Started<void> connecting(client.connect());
    co_await turns();
    co_await sleep_for(9s);
    backend.scanner().starts.answer(Result<void>());
    backend.scanner().events->on_advertisement(known_device(), AdvertisementData());
    co_await turns(2);
    co_await sleep_for(9s);
    EXPECT_TRUE(connecting.pending());
    EXPECT_EQ(port().connects.waiting(), 1U);
    co_await sleep_for(2s);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
    EXPECT_EQ(port().aborts, 1);
  });
}

TEST_F(ClientLink, AbsentAddressIsNotFound) {
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    auto result = co_await client.connect(ConnectOptions{.timeout = 3s}).as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::device_not_found);
    EXPECT_FALSE(backend.scanner().alive);
    EXPECT_EQ(backend.client_count(), 0U);
  });
}

TEST_F(ClientLink, KnownAddressNeedsNoScan) {
  backend.state().known = known_device();
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    co_await connect(client);
    EXPECT_EQ(backend.scanner_count(), 0U);
    EXPECT_EQ(client.name(), "Strap");
  });
}

TEST_F(ClientLink, EachConnectByAddressLooksAgain) {
  backend.state().known = known_device();
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    co_await connect(client);
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await turns();
    backend.state().known.reset();  // the system has forgotten it meanwhile
    Started<void> again(client.connect());
    EXPECT_EQ(backend.state().known_queries, 2);
    EXPECT_EQ(backend.scanner_count(), 1U);
  });
}

TEST_F(ClientLink, ConnectThatWaitsForTheLastLinksEndHasALimit) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    co_await connect(client);
    Started<void> disconnecting(client.disconnect());
    Started<void> connecting(client.connect());
    co_await sleep_for(11s);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
  });
}

TEST_F(ClientLink, OwnLimitReplacesBothPhases) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    Started<void> connecting(client.connect().timeout(60s));
    co_await sleep_for(59s);
    EXPECT_TRUE(connecting.pending());
    co_await sleep_for(2s);
    EXPECT_EQ(connecting.failure(), ErrorCode::timed_out);
  });
}

TEST_F(ClientLink, ClientsByAddressShareOneScan) {
  run_virtually([this]() -> Task<> {
    Client first("C0:FF:EE:00:00:01", options());
    Client second("C0:FF:EE:00:00:02", options());
    Started<void> a(first.connect());
    Started<void> b(second.connect());
    EXPECT_EQ(backend.scanner_count(), 1U);
    backend.scanner().starts.answer(Result<void>());
    backend.scanner().events->on_advertisement(known_device(), AdvertisementData());
    co_await turns(2);
    EXPECT_EQ(backend.client_count(), 1U);
    EXPECT_TRUE(backend.scanner().alive) << "the other client still looks";
    const Device other(Address("C0:FF:EE:00:00:02"), std::nullopt, "id-2");
    backend.scanner().events->on_advertisement(other, AdvertisementData());
    co_await turns(2);
    EXPECT_EQ(backend.client_count(), 2U);
    backend.client(0).connects.answer(Result<void>());
    backend.client(0).discoveries.answer(small_database());
    co_await turns(2);
    EXPECT_TRUE(backend.scanner().alive);
    backend.client(1).connects.answer(Result<void>());
    backend.client(1).discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(a.succeeded() && b.succeeded());
    EXPECT_FALSE(backend.scanner().alive) << "the scan ends with the last attempt";
  });
}

TEST_F(ClientLink, ScanThatFailsFailsTheConnect) {
  run_virtually([this]() -> Task<> {
    Client client("C0:FF:EE:00:00:01", options());
    Started<void> connecting(client.connect());
    backend.scanner().starts.answer(Error(UnavailableReason::powered_off, "off"));
    co_await turns(3);
    EXPECT_EQ(connecting.failure(), ErrorCode::bluetooth_not_available);
  });
}

TEST_F(ClientLink, CancelTakesTheAttemptBackAtOnce) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    std::stop_source stop;
    Started<void> connecting(client.connect().cancel_with(stop.get_token()));
    stop.request_stop();
    co_await turns();
    EXPECT_EQ(connecting.failure(), ErrorCode::canceled);
    EXPECT_EQ(port().aborts, 1);
    Started<void> again(client.connect());
    EXPECT_EQ(port().connects.count(), 1) << "waits until the system has let go";
    port().connects.answer(Error(ErrorCode::canceled, "aborted"));
    EXPECT_EQ(port().connects.count(), 2);
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(again.succeeded());
  });
}

TEST_F(ClientLink, LinkThatComesUpAfterItsCancelIsTakenDown) {
  run_virtually([this]() -> Task<> {
    Client client(known_device(), options());
    std::stop_source stop;
    Started<void> connecting(client.connect().cancel_with(stop.get_token()));
    stop.request_stop();
    co_await turns();
    port().connects.answer(Result<void>());
    EXPECT_EQ(port().disconnects.count(), 1);
    EXPECT_EQ(port().discoveries.count(), 0);
    port().events->on_disconnected(DisconnectReason::local, "");
    port().disconnects.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(gone.empty());
    EXPECT_FALSE(client.is_connected());
  });
}

TEST_F(ClientLink, UnresolvableBackendIsTheResult) {
  run_virtually([]() -> Task<> {
    ClientOptions own;
    own.backend = BackendRef("broken", [](EventLoop&) -> std::shared_ptr<backend::Backend> {
      throw Error(ErrorCode::access_denied, "join the group bluetooth");
    });
    Client client(known_device(), own);
    auto result = co_await client.connect().as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::access_denied);
  });
}

TEST_F(ClientLink, MalformedAddressIsRefused) { EXPECT_THROW(Client("C0:FF:EE", options()), Error); }

}  // namespace
}  // namespace blau::test
