// The public faces of what a discovery found.

#include <blau/gatt.hpp>

#include "gatt_tree.hpp"

#include <blau/assigned.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

namespace blau {

using detail::GattTree;

std::ostream& operator<<(std::ostream& out, Handle handle) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "0x%04x", handle.value());
  return out << text.data();
}

std::vector<std::string_view> property_names(Property set) {
  constexpr std::array<std::string_view, 10> names{"broadcast",
                                                   "read",
                                                   "write_without_response",
                                                   "write",
                                                   "notify",
                                                   "indicate",
                                                   "authenticated_signed_writes",
                                                   "extended_properties",
                                                   "reliable_write",
                                                   "writable_auxiliaries"};
  std::vector<std::string_view> found;
  for (std::size_t bit = 0; bit < names.size(); ++bit)
    if (has(set, static_cast<Property>(1U << bit))) found.push_back(names[bit]);
  return found;
}

namespace {
std::string name_or_uuid(std::optional<std::string_view> name, const Uuid& uuid) {
  return name ? std::string(*name) : uuid.to_string();
}
}  // namespace

Descriptor::Descriptor(std::shared_ptr<const GattTree> tree, std::size_t index) noexcept
    : tree_(std::move(tree)), index_(index) {}
Uuid Descriptor::uuid() const noexcept { return tree_->descriptors[index_].uuid; }
Handle Descriptor::handle() const noexcept { return Handle(tree_->descriptors[index_].handle); }
std::string Descriptor::description() const { return name_or_uuid(assigned::descriptor_name(uuid()), uuid()); }
Characteristic Descriptor::characteristic() const {
  return GattTree::characteristic(tree_, tree_->descriptors[index_].characteristic);
}
bool operator==(const Descriptor& a, const Descriptor& b) noexcept {
  return a.tree_ == b.tree_ && a.index_ == b.index_;
}

Characteristic::Characteristic(std::shared_ptr<const GattTree> tree, std::size_t index) noexcept
    : tree_(std::move(tree)), index_(index) {}
Uuid Characteristic::uuid() const noexcept { return tree_->characteristics[index_].uuid; }
Handle Characteristic::handle() const noexcept { return Handle(tree_->characteristics[index_].handle); }
Handle Characteristic::value_handle() const noexcept { return Handle(tree_->characteristics[index_].value_handle); }
Property Characteristic::properties() const noexcept { return tree_->characteristics[index_].properties; }
std::string Characteristic::description() const { return name_or_uuid(assigned::characteristic_name(uuid()), uuid()); }
Service Characteristic::service() const { return GattTree::service(tree_, tree_->characteristics[index_].service); }
bool operator==(const Characteristic& a, const Characteristic& b) noexcept {
  return a.tree_ == b.tree_ && a.index_ == b.index_;
}

std::vector<Descriptor> Characteristic::descriptors() const {
  const auto& node = tree_->characteristics[index_];
  std::vector<Descriptor> found;
  for (std::size_t i = 0; i < node.descriptor_count; ++i)
    found.push_back(GattTree::descriptor(tree_, node.first_descriptor + i));
  return found;
}

std::optional<Descriptor> Characteristic::descriptor(const Uuid& uuid) const {
  for (auto& descriptor : descriptors())
    if (descriptor.uuid() == uuid) return std::move(descriptor);
  return std::nullopt;
}

std::size_t Characteristic::max_write_without_response_size() const noexcept {
  constexpr std::size_t least_mtu = 23;       // Core Vol 3 Part G 5.2.1
  constexpr std::size_t command_header = 3;   // Core Vol 3 Part F 3.4.5.3
  constexpr std::size_t longest_value = 512;  // Core Vol 3 Part F 3.2.9
  const std::size_t mtu = tree_->mtu ? tree_->mtu->load() : 0;
  return std::min(std::max(mtu, least_mtu) - command_header, longest_value);
}

Service::Service(std::shared_ptr<const GattTree> tree, std::size_t index) noexcept
    : tree_(std::move(tree)), index_(index) {}
