#pragma once

#include <blau/client.hpp>
#include <blau/scanner.hpp>

#include <functional>

#include "commands.hpp"

namespace blau::cli {

/// What a command does with a device that is connected.
using UseDevice = std::function<Task<void>(Client&)>;

/// The options of a client, from the global ones.
[[nodiscard]] ClientOptions client_options(const Session& session);
/// The options of a scanner, from the global ones.
[[nodiscard]] ScannerOptions scanner_options(const Session& session);

/// Finds the device, connects, runs `use` and disconnects, also when `use` throws or the command is interrupted.
/// Errors: as `Scanner::start` and `Client::connect`; `device_not_found`; what `use` throws.
[[nodiscard]] Task<void> with_device(const Session& session, DeviceArgument device, ClientOptions options,
                                     UseDevice use);

/// The characteristic that is meant. @throws Error `attribute_not_found`, `attribute_ambiguous`
[[nodiscard]] Characteristic find_characteristic(const Client& client, const AttributeArgument& wanted);
/// The descriptor of a characteristic that is meant. @throws as `find_characteristic`
[[nodiscard]] Descriptor find_descriptor(const Characteristic& characteristic, const AttributeArgument& wanted);

/// `Battery Level (2a19)`; only the UUID where it has no name.
template <class Attribute>
[[nodiscard]] std::string full_name(const Attribute& attribute) {
  const auto uuid = attribute.uuid();
  const auto name = attribute.description();
  return name == uuid.to_string() ? to_text(uuid) : name + " (" + to_text(uuid) + ")";
}

}  // namespace blau::cli
