// Faults that need a look at characteristics or make many devices.

#include "faults.hpp"

#include "adapter.hpp"
#include "battery.hpp"
#include "bus_daemon.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "world_faults.hpp"

#include <array>
#include <utility>
#include <variant>

namespace blau::fake {

namespace {

using sim::Members;
using sim::Place;

Characteristic* find_characteristic(Daemon& daemon, const std::string& path) {
  return dynamic_cast<Characteristic*>(daemon.tree().find(path, "org.bluez.GattCharacteristic1"));
}

/// Of a range that no world uses: a random static address each.
Address stranger(std::uint64_t number) { return Address(0xfa0000000000 + number, AddressType::random); }

}  // namespace

Faults::Effect Faults::read_socket(const Place& place) {
  const Members members(place, {"fault", "path", "action", "of"});
  static constexpr std::array<std::string_view, 3> actions{"full", "room", "half_open"};
  static constexpr std::array<std::string_view, 2> kinds{"notify", "write"};
  const std::size_t action = members.require("action").one_of(actions);
  std::size_t kind = 0;
  members.with("of", [&](const Place& p) { kind = p.one_of(kinds); });
  const Place path = members.require("path");
  const auto find = [this, kind, name = path.text()]() -> Socket* {
    Characteristic* found = find_characteristic(daemon_, name);
    if (!found) return nullptr;
    return kind == 0 ? found->notifier().notify_socket() : found->notifier().write_socket();
  };
  if (!find()) path.fail("no socket was acquired there");
  return [find, action] {
    Socket* socket = find();
    if (!socket) return;
    if (action == 2) return socket->shut_one_way();
    socket->pretend_full(action == 0);
  };
}

Faults::Effect Faults::read_notify(const Place& place) {
  if (place.node().find("address")) return read_of_world(place);
  const Members members(place, {"fault", "path", "times", "foreign"});
  const Place path = members.require("path");
  const std::string name = path.text();
  if (!find_characteristic(daemon_, name)) path.fail("there is no such characteristic");
  const auto times = members.find("times");
  const auto foreign = members.find("foreign");
  if (!times && !foreign) place.fail("one of these is needed: times, foreign");
  const unsigned often = times ? times->number<unsigned>(0, 1000) : 1;
  const bool joins = foreign && foreign->boolean();
  return [this, name, often, joins] {
    Characteristic* found = find_characteristic(daemon_, name);
    if (!found) return;
    found->notifier().repeat(often);
    if (joins) found->notifier().add_foreign(":0.0");
  };
}

Faults::Effect Faults::read_cached(const Place& place) {
  const Members members(place, {"fault", "adapter", "count"});
  const auto count = members.require("count").number<std::uint64_t>(1, 1000000);
  const Place named = members.require("adapter");
  const std::string name = named.text();
  if (!daemon_.adapter(name)) named.fail("there is no such adapter");
  return [this, name, count] {
    Adapter* adapter = daemon_.adapter(name);
    if (!adapter) return;
    for (std::uint64_t i = 0; i < count; ++i) {
      Device& device = adapter->add_device(stranger(i));
      device.keep();
      device.restore_name("Cached " + std::to_string(i));
    }
  };
}

Faults::Effect Faults::read_crowd(const Place& place) {
  const Members members(place, {"fault", "count", "interval_ms"});
  const auto count = members.require("count").number<std::uint64_t>(1, 100000);
  std::chrono::milliseconds interval(100);
  members.with("interval_ms", [&](const Place& p) { interval = std::chrono::milliseconds(p.integer(20, 10240)); });
  return [this, count, interval] {
    for (std::uint64_t i = 0; i < count; ++i) {
      sim::PeripheralSpec spec;
      spec.address = stranger(0x1000000 + i);
      spec.name = "Crowd " + std::to_string(i);
      spec.rssi = -40 - static_cast<int>(i % 50);
      spec.advertising.connectable = false;
      spec.advertising.interval = interval;
      spec.advertising.data.emplace();
      spec.advertising.data->flags = 6;
      spec.advertising.data->manufacturer_data.emplace_back(0xffff, bytes(i, i >> 8, i >> 16));
      daemon_.radio().add(std::move(spec));
    }
  };
}

/// The bus ends, or begins again.
Faults::Effect Faults::read_bus(const Place& place) {
  const Members members(place, {"fault", "action"});
  static constexpr std::array<std::string_view, 2> actions{"close", "open"};
  const Place action = members.require("action");
  const bool opens = action.one_of(actions) == 1;
  const BusDaemon* bus = daemon_.own_bus();
  if (!bus) place.fail("the bus is not this program's own: start it by tests/rigs/fake_bluez/run");
  if (bus->runs() == opens) action.fail(opens ? "the bus is there already" : "the bus is closed already");
  return [this, opens] { opens ? daemon_.open_bus() : daemon_.close_bus(); };
}

Faults::Effect Faults::read_of_world(const Place& place) {
  const sim::FaultSpec fault = sim::read_fault(place);
  const auto find = [&](const auto& known) {
    Peripheral* owner = nullptr;
    if constexpr (requires { known.address; }) {
      owner = daemon_.radio().find(known.address);
      if (!owner)
        Place(*place.node().find("address"), place.inside("address"))
            .fail("no peripheral " + known.address.to_string() + " in this world");
    }
    if constexpr (requires { known.characteristic; }) {
      if (!owner->faults_of(known.characteristic)) place.fail(owner->address() + " has no such characteristic");
    }
  };
  std::visit(find, fault);
  return [this, fault] { daemon_.world_faults().arm(fault); };
}

}  // namespace blau::fake
