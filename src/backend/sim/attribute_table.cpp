#include "attribute_table.hpp"

#include <blau/gatt.hpp>

#include <algorithm>

namespace blau::sim::detail {
namespace {

static_assert(property::read == static_cast<std::uint16_t>(Property::read));
static_assert(property::indicate == static_cast<std::uint16_t>(Property::indicate));
static_assert(property::extended_properties == static_cast<std::uint16_t>(Property::extended_properties));
static_assert(property::any_extended ==
              static_cast<std::uint16_t>(Property::reliable_write | Property::writable_auxiliaries));

bool lists(const CharacteristicSpec& spec, const Uuid& uuid) {
  return std::ranges::any_of(spec.descriptors, [&](const DescriptorSpec& d) { return d.uuid == uuid; });
}

void append_number(Bytes& to, std::uint16_t number) {
  to.push_back(static_cast<std::uint8_t>(number));
  to.push_back(static_cast<std::uint8_t>(number >> 8));
}

std::uint8_t declared_properties(const CharacteristicSpec& spec) {
  std::uint16_t bits = spec.properties & 0xff;
  if ((spec.properties & property::any_extended) != 0) bits |= property::extended_properties;
  return static_cast<std::uint8_t>(bits);
}

}  // namespace

void append_uuid(Bytes& to, const Uuid& uuid) {
  if (const auto number = uuid.short_number()) return append_number(to, *number);
  to.insert(to.end(), uuid.bytes().rbegin(), uuid.bytes().rend());
}

bool makes_configuration(const CharacteristicSpec& spec) {
  return (spec.properties & (property::notify | property::indicate)) != 0 &&
         !lists(spec, attribute_type::client_configuration);
}

bool makes_extended_properties(const CharacteristicSpec& spec) {
  return (spec.properties & property::any_extended) != 0 && !lists(spec, attribute_type::extended_properties);
}

Result<std::vector<PlacedService>> AttributeTable::append(std::span<const ServiceSpec> services) {
  if (const auto fault = fault_in(services))
    return Error{ErrorCode::invalid_argument, fault->path + ": " + fault->message};
  AttributeTable added;
  added.next_free_ = begin_of(services);
  auto placed = added.place_all(services);
  if (placed.empty()) return placed;
  const auto behind = std::ranges::lower_bound(attributes_, placed.front().handle, {}, &Attribute::handle);
  attributes_.insert(behind, std::make_move_iterator(added.attributes_.begin()),
                     std::make_move_iterator(added.attributes_.end()));
  next_free_ = std::max(next_free_, added.next_free_);
  return placed;
}

std::uint32_t AttributeTable::begin_of(std::span<const ServiceSpec> services) const noexcept {
  const std::uint32_t given = services.empty() ? 0 : services.front().handle.value_or(0);
  return given == 0 ? next_free_ : std::min(given, next_free_);
}

std::optional<SpecFault> AttributeTable::fault_in(std::span<const ServiceSpec> services) const {
  const std::uint32_t begin = begin_of(services);
  if (auto fault = find_fault(services, begin)) return fault;
  if (begin == next_free_) return std::nullopt;
  AttributeTable alone;
  alone.next_free_ = begin;
  const auto placed = alone.place_all(services);
  const auto taken = range(static_cast<std::uint16_t>(begin), placed.back().end);
  // A service also holds the handles between its own first and last one.
  const auto before = range(1, static_cast<std::uint16_t>(begin - 1));
  const auto holds = [begin](const Attribute& a) { return a.kind == AttributeKind::service && a.group_end >= begin; };
  if (taken.empty() && std::ranges::none_of(before, holds)) return std::nullopt;
  return SpecFault{item("services", 0) + ".handle", "handle " + std::to_string(begin) +
                                                        " is not free, or too few behind it are: behind all others the "
                                                        "lowest is " +
                                                        std::to_string(next_free_)};
}

std::vector<PlacedService> AttributeTable::place_all(std::span<const ServiceSpec> services) {
  std::vector<PlacedService> placed;
  placed.reserve(services.size());
  for (const ServiceSpec& service : services) placed.push_back(place(service));
  fill_includes(services, placed);
  return placed;
}

Result<std::vector<PlacedService>> AttributeTable::append_generic_services(const std::string& name,
                                                                           std::uint16_t appearance) {
  CharacteristicSpec device_name;
  device_name.uuid = Uuid{0x2a00};
  device_name.properties = property::read;
  device_name.value.assign(name.begin(), name.end());
  CharacteristicSpec look;
  look.uuid = Uuid{0x2a01};
  look.properties = property::read;
  append_number(look.value, appearance);
  CharacteristicSpec service_changed;
  service_changed.uuid = Uuid{0x2a05};
  service_changed.properties = property::indicate;
  std::vector<ServiceSpec> services(2);
  services[0].uuid = Uuid{0x1800};
  services[0].characteristics = {std::move(device_name), std::move(look)};
  services[1].uuid = Uuid{0x1801};
  services[1].characteristics = {std::move(service_changed)};
  return append(services);
}

bool AttributeTable::remove_service(std::uint16_t handle) {
  const Attribute* service = find(handle);
  if (service == nullptr || service->kind != AttributeKind::service) return false;
  const std::uint16_t end = service->group_end;
  std::erase_if(attributes_, [&](const Attribute& a) { return a.handle >= handle && a.handle <= end; });
  return true;
}

const Attribute* AttributeTable::find(std::uint16_t handle) const noexcept {
  const auto found = std::ranges::lower_bound(attributes_, handle, {}, &Attribute::handle);
  return found != attributes_.end() && found->handle == handle ? &*found : nullptr;
}

Attribute* AttributeTable::find(std::uint16_t handle) noexcept {
  return const_cast<Attribute*>(std::as_const(*this).find(handle));
}

std::span<const Attribute> AttributeTable::range(std::uint16_t first, std::uint16_t last) const noexcept {
  if (first > last) return {};
  const auto begin = std::ranges::lower_bound(attributes_, first, {}, &Attribute::handle);
  const auto end = std::ranges::upper_bound(attributes_, last, {}, &Attribute::handle);
  return {begin, end};
}

PlacedService AttributeTable::place(const ServiceSpec& spec) {
  PlacedService placed;
  const Uuid& type = spec.primary ? attribute_type::primary_service : attribute_type::secondary_service;
  Attribute& declaration = add(spec.handle, type, AttributeKind::service);
  append_uuid(declaration.value, spec.uuid);
  placed.handle = declaration.handle;
  for (std::size_t i = 0; i < spec.includes.size(); ++i)
    add(std::nullopt, attribute_type::include, AttributeKind::include);
  for (const CharacteristicSpec& characteristic : spec.characteristics) place(characteristic, placed);
  placed.end = attributes_.back().handle;
  find(placed.handle)->group_end = placed.end;
  return placed;
}

void AttributeTable::place(const CharacteristicSpec& spec, PlacedService& into) {
  PlacedCharacteristic placed;
  Attribute& declaration = add(spec.handle, attribute_type::characteristic, AttributeKind::characteristic);
  placed.declaration = declaration.handle;
  placed.value = static_cast<std::uint16_t>(declaration.handle + 1);
  declaration.value.push_back(declared_properties(spec));
  append_number(declaration.value, placed.value);
  append_uuid(declaration.value, spec.uuid);
  declaration.value_handle = placed.value;

  Attribute& value = add(std::nullopt, spec.uuid, AttributeKind::value);
  value.value = spec.value;
  value.max_length = spec.max_length;
  value.readable = (spec.properties & property::read) != 0;
  value.writable = (spec.properties & property::write) != 0;
  value.preparable = (spec.properties & (property::write | property::reliable_write)) != 0;
  value.commandable = (spec.properties & property::write_without_response) != 0;
  value.read_security = value.write_security = spec.security;
  value.read_error = spec.read_error;
  value.write_error = spec.write_error;
  value.value_handle = placed.value;
  value.properties = spec.properties;
  place_descriptors(spec, placed);
  find(placed.declaration)->group_end = attributes_.back().handle;
  into.characteristics.push_back(std::move(placed));
}

void AttributeTable::place_descriptors(const CharacteristicSpec& spec, PlacedCharacteristic& into) {
  if (makes_configuration(spec)) {
    DescriptorSpec configuration;
    configuration.security = spec.security;
    place_configuration(spec, configuration, into);
  }
  if (makes_extended_properties(spec)) {
    Attribute& extended = add(std::nullopt, attribute_type::extended_properties, AttributeKind::descriptor);
    append_number(extended.value, static_cast<std::uint16_t>(spec.properties >> 8 & 0x03));
    extended.value_handle = into.value;
    extended.fixed_length = true;
  }
  for (const DescriptorSpec& listed : spec.descriptors) {
    if (listed.uuid == attribute_type::client_configuration) {
      place_configuration(spec, listed, into);
      into.descriptors.push_back(into.configuration);
      continue;
    }
    Attribute& descriptor = add(listed.handle, listed.uuid, AttributeKind::descriptor);
    descriptor.value = listed.value;
    descriptor.max_length = listed.max_length;
    descriptor.writable = descriptor.preparable = listed.writable;
    descriptor.read_security = descriptor.write_security = listed.security;
    descriptor.read_error = listed.read_error;
    descriptor.write_error = listed.write_error;
    descriptor.value_handle = into.value;
    into.descriptors.push_back(descriptor.handle);
  }
}

void AttributeTable::place_configuration(const CharacteristicSpec& spec, const DescriptorSpec& as,
                                         PlacedCharacteristic& into) {
  Attribute& configuration = add(as.handle, attribute_type::client_configuration, AttributeKind::client_configuration);
  configuration.writable = configuration.preparable = true;
  configuration.max_length = 2;
  // Core Vol 3 Part G 3.3.3.3: it is always readable; only writing may demand a secure link.
  configuration.write_security = std::max(as.security, spec.security);
  configuration.read_error = as.read_error;
  configuration.write_error = as.write_error;
  configuration.value_handle = into.value;
  configuration.properties = spec.properties;
  configuration.fixed_length = true;
  into.configuration = configuration.handle;
}

void AttributeTable::fill_includes(std::span<const ServiceSpec> services, std::span<const PlacedService> placed) {
  for (std::size_t i = 0; i < services.size(); ++i) {
    auto handle = static_cast<std::uint16_t>(placed[i].handle + 1);
    for (const std::size_t included : services[i].includes) {
      Bytes& value = find(handle++)->value;
      append_number(value, placed[included].handle);
      append_number(value, placed[included].end);
      // Core Vol 3 Part G 3.2: the UUID is there only if it is a 16-bit one.
      if (services[included].uuid.short_number()) append_uuid(value, services[included].uuid);
    }
  }
}

Attribute& AttributeTable::add(std::optional<std::uint16_t> handle, const Uuid& type, AttributeKind kind) {
  const auto given = static_cast<std::uint16_t>(handle.value_or(static_cast<std::uint16_t>(next_free_)));
  Attribute attribute;
  attribute.handle = given;
  attribute.type = type;
  attribute.kind = kind;
  attribute.group_end = given;
  attribute.fixed_length =
      kind == AttributeKind::service || kind == AttributeKind::include || kind == AttributeKind::characteristic;
  next_free_ = std::uint32_t{given} + 1;
  attributes_.push_back(std::move(attribute));
  return attributes_.back();
}

}  // namespace blau::sim::detail
