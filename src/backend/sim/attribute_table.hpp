#pragma once

#include "attribute_spec.hpp"

#include <blau/result.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace blau::sim::detail {

/// What an attribute is for.
enum class AttributeKind : std::uint8_t {
  service,
  include,
  characteristic,  ///< the declaration
  value,
  client_configuration,  ///< 0x2902: its value belongs to each client and is kept by the server
  descriptor,
};

/// One row of the table.
struct Attribute {
  std::uint16_t handle = 0;
  Uuid type;
  AttributeKind kind = AttributeKind::descriptor;
  Bytes value;
  std::size_t max_length = max_value_length;
  bool fixed_length = false;  ///< declarations: never read in parts
  bool readable = true;
  bool writable = false;     ///< by Write Request
  bool preparable = false;   ///< by prepared writes: a long one, or a reliable one
  bool commandable = false;  ///< by Write Command
  Security read_security = Security::none;
  Security write_security = Security::none;
  std::optional<std::uint8_t> read_error;
  std::optional<std::uint8_t> write_error;
  std::uint16_t group_end = 0;     ///< of a service or characteristic declaration: its last handle; else its own
  std::uint16_t value_handle = 0;  ///< of a characteristic's declaration, value and descriptors: the value's handle
  std::uint16_t properties = 0;    ///< of a characteristic's value and its configuration
};

/// The handles that a descriptor, characteristic or service of a list was given.
struct PlacedCharacteristic {
  std::uint16_t declaration = 0;
  std::uint16_t value = 0;
  std::uint16_t configuration = 0;         ///< 0: it neither notifies nor indicates
  std::vector<std::uint16_t> descriptors;  ///< those that were listed, in their order
};
struct PlacedService {
  std::uint16_t handle = 0;
  std::uint16_t end = 0;
  std::vector<PlacedCharacteristic> characteristics;
};

/// True if the table makes a Client Characteristic Configuration for it, which is not listed.
[[nodiscard]] bool makes_configuration(const CharacteristicSpec& spec);
/// True if the table makes a Characteristic Extended Properties descriptor for it, which is not listed.
[[nodiscard]] bool makes_extended_properties(const CharacteristicSpec& spec);

/// Looks for what no table can hold: handles that do not rise, includes out of range, values too long.
/// @param first_free the lowest handle that may be given
[[nodiscard]] std::optional<SpecFault> find_fault(std::span<const ServiceSpec> services, std::uint32_t first_free = 1);

/// The attributes of a GATT server in the order of their handles (Core Vol 3 Part F 3.2.2, Part G 3). A value; one
/// thread at a time.
///
/// Pointers and spans that it gives hold until the table changes.
class AttributeTable {
 public:
  /// Adds services: behind the last handle, or from the first one's handle on, where that is given and services that were taken away have left room. Their `includes` are positions in this list.
  /// @return their handles, or `invalid_argument` with the place of the fault; then nothing was added.
  Result<std::vector<PlacedService>> append(std::span<const ServiceSpec> services);

  /// What is wrong with services to be added: as `find_fault`, and the room for them.
  [[nodiscard]] std::optional<SpecFault> fault_in(std::span<const ServiceSpec> services) const;

  /// Adds Generic Access with name and appearance, and Generic Attribute with Service Changed: nine handles.
  Result<std::vector<PlacedService>> append_generic_services(const std::string& name, std::uint16_t appearance);

  /// Takes away the service that is declared at `handle`; its handles stay free. False if there is none.
  bool remove_service(std::uint16_t handle);

  [[nodiscard]] const Attribute* find(std::uint16_t handle) const noexcept;
  [[nodiscard]] Attribute* find(std::uint16_t handle) noexcept;

  /// All attributes whose handles lie between these two, both included.
  [[nodiscard]] std::span<const Attribute> range(std::uint16_t first, std::uint16_t last) const noexcept;

  [[nodiscard]] std::span<const Attribute> all() const noexcept { return attributes_; }

  /// The lowest handle that the next attribute can have; 0x10000 if the table is full.
  [[nodiscard]] std::uint32_t next_free() const noexcept { return next_free_; }

 private:
  /// The lowest handle that these services may have.
  [[nodiscard]] std::uint32_t begin_of(std::span<const ServiceSpec> services) const noexcept;
  [[nodiscard]] std::vector<PlacedService> place_all(std::span<const ServiceSpec> services);
  PlacedService place(const ServiceSpec& spec);
  void place(const CharacteristicSpec& spec, PlacedService& into);
  void place_descriptors(const CharacteristicSpec& spec, PlacedCharacteristic& into);
  void place_configuration(const CharacteristicSpec& spec, const DescriptorSpec& as, PlacedCharacteristic& into);
  void fill_includes(std::span<const ServiceSpec> services, std::span<const PlacedService> placed);
  Attribute& add(std::optional<std::uint16_t> handle, const Uuid& type, AttributeKind kind);

  std::vector<Attribute> attributes_;
  std::uint32_t next_free_ = 1;
};

/// The UUID as it stands in an attribute's value or a PDU: 2 bytes if it is a 16-bit number, else 16, the least
/// significant
/// first. A 32-bit number has no form of its own in ATT (Core Vol 3 Part F 3.2.1).
void append_uuid(Bytes& to, const Uuid& uuid);

}  // namespace blau::sim::detail
