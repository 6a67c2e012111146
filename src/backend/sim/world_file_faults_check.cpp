// What the faults of a world name must be there, and they must not contradict each other.

#include "fault_book.hpp"
#include "world_file.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "../../core/text.hpp"

namespace blau::sim::detail {
namespace {

using std::chrono::milliseconds;

std::string at(milliseconds time) { return std::to_string(time.count()) + " ms"; }

/// The times during which something is the case: from there on, until there or for ever.
using Spans = std::vector<std::pair<milliseconds, milliseconds>>;

class FaultCheck {
 public:
  explicit FaultCheck(const WorldSpec& world) : world_(world) {}

  std::optional<SpecFault> run() {
    follow_adapters();
    follow_peripherals();
    for (std::size_t i = 0; i < world_.faults.size() && !found_; ++i)
      std::visit([&](const auto& fault) { check(fault, item("faults", i)); }, world_.faults[i]);
    for (const PeripheralSpec& owner : world_.peripherals) check_additions(owner);
    return std::move(found_);
  }

 private:
  /// A thing that changes at times, fault by fault.
  struct Event {
    milliseconds at;
    std::size_t fault;
  };

  void check(const LinkFaultSpec& fault, const std::string& path);
  [[nodiscard]] std::string ended_at_once(const LinkFaultSpec& fault) const;
  void check(const RequestFaultSpec& fault, const std::string& path);
  void check(const NotifyFaultSpec& fault, const std::string& path);
  void check(const ServicesFaultSpec& fault, const std::string& path);
  void check(const AdapterFaultSpec&, const std::string&) {}
  void check(const PeripheralFaultSpec&, const std::string&) {}

  void follow_adapters();
  void follow_adapter(const AdapterSpec& adapter, const std::vector<Event>& events);
  void follow_peripherals();
  void follow_peripheral(const Address& address, const std::vector<Event>& events);
  bool in_order(std::vector<Event>& events, const std::string& what);
  void check_removal(const PeripheralSpec& owner, const std::variant<Uuid, std::uint16_t>& service,
                     const std::string& path);
  void check_additions(const PeripheralSpec& owner);

  const PeripheralSpec* peripheral(const Address& address, const std::string& path);
  const CharacteristicSpec* characteristic(const PeripheralSpec& owner, const CharacteristicName& name,
                                           const std::string& path);
  const CharacteristicSpec* by_uuid(const PeripheralSpec& owner, const Uuid& uuid, const std::string& path);
  const CharacteristicSpec* by_handle(const PeripheralSpec& owner, std::uint16_t handle, const std::string& path);
  void needs_links(const PeripheralSpec& owner, milliseconds from, const std::string& path);
  [[nodiscard]] const Spans* away(const Address& address) const;

  void fail(std::string path, std::string message) {
    if (!found_) found_ = SpecFault{std::move(path), std::move(message)};
  }

