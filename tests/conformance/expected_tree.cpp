// Counts handles on its own, so that neither reader of world files is taken at its word.

#include "expected_tree.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>

namespace blau::conformance {
namespace {

using nlohmann::json;

Property properties_of(const json& item) {
  static const std::map<std::string, Property> names{
      {"broadcast", Property::broadcast},
      {"read", Property::read},
      {"write", Property::write},
      {"write_without_response", Property::write_without_response},
      {"notify", Property::notify},
      {"indicate", Property::indicate},
      {"reliable_write", Property::reliable_write | Property::extended_properties}};
  auto properties = Property::none;
  for (const auto& name : item.at("properties")) properties |= names.at(name.get<std::string>());
  return properties;
}

class Counter {
 public:
  explicit Counter(const json& peripheral) {
    if (peripheral.value("gap_service", true)) add_generic_services();
    const auto first = services_.size();
    const auto& items = peripheral.at("services");
    for (const auto& item : items) add_service(item);
    for (std::size_t i = 0; i < items.size(); ++i)
      for (const auto& position : items[i].value("includes", json::array()))
        services_[first + i].includes.push_back(services_[first + position.get<std::size_t>()].handle);
  }

  [[nodiscard]] std::vector<ExpectedService> take() { return std::move(services_); }

 private:
  std::uint16_t next(const json& item) {
    next_ = item.value("handle", next_);
    return next_++;
  }

  void add_generic_services() {
    const auto access = json::parse(R"({"uuid": "1800", "characteristics": [
        {"uuid": "2a00", "properties": ["read"]}, {"uuid": "2a01", "properties": ["read"]}]})");
    const auto attribute =
        json::parse(R"({"uuid": "1801", "characteristics": [{"uuid": "2a05", "properties": ["indicate"]}]})");
    add_service(access);
    add_service(attribute);
  }

  void add_service(const json& item) {
    ExpectedService service;
    service.handle = next(item);
    service.uuid = Uuid{item.at("uuid").get<std::string>()};
    service.primary = item.value("primary", true);
    next_ = static_cast<std::uint16_t>(next_ + item.value("includes", json::array()).size());
    for (const auto& characteristic : item.value("characteristics", json::array()))
      service.characteristics.push_back(make_characteristic(characteristic));
    services_.push_back(std::move(service));
  }

  ExpectedCharacteristic make_characteristic(const json& item) {
    ExpectedCharacteristic made{next(item), Uuid{item.at("uuid").get<std::string>()}, properties_of(item), {}};
    ++next_;  // the value
    const auto listed = item.value("descriptors", json::array());
    const auto is_configuration = [](const json& descriptor) { return descriptor.at("uuid") == "2902"; };
    const bool has_own = std::any_of(listed.begin(), listed.end(), is_configuration);
    if (!has_own && has(made.properties, Property::notify | Property::indicate))
      made.descriptors.push_back({next_++, Uuid{0x2902}});
    if (has(made.properties, Property::reliable_write)) made.descriptors.push_back({next_++, Uuid{0x2900}});
    for (const auto& descriptor : listed) {
      const auto handle = next(descriptor);
      made.descriptors.push_back({handle, Uuid{descriptor.at("uuid").get<std::string>()}});
    }
    return made;
  }

  std::uint16_t next_ = 1;
  std::vector<ExpectedService> services_;
};

}  // namespace

std::vector<ExpectedService> expected_tree(const std::string& address) {
  std::ifstream file(BLAU_CONFORMANCE_WORLD);
  const auto world = json::parse(file);
  for (const auto& peripheral : world.at("peripherals"))
    if (peripheral.at("address") == address) return Counter(peripheral).take();
  throw std::runtime_error("world.json has no peripheral " + address);
}

}  // namespace blau::conformance
