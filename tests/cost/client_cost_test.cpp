// What notifications, reads and advertisements cost in the library alone, and that an idle client costs nothing.

#include "support/allocations.hpp"
#include "support/instant_backend.hpp"

#include <blau/blau.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <cstddef>
#include <memory>

namespace {

using namespace std::chrono_literals;
using blau::Bytes;
using blau::ByteView;
using blau::Client;
using blau::Handle;
using blau::Task;
using blau::bench::allocations;
using blau::bench::InstantBackend;

constexpr Handle characteristic{InstantBackend::characteristic};
constexpr std::size_t times = 1000;

/// Runs `body(client, backend)` on a loop, connected.
template <class Body>
void with_client(Body body) {
  blau::run([&body]() -> Task<> {
    const auto backend = std::make_shared<InstantBackend>();
    blau::ClientOptions options;
    options.backend = blau::bench::ref_to(backend);
    Client client(InstantBackend::device(), options);
    co_await client.connect();
    co_await body(client, *backend);
    co_await client.disconnect();
  });
}

TEST(ClientCost, ANotificationToACallbackAllocatesNothing) {
  with_client([](Client& client, InstantBackend& backend) -> Task<> {
    std::size_t received = 0;
    auto on_value = [&received](const blau::Characteristic&, ByteView value) { received += value.size(); };
    co_await client.start_notify(characteristic, on_value);
    const Bytes value(20, 0x5a);
    const auto before = allocations();
    for (std::size_t i = 0; i < times; ++i) backend.notify(value);
    EXPECT_EQ(allocations() - before, 0u);
    EXPECT_EQ(received, 20 * times);
  });
}

TEST(ClientCost, ANotificationInAStreamAllocatesItsValue) {
  with_client([](Client& client, InstantBackend& backend) -> Task<> {
    auto values = co_await client.subscribe(characteristic);
    const Bytes value(20, 0x5a);
    backend.notify(value);
    EXPECT_EQ(co_await values.next(), value);  // the queue has its places
    const auto before = allocations();
    for (std::size_t i = 0; i < times; ++i) {
      backend.notify(value);
      (void)co_await values.next();
    }
    EXPECT_LE(allocations() - before, times);
  });
}

TEST(ClientCost, ANotificationReadIntoABufferAllocatesNothing) {
  with_client([](Client& client, InstantBackend& backend) -> Task<> {
    auto values = co_await client.subscribe(characteristic);
    const Bytes value(20, 0x5a);
    Bytes got;
    for (int i = 0; i < 20; ++i) {  // every place has a buffer now
      backend.notify(value);
      EXPECT_TRUE(co_await values.next_into(got));
    }
    const auto before = allocations();
    for (std::size_t i = 0; i < times; ++i) {
      backend.notify(value);
      (void)co_await values.next_into(got);
    }
    EXPECT_EQ(allocations() - before, 0u);
    EXPECT_EQ(got, value);
  });
}

// Two: the operation, and the value that the backend makes.
TEST(ClientCost, AReadAllocatesItsOperation) {
  with_client([](Client& client, InstantBackend&) -> Task<> {
    (void)co_await client.read_gatt_char(characteristic);  // the queue of the attribute is there
    const auto before = allocations();
    for (std::size_t i = 0; i < times; ++i) (void)co_await client.read_gatt_char(characteristic);
    EXPECT_LE(allocations() - before, 2 * times);
  });
}

TEST(ClientCost, AnAdvertisementThatIsFilteredOutAllocatesNothing) {
  blau::run([]() -> Task<> {
    const auto backend = std::make_shared<InstantBackend>();
    blau::ScannerOptions options;
    options.backend = blau::bench::ref_to(backend);
    options.service_uuids = {blau::Uuid{0x1809}};
    blau::Scanner scanner(options);
    co_await scanner.start();
    const auto device = InstantBackend::device();
    blau::AdvertisementData data;
    data.service_uuids = {InstantBackend::service_uuid()};
    const auto before = allocations();
    for (std::size_t i = 0; i < times; ++i) backend->hear(device, data);
    EXPECT_EQ(allocations() - before, 0u);
    co_await scanner.stop();
  });
}

/// How often this thread has gone to sleep so far.
long waits() {
  rusage usage{};
  EXPECT_EQ(getrusage(RUSAGE_THREAD, &usage), 0);
  return usage.ru_nvcsw;
}

// The thread sleeps once, until the time that the test itself has set, and nothing wakes it in between.
TEST(ClientCost, AnIdleClientWakesNobody) {
  with_client([](Client& client, InstantBackend&) -> Task<> {
    auto ignore = [](const blau::Characteristic&, ByteView) {};
    co_await client.start_notify(characteristic, ignore);
    co_await blau::sleep_for(1ms);
    const auto before = waits();
    co_await blau::sleep_for(500ms);
    EXPECT_LE(waits() - before, 2);  // one more is the scheduler's to add
  });
}

}  // namespace
