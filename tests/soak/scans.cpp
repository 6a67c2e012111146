// A scan that goes on for hours.

#include "modes.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <algorithm>
#include <cstddef>

namespace blau::soak {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t crowd = 100;
/// How long one keeps its address; real ones do for a quarter of an hour.
constexpr auto address_life = 60s;
/// By the default of ScannerOptions::forget_after, with one change of address that is not yet through.
constexpr std::size_t most_remembered = crowd * (5min / address_life + 2);

/// What was heard, and by whom.
struct Ears {
  std::uint64_t called = 0;
  std::uint64_t streamed = 0;
  std::size_t most = 0;  // remembered at a time
};

void add_crowd(sim::World& world) {
  for (std::size_t i = 0; i < crowd; ++i) {
    sim::PeripheralOptions options;
    options.address = Address(0xc0ffee000000 + i, AddressType::random);
    options.name = "Passer-by " + std::to_string(i);
    options.advertising.interval = 1s;
    world.add_peripheral(options);
  }
}

Task<> listen(Stream<Advertisement> sightings, Ears& ears) {
  while (auto seen = co_await sightings.next()) ++ears.streamed;
}

/// Everybody has another address now.
void change_addresses(sim::World& world, std::uint64_t turn) {
  std::uint64_t number = 0x400000000000 + turn * crowd;
  for (auto* peripheral : world.peripherals()) peripheral->set_private_address(Address(number++, AddressType::random));
}

Task<> pass_by(sim::World& world, Scanner& scanner, Watch& watch, std::uint64_t turns, Ears& ears) {
  const std::uint64_t warm_up = std::max<std::uint64_t>(turns / 5, 10);
  for (std::uint64_t turn = 1; turn <= turns; ++turn) {
    change_addresses(world, turn);
    co_await sleep_for(address_life);
    ears.most = std::max(ears.most, scanner.discovered_devices().size());
    if (turn == warm_up) watch.begin();
    if (turn > warm_up && (turn == (turns + warm_up) / 2 || turn == turns))
      watch.check(std::to_string(turn * crowd) + " addresses");
  }
  co_await scanner.stop();
}

Task<> scan(sim::World& world, Watch& watch, std::uint64_t turns, Ears& ears) {
  ScannerOptions options;
  options.on_detection = [&ears](const Device&, const AdvertisementData&) { ++ears.called; };
  Scanner scanner(options);
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  std::vector<Task<>> both;
  both.push_back(listen(std::move(sightings), ears));
  both.push_back(pass_by(world, scanner, watch, turns, ears));
  co_await when_all(std::move(both));
}

}  // namespace

Outcome scan_for_long(Watch& watch, std::uint64_t addresses) {
  sim::World world;
  add_crowd(world);
  Ears ears;
  const std::uint64_t turns = std::max<std::uint64_t>(addresses / crowd, 20);
  world.run(scan(world, watch, turns, ears));
  Outcome outcome{std::to_string(turns * crowd) + " addresses in " + std::to_string(world.elapsed() / 1min) + " min, " +
                      std::to_string(ears.called) + " sightings, " + std::to_string(ears.most) + " remembered at most",
                  watch.faults()};
  if (ears.most > most_remembered) outcome.faults.push_back("devices are remembered that were silent for long");
  if (ears.most < crowd) outcome.faults.push_back("devices were not heard");
  if (ears.streamed != ears.called) outcome.faults.push_back("the stream lost sightings");
  return outcome;
}

}  // namespace blau::soak
