#include "modes.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace blau::soak {

namespace {

using namespace std::chrono_literals;

constexpr Uuid service_uuid{0xff00};
constexpr Uuid counting{0xff01};

void demand(bool condition, const std::string& otherwise, std::vector<std::string>& faults) {
  if (!condition) faults.push_back(otherwise);
}

Bytes counted(std::uint32_t number) {
  return bytes(static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
               static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number));
}

std::uint32_t number_in(ByteView value) {
  std::uint32_t number = 0;
  for (const std::uint8_t byte : value) number = number << 8 | byte;
  return number;
}

Task<> rounds(Life& life, Watch& watch, int count, std::chrono::seconds length) {
  const int warm_up = std::max(1, count / 5);
  for (int i = 1; i <= count; ++i) {
    co_await life.round(length);
    if (i == warm_up) watch.begin();
    if (i > warm_up && (i == (count + warm_up) / 2 || i == count))
      watch.check("round " + std::to_string(i) + " of " + std::to_string(count));
  }
}

/// A peripheral that counts.
sim::Characteristic& add_counter(sim::World& world, const char* address) {
  sim::PeripheralOptions options;
  options.address = address;
  options.connect_time = 5ms;
  options.latency = 1ms;
  auto& service = world.add_peripheral(options).add_service(service_uuid);
  sim::CharacteristicOptions counts;
  counts.uuid = counting;
  counts.properties = Property::read | Property::notify;
  return service.add_characteristic(counts);
}

constexpr const char* first = "C0:FF:EE:00:00:01";
constexpr const char* second = "C0:FF:EE:00:00:02";

Task<> connect_once(sim::World& world, std::uint64_t number, std::vector<std::string>& faults) {
  Client client(first);
  const auto connected = co_await client.connect().as_result();
  if (!connected) faults.push_back("connect " + std::to_string(number) + ": " + connected.error().what());
  if (!connected) co_return;
  (void)co_await client.read_gatt_char(counting);
  // The link ends in all ways in turn: by the user, by the peripheral, and by the client's own end.
  if (number % 3 == 0) co_await client.disconnect();
  if (number % 3 == 1) world.peripheral(first).drop_link();
  if (number % 3 == 1) co_await sleep_for(50ms);
}

Task<> connects(sim::World& world, Watch& watch, std::uint64_t count, std::vector<std::string>& faults) {
  for (std::uint64_t i = 1; i <= count; ++i) {
    co_await connect_once(world, i, faults);
    // A destroyed client's link ends a little later.
    co_await sleep_for(50ms);
    if (i == count / 10) watch.begin();
    if (i == count / 2 || i == count) watch.check(std::to_string(i) + " connects");
  }
  demand(world.adapter().connections() == 0, "a link is left up", faults);
}

/// Those who listen to a million values.
struct Listeners {
  std::uint64_t called = 0;
  std::uint64_t streamed = 0;
  std::uint32_t last_called = 0;
  std::uint32_t last_streamed = 0;
  bool in_order = true;

  void take(std::uint64_t& count, std::uint32_t& last, ByteView value) {
    ++count;
    in_order = in_order && number_in(value) == last + 1;
    last = number_in(value);
  }
};

Task<> read_stream(Subscription values, Listeners& listeners) {
  Bytes value;
  while (co_await values.next_into(value)) listeners.take(listeners.streamed, listeners.last_streamed, value);
}

/// A burst of values each turn, as many as a connection interval may bring.
Task<> send_values(std::array<sim::Characteristic*, 2> counters, Watch& watch, std::uint64_t each) {
  constexpr std::uint64_t burst = 8;
  std::uint64_t next_look = each / 10;
  for (std::uint64_t sent = 0; sent < each;) {
    for (std::uint64_t end = std::min(sent + burst, each); sent < end; ++sent)
      for (auto* counter : counters) counter->notify(counted(static_cast<std::uint32_t>(sent + 1)));
    co_await sleep_for(4ms);
    if (sent < next_look) continue;
    if (next_look == each / 10)
      watch.begin();
    else
      watch.check(std::to_string(2 * sent) + " values");
    next_look = next_look == each / 10 ? each / 2 : each;
  }
}

Task<> notifications(sim::World& world, Watch& watch, std::uint64_t each, Listeners& listeners) {
  std::array<sim::Characteristic*, 2> counters{&add_counter(world, first), &add_counter(world, second)};
  Client by_callback(first);
  Client by_stream(second);
  co_await by_callback.connect();
  co_await by_stream.connect();
  const auto on_value = [&listeners](const Characteristic&, ByteView value) {
    listeners.take(listeners.called, listeners.last_called, value);
  };
  co_await by_callback.start_notify(counting, on_value);
  Subscription values = co_await by_stream.subscribe(counting);
  std::vector<Task<>> both;
  both.push_back(read_stream(std::move(values), listeners));
  const auto sends = [&]() -> Task<> {
    co_await send_values(counters, watch, each);
    co_await by_callback.disconnect();
    co_await by_stream.disconnect();
  };
  both.push_back(sends());
  co_await when_all(std::move(both));
}

}  // namespace

Outcome live(Place& place, Watch& watch, std::chrono::seconds length, std::chrono::seconds round) {
  Life life(place, 1);
  const int count = static_cast<int>(length / round);
  place.run(rounds(life, watch, count, round));
  const Tally& tally = life.tally();
  Outcome outcome{to_string(tally), watch.faults()};
  demand(tally.connects > 0 && tally.reads > 0 && tally.writes > 0 && tally.subscriptions > 0 && tally.values > 0 &&
             tally.scans > 0 && tally.advertisements > 0,
         "some of it never succeeded", outcome.faults);
  demand(tally.connects > tally.failures / 4, "more failed than what goes wrong explains", outcome.faults);
  return outcome;
}

Outcome connect_often(Watch& watch, std::uint64_t count) {
  sim::World world;
  add_counter(world, first);
  std::vector<std::string> faults;
  world.run(connects(world, watch, count, faults));
  Outcome outcome{std::to_string(count) + " connects", watch.faults()};
  outcome.faults.insert(outcome.faults.end(), faults.begin(), faults.end());
  return outcome;
}

Outcome notify_often(Watch& watch, std::uint64_t count) {
  sim::World world;
  Listeners listeners;
  const std::uint64_t each = count / 2;
  world.run(notifications(world, watch, each, listeners));
  Outcome outcome{
      std::to_string(listeners.called) + " values by callback, " + std::to_string(listeners.streamed) + " by stream",
      watch.faults()};
  demand(listeners.called == each && listeners.streamed == each, "values were lost, or came twice", outcome.faults);
  demand(listeners.in_order, "values came out of their order", outcome.faults);
  return outcome;
}

}  // namespace blau::soak
