// Requests of a client and its services, against a backend that answers when the test says.

#include "support/connected_client.hpp"

#include <blau/assigned.hpp>
#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class ClientGatt : public ClientScene {};

TEST_F(ClientGatt, TreeIsSortedAndComplete) {
  with_client([](Client& client) -> Task<> {
    const auto services = client.services();
    const auto all = services.characteristics();
    EXPECT_EQ(all.size(), 4U);
    for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].handle(), all[i].handle());
    const auto vendor = services.get_service(Uuid{0xff00});
    EXPECT_EQ(vendor->included_services().at(0).uuid(), Uuid{0x180f});
    EXPECT_EQ(all[0].descriptors().at(0).characteristic(), all[0]);
    EXPECT_EQ(all[0].service().handle(), Handle{1});
    EXPECT_EQ(all[0].description(), "Battery Level");
    EXPECT_EQ(all[0].max_write_without_response_size(), 244U);
    co_return;
  });
}

TEST_F(ClientGatt, LookUpByEveryForm) {
  with_client([](Client& client) -> Task<> {
    const auto services = client.services();
    const auto battery = services.get_characteristic(assigned::battery_level);
    EXPECT_TRUE(battery);
    for (const CharacteristicRef& ref :
         {CharacteristicRef("2a19"), CharacteristicRef("00002A19-0000-1000-8000-00805F9B34FB"),
          CharacteristicRef("battery_level"), CharacteristicRef(Handle{2}), CharacteristicRef(Handle{3}),
          CharacteristicRef(*battery)})
      EXPECT_EQ(services.get_characteristic(ref), battery) << ref.to_string();
    EXPECT_FALSE(services.get_characteristic("2a00"));
    EXPECT_FALSE(services.get_characteristic(Handle{99}));
    EXPECT_THROW((void)services.get_characteristic("nonsense"), Error);
    co_return;
  });
}

TEST_F(ClientGatt, AmbiguousUuidTellsTheHandles) {
  with_client([this](Client& client) -> Task<> {
    auto result = co_await client.read_gatt_char("ff02").as_result();
    EXPECT_EQ(result.error().code(), ErrorCode::attribute_ambiguous);
    EXPECT_NE(std::string(result.error().what()).find("0x0008, 0x000a"), std::string::npos) << result.error().what();
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    EXPECT_EQ(port().reads.take().handle, 10);
  });
}

TEST_F(ClientGatt, BadReferencesAreRefusedWithoutTraffic) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> nonsense(client.read_gatt_char("nonsense"));
    Started<Bytes> absent(client.read_gatt_char("2a00"));
    Started<Bytes> unreadable(client.read_gatt_char("ff01"));
    EXPECT_TRUE(nonsense.pending()) << "never inline";
    co_await turns();
    EXPECT_EQ(nonsense.failure(), ErrorCode::invalid_argument);
    EXPECT_EQ(absent.failure(), ErrorCode::attribute_not_found);
    EXPECT_EQ(unreadable.failure(), ErrorCode::not_permitted);
    EXPECT_EQ(port().reads.count(), 0);
  });
}

TEST_F(ClientGatt, AServiceThatTheSystemKeepsToItselfIsRefusedWithoutTraffic) {
  database.services.back().access_denied = true;
  with_client([this](Client& client) -> Task<> {
    EXPECT_TRUE(client.services().get_service(Uuid{0xff00})->access_denied());
    EXPECT_FALSE(client.services().get_service(Uuid{0x180f})->access_denied());
    Started<Bytes> value(client.read_gatt_char(Handle{8}));
    Started<Bytes> descriptor(client.read_gatt_descriptor(Handle{12}));
    Started<Subscription> values(client.subscribe(Handle{10}));
    Started<void> written(client.write_gatt_descriptor(Handle{12}, bytes(1)));
    co_await turns();
    for (const auto& failure : {value.failure(), descriptor.failure(), values.failure(), written.failure()})
      EXPECT_EQ(failure, ErrorCode::access_denied);
    EXPECT_EQ(port().reads.count() + port().writes.count() + port().subscribes.count(), 0);
    Started<Bytes> battery(client.read_gatt_char("2a19"));
    port().reads.answer(bytes(5));
    co_await turns();
    EXPECT_TRUE(battery.succeeded()) << "the other services are fine";
  });
}

