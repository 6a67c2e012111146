#include "json_lines.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>

#include "clock_text.hpp"
#include "decoded.hpp"

namespace blau::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Names come from the air: what is not UTF-8 becomes U+FFFD rather than an exception.
std::string one_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json address_type(const Address& address) {
  const auto type = address.type();
  return type ? Json(to_string(*type)) : Json();
}

std::string company_key(std::uint16_t company) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "0x%04x", static_cast<unsigned>(company));
  return buffer.data();
}

Json uuids(const std::vector<Uuid>& list) {
  Json json = Json::array();
  for (const auto& uuid : list) json.push_back(uuid.to_string());
  return json;
}

template <class Attribute>
Json attribute(const Attribute& attribute) {
  Json json;
  json["uuid"] = attribute.uuid().to_string();
  json["handle"] = attribute.handle().value();
  json["description"] = attribute.description();
  return json;
}

Json characteristic_json(const Characteristic& characteristic, const ValuesByHandle& values) {
  Json json = attribute(characteristic);
  json["properties"] = property_names(characteristic.properties());
  const auto value = values.find(characteristic.handle());
  json["value"] = value == values.end() ? Json() : Json(to_hex(value->second));
  json["decoded"] = value == values.end() ? Json() : or_null(decoded(characteristic.uuid(), value->second));
  json["descriptors"] = Json::array();
  for (const auto& descriptor : characteristic.descriptors()) json["descriptors"].push_back(attribute(descriptor));
  return json;
}

Json value_object(const Uuid& uuid, Handle handle, ByteView value) {
  Json json;
  json["uuid"] = uuid.to_string();
  json["handle"] = handle.value();
  json["value"] = to_hex(value);
  return json;
}

}  // namespace

std::string to_json(const Adapter& adapter) {
  Json json;
  json["id"] = adapter.id();
  json["name"] = adapter.name();
  json["address"] = adapter.address().to_string();
  json["powered"] = adapter.powered();
  json["default"] = adapter.is_default();
  return one_line(json);
}

std::string to_json(const Advertisement& advertisement) {
  const auto& [device, data] = advertisement;
  constexpr std::int16_t unknown_strength = -127;
  Json json;
  json["address"] = device.address().to_string();
  json["address_type"] = address_type(device.address());
  json["name"] = or_null(device.name() ? device.name() : data.local_name);
  json["rssi"] = data.rssi == unknown_strength ? Json() : Json(data.rssi);
  json["tx_power"] = or_null(data.tx_power);
  json["service_uuids"] = uuids(data.service_uuids);
  json["manufacturer_data"] = Json::object();
  for (const auto& [company, bytes] : data.manufacturer_data)
    json["manufacturer_data"][company_key(company)] = to_hex(bytes);
  json["service_data"] = Json::object();
  for (const auto& [uuid, bytes] : data.service_data) json["service_data"][uuid.to_string()] = to_hex(bytes);
  json["connectable"] = or_null(data.connectable);
  return one_line(json);
}

std::string to_json(const Client& client, const ValuesByHandle& values) {
  Json json;
  json["address"] = client.address().to_string();
  json["name"] = or_null(client.name());
  json["mtu_size"] = client.mtu_size();
  json["services"] = Json::array();
  for (const auto& service : client.services()) {
    Json listed = attribute(service);
    listed["characteristics"] = Json::array();
    for (const auto& characteristic : service.characteristics())
      listed["characteristics"].push_back(characteristic_json(characteristic, values));
    json["services"].push_back(std::move(listed));
  }
  return one_line(json);
}

std::string value_to_json(const Uuid& uuid, Handle handle, ByteView value) {
  return one_line(value_object(uuid, handle, value));
}

std::string value_to_json(const Uuid& uuid, Handle handle, ByteView value, std::chrono::system_clock::time_point time) {
  auto json = value_object(uuid, handle, value);
  json["time"] = utc_time(time);
  return one_line(json);
}

std::string pairing_to_json(const Address& address, bool paired) {
  Json json;
  json["address"] = address.to_string();
  json["paired"] = paired;
  return one_line(json);
}

std::string written_to_json(const Uuid& uuid, Handle handle, std::size_t bytes) {
  Json json;
  json["uuid"] = uuid.to_string();
  json["handle"] = handle.value();
  json["written"] = bytes;
  return one_line(json);
}

}  // namespace blau::cli
