// The real bluetoothd, in the virtual machine of tests/rigs/vm, with Bumble's peripherals. They live as long as the program, since bluetoothd would remember them anyway.

#include "control.hpp"
#include "rig.hpp"
#include "support.hpp"

#include <gtest/gtest.h>

#include <sys/utsname.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace blau::conformance {
namespace {

using nlohmann::json;

/// Longer than the control socket itself waits.
constexpr auto control_patience = 60s;

std::string control_path() {
  const char* path = std::getenv("BLAU_RIG_CONTROL");
  if (!path) throw std::runtime_error("BLAU_RIG_CONTROL is not set: run this by tests/rigs/vm/run");
  return path;
}

json where(const char* command, const Place& place) {
  return {{"command", command}, {"address", place.address}, {"uuid", place.uuid.to_string()}};
}

json hex_of(const std::vector<Bytes>& values) {
  auto list = json::array();
  for (const auto& value : values) list.push_back(to_hex(value));
  return list;
}

constexpr const char* name_of(sim::IoCapability io) {
  switch (io) {
    case sim::IoCapability::display_only: return "display_only";
    case sim::IoCapability::display_yes_no: return "display_yes_no";
    case sim::IoCapability::keyboard_only: return "keyboard_only";
    case sim::IoCapability::no_input_no_output: return "no_input_no_output";
    case sim::IoCapability::keyboard_display: break;
  }
  return "keyboard_display";
}

constexpr const char* name_of(sim::PairingUser user) {
  switch (user) {
    case sim::PairingUser::accepts: return "accepts";
    case sim::PairingUser::rejects: return "rejects";
    case sim::PairingUser::never: break;
  }
  return "never";
}

/// As a world file has it.
json pairing_of(const sim::PairingOptions& options) {
  json pairing{{"io", name_of(options.io)},
               {"mitm", options.mitm},
               {"secure_connections", options.secure_connections},
               {"bonding", options.bonding},
               {"user", name_of(options.user)}};
  if (options.passkey) pairing["passkey"] = *options.passkey;
  return pairing;
}

/// As a world file has it.
json advertisement_of(const sim::AdvertisementOptions& options) {
  auto told = json::object();
  if (options.flags) told["flags"] = *options.flags;
  if (options.local_name) told["local_name"] = *options.local_name;
  for (const auto& uuid : options.service_uuids) told["service_uuids"].push_back(uuid.get().to_string());
  for (const auto& [company, data] : options.manufacturer_data) {
    const Bytes number = bytes(company >> 8, company);
    told["manufacturer_data"]["0x" + to_hex(number)] = to_hex(data);
  }
  for (const auto& [uuid, data] : options.service_data) told["service_data"][uuid.to_string()] = to_hex(data);
  return told;
}

/// The world of all cases with other adapters.
std::string world_with(const std::vector<RigAdapter>& adapters) {
  std::ifstream file(BLAU_CONFORMANCE_WORLD);
  json world = json::parse(file);
  world["adapters"] = json::array();
  for (const auto& adapter : adapters)
    world["adapters"].push_back({{"name", adapter.name}, {"powered", adapter.powered}, {"blocked", adapter.blocked}});
  return world.dump();
}

/// Of BlueZ 5: what the daemon says that it is.
int minor_version() {
  const char* version = std::getenv("BLAU_RIG_BLUEZ");
  if (!version) throw std::runtime_error("BLAU_RIG_BLUEZ is not set: run this by tests/rigs/vm/run or fake_bluez/run");
  return std::atoi(version + 2);
}

/// Before 5.83 BlueZ does not tell reasons.
DisconnectReason told(DisconnectReason reason) { return minor_version() >= 83 ? reason : DisconnectReason::unknown; }

class BlueZRig final : public Rig {
 public:
  BlueZRig() : control_(control_path()) { load(); }

  void begin_case() override {
    for (const auto& address : peripherals_)
      (void)control_.ask({{"command", "writes"}, {"address", address}, {"clear", true}});
  }

  void end_case(bool failed) override {
    other_.reset();
    if (failed) blau::run(remove_bonds());
    if (failed || std::exchange(changed_, false)) return load();
    for (const auto& address : peripherals_)
      (void)control_.ask({{"command", "connections"}, {"address", address}, {"count", 0}});
    blau::run(expect_no_links());
  }

  void run(Task<> task) override { blau::run(std::move(task), RunOptions{.limit = 2min}); }
  BackendRef threaded_backend() override { return {}; }