TEST_F(ClientGatt, OneRequestACharacteristicInOrder) {
  with_client([this](Client& client) -> Task<> {
    Started<void> first(client.write_gatt_char("ff01", bytes(1)));
    Started<void> second(client.write_gatt_char("ff01", bytes(2)));
    Started<Bytes> other(client.read_gatt_char("2a19"));
    EXPECT_EQ(port().writes.count(), 1);
    EXPECT_EQ(port().reads.count(), 1) << "another characteristic does not wait";
    auto request = port().writes.take();
    EXPECT_EQ(request.value, bytes(1));
    request.answer(Result<void>());
    EXPECT_EQ(port().writes.take().value, bytes(2));
    co_await turns();
    EXPECT_TRUE(first.succeeded());
  });
}

TEST_F(ClientGatt, WritesKeepTheirOrder) {
  with_client([this](Client& client) -> Task<> {
    Started<void> first(client.write_gatt_char("ff01", bytes(1)));
    Started<void> second(client.write_gatt_char("ff01", bytes(2)));
    Started<void> third(client.write_gatt_char("ff01", bytes(3)));
    for (int i = 1; i <= 3; ++i) {
      EXPECT_EQ(port().writes.waiting(), 1U);
      auto write = port().writes.take();
      EXPECT_EQ(write.value, bytes(i));
      write.answer(Result<void>());
    }
    co_await turns();
    EXPECT_TRUE(first.succeeded() && second.succeeded() && third.succeeded());
  });
}

TEST_F(ClientGatt, CanceledReadKeepsTheAttributeBusy) {
  with_client([this](Client& client) -> Task<> {
    std::stop_source stop;
    Started<Bytes> canceled(client.read_gatt_char("2a19").cancel_with(stop.get_token()));
    Started<Bytes> next(client.read_gatt_char("2a19"));
    stop.request_stop();
    co_await turns();
    EXPECT_EQ(canceled.failure(), ErrorCode::canceled);
    EXPECT_EQ(port().reads.count(), 1);
    port().reads.answer(bytes(1));
    EXPECT_EQ(port().reads.count(), 2);
    port().reads.answer(bytes(2));
    co_await turns();
    EXPECT_EQ(next.result().value(), bytes(2));
    EXPECT_EQ(canceled.ends(), 1U);
  });
}

TEST_F(ClientGatt, WaitingInTheQueueCountsForTheLimit) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> stuck(client.read_gatt_char("2a19").timeout(60s));
    Started<Bytes> waiting(client.read_gatt_char("2a19").timeout(2s));
    co_await sleep_for(3s);
    EXPECT_EQ(waiting.failure(), ErrorCode::timed_out);
    EXPECT_TRUE(stuck.pending());
    port().reads.answer(bytes(1));
    co_await turns();
    EXPECT_TRUE(stuck.succeeded());
    EXPECT_EQ(port().reads.count(), 1) << "the one that gave up is not sent";
  });
}

TEST_F(ClientGatt, DefaultLimitEndsARequest) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char("2a19"));
    co_await sleep_for(31s);
    EXPECT_EQ(reading.failure(), ErrorCode::timed_out);
    port().reads.answer(bytes(1));  // late, and of no consequence
    co_await turns();
    EXPECT_EQ(reading.ends(), 1U);
  });
}

TEST_F(ClientGatt, LostLinkFailsWhatIsPending) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> issued(client.read_gatt_char("2a19"));
    Started<Bytes> queued(client.read_gatt_char("2a19"));
    auto late = port().reads.take();
    port().events->on_disconnected(DisconnectReason::remote, "gone");
    late.answer(bytes(1));
    co_await turns();
    EXPECT_EQ(issued.failure(), ErrorCode::disconnected);
    EXPECT_EQ(queued.failure(), ErrorCode::disconnected);
    EXPECT_EQ(issued.result().error().native(), "gone");
    Started<Bytes> after(client.read_gatt_char("2a19"));
    co_await turns();
    EXPECT_EQ(after.failure(), ErrorCode::not_connected);
  });
}

