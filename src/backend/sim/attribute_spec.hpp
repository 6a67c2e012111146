#pragma once

#include <blau/bytes.hpp>
#include <blau/uuid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// @file
/// What a GATT table is to hold, before handles are given: filled by C++ or by a world file.

namespace blau::sim::detail {

/// What an attribute demands of the link.
enum class Security : std::uint8_t {
  none,
  encrypted,      ///< LE security mode 1 level 2
  authenticated,  ///< level 3: a key that was made with protection against a man in the middle
};

/// The longest value that an attribute can have (Core Vol 3 Part F 3.2.9).
inline constexpr std::size_t max_value_length = 512;

/// Properties of a characteristic: the bits of its declaration (Core Vol 3 Part G 3.3.1.1) and, eight bits higher,
/// those of
/// its Characteristic Extended Properties (3.3.3.1). The same numbers as the public `Property`.
namespace property {
inline constexpr std::uint16_t broadcast = 0x0001;
inline constexpr std::uint16_t read = 0x0002;
inline constexpr std::uint16_t write_without_response = 0x0004;
inline constexpr std::uint16_t write = 0x0008;
inline constexpr std::uint16_t notify = 0x0010;
inline constexpr std::uint16_t indicate = 0x0020;
inline constexpr std::uint16_t authenticated_signed_writes = 0x0040;
inline constexpr std::uint16_t extended_properties = 0x0080;
inline constexpr std::uint16_t reliable_write = 0x0100;
inline constexpr std::uint16_t writable_auxiliaries = 0x0200;
inline constexpr std::uint16_t any_extended = reliable_write | writable_auxiliaries;
}  // namespace property

/// The attribute types that the protocol itself gives a meaning (Core Vol 3 Part G 3).
namespace attribute_type {
inline constexpr Uuid primary_service{0x2800};
inline constexpr Uuid secondary_service{0x2801};
inline constexpr Uuid include{0x2802};
inline constexpr Uuid characteristic{0x2803};
inline constexpr Uuid extended_properties{0x2900};
inline constexpr Uuid client_configuration{0x2902};
}  // namespace attribute_type

/// A descriptor to be made.
struct DescriptorSpec {
  Uuid uuid;
  std::optional<std::uint16_t> handle;  ///< absent: the next free one
  Bytes value;
  std::size_t max_length = max_value_length;
  bool writable = false;
  Security security = Security::none;
  std::optional<std::uint8_t> read_error;
  std::optional<std::uint8_t> write_error;
};

/// Values that a characteristic notifies by itself, in turn.
struct NotifySchedule {
  std::chrono::milliseconds interval{1000};
  std::vector<Bytes> values;
};

/// A characteristic to be made.
struct CharacteristicSpec {
  Uuid uuid;
  std::optional<std::uint16_t> handle;  ///< of the declaration
  std::uint16_t properties = 0;         ///< bits of `property`
  Bytes value;
  std::size_t max_length = max_value_length;
  Security security = Security::none;  ///< for a read, a write and a subscription alike
  std::optional<std::uint8_t> read_error;
  std::optional<std::uint8_t> write_error;
  std::chrono::milliseconds read_delay{0};
  std::chrono::milliseconds write_delay{0};
  std::optional<NotifySchedule> notify;
  /// What is written here, the first characteristic of this UUID in the service that notifies or indicates tells.
  std::optional<Uuid> echo_to;
  std::vector<DescriptorSpec> descriptors;
};

/// A service to be made.
struct ServiceSpec {
  Uuid uuid;
  std::optional<std::uint16_t> handle;
  bool primary = true;
  std::vector<std::size_t> includes;  ///< positions in the list of services
  std::vector<CharacteristicSpec> characteristics;
};

/// What is wrong in a list of services, and where: `services[1].characteristics[0].handle`.
struct SpecFault {
  std::string path;
  std::string message;
};

/// The first handle after Generic Access and Generic Attribute.
inline constexpr std::uint32_t first_free_after_generic = 10;

/// `services[2]`.
[[nodiscard]] inline std::string item(const std::string& list, std::size_t position) {
  return list + '[' + std::to_string(position) + ']';
}

}  // namespace blau::sim::detail
