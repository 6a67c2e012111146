#include "monitors.hpp"

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace blau::fake {

namespace {

constexpr const char* monitor_interface = "org.bluez.AdvertisementMonitor1";
constexpr std::size_t longest_pattern = 31;    // BT_AD_MAX_DATA_LEN
constexpr std::size_t room_for_monitors = 32;  // the kernel's, HCI_MAX_ADV_MONITOR_NUM_HANDLES
constexpr std::size_t safe_patterns = 7;       // more do not fit where bluetoothd writes them

}  // namespace

bool Monitors::Pattern::is_valid() const noexcept {
  return !content.empty() && offset + content.size() <= longest_pattern;
}

bool Monitors::Pattern::matches(ByteView structures) const {
  while (structures.size() >= 2 && structures[0] != 0 && structures[0] < structures.size()) {
    const ByteView data = structures.subspan(2, structures[0] - 1U);
    if (structures[1] == ad_type && data.size() >= offset + content.size() &&
        std::equal(content.begin(), content.end(), data.begin() + offset))
      return true;
    structures = structures.subspan(structures[0] + 1U);
  }
  return false;
}

bool Monitors::Monitor::is_valid() const {
  return type == "or_patterns" && !patterns.empty() && std::ranges::all_of(patterns, &Pattern::is_valid);
}

bool Monitors::Monitor::matches(ByteView structures) const {
  return std::ranges::any_of(patterns, [&](const Pattern& pattern) { return pattern.matches(structures); });
}

const Description<Monitors>& Monitors::description() {
  using M = Monitors;
  static constexpr std::array methods{
      MethodOf<M>{"RegisterMonitor", "o", "", &M::register_monitor},
      MethodOf<M>{"UnregisterMonitor", "o", "", &M::unregister_monitor},
  };
  static const std::array properties{
      PropertyOf<M>{"SupportedMonitorTypes", "as", [](const M&, Message& to) { to.append("as", 1, "or_patterns"); }},
      PropertyOf<M>{"SupportedFeatures", "as", [](const M&, Message& to) { to.append("as", 0); }},
  };
  static const Description<M> made{"org.bluez.AdvertisementMonitorManager1", methods, properties, {}};
  return made;
}

Monitors::Monitors(Adapter& adapter) : InterfaceOf(adapter.path()), adapter_(adapter) {
  adapter_.daemon().tree().add(*this);
}

Monitors::App::App(Monitors& owner_of_all, const Call& made)
    : manager(owner_of_all), registration(made), owner(made.sender()), path(made.reader().object_path()) {}

Monitors::Apps::iterator Monitors::find(const std::string& owner, std::string_view path) {
  return std::ranges::find_if(apps_, [&](const App& app) { return app.owner == owner && app.path == path; });
}

void Monitors::register_monitor(const Call& call) {
  Reader reader = call.reader();
  if (find(call.sender(), reader.object_path()) != apps_.end()) return call.error(errors::already_exists());
  App& app = apps_.emplace_back(*this, call);
  sd_bus* bus = sd_bus_message_get_bus(call.message().get());
  sd_bus_call_method_async(bus, &app.question, app.owner.c_str(), app.path.c_str(), manager_interface,
                           "GetManagedObjects", &Monitors::on_objects, &app, "");
}

int Monitors::on_objects(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
  auto& app = *static_cast<App*>(userdata);
  app.question = sd_bus_slot_unref(app.question);
  app.manager.take_objects(app, Message::share(message));
  return 0;
}

void Monitors::take_objects(App& app, const Message& reply) {
  Reader reader(reply);
  reader.each_entry("oa{sa{sv}}", [&] {
    Monitor monitor;
    monitor.path = reader.object_path();
    reader.each_entry("sa{sv}", [&] {
      if (reader.text() != monitor_interface) return reader.skip("a{sv}");
      read_monitor(reader, monitor);
    });
    if (monitor.is_valid()) return app.monitors.push_back(std::move(monitor));
    tell(app, monitor, "Release");
  });
  app.registration.reply();
  Daemon& daemon = adapter_.daemon();
  const auto overruns = [](const Monitor& monitor) { return monitor.patterns.size() > safe_patterns; };
  if (daemon.habits().dies_of_eighth_pattern && std::ranges::any_of(app.monitors, overruns))
    return daemon.loop().post([&daemon] { daemon.restart(std::chrono::milliseconds(100)); });
  app.kernel.start(daemon.loop(), daemon.pace().discovery_command, [this, &app] { add_to_kernel(app); });
}

void Monitors::read_monitor(Reader& reader, Monitor& monitor) {
  reader.each_property([&](std::string_view name) {
    std::string_view text;
    if (name == "Type" && reader.variant(text)) return monitor.type = text, true;
    return name == "Patterns" && read_patterns(reader, monitor.patterns);
  });
}

bool Monitors::read_patterns(Reader& reader, std::vector<Pattern>& patterns) {
  if (!reader.enter_variant("a(yyay)")) return false;
  reader.enter('a', "(yyay)");
  while (reader.enter('r', "yyay")) {
    Pattern pattern;
    pattern.offset = reader.byte();
    pattern.ad_type = reader.byte();
    const ByteView content = reader.bytes();
    pattern.content.assign(content.begin(), content.end());
    patterns.push_back(std::move(pattern));
    reader.leave();
  }
  reader.leave();
  reader.leave();
  return true;
}

void Monitors::add_to_kernel(App& app) {
  for (Monitor& monitor : std::exchange(app.monitors, {})) {
    monitor.active = count() < room_for_monitors;
    tell(app, monitor, monitor.active ? "Activate" : "Release");
    if (monitor.active) app.monitors.push_back(std::move(monitor));
  }
  adapter_.daemon().radio().listening_changed();
}

std::size_t Monitors::count() const {
  std::size_t found = 0;
  for (const App& app : apps_) found += std::ranges::count_if(app.monitors, &Monitor::active);
  return found;
}

bool Monitors::listens() const { return count() != 0; }

void Monitors::unregister_monitor(const Call& call) {
  Reader reader = call.reader();
  const auto app = find(call.sender(), reader.object_path());
  if (app == apps_.end()) return call.error(errors::does_not_exist());
  for (const Monitor& monitor : app->monitors) tell(*app, monitor, "Release");
  if (!app->registration.answered()) app->registration.error(errors::failed("Adv Monitor app destroyed"));
  apps_.erase(app);
  call.reply();
  adapter_.daemon().radio().listening_changed();
}

void Monitors::program_gone(const std::string& name) {
  for (App& app : apps_)
    if (app.owner == name && !app.registration.answered()) app.registration.abandon();
  std::erase_if(apps_, [&](const App& app) { return app.owner == name; });
}

void Monitors::unexport() {
  for (const App& app : apps_) {
    for (const Monitor& monitor : app.monitors) tell(app, monitor, "Release");
    if (!app.registration.answered()) app.registration.error(errors::failed("Adv Monitor app destroyed"));
  }
  apps_.clear();
  adapter_.daemon().tree().remove(*this);
}

void Monitors::tell(const App& app, const Monitor& monitor, const char* member, const std::string& device) {
  sd_bus* bus = sd_bus_message_get_bus(app.registration.message().get());
  sd_bus_message* made = nullptr;
  if (sd_bus_message_new_method_call(bus, &made, app.owner.c_str(), monitor.path.c_str(), monitor_interface, member) <
      0)
    return;
  Message call = Message::adopt(made);
  sd_bus_message_set_expect_reply(made, 0);
  if (!device.empty()) call.append("o", device.c_str());
  adapter_.daemon().bus().send(call);
}

void Monitors::heard(Peripheral& peripheral, int rssi, bool active) {
  const auto& bytes = peripheral.advertising_bytes();
  const auto matches = [&](const Monitor& monitor) {
    return monitor.active && (monitor.matches(bytes.data) || (active && monitor.matches(bytes.scan_response)));
  };
  const auto any = [&](const App& app) { return std::ranges::any_of(app.monitors, matches); };
  if (std::ranges::none_of(apps_, any)) return;
  AdvertisementData data;
  parse_ad_structures(bytes.data, data);
  Device& device = adapter_.device_for(peripheral);
  device.seen(active ? peripheral.advertised() : data, rssi,
              Device::Sighting{false, false, peripheral.spec().advertising.connectable});
  for (const App& app : apps_)
    for (const Monitor& monitor : app.monitors)
      if (matches(monitor)) tell(app, monitor, "DeviceFound", device.path());
}

}  // namespace blau::fake