  Task<std::size_t> notify(Place place, std::vector<Bytes> values) override {
    return send("notify", std::move(place), std::move(values));
  }
  Task<std::size_t> indicate(Place place, std::vector<Bytes> values) override {
    return send("indicate", std::move(place), std::move(values));
  }
  Task<> set_value(Place place, Bytes value) override {
    auto request = where("set_value", place);
    request["value"] = to_hex(value);
    (void)co_await ask(std::move(request));
  }
  Task<std::vector<Written>> writes(Place place, std::size_t count) override {
    auto request = where("writes", place);
    request["count"] = count;
    const auto reply = co_await ask(std::move(request));
    std::vector<Written> found;
    for (const auto& write : reply.at("writes"))
      found.push_back({from_hex(write.at("value").get<std::string>()).value(), !write.at("command").get<bool>()});
    co_return found;
  }
  Task<> await_subscribers(Place place, std::size_t count) override {
    auto request = where("subscriptions", place);
    request["count"] = count;
    (void)co_await ask(std::move(request));
  }
  Task<> await_links(std::string address, std::size_t count) override {
    json request{{"command", "connections"}, {"address", address}, {"count", count}};
    (void)co_await ask(std::move(request));
  }

  Task<> drop_link(std::string address) override { return tell("drop_link", std::move(address)); }
  Task<> advertise(std::string address, bool on) override {
    return tell(on ? "start_advertising" : "stop_advertising", std::move(address));
  }
  Task<> vanish(std::string address) override { return tell("vanish", std::move(address)); }
  Task<> appear(std::string address) override { return tell("return", std::move(address)); }
  Task<> set_powered(bool on) override {
    std::string adapter("hci0");
    co_await switch_one(std::move(adapter), on);
  }
  Task<> switch_one(std::string adapter, bool on) override {
    json request{{"command", "power"}, {"adapter", std::move(adapter)}, {"powered", on}};
    (void)co_await ask(std::move(request));
  }
  Task<> set_adapters(std::vector<RigAdapter> adapters) override {
    changed_ = true;
    json request{{"command", "load"}, {"text", world_with(adapters)}};
    (void)co_await ask(std::move(request));
  }
  Task<> set_advertising(std::string address, sim::AdvertisementOptions data,
                         sim::AdvertisementOptions scan_response) override {
    changed_ = true;
    co_await tell("stop_advertising", address);
    json request{{"command", "start_advertising"},
                 {"address", address},
                 {"data", advertisement_of(data)},
                 {"scan_response", advertisement_of(scan_response)}};
    (void)co_await ask(std::move(request));
  }

  std::string lacks(Ability ability) const override {
    // The real one, 5.66 and 5.82: in Device1.Connect without a word in its log, in StartNotify with "double free or
    // corruption". The machine says where its rig lies, the fake one does not.
    const bool is_real = std::getenv("BLAU_RIG") != nullptr;
    if (ability == Ability::lose_system || (ability == Ability::end_abruptly && is_real)) return Rig::lacks(ability);
    const bool pairs_otherwise = ability == Ability::set_pairing || ability == Ability::begin_pairing;
    if (pairs_otherwise && is_real && minor_version() >= 82) return Rig::lacks(ability);
    if ((ability == Ability::add_services || ability == Ability::abandon_unseen) && is_real) return Rig::lacks(ability);
    // BUG in hci_chan_del, of 6.1.192 with either bluetoothd; 6.12 has none.
    const bool upsets_linux_6_1 =
        ability == Ability::several_adapters || ability == Ability::connect_unseen || ability == Ability::lose_bond;
    if (upsets_linux_6_1 && is_real && runs_on_linux_6_1()) return Rig::lacks(ability);
    if (ability == Ability::extended_advertising && is_real) return Rig::lacks(ability);
    if (ability == Ability::private_addresses) return Rig::lacks(ability);
    return {};
  }
  // On another loop, hence over another connection to the bus: for bluetoothd that is another program.
  Task<> hold_link(std::string address) override {
    ClientOptions options;
    options.loop = &EventLoop::background();
    other_.emplace(address, options);
    co_await other_->connect();
  }
  Task<> let_link_go(std::string) override {
    co_await other_->disconnect();
    other_.reset();
  }
  Task<> stall(std::string address) override { return tell("stall", std::move(address)); }
  Task<> resume(std::string address) override { return tell("resume", std::move(address)); }
  Task<> set_pairing(std::string address, sim::PairingOptions options) override {
    changed_ = true;
    auto request = pairing_of(options);
    request["command"] = "set_pairing";
    request["address"] = std::move(address);
    (void)co_await ask(std::move(request));
  }
  Task<std::uint32_t> shown_passkey(std::string address) override {
    json request{{"command", "shown_passkey"}, {"address", std::move(address)}};
    const auto reply = co_await ask(std::move(request));
    co_return reply.at("passkey").get<std::uint32_t>();
  }
  Task<> type_passkey(std::string address, std::uint32_t passkey) override {
    json request{{"command", "type_passkey"}, {"address", std::move(address)}, {"passkey", passkey}};
    (void)co_await ask(std::move(request));
  }
  Task<> request_security(std::string address) override { return tell("request_security", std::move(address)); }
  Task<> forget_bonds(std::string address) override { return tell("forget_bonds", std::move(address)); }
  Task<> remove_service(std::string address, Uuid service) override {
    changed_ = true;
    co_await await_listener(address);
    json request{{"command", "remove_service"}, {"address", std::move(address)}, {"uuid", service.to_string()}};
    (void)co_await ask(std::move(request));
  }
  Task<> add_service(std::string address, AddedService service) override {
    changed_ = true;
    co_await await_listener(address);
    json characteristic{{"uuid", service.characteristic.to_string()},
                        {"properties", {"read", "write", "notify"}},
                        {"value", to_hex(service.value)}};
    json added{{"uuid", service.uuid.to_string()}, {"characteristics", json::array({std::move(characteristic)})}};
    if (service.handle) added["handle"] = service.handle->value();
    json request{{"command", "add_service"}, {"address", std::move(address)}, {"service", std::move(added)}};
    (void)co_await ask(std::move(request));
  }

