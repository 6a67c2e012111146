#include "attribute_table.hpp"

#include <algorithm>
#include <set>

namespace blau::sim::detail {
namespace {

/// Walks a list of services as the table would place them, and stops at the first thing that it could not.
class SpecCheck {
 public:
  SpecCheck(std::span<const ServiceSpec> services, std::uint32_t first_free)
      : services_(services), next_free_(first_free) {}

  std::optional<SpecFault> run() {
    for (std::size_t i = 0; i < services_.size() && !fault_; ++i) check(services_[i], i);
    return std::move(fault_);
  }

 private:
  void check(const ServiceSpec& service, std::size_t position);
  void check_includes(const ServiceSpec& service, std::size_t position, const std::string& path);
  void check(const CharacteristicSpec& spec, const ServiceSpec& service, const std::string& path);
  void check_duties(const CharacteristicSpec& spec, const ServiceSpec& service, const std::string& path);
  void check_value(const Bytes& value, std::size_t max_length, const std::string& path);
  void check_type(const Uuid& uuid, const std::string& path);
  void take(std::optional<std::uint16_t> handle, std::uint32_t count, const std::string& path);

  void fail(std::string path, std::string message) {
    if (!fault_) fault_ = SpecFault{std::move(path), std::move(message)};
  }

  std::span<const ServiceSpec> services_;
  std::uint32_t next_free_;
  std::optional<SpecFault> fault_;
};

void SpecCheck::check(const ServiceSpec& service, std::size_t position) {
  const std::string path = item("services", position);
  take(service.handle, 1 + static_cast<std::uint32_t>(service.includes.size()), path);
  check_includes(service, position, path);
  for (std::size_t i = 0; i < service.characteristics.size() && !fault_; ++i)
    check(service.characteristics[i], service, item(path + ".characteristics", i));
}

void SpecCheck::check_includes(const ServiceSpec& service, std::size_t position, const std::string& path) {
  for (std::size_t i = 0; i < service.includes.size(); ++i) {
    const std::size_t included = service.includes[i];
    const std::string at = item(path + ".includes", i);
    if (included >= services_.size())
      return fail(at, "there is no service " + std::to_string(included) + ": the list has " +
                          std::to_string(services_.size()) + ", counted from 0");
    if (included == position) return fail(at, "a service cannot include itself");
  }
}

void SpecCheck::check(const CharacteristicSpec& spec, const ServiceSpec& service, const std::string& path) {
  const bool configuration = makes_configuration(spec);
  const bool extended = makes_extended_properties(spec);
  take(spec.handle, 2u + (configuration ? 1u : 0u) + (extended ? 1u : 0u), path);
  check_type(spec.uuid, path);
  check_value(spec.value, spec.max_length, path);
  check_duties(spec, service, path);
  std::set<Uuid> once;
  for (std::size_t i = 0; i < spec.descriptors.size(); ++i) {
    const DescriptorSpec& descriptor = spec.descriptors[i];
    const std::string at = item(path + ".descriptors", i);
    take(descriptor.handle, 1, at);
    check_type(descriptor.uuid, at);
    check_value(descriptor.value, descriptor.max_length, at);
    if (descriptor.uuid == attribute_type::client_configuration && !once.insert(descriptor.uuid).second)
      fail(at + ".uuid", "a characteristic has one Client Characteristic Configuration (2902) at most");
  }
}

void SpecCheck::check_duties(const CharacteristicSpec& spec, const ServiceSpec& service, const std::string& path) {
  constexpr auto tells = property::notify | property::indicate;
  if (spec.notify && (spec.properties & tells) == 0)
    return fail(path + ".notify", "the characteristic has neither the property notify nor indicate");
  if (spec.notify && spec.notify->values.empty()) return fail(path + ".notify.values", "there is no value to notify");
  if (spec.notify && spec.notify->interval.count() < 1)
    return fail(path + ".notify.interval_ms", "the interval must be a millisecond at least");
  for (std::size_t i = 0; spec.notify && i < spec.notify->values.size(); ++i)
    if (spec.notify->values[i].size() > max_value_length)
      return fail(item(path + ".notify.values", i), "a value has 512 bytes at most");
  if (!spec.echo_to) return;
  const auto is_target = [&](const CharacteristicSpec& other) {
    return other.uuid == *spec.echo_to && (other.properties & tells) != 0;
  };
  if (!std::ranges::any_of(service.characteristics, is_target))
    fail(path + ".echo_to",
         "this service has no characteristic " + spec.echo_to->to_string() + " with the property notify or indicate");
}

void SpecCheck::check_value(const Bytes& value, std::size_t max_length, const std::string& path) {
  if (max_length > max_value_length) return fail(path + ".max_length", "an attribute has 512 bytes at most");
  if (value.size() > max_length)
    fail(path + ".value", "the value has " + std::to_string(value.size()) + " bytes, the attribute takes " +
                              std::to_string(max_length) + " at most");
}

void SpecCheck::check_type(const Uuid& uuid, const std::string& path) {
  if (uuid >= attribute_type::primary_service && uuid <= attribute_type::characteristic && uuid.short_number())
    fail(path + ".uuid", "2800 to 2803 are declarations, which are made from the list by themselves");
}

void SpecCheck::take(std::optional<std::uint16_t> handle, std::uint32_t count, const std::string& path) {
  if (handle && *handle < next_free_)
    return fail(path + ".handle", "handle " + std::to_string(*handle) + " is not free: the lowest that is, is " +
                                      std::to_string(next_free_));
  next_free_ = (handle ? *handle : next_free_) + count;
  if (next_free_ > 0x10000) fail(path, "the table is full: no handle is left below 65536");
}

}  // namespace

std::optional<SpecFault> find_fault(std::span<const ServiceSpec> services, std::uint32_t first_free) {
  return SpecCheck(services, first_free).run();
}

}  // namespace blau::sim::detail
