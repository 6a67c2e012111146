// What a scanner costs for each advertisement, beyond its backend.

#include "support/instant_backend.hpp"
#include "support/measured.hpp"

#include <blau/blau.hpp>

#include <benchmark/benchmark.h>

namespace {

using blau::Device;
using blau::Task;
using blau::bench::CountedAllocations;
using blau::bench::InstantBackend;

constexpr std::size_t devices_near = 50;

blau::AdvertisementData advertisement() {
  blau::AdvertisementData data;
  data.local_name = "Instant";
  data.service_uuids = {InstantBackend::service_uuid()};
  data.manufacturer_data[0x02e5] = blau::bytes(1, 2, 3, 4);
  data.rssi = -60;
  return data;
}

std::vector<Device> devices() {
  std::vector<Device> made;
  for (std::size_t i = 0; i < devices_near; ++i) {
    const auto digits = std::to_string(10 + i);
    made.emplace_back(blau::Address("C0:FF:EE:00:00:" + digits), "Instant");
  }
  return made;
}

/// Runs `body(scanner, backend)` on a loop, with a scanner that does not scan yet.
template <class Body>
void with_scanner(blau::ScannerOptions options, Body body) {
  blau::run([&options, &body]() -> Task<> {
    const auto backend = std::make_shared<InstantBackend>();
    options.backend = blau::bench::ref_to(backend);
    blau::Scanner scanner(options);
    co_await body(scanner, *backend);
    co_await scanner.stop();
  });
}

/// All devices in turn, each known already.
void hear_each(benchmark::State& state, InstantBackend& backend) {
  const auto near = devices();
  const auto data = advertisement();
  for (const auto& device : near) backend.hear(device, data);
  std::size_t turn = 0;
  const CountedAllocations counted(state);
  for (auto _ : state) backend.hear(near[turn++ % near.size()], data);
}

void advertisement_to_callback(benchmark::State& state) {
  std::size_t heard = 0;
  blau::ScannerOptions options;
  options.on_detection = [&heard](const Device&, const blau::AdvertisementData& data) {
    heard += data.service_uuids.size();
  };
  with_scanner(options, [&state](blau::Scanner& scanner, InstantBackend& backend) -> Task<> {
    co_await scanner.start();
    hear_each(state, backend);
  });
  benchmark::DoNotOptimize(heard);
}
BENCHMARK(advertisement_to_callback);

void advertisement_filtered_out(benchmark::State& state) {
  blau::ScannerOptions options;
  options.service_uuids = {blau::Uuid{0x1809}};
  with_scanner(options, [&state](blau::Scanner& scanner, InstantBackend& backend) -> Task<> {
    co_await scanner.start();
    hear_each(state, backend);
  });
}
BENCHMARK(advertisement_filtered_out);

void advertisement_by_next(benchmark::State& state) {
  with_scanner(blau::ScannerOptions(), [&state](blau::Scanner& scanner, InstantBackend& backend) -> Task<> {
    auto sightings = scanner.advertisements();
    co_await scanner.start();
    const auto device = InstantBackend::device();
    const auto data = advertisement();
    const CountedAllocations counted(state);
    for (auto _ : state) {
      backend.hear(device, data);
      auto seen = co_await sightings.next();
      benchmark::DoNotOptimize(seen);
    }
  });
}
BENCHMARK(advertisement_by_next);

}  // namespace
