// What objects tell at once: inside callbacks, and to other threads than their loop's.

#include "latch.hpp"
#include "support.hpp"

#include <future>
#include <optional>
#include <thread>

namespace blau::conformance {
namespace {

class Values : public Case {};

const Uuid fast = own(0x0304);

void expect_linked(Client& client) {
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(client.address().to_string(), gatt);
  EXPECT_EQ(client.device().address(), client.address());
  EXPECT_EQ(client.name(), "Blau Gatt");
  EXPECT_EQ(client.mtu_size(), 517);
  EXPECT_GE(client.connect_attempts(), 1U);
  EXPECT_FALSE(client.services().empty());
  EXPECT_EQ(client.dropped_values(fast), 0U);
}

void expect_unlinked(Client& client) {
  EXPECT_FALSE(client.is_connected());
  EXPECT_EQ(client.address().to_string(), gatt);
  EXPECT_THROW((void)client.mtu_size(), Error);
  EXPECT_THROW((void)client.services(), Error);
  EXPECT_EQ(client.dropped_values(fast), 0U);
}

BLAU_CASE(Values, OfAClientInsideItsCallbacks) {
  Inbox<int> calls;
  std::optional<Client> client;
  auto on_end = [&](const Disconnection&) {
    expect_unlinked(*client);
    client->set_disconnected_callback(nullptr);
    calls.push(0);
  };
  client.emplace(gatt);
  client->set_disconnected_callback(on_end);
  co_await client->connect();
  auto on_value = [&](const Characteristic&, ByteView) {
    expect_linked(*client);
    auto sizes = client->mtu_changes();
    auto bonds = client->bond_changes();
    auto changes = client->service_changes();
    client->set_disconnected_callback(on_end);
    calls.push(0);
  };
  co_await client->start_notify(fast, on_value);
  co_await calls.reach(1);
  co_await client->stop_notify(fast);
  const auto so_far = calls.size();
  co_await rig.drop_link(gatt);
  co_await calls.reach(so_far + 1);
}

BLAU_CASE(Values, TheMtuAtEachChange) {
  Client client{gatt};
  auto sizes = client.mtu_changes();
  co_await client.connect();
  const auto agreed = co_await next_of(sizes);
  EXPECT_EQ(agreed, 517);
  EXPECT_EQ(client.mtu_size(), agreed);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Values, StreamsOfAClientOutlastItsLinks) {
  Client client{gatt};
  auto sizes = client.mtu_changes();
  auto bonds = client.bond_changes();
  auto changes = client.service_changes();
  co_await client.connect();
  co_await drop_and_await(rig, client);
  co_await client.connect();
  EXPECT_FALSE(sizes.end_reason().has_value());
  EXPECT_FALSE(bonds.end_reason().has_value());
  const auto still = co_await changes.next().timeout(10ms).as_result();
  expect_error(still, ErrorCode::timed_out);
  co_await drop_and_await(rig, client);
}

BLAU_CASE(Values, StreamsOfAClientEndWithIt) {
  std::optional<Stream<std::uint16_t>> sizes;
  std::optional<Stream<bool>> bonds;
  std::optional<Stream<ServiceCollection>> changes;
  {
    Client client{gatt};
    sizes.emplace(client.mtu_changes());
    bonds.emplace(client.bond_changes());
    changes.emplace(client.service_changes());
  }
  co_await drain(*sizes);
  co_await drain(*bonds);
  co_await drain(*changes);
  EXPECT_FALSE(sizes->end_reason().has_value());
}

BLAU_CASE(Values, OfAScannerInsideItsCallback) {
  Inbox<int> calls;
  Scanner* running = nullptr;
  ScannerOptions options;
  options.on_detection = [&](const Device& device, const AdvertisementData&) {
    EXPECT_TRUE(running->is_scanning());
    EXPECT_TRUE(running->seen_devices().contains(device.id()));
    EXPECT_FALSE(running->discovered_devices().empty());
    auto sightings = running->advertisements();
    running->set_scanning_filter(SignalStrengthFilter());
    calls.push(0);
  };
  Scanner scanner{options};
  running = &scanner;
  co_await scanner.start();
  co_await calls.reach(3);
  co_await scanner.stop();
}

BLAU_CASE(Values, AScannerMoves) {
  Scanner first;
  co_await first.start();
  Scanner moved = std::move(first);
  EXPECT_TRUE(moved.is_scanning());
  Scanner target;
  target = std::move(moved);
  EXPECT_TRUE(target.is_scanning());
  auto sightings = target.advertisements();
  (void)co_await next_of(sightings);
  co_await target.stop();
}

BLAU_CASE(Values, StreamsOfAScannerEndWithIt) {
  std::optional<Stream<Advertisement>> sightings;
  {
    Scanner scanner;
    sightings.emplace(scanner.advertisements());
    co_await scanner.start();
    (void)co_await next_of(*sightings);
  }
  co_await drain(*sightings);
  EXPECT_FALSE(sightings->end_reason().has_value());
}

void expect_usable(const Adapter& adapter) {
  EXPECT_FALSE(adapter.id().empty());
  EXPECT_FALSE(adapter.name().empty());
  EXPECT_NE(adapter.address(), Address());
  EXPECT_TRUE(adapter.powered());
  EXPECT_TRUE(adapter.is_default());
  EXPECT_FALSE(adapter.unusable().has_value());
}

BLAU_CASE(Values, OfAnAdapterInsideACallback) {
  const auto adapter = co_await Adapter::get_default();
  Inbox<int> calls;
  ScannerOptions options;
  options.on_detection = [&](const Device&, const AdvertisementData&) {
    expect_usable(adapter);
    auto states = adapter.state_changes();
    calls.push(0);
  };
  Scanner scanner{options};
  co_await scanner.start();
  co_await calls.reach(1);
  co_await scanner.stop();
}

BLAU_CASE(Values, AStreamOfStatesOutlivesItsAdapter) {
  std::optional<Stream<AdapterState>> states;
  {
    const auto adapter = co_await Adapter::get_default();
    states.emplace(adapter.state_changes());
  }
  co_await rig.set_powered(false);
  for (bool off = false; !off;) {
    const auto state = co_await next_of(*states);
    off = !state.powered;
  }
  co_await switch_adapter(rig, true);
}

/// Runs it on several plain threads at once.
template <class Body>
void on_threads(const Body& body) {
  constexpr std::ptrdiff_t count = 3;
  test::Latch together(count);
  std::vector<std::jthread> threads;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      together.arrive_and_wait();
      body();
    });
  }
}

