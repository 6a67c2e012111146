#pragma once

#include <blau/address.hpp>
#include <blau/export.hpp>

#include <optional>
#include <string>

namespace blau {

/// A device that was seen: what a scanner gives and a client takes. Bleak's `BLEDevice`. A value.
class BLAU_API Device {
 public:
  Device() noexcept = default;

  /// A device of this address. Backends add their own handle to it.
  /// `id` is what the system knows the device by: a D-Bus object path, a Windows device id; empty if only the address is known.
  explicit Device(Address address, std::optional<std::string> name = std::nullopt, std::string id = std::string(),
                  std::string adapter = std::string());

  /// The Bluetooth address (an opaque identifier on Apple systems).
  [[nodiscard]] const Address& address() const noexcept { return address_; }

  /// The advertised or the GAP name, if any was seen.
  [[nodiscard]] const std::optional<std::string>& name() const noexcept { return name_; }

  /// What the system knows the device by; empty if only the address is known. Its form belongs to the backend.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  /// The name of the adapter that saw the device; empty if none did.
  [[nodiscard]] const std::string& adapter() const noexcept { return adapter_; }

  /// Equal identity: the same address on the same adapter.
  friend BLAU_API bool operator==(const Device& a, const Device& b) noexcept;

 private:
  Address address_;
  std::optional<std::string> name_;
  std::string id_;
  std::string adapter_;
};

}  // namespace blau
