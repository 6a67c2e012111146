#pragma once

#include "daemon.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// What the contract's discovery gives, from the cache. @param wanted only these services; empty: all
[[nodiscard]] backend::GattDatabase build_database(const DeviceObject& device, const std::vector<Uuid>& wanted);

/// The object path of a characteristic or a descriptor, and which interface it has.
struct Attribute {
  std::string path;
  const char* interface;
};
[[nodiscard]] std::optional<Attribute> find_characteristic(const DeviceObject& device, std::uint16_t handle);
[[nodiscard]] std::optional<Attribute> find_descriptor(const DeviceObject& device, std::uint16_t handle);

/// A ReadValue call; a WriteValue call. `kind` is empty for descriptors.
[[nodiscard]] Message make_read(Daemon& daemon, const Attribute& attribute);
[[nodiscard]] Message make_write(Daemon& daemon, const Attribute& attribute, ByteView value,
                                 std::optional<backend::WriteKind> kind);
/// The value in the answer to ReadValue; empty if it is malformed.
[[nodiscard]] std::optional<ByteView> value_in(const Message& reply);

}  // namespace blau::detail::bluez