TEST_F(Values, OfAClientFromThreads) {
  ClientOptions options;
  options.backend = rig().threaded_backend();
  Client client{gatt, options};
  auto sizes = client.mtu_changes();
  on_threads([&client] { expect_unlinked(client); });
  client.connect().get();
  on_threads([&client] {
    expect_linked(client);
    auto more_sizes = client.mtu_changes();
    auto bonds = client.bond_changes();
    auto changes = client.service_changes();
    client.set_disconnected_callback([](const Disconnection&) {});
  });
  EXPECT_EQ(sizes.next().as_operation().timeout(patience).get(), 517);
}

TEST_F(Values, OfAScannerFromThreads) {
  ScannerOptions options;
  options.backend = rig().threaded_backend();
  std::atomic<int> calls{0};
  options.on_detection = [&calls](const Device&, const AdvertisementData&) { ++calls; };
  {
    Scanner scanner{options};
    auto sightings = scanner.advertisements();
    scanner.start().get();
    EXPECT_TRUE(sightings.next().as_operation().timeout(patience).get().has_value());
    on_threads([&scanner] {
      EXPECT_TRUE(scanner.is_scanning());
      EXPECT_FALSE(scanner.discovered_devices().empty());
      EXPECT_FALSE(scanner.seen_devices().empty());
      scanner.set_scanning_filter(std::nullopt);
      auto more = scanner.advertisements();
      EXPECT_TRUE(more.next().as_operation().timeout(patience).get().has_value());
    });
  }
  const int at_end = calls;
  std::promise<void> turn;
  EventLoop::background().post([&turn] { turn.set_value(); });
  turn.get_future().wait();
  EXPECT_EQ(calls, at_end) << "called after the destructor";
}

TEST_F(Values, OfAnAdapterFromThreads) {
  AdapterOptions options;
  options.backend = rig().threaded_backend();
  const auto adapter = Adapter::get_default(options).get();
  on_threads([&adapter] {
    expect_usable(adapter);
    const Adapter copy = adapter;
    auto states = copy.state_changes();
  });
}

}  // namespace
}  // namespace blau::conformance