Uuid Service::uuid() const noexcept { return tree_->services[index_].uuid; }
Handle Service::handle() const noexcept { return Handle(tree_->services[index_].handle); }
bool Service::is_primary() const noexcept { return tree_->services[index_].primary; }
bool Service::access_denied() const noexcept { return tree_->services[index_].access_denied; }
std::string Service::description() const { return name_or_uuid(assigned::service_name(uuid()), uuid()); }
bool operator==(const Service& a, const Service& b) noexcept { return a.tree_ == b.tree_ && a.index_ == b.index_; }

std::vector<Service> Service::included_services() const {
  std::vector<Service> found;
  for (const auto index : tree_->services[index_].includes) found.push_back(GattTree::service(tree_, index));
  return found;
}

std::vector<Characteristic> Service::characteristics() const {
  const auto& node = tree_->services[index_];
  std::vector<Characteristic> found;
  for (std::size_t i = 0; i < node.characteristic_count; ++i)
    found.push_back(GattTree::characteristic(tree_, node.first_characteristic + i));
  return found;
}

std::optional<Characteristic> Service::characteristic(const Uuid& uuid) const {
  for (auto& characteristic : characteristics())
    if (characteristic.uuid() == uuid) return std::move(characteristic);
  return std::nullopt;
}

CharacteristicRef::CharacteristicRef(Characteristic characteristic) noexcept : value_(std::move(characteristic)) {}
CharacteristicRef::CharacteristicRef(const Uuid& uuid) noexcept : value_(uuid) {}
CharacteristicRef::CharacteristicRef(Handle handle) noexcept : value_(handle) {}
CharacteristicRef::CharacteristicRef(std::string text) : value_(std::move(text)) {}
CharacteristicRef::CharacteristicRef(std::string_view text) : value_(std::string(text)) {}
CharacteristicRef::CharacteristicRef(const char* text) : value_(std::string(text ? text : "")) {}

std::string CharacteristicRef::to_string() const {
  if (const auto* characteristic = std::get_if<Characteristic>(&value_)) return characteristic->uuid().to_string();
  if (const auto* uuid = std::get_if<Uuid>(&value_)) return uuid->to_string();
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  std::array<char, 16> written{};
  std::snprintf(written.data(), written.size(), "handle 0x%04x", std::get<Handle>(value_).value());
  return written.data();
}

ServiceCollection::ServiceCollection() noexcept = default;

ServiceCollection::ServiceCollection(std::shared_ptr<const GattTree> tree) : tree_(std::move(tree)) {
  for (std::size_t i = 0; i < tree_->services.size(); ++i) services_.push_back(GattTree::service(tree_, i));
}

std::vector<Characteristic> ServiceCollection::characteristics() const {
  std::vector<Characteristic> found;
  for (std::size_t i = 0; tree_ && i < tree_->characteristics.size(); ++i)
    found.push_back(GattTree::characteristic(tree_, i));
  return found;
}

std::optional<Service> ServiceCollection::get_service(const Uuid& uuid) const {
  std::optional<Service> found;
  for (const auto& service : services_) {
    if (service.uuid() != uuid) continue;
    if (found)
      throw Error(ErrorCode::attribute_ambiguous,
                  "several services have the UUID " + uuid.to_string() + ": use a handle");
    found = service;
  }
  return found;
}

std::optional<Service> ServiceCollection::get_service(Handle handle) const {
  for (const auto& service : services_)
    if (service.handle() == handle) return service;
  return std::nullopt;
}

std::optional<Characteristic> ServiceCollection::get_characteristic(const CharacteristicRef& ref) const {
  if (!tree_) return std::nullopt;
  auto found = GattTree::find(tree_, ref);
  if (found) return std::move(*found);
  const auto code = found.error().code();
  if (code == ErrorCode::attribute_not_found || code == ErrorCode::attribute_gone) return std::nullopt;
  throw Error(found.error());
}

std::optional<Descriptor> ServiceCollection::get_descriptor(Handle handle) const {
  if (!tree_) return std::nullopt;
  auto found = GattTree::find(tree_, DescriptorRef(handle));
  if (found) return std::move(*found);
  return std::nullopt;
}

}  // namespace blau