  const WorldSpec& world_;
  std::map<std::uint64_t, Spans> away_;
  std::map<std::uint64_t, std::map<std::uint16_t, std::string>> removed_;  ///< by address and handle: the fault's path
  std::optional<SpecFault> found_;
};

const PeripheralSpec* FaultCheck::peripheral(const Address& address, const std::string& path) {
  for (const PeripheralSpec& known : world_.peripherals)
    if (known.address.number() == address.number()) return &known;
  fail(path + ".address", "no peripheral " + address.to_string() + " in this world");
  return nullptr;
}

const CharacteristicSpec* FaultCheck::by_uuid(const PeripheralSpec& owner, const Uuid& uuid, const std::string& path) {
  const CharacteristicSpec* found = nullptr;
  for (const ServiceSpec& service : owner.services) {
    for (const CharacteristicSpec& candidate : service.characteristics) {
      if (candidate.uuid != uuid) continue;
      if (found) {
        fail(path + ".characteristic", "peripheral " + owner.address.to_string() +
                                           " has more than one characteristic of this UUID: name one by its handle");
        return nullptr;
      }
      found = &candidate;
    }
  }
  if (!found)
    fail(path + ".characteristic", "no characteristic of this UUID in peripheral " + owner.address.to_string());
  return found;
}

const CharacteristicSpec* FaultCheck::by_handle(const PeripheralSpec& owner, std::uint16_t handle,
                                                const std::string& path) {
  const auto built = build_table(owner);
  for (std::size_t i = 0; built && i < built->services.size(); ++i) {
    const auto& placed = built->services[i].characteristics;
    for (std::size_t j = 0; j < placed.size(); ++j)
      if (placed[j].declaration == handle || placed[j].value == handle) return &owner.services[i].characteristics[j];
  }
  fail(path + ".handle", "no listed characteristic at this handle in peripheral " + owner.address.to_string());
  return nullptr;
}

const CharacteristicSpec* FaultCheck::characteristic(const PeripheralSpec& owner, const CharacteristicName& name,
                                                     const std::string& path) {
  if (const Uuid* uuid = std::get_if<Uuid>(&name)) return by_uuid(owner, *uuid, path);
  return by_handle(owner, std::get<std::uint16_t>(name), path);
}

const Spans* FaultCheck::away(const Address& address) const {
  const auto found = away_.find(address.number());
  return found == away_.end() ? nullptr : &found->second;
}

/// What happens on a link cannot happen where there is none from this time on.
void FaultCheck::needs_links(const PeripheralSpec& owner, milliseconds from, const std::string& path) {
  const std::string who = "peripheral " + owner.address.to_string();
  if (!owner.advertising.connectable)
    return fail(path + ".address", who + " takes no connections: its advertising.connectable is false");
  const Spans* spans = away(owner.address);
  if (spans && spans->back().first <= from && spans->back().second == milliseconds::max())
    fail(path + ".address", "this cannot happen: " + who + " is out of reach from " + at(spans->back().first) + " on");
}

void FaultCheck::check(const LinkFaultSpec& fault, const std::string& path) {
  const PeripheralSpec* owner = peripheral(fault.address, path);
  if (!owner) return;
  const std::string who = "peripheral " + owner->address.to_string();
  needs_links(*owner, fault.at.value_or(milliseconds(0)), path);
  if (fault.after && owner->drop_link_after && *fault.after >= *owner->drop_link_after)
    return fail(path + ".after_ms", who + " ends its links before: its drop_link_after_ms is " +
                                        std::to_string(owner->drop_link_after->count()));
  if (fault.step || fault.after) return;
  if (fault.at->count() == 0) return fail(path + ".at_ms", "no link can be there when the world begins");
  const Spans* spans = away(owner->address);
  for (std::size_t i = 0; spans && i < spans->size(); ++i)
    if ((*spans)[i].first <= *fault.at && *fault.at < (*spans)[i].second)
      return fail(path + ".at_ms", who + " is out of reach at this time: its links end by their time-out");
  if (const auto twin = ended_at_once(fault); !twin.empty())
    fail(path + ".at_ms", twin + " ends this peripheral's links at the same time");
}

/// The fault before this one that ends the same links at the same time; empty: none.
std::string FaultCheck::ended_at_once(const LinkFaultSpec& fault) const {
  for (std::size_t i = 0; i < world_.faults.size(); ++i) {
    const auto* other = std::get_if<LinkFaultSpec>(&world_.faults[i]);
    if (other == &fault) break;
    if (!other || other->step || other->after || other->at != fault.at) continue;
    if (other->address.number() == fault.address.number()) return item("faults", i);
  }
  return {};
}

void FaultCheck::check(const RequestFaultSpec& fault, const std::string& path) {
  const PeripheralSpec* owner = peripheral(fault.address, path);
  const CharacteristicSpec* about = owner ? characteristic(*owner, fault.characteristic, path) : nullptr;
  if (!about) return;
  needs_links(*owner, fault.at, path);
  const RequestKind kind = fault.fault.request;
  if ((about->properties & properties_for(kind)) == 0)
    return fail(path + (kind == RequestKind::any ? "" : ".request"),
                "this cannot happen: the properties of the characteristic do not allow such a request");
  const bool read_refused = kind == RequestKind::read && about->read_error;
  const bool write_refused = kind == RequestKind::write && about->write_error;
  if (read_refused || write_refused)
    fail(path + ".request", std::string("the characteristic refuses all of these already, by its ") +
                                (read_refused ? "read_error" : "write_error"));
}

void FaultCheck::check(const NotifyFaultSpec& fault, const std::string& path) {
  const PeripheralSpec* owner = peripheral(fault.address, path);
  const CharacteristicSpec* about = owner ? characteristic(*owner, fault.characteristic, path) : nullptr;
  if (!about) return;
  needs_links(*owner, fault.at, path);
  if ((about->properties & (property::notify | property::indicate)) == 0)
    fail(path, "this cannot happen: the characteristic has neither the property notify nor indicate");
}

void FaultCheck::check(const ServicesFaultSpec& fault, const std::string& path) {
  const PeripheralSpec* owner = peripheral(fault.address, path);
  if (!owner) return;
  if (fault.step) needs_links(*owner, fault.at.value_or(milliseconds(0)), path);
  if (fault.add && !fault.add->includes.empty())
    return fail(path + ".add.includes", "a service that comes later includes none");
  if (fault.remove) check_removal(*owner, *fault.remove, path);
}

/// Each service can be taken away once.
void FaultCheck::check_removal(const PeripheralSpec& owner, const std::variant<Uuid, std::uint16_t>& service,
                               const std::string& path) {
  const auto built = build_table(owner);
  auto& removed = removed_[owner.address.number()];
  std::string remover;
  for (std::size_t i = 0; built && i < built->services.size(); ++i) {
    const std::uint16_t handle = built->services[i].handle;
    const Uuid* uuid = std::get_if<Uuid>(&service);
    if (uuid ? owner.services[i].uuid != *uuid : handle != std::get<std::uint16_t>(service)) continue;
    const auto [entry, is_first] = removed.emplace(handle, path);
    if (is_first) return;
    remover = entry->second;
  }
  if (!remover.empty()) return fail(path + ".remove", remover + " takes this service away");
  fail(path + ".remove", "no such service is listed in peripheral " + owner.address.to_string());
}

/// Services that are added have to fit behind those that are there.
void FaultCheck::check_additions(const PeripheralSpec& owner) {
  std::vector<ServiceSpec> all = owner.services;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < world_.faults.size() && !found_; ++i) {
    const auto* change = std::get_if<ServicesFaultSpec>(&world_.faults[i]);
    if (!change || !change->add || change->address.number() != owner.address.number()) continue;
    paths.push_back(item("faults", i) + ".add");
    const bool generic = change->add->uuid == Uuid{0x1800} || change->add->uuid == Uuid{0x1801};
    if (owner.gap_service && generic) fail(paths.back() + ".uuid", "this service is there by itself");
    all.push_back(*change->add);
  }
  if (paths.empty() || found_) return;
  const auto wrong = find_fault(all, owner.gap_service ? first_free_after_generic : 1);
  if (!wrong) return;
  // `services[7].characteristics[0].handle`: what stands behind the list is what a fault adds; the list alone is right.
  const std::size_t position = std::stoul(wrong->path.substr(std::string_view("services[").size()));
  if (position < owner.services.size()) return;
  fail(paths[position - owner.services.size()] + wrong->path.substr(wrong->path.find(']') + 1), wrong->message);
}

/// Sorts by time. False where two happen at once.
bool FaultCheck::in_order(std::vector<Event>& events, const std::string& what) {
  std::ranges::sort(events, {}, [](const Event& event) { return std::pair(event.at, event.fault); });
  for (std::size_t i = 1; i < events.size(); ++i) {
    if (events[i].at != events[i - 1].at) continue;
    fail(item("faults", events[i].fault), item("faults", events[i - 1].fault) + " changes the same " + what + " at " +
                                              at(events[i].at) + " too: what holds then?");
    return false;
  }
  return true;
}

void FaultCheck::follow_adapters() {
  std::map<std::string, std::vector<Event>> events;
  for (std::size_t i = 0; i < world_.faults.size(); ++i)
    if (const auto* fault = std::get_if<AdapterFaultSpec>(&world_.faults[i]))
      events[fault->adapter].push_back({fault->at, i});
  for (auto& [name, of_adapter] : events) {
    const auto known = std::ranges::find(world_.adapters, name, &AdapterSpec::name);
    if (known == world_.adapters.end())
      return fail(item("faults", of_adapter.front().fault) + ".adapter",
                  "no adapter " + blau::detail::quoted(name) + " in this world: list it first");
    if (in_order(of_adapter, "adapter")) follow_adapter(*known, of_adapter);
  }
}

void FaultCheck::follow_adapter(const AdapterSpec& adapter, const std::vector<Event>& events) {
  using Action = AdapterFaultSpec::Action;
  bool is_there = true;
  bool is_on = adapter.powered;
  for (const Event& event : events) {
    const Action action = std::get<AdapterFaultSpec>(world_.faults[event.fault]).action;
    const std::string path = item("faults", event.fault) + ".action";
    const std::string who = "adapter " + blau::detail::quoted(adapter.name) + " is ";
    if (action == Action::add && is_there) return fail(path, who + "there already");
    if (action != Action::add && !is_there) return fail(path, who + "not there at this time: add it first");
    if (action == Action::on && is_on) return fail(path, who + "on already");
    if (action == Action::off && !is_on) return fail(path, who + "off already");
    if (action == Action::on || action == Action::off) is_on = action == Action::on;
    if (action == Action::add || action == Action::remove) is_there = action == Action::add;
  }
}

void FaultCheck::follow_peripherals() {
  std::map<std::uint64_t, std::vector<Event>> events;
  for (std::size_t i = 0; i < world_.faults.size(); ++i) {
    const auto* fault = std::get_if<PeripheralFaultSpec>(&world_.faults[i]);
    if (fault && peripheral(fault->address, item("faults", i)))
      events[fault->address.number()].push_back({fault->at, i});
  }
  for (auto& [number, of_peripheral] : events)
    if (in_order(of_peripheral, "peripheral")) follow_peripheral(Address(number), of_peripheral);
}

void FaultCheck::follow_peripheral(const Address& address, const std::vector<Event>& events) {
  using Action = PeripheralFaultSpec::Action;
  bool is_there = true;
  bool is_stalled = false;
  Spans spans;
  for (const Event& event : events) {
    const Action action = std::get<PeripheralFaultSpec>(world_.faults[event.fault]).action;
    const std::string path = item("faults", event.fault) + ".action";
    const std::string who = "peripheral " + address.to_string() + " is ";
    if (action == Action::vanish && !is_there) return fail(path, who + "out of reach already");
    if (action == Action::appear && is_there) return fail(path, who + "there already");
    if (action == Action::stall && is_stalled) return fail(path, who + "stalled already");
    if (action == Action::resume && !is_stalled) return fail(path, who + "not stalled at this time");
    if (action == Action::vanish) spans.emplace_back(event.at, milliseconds::max());
    if (action == Action::appear) spans.back().second = event.at;
    if (action == Action::vanish || action == Action::appear) is_there = action == Action::appear;
    if (action == Action::stall || action == Action::resume) is_stalled = action == Action::stall;
  }
  if (!spans.empty()) away_.emplace(address.number(), std::move(spans));
}

}  // namespace

std::optional<SpecFault> check_faults(const WorldSpec& world) { return FaultCheck(world).run(); }

}  // namespace blau::sim::detail