  DisconnectReason reason_of_remote_end() const override { return told(DisconnectReason::remote); }
  DisconnectReason reason_of_lost_link() const override { return told(DisconnectReason::timeout); }
  // Later they can be read.
  std::vector<Uuid> hidden_services() const override {
    if (minor_version() >= 80) return {};
    return {Uuid{0x1800}};
  }
  bool tells_connectable() const override { return false; }
  bool tells_raw_advertisements() const override { return false; }
  bool judges_keys() const override { return std::getenv("BLAU_RIG") == nullptr; }
  bool is_simulated() const override { return false; }

 private:
  static bool runs_on_linux_6_1() {
    utsname system{};
    return uname(&system) == 0 && std::string_view(system.release).starts_with("6.1.");
  }

  void load() {
    (void)control_.ask({{"command", "load"}, {"world", BLAU_CONFORMANCE_WORLD}});
    const auto reply = control_.ask({{"command", "peripherals"}});
    peripherals_ = reply.at("peripherals").get<std::vector<std::string>>();
  }

  /// Of a case that could not do it itself: with the world loaded anew they would be lost ones.
  static Task<> remove_bonds() {
    const auto adapter = co_await Adapter::get_default();
    const auto devices = co_await adapter.bonded_devices();
    for (const auto& device : devices) {
      Client client{device};
      (void)co_await client.unpair().as_result();
    }
  }

  static Task<> expect_no_links() {
    const auto adapter = co_await Adapter::get_default();
    const auto devices = co_await adapter.connected_devices();
    EXPECT_TRUE(devices.empty()) << "the case left a link up: " << devices.front().address();
  }

  /// On another thread, so that the loop goes on meanwhile.
  Task<json> ask(json request) {
    struct Exchange {
      json reply;
      std::exception_ptr failure;
      Event done;
    };
    auto exchange = std::make_shared<Exchange>();
    auto work = [exchange, control = control_, request = std::move(request)] {
      try {
        exchange->reply = control.ask(request);
      } catch (...) {
        exchange->failure = std::current_exception();
      }
      exchange->done.set();
    };
    const std::jthread thread(std::move(work));
    co_await exchange->done.wait(control_patience);
    if (exchange->failure) std::rethrow_exception(exchange->failure);
    co_return std::move(exchange->reply);
  }

  /// bluetoothd may say that it has resolved the services before it has asked for Service Changed: what comes between it does not hear.
  Task<> await_listener(std::string address) {
    const Place service_changed(std::move(address), Uuid{0x2a05});
    co_await await_subscribers(service_changed, 1);
  }

  Task<> tell(const char* command, std::string address) {
    json request{{"command", command}, {"address", std::move(address)}};
    (void)co_await ask(std::move(request));
  }

  Task<std::size_t> send(const char* command, Place place, std::vector<Bytes> values) {
    auto request = where(command, place);
    request["values"] = hex_of(values);
    const auto reply = co_await ask(std::move(request));
    co_return reply.at("subscribers").get<std::size_t>();
  }

  Control control_;
  bool changed_ = false;
  std::optional<Client> other_;  // another program's
  std::vector<std::string> peripherals_;
};

}  // namespace

std::unique_ptr<Rig> make_rig() { return std::make_unique<BlueZRig>(); }

}  // namespace blau::conformance
