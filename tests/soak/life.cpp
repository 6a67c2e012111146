#include "life.hpp"

#include <blau/blau.hpp>

#include <algorithm>
#include <utility>

namespace blau::soak {

namespace {

using namespace std::chrono_literals;

// The peripherals of world.json.
constexpr const char* strap = "C0:FF:EE:00:00:01";
constexpr const char* tag = "C0:FF:EE:00:00:02";
constexpr Uuid rate{0x2a37};
constexpr Uuid location{0x2a38};
constexpr Uuid control_point{0x2a39};

}  // namespace

std::string to_string(const Tally& tally) {
  std::string text;
  const auto add = [&text](std::uint64_t number, const char* what) {
    text += (text.empty() ? "" : ", ") + std::to_string(number) + " " + what;
  };
  add(tally.connects, "connects");
  add(tally.reads, "reads");
  add(tally.writes, "writes");
  add(tally.subscriptions, "subscriptions");
  add(tally.values, "values");
  add(tally.scans, "scans");
  add(tally.advertisements, "advertisements");
  add(tally.troubles, "troubles");
  add(tally.ended_links, "ended links");
  add(tally.failures, "failures");
  return text;
}

Task<> Life::round(std::chrono::nanoseconds length) {
  end_ = EventLoop::current()->now() + length;
  std::vector<Task<>> all;
  all.push_back(visits(strap));
  all.push_back(visits(strap));  // two clients of one device
  all.push_back(visits(tag));
  all.push_back(scans());
  const std::chrono::nanoseconds between = std::min<std::chrono::nanoseconds>(length, 2s);
  all.push_back(troubles(static_cast<int>(between / 1ms)));
  co_await when_all(std::move(all));
  co_await place_.calm();
  co_await place_.settle();
}

Task<> Life::visits(std::string address) {
  while (!over()) {
    co_await visit(address);
    co_await pause(100);
  }
}

ClientOptions Life::options() {
  ClientOptions made;
  made.timeout = 3s;
  made.operation_timeout = 1s;
  made.on_disconnected = [this](const Disconnection&) { ++tally_.ended_links; };
  made.reconnect.enabled = roll(4) == 0;
  made.reconnect.longest_pause = 1s;
  return made;
}

Task<> Life::visit(std::string address) {
  Client client(address, options());
  const auto connected = co_await client.connect().as_result();
  count(tally_.connects, connected);
  if (!connected) co_return;
  for (auto acts = 1 + roll(6); acts > 0 && !over(); --acts) co_await act(client);
  // One in four just goes away.
  if (roll(4) == 0) co_return;
  const auto disconnected = co_await client.disconnect().as_result();
  if (!disconnected) ++tally_.failures;
}

Task<> Life::act(Client& client) {
  switch (roll(6)) {
    case 0:
    case 1: return read(client);
    case 2: return write(client);
    case 3: return take_values(client);
    case 4: return listen(client);
    default: return pause(200);
  }
}

Task<> Life::read(Client& client) {
  const auto value = co_await client.read_gatt_char(location).as_result();
  count(tally_.reads, value);
}

Task<> Life::write(Client& client) {
  WriteOptions options;
  options.response = roll(2) == 0;
  const Bytes value(1 + roll(20), 0x5a);
  const auto written = co_await client.write_gatt_char(control_point, value, options).as_result();
  count(tally_.writes, written);
}

/// Where the system has several ways, by each of them.
NotifyOptions Life::some_path() {
  NotifyOptions options;
  if (roll(2) == 0) options.path = NotifyPath::socket;
  return options;
}

/// By a stream, which is stopped or just destroyed.
Task<> Life::take_values(Client& client) {
  const NotifyOptions path = some_path();
  auto subscribed = co_await client.subscribe(rate, path).as_result();
  count(tally_.subscriptions, subscribed);
  if (!subscribed) co_return;
  Subscription values = std::move(*subscribed);
  for (auto wanted = roll(20); wanted > 0; --wanted) {
    const auto value = co_await values.next().timeout(1s).as_result();
    if (!value || !*value) co_return;
    ++tally_.values;
  }
  if (roll(2) == 0) co_return;
  const auto stopped = co_await values.stop().as_result();
  if (!stopped) ++tally_.failures;
}

/// By a callback.
Task<> Life::listen(Client& client) {
  const auto on_value = [this](const Characteristic&, ByteView) { ++tally_.values; };
  const NotifyOptions path = some_path();
  const auto started = co_await client.start_notify(rate, on_value, path).as_result();
  count(tally_.subscriptions, started);
  co_await pause(300);
  if (!started || roll(3) == 0) co_return;
  const auto stopped = co_await client.stop_notify(rate).as_result();
  if (!stopped) ++tally_.failures;
}

Task<> Life::scans() {
  while (!over()) {
    ScannerOptions options;
    options.on_detection = [this](const Device&, const AdvertisementData&) { ++tally_.advertisements; };
    Scanner scanner(options);
    const auto started = co_await scanner.start().as_result();
    count(tally_.scans, started);
    co_await pause(1000);
    if (roll(2) == 0) continue;
    const auto stopped = co_await scanner.stop().as_result();
    if (!stopped) ++tally_.failures;
  }
}

Task<> Life::troubles(int most_ms_between) {
  while (!over()) {
    co_await pause(most_ms_between);
    if (over()) co_return;
    ++tally_.troubles;
    co_await place_.trouble(dice_());
  }
}

/// At most to the end of the round.
Task<> Life::pause(int most_ms) {
  const std::chrono::nanoseconds wanted = std::chrono::milliseconds(1 + roll(static_cast<std::uint64_t>(most_ms)));
  const std::chrono::nanoseconds left = end_ - EventLoop::current()->now();
  co_await sleep_for(std::clamp<std::chrono::nanoseconds>(left, 1ms, wanted));
}

}  // namespace blau::soak
