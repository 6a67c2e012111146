// What a client costs beyond its backend: notifications, reads and writes on a backend that answers at once.

#include "support/instant_backend.hpp"
#include "support/measured.hpp"

#include <blau/blau.hpp>

#include <benchmark/benchmark.h>

namespace {

using blau::Bytes;
using blau::ByteView;
using blau::Client;
using blau::Handle;
using blau::Task;
using blau::bench::CountedAllocations;
using blau::bench::InstantBackend;

constexpr Handle characteristic{InstantBackend::characteristic};

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

void notification_to_callback(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend& backend) -> Task<> {
    std::size_t received = 0;
    auto on_value = [&received](const blau::Characteristic&, ByteView value) { received += value.size(); };
    co_await client.start_notify(characteristic, on_value);
    const Bytes value(20, 0x5a);
    const CountedAllocations counted(state);
    for (auto _ : state) backend.notify(value);
    benchmark::DoNotOptimize(received);
  });
}
BENCHMARK(notification_to_callback);

void notification_to_coroutine_callback(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend& backend) -> Task<> {
    std::size_t received = 0;
    auto on_value = [&received](const blau::Characteristic&, ByteView value) -> Task<> {
      received += value.size();
      co_return;
    };
    co_await client.start_notify(characteristic, on_value);
    const Bytes value(20, 0x5a);
    const CountedAllocations counted(state);
    for (auto _ : state) {
      backend.notify(value);
      co_await blau::sleep_for(std::chrono::nanoseconds(0));  // the coroutine's turn; costs an operation of its own
    }
    benchmark::DoNotOptimize(received);
  });
}
BENCHMARK(notification_to_coroutine_callback);

void notification_by_next(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend& backend) -> Task<> {
    auto values = co_await client.subscribe(characteristic);
    const Bytes value(20, 0x5a);
    const CountedAllocations counted(state);
    for (auto _ : state) {
      backend.notify(value);
      auto got = co_await values.next();
      benchmark::DoNotOptimize(got);
    }
  });
}
BENCHMARK(notification_by_next);

void notification_by_next_into(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend& backend) -> Task<> {
    auto values = co_await client.subscribe(characteristic);
    const Bytes value(20, 0x5a);
    Bytes got;
    const CountedAllocations counted(state);
    for (auto _ : state) {
      backend.notify(value);
      benchmark::DoNotOptimize(co_await values.next_into(got));
    }
  });
}
BENCHMARK(notification_by_next_into);

void read(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend&) -> Task<> {
    const CountedAllocations counted(state);
    for (auto _ : state) {
      auto value = co_await client.read_gatt_char(characteristic);
      benchmark::DoNotOptimize(value);
    }
  });
}
BENCHMARK(read);

void read_by_uuid(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend&) -> Task<> {
    const CountedAllocations counted(state);
    for (auto _ : state) {
      auto value = co_await client.read_gatt_char(InstantBackend::characteristic_uuid());
      benchmark::DoNotOptimize(value);
    }
  });
}
BENCHMARK(read_by_uuid);

void read_by_callback(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend&) -> Task<> {
    std::size_t received = 0;
    const CountedAllocations counted(state);
    for (auto _ : state) {
      client.read_gatt_char(characteristic).start([&received](const blau::Result<Bytes>& value) {
        received += value->size();
      });
      co_await blau::sleep_for(std::chrono::nanoseconds(0));  // the callback's turn; costs an operation of its own
    }
    benchmark::DoNotOptimize(received);
  });
}
BENCHMARK(read_by_callback);

void write_with_response(benchmark::State& state) {
  with_client([&state](Client& client, InstantBackend&) -> Task<> {
    const Bytes value(20, 0x5a);
    const CountedAllocations counted(state);
    for (auto _ : state) co_await client.write_gatt_char(characteristic, value);
  });
}
BENCHMARK(write_with_response);

/// The turn that the two above measure with.
void sleep_for_nothing(benchmark::State& state) {
  blau::run([&state]() -> Task<> {
    const CountedAllocations counted(state);
    for (auto _ : state) co_await blau::sleep_for(std::chrono::nanoseconds(0));
  });
}
BENCHMARK(sleep_for_nothing);

}  // namespace
