// Faults in a world file: each kind and its members. What they name is looked for in world_file_faults_check.cpp.

#include "fault_book.hpp"
#include "world_file_reader.hpp"

#include <array>

#include "../../core/text.hpp"

namespace blau::sim::detail {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::string_view, 5> step_names = {"before_link", "before_mtu", "in_discovery", "before_resolved",
                                                        "after_resolved"};
constexpr std::array<std::string_view, 4> request_names = {"any", "read", "write", "subscribe"};
constexpr std::array<std::string_view, 4> adapter_actions = {"off", "on", "remove", "add"};
constexpr std::array<std::string_view, 4> peripheral_actions = {"vanish", "appear", "stall", "resume"};

/// Words of an enumeration, in its order.
template <class Enum, std::size_t count>
Enum read_word(const Place& place, const std::array<std::string_view, count>& words) {
  return static_cast<Enum>(place.one_of(words));
}

std::optional<ConnectStep> read_step(const Members& members) {
  std::optional<ConnectStep> step;
  members.with("step", [&](const Place& p) { step = read_word<ConnectStep>(p, step_names); });
  return step;
}

template <class Fault>
void read_turns(const Members& members, Fault& turns) {
  members.with("skip", [&](const Place& p) { turns.skip = p.number<std::uint64_t>(0, most_turns); });
  members.with("count", [&](const Place& p) { turns.count = p.number<std::uint64_t>(1, most_turns); });
}

std::optional<milliseconds> read_time(const Members& members, std::string_view name) {
  std::optional<milliseconds> time;
  members.with(name, [&](const Place& p) { time = p.milliseconds(); });
  return time;
}

/// By number, or by the name that `AttError` has for it.
AttError read_fault_error(const Place& place) {
  if (place.node().kind != JsonNode::Kind::string) return static_cast<AttError>(place.number<std::uint8_t>(1, 255));
  std::vector<std::string> names;
  for (unsigned number = 1; number <= 255; ++number) {
    const auto error = static_cast<AttError>(number);
    const std::string shown = to_string(error);
    const auto end = shown.find(" (");
    if (end == std::string::npos) continue;
    names.push_back(shown.substr(0, end));
    if (names.back() == place.text()) return error;
  }
  const std::vector<std::string_view> words(names.begin(), names.end());
  place.fail(blau::detail::quoted(place.text()) + " is no ATT error: write its name, as unlikely_error, or 1 to 255" +
             hint(place.text(), words));
}

/// A UUID, or the handle that goes without it.
CharacteristicName read_characteristic(const Place& place, const Members& members) {
  std::optional<CharacteristicName> name;
  members.with("characteristic", [&](const Place& p) { name = p.uuid(); });
  members.with("handle", [&](const Place& p) {
    const auto handle = p.number<std::uint16_t>(1, 0xffff);
    if (name) p.fail("'characteristic' and 'handle' exclude each other");
    name = handle;
  });
  if (!name) place.fail("one of these is needed: characteristic, handle");
  return *name;
}

FaultSpec read_link_fault(const Place& place) {
  const Members members(place, {"fault", "description", "address", "step", "after_ms", "at_ms", "skip", "count"});
  LinkFaultSpec spec;
  spec.address = read_address(members.require("address"));
  spec.step = read_step(members);
  spec.after = read_time(members, "after_ms");
  spec.at = read_time(members, "at_ms");
  read_turns(members, spec.turns);
  if (spec.step && spec.after)
    members.require("after_ms").fail("'step' and 'after_ms' contradict each other: a link is lost once");
  if (spec.step || spec.after) return spec;
  if (!spec.at) place.fail("one of these is needed: step, after_ms, at_ms");
  for (const std::string_view name : {"skip", "count"})
    members.with(name, [](const Place& p) { p.fail("this goes with 'step' or 'after_ms'"); });
  return spec;
}

FaultSpec read_request_fault(const Place& place) {
  const Members members(place, {"fault", "description", "address", "characteristic", "handle", "request", "at_ms",
                                "error", "delay_ms", "never", "skip", "count"});
  RequestFaultSpec spec;
  spec.address = read_address(members.require("address"));
  spec.characteristic = read_characteristic(place, members);
  spec.at = read_time(members, "at_ms").value_or(milliseconds(0));
  members.with("request", [&](const Place& p) { spec.fault.request = read_word<RequestKind>(p, request_names); });
  members.with("error", [&](const Place& p) { spec.fault.error = read_fault_error(p); });
  members.with("delay_ms", [&](const Place& p) { spec.fault.delay = p.milliseconds(1); });
  members.with("never", [&](const Place& p) {
    if (!p.boolean()) p.fail("false is no fault: leave it out");
    for (const std::string_view other : {"error", "delay_ms"})
      if (members.find(other)) p.fail("'never' and '" + std::string(other) + "' contradict each other");
    spec.fault.delay = never;
  });
  read_turns(members, spec.fault);
  if (!spec.fault.error && spec.fault.delay == std::chrono::nanoseconds(0))
    place.fail("one of these is needed: error, delay_ms, never");
  return spec;
}

FaultSpec read_notify_fault(const Place& place) {
  const Members members(
      place, {"fault", "description", "address", "characteristic", "handle", "at_ms", "times", "skip", "count"});
  NotifyFaultSpec spec;
  spec.address = read_address(members.require("address"));
  spec.characteristic = read_characteristic(place, members);
  spec.at = read_time(members, "at_ms").value_or(milliseconds(0));
  const Place times = members.require("times");
  spec.fault.times = times.number<std::uint32_t>(0, 1000);
  if (spec.fault.times == 1) times.fail("once is no fault: 0 loses a value, 2 doubles it");
  read_turns(members, spec.fault);
  return spec;
}

FaultSpec read_services_fault(const Place& place) {
  const Members members(place, {"fault", "description", "address", "step", "at_ms", "remove", "add"});
  ServicesFaultSpec spec;
  spec.address = read_address(members.require("address"));
  spec.step = read_step(members);
  spec.at = read_time(members, "at_ms");
  if (!spec.step && !spec.at) place.fail("one of these is needed: step, at_ms");
  members.with("remove", [&](const Place& p) {
    if (p.node().kind == JsonNode::Kind::string)
      spec.remove = p.uuid();
    else
      spec.remove = p.number<std::uint16_t>(1, 0xffff);
  });
  members.with("add", [&](const Place& p) { spec.add = read_service(p); });
  if (!spec.remove && !spec.add) place.fail("one of these is needed: remove, add");
  return spec;
}

FaultSpec read_adapter_fault(const Place& place) {
  const Members members(place, {"fault", "description", "adapter", "action", "at_ms"});
  AdapterFaultSpec spec;
  spec.adapter = members.require("adapter").text();
  spec.action = read_word<AdapterFaultSpec::Action>(members.require("action"), adapter_actions);
  spec.at = read_time(members, "at_ms").value_or(milliseconds(0));
  return spec;
}

FaultSpec read_peripheral_fault(const Place& place) {
  const Members members(place, {"fault", "description", "address", "action", "at_ms"});
  PeripheralFaultSpec spec;
  spec.address = read_address(members.require("address"));
  spec.action = read_word<PeripheralFaultSpec::Action>(members.require("action"), peripheral_actions);
  spec.at = read_time(members, "at_ms").value_or(milliseconds(0));
  return spec;
}

/// The kind of a fault; its other members are read by its own reader.
Place kind_of(const Place& place) {
  place.expect(JsonNode::Kind::object);
  if (const JsonNode* description = place.node().find("description"))
    (void)Place(*description, place.inside("description")).text();
  const JsonNode* kind = place.node().find("fault");
  if (kind == nullptr) place.fail("member 'fault' is missing");
  return {*kind, place.inside("fault")};
}

}  // namespace

FaultSpec read_fault(const Place& place) {
  using Read = FaultSpec (*)(const Place&);
  static constexpr std::array<std::string_view, 6> kinds = {"link",     "request", "notify",
                                                            "services", "adapter", "peripheral"};
  static constexpr std::array<Read, 6> readers = {read_link_fault,     read_request_fault, read_notify_fault,
                                                  read_services_fault, read_adapter_fault, read_peripheral_fault};
  return readers[kind_of(place).one_of(kinds)](place);
}

std::vector<FaultSpec> read_faults(const Place& list) {
  std::vector<FaultSpec> faults;
  list.each([&](const Place& place) { faults.push_back(read_fault(place)); });
  return faults;
}

std::shared_ptr<const JsonNode> read_bluez_faults(const Place& list) {
  list.each([](const Place& place) { (void)kind_of(place).text(); });
  return list.node().items.empty() ? nullptr : std::make_shared<const JsonNode>(list.node());
}

}  // namespace blau::sim::detail
