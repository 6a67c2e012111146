// Library and simulator together, in virtual time: how much of a test's world passes in a second.

#include "support/measured.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <benchmark/benchmark.h>

namespace {

using namespace std::chrono_literals;
using blau::Client;
using blau::Task;
using blau::bench::CountedAllocations;

constexpr const char* address = "C0:FF:EE:00:00:01";

/// Runs `body(client)` in a world with one peripheral, connected.
template <class Body>
void in_a_world(Body body) {
  blau::sim::World world;
  auto& sensor = world.add_peripheral({.address = address, .name = "Sensor"});
  auto& service = sensor.add_service(0x180d);
  service.add_characteristic({.uuid = 0x2a38, .properties = blau::Property::read, .value = blau::Bytes(20, 0x5a)});
  auto& rate = service.add_characteristic({.uuid = 0x2a37, .properties = blau::Property::notify});
  rate.notify_every(10ms, [] { return blau::Bytes(20, 0x5a); });
  world.run([&body]() -> Task<> {
    Client client(address);
    co_await client.connect();
    co_await body(client);
    co_await client.disconnect();
  });
}

void simulated_notification(benchmark::State& state) {
  in_a_world([&state](Client& client) -> Task<> {
    auto values = co_await client.subscribe("2a37");
    blau::Bytes got;
    const CountedAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(co_await values.next_into(got));
  });
}
BENCHMARK(simulated_notification);

void simulated_read(benchmark::State& state) {
  in_a_world([&state](Client& client) -> Task<> {
    const CountedAllocations counted(state);
    for (auto _ : state) {
      auto value = co_await client.read_gatt_char("2a38");
      benchmark::DoNotOptimize(value);
    }
  });
}
BENCHMARK(simulated_read);

void simulated_connect_and_disconnect(benchmark::State& state) {
  in_a_world([&state](Client& client) -> Task<> {
    co_await client.disconnect();
    const CountedAllocations counted(state);
    for (auto _ : state) {
      co_await client.connect();
      co_await client.disconnect();
    }
  });
}
BENCHMARK(simulated_connect_and_disconnect);

}  // namespace
