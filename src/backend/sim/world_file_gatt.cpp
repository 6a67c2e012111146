#include "world_file_reader.hpp"

#include <array>

namespace blau::sim::detail {
namespace {

constexpr std::array<std::string_view, 9> property_names = {"broadcast",
                                                            "read",
                                                            "write_without_response",
                                                            "write",
                                                            "notify",
                                                            "indicate",
                                                            "authenticated_signed_writes",
                                                            "reliable_write",
                                                            "writable_auxiliaries"};
constexpr std::array<std::uint16_t, 9> property_bits = {property::broadcast,
                                                        property::read,
                                                        property::write_without_response,
                                                        property::write,
                                                        property::notify,
                                                        property::indicate,
                                                        property::authenticated_signed_writes,
                                                        property::reliable_write,
                                                        property::writable_auxiliaries};
constexpr std::array<std::string_view, 3> security_names = {"none", "encrypted", "authenticated"};

std::uint16_t read_handle(const Place& place) { return place.number<std::uint16_t>(1, 0xffff); }
std::uint8_t read_att_error(const Place& place) { return place.number<std::uint8_t>(1, 255); }
std::size_t read_max_length(const Place& place) { return place.number<std::size_t>(0, max_value_length); }
Security read_security(const Place& place) { return static_cast<Security>(place.one_of(security_names)); }

std::uint16_t read_properties(const Place& place) {
  std::uint16_t bits = 0;
  place.each([&](const Place& item) {
    const std::uint16_t bit = property_bits[item.one_of(property_names)];
    if ((bits & bit) != 0) item.fail("'" + item.text() + "' is listed twice");
    bits |= bit;
  });
  return bits;
}

NotifySchedule read_schedule(const Place& place) {
  const Members members(place, {"interval_ms", "values"});
  NotifySchedule schedule;
  schedule.interval = members.require("interval_ms").milliseconds(1);
  const Place values = members.require("values");
  values.each([&](const Place& value) { schedule.values.push_back(value.value()); });
  if (schedule.values.empty()) values.fail("list one value at least");
  return schedule;
}

DescriptorSpec read_descriptor(const Place& place) {
  const Members members(place, {"description", "uuid", "handle", "value", "max_length", "writable", "security",
                                "read_error", "write_error"});
  DescriptorSpec spec;
  members.with("description", [](const Place& p) { (void)p.text(); });
  spec.uuid = members.require("uuid").uuid();
  members.with("handle", [&](const Place& p) { spec.handle = read_handle(p); });
  members.with("value", [&](const Place& p) { spec.value = p.value(); });
  members.with("max_length", [&](const Place& p) { spec.max_length = read_max_length(p); });
  members.with("writable", [&](const Place& p) { spec.writable = p.boolean(); });
  members.with("security", [&](const Place& p) { spec.security = read_security(p); });
  members.with("read_error", [&](const Place& p) { spec.read_error = read_att_error(p); });
  members.with("write_error", [&](const Place& p) { spec.write_error = read_att_error(p); });
  return spec;
}

void read_behaviour(const Members& members, CharacteristicSpec& spec) {
  members.with("security", [&](const Place& p) { spec.security = read_security(p); });
  members.with("read_error", [&](const Place& p) { spec.read_error = read_att_error(p); });
  members.with("write_error", [&](const Place& p) { spec.write_error = read_att_error(p); });
  members.with("read_delay_ms", [&](const Place& p) { spec.read_delay = p.milliseconds(); });
  members.with("write_delay_ms", [&](const Place& p) { spec.write_delay = p.milliseconds(); });
  members.with("notify", [&](const Place& p) { spec.notify = read_schedule(p); });
  members.with("echo_to", [&](const Place& p) { spec.echo_to = p.uuid(); });
}

CharacteristicSpec read_characteristic(const Place& place) {
  const Members members(place,
                        {"description", "uuid", "handle", "properties", "value", "max_length", "security", "read_error",
                         "write_error", "read_delay_ms", "write_delay_ms", "notify", "echo_to", "descriptors"});
  CharacteristicSpec spec;
  members.with("description", [](const Place& p) { (void)p.text(); });
  spec.uuid = members.require("uuid").uuid();
  members.with("handle", [&](const Place& p) { spec.handle = read_handle(p); });
  spec.properties = read_properties(members.require("properties"));
  members.with("value", [&](const Place& p) { spec.value = p.value(); });
  members.with("max_length", [&](const Place& p) { spec.max_length = read_max_length(p); });
  read_behaviour(members, spec);
  members.with("descriptors", [&](const Place& list) {
    list.each([&](const Place& item) { spec.descriptors.push_back(read_descriptor(item)); });
  });
  return spec;
}

}  // namespace

ServiceSpec read_service(const Place& place) {
  const Members members(place, {"description", "uuid", "handle", "primary", "includes", "characteristics"});
  ServiceSpec spec;
  members.with("description", [](const Place& p) { (void)p.text(); });
  spec.uuid = members.require("uuid").uuid();
  members.with("handle", [&](const Place& p) { spec.handle = read_handle(p); });
  members.with("primary", [&](const Place& p) { spec.primary = p.boolean(); });
  members.with("includes", [&](const Place& list) {
    list.each([&](const Place& item) { spec.includes.push_back(item.number<std::size_t>(0, 0xffff)); });
  });
  members.with("characteristics", [&](const Place& list) {
    list.each([&](const Place& item) { spec.characteristics.push_back(read_characteristic(item)); });
  });
  return spec;
}

}  // namespace blau::sim::detail