TEST_F(ClientGatt, LateAnswerOfAnEarlierLinkFreesNothing) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> old(client.read_gatt_char("2a19"));
    auto late = port().reads.take();
    port().events->on_disconnected(DisconnectReason::remote, "");
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    Started<Bytes> current(client.read_gatt_char("2a19"));
    Started<Bytes> waiting(client.read_gatt_char("2a19"));
    late.answer(bytes(9));
    EXPECT_EQ(port().reads.count(), 2) << "one read of the new link is under way, the other still waits";
    port().reads.answer(bytes(1));
    co_await turns();
    EXPECT_EQ(current.result().value(), bytes(1));
  });
}

TEST_F(ClientGatt, WriteChoosesItsKindAndChecksItsSize) {
  with_client([this](Client& client) -> Task<> {
    Started<void> unset(client.write_gatt_char("ff01", bytes(1)));
    Started<void> command(client.write_gatt_char("ff01", Bytes(244), WriteOptions{.response = false}));
    Started<void> command_too_long(client.write_gatt_char("ff01", Bytes(245), WriteOptions{.response = false}));
    Started<void> too_long(client.write_gatt_char("ff01", Bytes(513)));
    Started<void> read_only(client.write_gatt_char("2a19", bytes(1)));
    port().writes.answer(Result<void>());
    port().writes.answer(Result<void>());
    co_await turns();
    EXPECT_EQ(port().write_kinds,
              (std::vector{backend::WriteKind::with_response, backend::WriteKind::without_response}));
    EXPECT_EQ(command_too_long.failure(), ErrorCode::invalid_argument);
    EXPECT_EQ(too_long.failure(), ErrorCode::invalid_argument);
    EXPECT_EQ(read_only.failure(), ErrorCode::not_permitted);
  });
}

TEST_F(ClientGatt, DescriptorsAndTheirRefusal) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_descriptor(Handle{12}));
    EXPECT_EQ(port().reads.take().handle, 12);
    auto configuration = co_await client.write_gatt_descriptor(Handle{13}, bytes(1, 0)).as_result();
    EXPECT_EQ(configuration.error().code(), ErrorCode::not_permitted);
    auto absent = co_await client.read_gatt_descriptor(Handle{99}).as_result();
    EXPECT_EQ(absent.error().code(), ErrorCode::attribute_not_found);
    EXPECT_EQ(port().writes.count(), 0);
  });
}

TEST_F(ClientGatt, PendingRequestsOfEveryKindEndAsCanceledWithTheClient) {
  run_virtually([this]() -> Task<> {
    ClientOptions options;
    options.backend = backend.ref();
    auto client = std::make_unique<Client>(known_device(), options);
    Started<void> connecting(client->connect());
    port().connects.answer(Result<void>());
    port().discoveries.answer(small_database());
    Started<ServiceCollection> discovering(client->get_services(DiscoveryOptions{}));
    Started<ServiceCollection> queued(client->get_services(DiscoveryOptions{}));
    EXPECT_EQ(port().discoveries.waiting(), 1U);
    client.reset();
    co_await turns();
    EXPECT_EQ(discovering.failure(), ErrorCode::canceled);
    EXPECT_EQ(queued.failure(), ErrorCode::canceled);
  });
}

