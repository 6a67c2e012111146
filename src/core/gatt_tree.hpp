#pragma once

#include <blau/backend.hpp>
#include <blau/gatt.hpp>
#include <blau/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace blau::detail {

/// The ATT MTU of a client's link; 0 while there is none.
using MtuCell = std::shared_ptr<std::atomic<std::uint16_t>>;

/// One discovery's attributes, immutable: what `Service`, `Characteristic` and `Descriptor` share and point into.
struct GattTree {
  struct ServiceNode {
    Uuid uuid;
    std::uint16_t handle = 0;
    bool primary = true;
    std::vector<std::size_t> includes;
    std::size_t first_characteristic = 0;
    std::size_t characteristic_count = 0;
    bool access_denied = false;
  };
  struct CharacteristicNode {
    Uuid uuid;
    std::uint16_t handle = 0;
    std::uint16_t value_handle = 0;
    Property properties = Property::none;
    std::size_t service = 0;
    std::size_t first_descriptor = 0;
    std::size_t descriptor_count = 0;
  };
  struct DescriptorNode {
    Uuid uuid;
    std::uint16_t handle = 0;
    std::size_t characteristic = 0;
  };
  using Pointer = std::shared_ptr<const GattTree>;

  /// Sorts by handle. Errors: `failed` if a handle is 0 or there twice.
  static Result<Pointer> build(backend::GattDatabase database, MtuCell mtu);

  /// Whether both name one attribute, of one discovery or of two: what lies at a handle is another one where its type or its service's is another.
  static bool same(const Characteristic& a, const Characteristic& b) noexcept;
  static bool same(const Descriptor& a, const Descriptor& b) noexcept;

  /// The characteristic that `ref` names. One that is no part of this tree is looked for by what makes it `same`.
  /// Errors: `attribute_not_found`, `attribute_ambiguous`, `attribute_gone`, `invalid_argument`.
  static Result<Characteristic> find(const Pointer& tree, const CharacteristicRef& ref);
  /// Errors: `attribute_not_found`.
  static Result<Descriptor> find(const Pointer& tree, const DescriptorRef& ref);

  /// @throws Error `access_denied` if the system keeps the service to itself that it belongs to
  static void check_access(const Characteristic& characteristic);
  static void check_access(const Descriptor& descriptor);

  static ServiceCollection collection(Pointer tree) { return ServiceCollection(std::move(tree)); }
  static Service service(const Pointer& tree, std::size_t index) { return {tree, index}; }
  static Characteristic characteristic(const Pointer& tree, std::size_t index) { return {tree, index}; }
  static Descriptor descriptor(const Pointer& tree, std::size_t index) { return {tree, index}; }
  static const Pointer& tree_of(const Characteristic& characteristic) noexcept { return characteristic.tree_; }

  std::vector<ServiceNode> services;
  std::vector<CharacteristicNode> characteristics;
  std::vector<DescriptorNode> descriptors;
  MtuCell mtu;

 private:
  void add_service(const backend::ServiceRecord& record);
  void add_characteristic(const backend::CharacteristicRecord& record);
  void resolve_includes(const std::vector<backend::ServiceRecord>& records);
  [[nodiscard]] bool has_bad_handles() const;
  void check_access_of(std::size_t characteristic) const;
};

}  // namespace blau::detail
