#include "gatt_tree.hpp"

#include <blau/assigned.hpp>

#include <algorithm>
#include <sstream>
#include <string>

namespace blau::detail {
namespace {

std::string in_text(Handle handle) {
  std::ostringstream out;
  out << handle;
  return out.str();
}

Error not_found(const CharacteristicRef& ref) {
  return {ErrorCode::attribute_not_found,
          "the device has no characteristic " + ref.to_string() + "; services() lists what it has"};
}

Result<Characteristic> find_by_uuid(const GattTree::Pointer& tree, const Uuid& uuid, const CharacteristicRef& ref) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < tree->characteristics.size(); ++i)
    if (tree->characteristics[i].uuid == uuid) found.push_back(i);
  if (found.empty()) return not_found(ref);
  if (found.size() == 1) return GattTree::characteristic(tree, found.front());
  std::string handles;
  for (const auto index : found) {
    handles += handles.empty() ? "" : ", ";
    handles += in_text(Handle(tree->characteristics[index].handle));
  }
  return Error(ErrorCode::attribute_ambiguous,
               "several characteristics have the UUID " + uuid.to_string() + ": use one of the handles " + handles);
}

Result<Characteristic> find_by_handle(const GattTree::Pointer& tree, Handle handle, const CharacteristicRef& ref) {
  for (std::size_t i = 0; i < tree->characteristics.size(); ++i) {
    const auto& node = tree->characteristics[i];
    if (node.handle == handle.value() || node.value_handle == handle.value()) return GattTree::characteristic(tree, i);
  }
  return not_found(ref);
}

Result<Characteristic> find_by_text(const GattTree::Pointer& tree, const std::string& text,
                                    const CharacteristicRef& ref) {
  auto uuid = Uuid::parse(text);
  if (!uuid) uuid = assigned::find_characteristic(text);
  if (uuid) return find_by_uuid(tree, *uuid, ref);
  return Error(ErrorCode::invalid_argument,
               "'" + text +
                   "' names no characteristic: write a UUID of 4, 8 or 36 characters or an "
                   "assigned name such as battery_level");
}

Result<Characteristic> find_same(const GattTree::Pointer& tree, const Characteristic& wanted) {
  if (GattTree::tree_of(wanted) == tree) return wanted;
  const auto same = find_by_handle(tree, wanted.handle(), wanted);
  if (same && GattTree::same(*same, wanted)) return same;
  return Error(ErrorCode::attribute_gone, "the device no longer has the characteristic " + wanted.uuid().to_string() +
                                              " at " + in_text(wanted.handle()) + "; look it up in services() again");
}

}  // namespace

bool GattTree::same(const Characteristic& a, const Characteristic& b) noexcept {
  const auto service = a.service();
  const auto other = b.service();
  return a.handle() == b.handle() && a.uuid() == b.uuid() && service.handle() == other.handle() &&
         service.uuid() == other.uuid();
}

bool GattTree::same(const Descriptor& a, const Descriptor& b) noexcept {
  return a.handle() == b.handle() && a.uuid() == b.uuid() && same(a.characteristic(), b.characteristic());
}

Result<Characteristic> GattTree::find(const Pointer& tree, const CharacteristicRef& ref) {
  const auto& value = ref.value();
  if (const auto* characteristic = std::get_if<Characteristic>(&value)) return find_same(tree, *characteristic);
  if (const auto* uuid = std::get_if<Uuid>(&value)) return find_by_uuid(tree, *uuid, ref);
  if (const auto* handle = std::get_if<Handle>(&value)) return find_by_handle(tree, *handle, ref);
  return find_by_text(tree, std::get<std::string>(value), ref);
}

Result<Descriptor> GattTree::find(const Pointer& tree, const DescriptorRef& ref) {
  for (std::size_t i = 0; i < tree->descriptors.size(); ++i) {
    if (tree->descriptors[i].handle != ref.handle().value()) continue;
    auto found = descriptor(tree, i);
    if (!ref.descriptor() || same(*ref.descriptor(), found)) return found;
    break;
  }
  if (ref.descriptor())
    return Error(ErrorCode::attribute_gone, "the device no longer has the descriptor at " + in_text(ref.handle()) +
                                                "; look it up in services() again");
  return Error(ErrorCode::attribute_not_found,
               "the device has no descriptor with handle " + in_text(ref.handle()) + "; services() lists what it has");
}

void GattTree::check_access(const Characteristic& characteristic) {
  characteristic.tree_->check_access_of(characteristic.index_);
}

void GattTree::check_access(const Descriptor& descriptor) {
  descriptor.tree_->check_access_of(descriptor.tree_->descriptors[descriptor.index_].characteristic);
}

void GattTree::check_access_of(std::size_t characteristic) const {
  const auto& service = services[characteristics[characteristic].service];
  if (!service.access_denied) return;
  throw Error(ErrorCode::access_denied,
              "the system keeps the service " + service.uuid.to_string() + " to itself and refuses this program");
}

Result<GattTree::Pointer> GattTree::build(backend::GattDatabase database, MtuCell mtu) {
  auto tree = std::make_shared<GattTree>();
  tree->mtu = std::move(mtu);
  auto by_handle = [](const auto& a, const auto& b) { return a.handle < b.handle; };
  std::sort(database.services.begin(), database.services.end(), by_handle);
  for (auto& service : database.services) {
    std::sort(service.characteristics.begin(), service.characteristics.end(), by_handle);
    for (auto& characteristic : service.characteristics)
      std::sort(characteristic.descriptors.begin(), characteristic.descriptors.end(), by_handle);
    tree->add_service(service);
  }
  tree->resolve_includes(database.services);
  if (tree->has_bad_handles())
    return Error(ErrorCode::failed, "the device's attribute table is faulty: a handle is 0 or there twice");
  return Pointer(std::move(tree));
}

void GattTree::add_service(const backend::ServiceRecord& record) {
  services.push_back({record.uuid,
                      record.handle,
                      record.primary,
                      {},
                      characteristics.size(),
                      record.characteristics.size(),
                      record.access_denied});
  for (const auto& characteristic : record.characteristics) add_characteristic(characteristic);
}

void GattTree::add_characteristic(const backend::CharacteristicRecord& record) {
  const auto value_handle =
      record.value_handle != 0 ? record.value_handle : static_cast<std::uint16_t>(record.handle + 1);
  characteristics.push_back({record.uuid, record.handle, value_handle, record.properties, services.size() - 1,
                             descriptors.size(), record.descriptors.size()});
  for (const auto& descriptor : record.descriptors)
    descriptors.push_back({descriptor.uuid, descriptor.handle, characteristics.size() - 1});
}

void GattTree::resolve_includes(const std::vector<backend::ServiceRecord>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (const auto handle : records[i].includes) {
      // One that a restriction to some services left out is not shown.
      for (std::size_t j = 0; j < services.size(); ++j)
        if (services[j].handle == handle) services[i].includes.push_back(j);
    }
  }
}

bool GattTree::has_bad_handles() const {
  std::vector<std::uint16_t> handles;
  for (const auto& node : services) handles.push_back(node.handle);
  for (const auto& node : characteristics) handles.push_back(node.handle);
  for (const auto& node : descriptors) handles.push_back(node.handle);
  std::sort(handles.begin(), handles.end());
  return (!handles.empty() && handles.front() == 0) ||
         std::adjacent_find(handles.begin(), handles.end()) != handles.end();
}

}  // namespace blau::detail