TEST_F(ClientGatt, ChangedServicesAreDiscoveredAgain) {
  with_client([this](Client& client) -> Task<> {
    auto changes = client.service_changes();
    const auto stale = *client.services().get_characteristic(Handle{10});
    const auto kept = *client.services().get_characteristic("2a19");
    port().events->on_services_changed();
    port().events->on_services_changed();
    EXPECT_EQ(port().discoveries.waiting(), 1U) << "one discovery at a time";
    auto smaller = small_database();
    smaller.services.pop_back();
    port().discoveries.answer(small_database());
    auto first = co_await changes.next();
    EXPECT_EQ(first->size(), 2U);
    EXPECT_EQ(port().discoveries.waiting(), 1U) << "the change that came meanwhile";
    port().discoveries.answer(smaller);
    auto changed = co_await changes.next();
    EXPECT_EQ(changed->size(), 1U);
    EXPECT_EQ(client.services().size(), 1U);
    auto gone = co_await client.read_gatt_char(stale).as_result();
    EXPECT_EQ(gone.error().code(), ErrorCode::attribute_gone);
    Started<Bytes> reading(client.read_gatt_char(kept));
    EXPECT_EQ(port().reads.count(), 1);
  });
}

TEST_F(ClientGatt, RequestThatWaitsWhileItsAttributeGoesIsNotSent) {
  with_client([this](Client& client) -> Task<> {
    const auto characteristic = *client.services().get_characteristic(Handle{10});
    Started<Bytes> first(client.read_gatt_char(characteristic));
    Started<Bytes> second(client.read_gatt_char(characteristic));
    port().events->on_services_changed();
    auto smaller = small_database();
    smaller.services.pop_back();
    port().discoveries.answer(smaller);
    port().reads.answer(bytes(1));
    co_await turns();
    EXPECT_TRUE(first.succeeded());
    EXPECT_EQ(second.failure(), ErrorCode::attribute_gone);
    EXPECT_EQ(port().reads.count(), 1) << "its handle may be another attribute's now";
  });
}

TEST_F(ClientGatt, RequestByNumberThatWaitsIsNotSentToTheSuccessor) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> first(client.read_gatt_char(Handle{10}));
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    Started<void> written(client.write_gatt_char(Handle{5}, bytes(1)));
    Started<void> writing(client.write_gatt_char(Handle{5}, bytes(2)));
    port().events->on_services_changed();
    auto other = small_database();
    for (auto& service : other.services) service.uuid = Uuid{0xff77};
    port().discoveries.answer(other);
    port().reads.answer(bytes(1));
    port().writes.answer({});
    co_await turns();
    EXPECT_TRUE(first.succeeded());
    EXPECT_EQ(reading.failure(), ErrorCode::attribute_gone);
    EXPECT_EQ(writing.failure(), ErrorCode::attribute_gone);
    EXPECT_EQ(port().reads.count(), 1) << "the same type, but of another service";
    EXPECT_EQ(port().writes.count(), 1);
    Started<Bytes> again(client.read_gatt_char(Handle{10}));
    EXPECT_EQ(port().reads.count(), 2) << "a number names what lies there now";
  });
}

TEST_F(ClientGatt, ChangeThatWaitedWhenTheLinkWasLostDoesNotHideTheNext) {
  with_client([this](Client& client) -> Task<> {
    port().events->on_services_changed();
    port().events->on_services_changed();
    port().events->on_disconnected(DisconnectReason::remote, "");
    co_await turns();
    Started<void> connecting(client.connect());
    port().connects.answer(Result<void>());
    while (port().discoveries.waiting() > 1) (void)port().discoveries.take();  // the old link's
    port().discoveries.answer(small_database());
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
    port().events->on_services_changed();
    EXPECT_EQ(port().discoveries.waiting(), 1U);
  });
}

TEST_F(ClientGatt, DroppedAnswerIsAnErrorNotAHang) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char("2a19"));
    {
      const auto lost = port().reads.take();
    }
    co_await turns();
    EXPECT_FALSE(reading.pending());
  });
}

TEST_F(ClientGatt, MtuChangesAreObservable) {
  with_client([this](Client& client) -> Task<> {
    auto changes = client.mtu_changes();
    port().events->on_mtu_changed(517);
    port().events->on_mtu_changed(517);
    auto mtu = co_await changes.next();
    EXPECT_EQ(mtu, 517);
    EXPECT_EQ(client.mtu_size(), 517);
    EXPECT_EQ(client.services().get_characteristic("ff01")->max_write_without_response_size(), 512U);
  });
}

}  // namespace
}  // namespace blau::test
