#pragma once

#include "platform.hpp"

#include <blau/address.hpp>

#include <cstdint>
#include <optional>

namespace fake_windows {

/// A packet that was heard.
struct Packet {
  blau::Address address;
  std::int16_t rssi = -127;
  advertising::BluetoothLEAdvertisementType type = advertising::BluetoothLEAdvertisementType::NonConnectableUndirected;
  bool connectable = false;
  bool scan_response = false;
  std::optional<std::int8_t> tx_power;
  advertising::BluetoothLEAdvertisement content = nullptr;
};

/// As event arguments. @param old_build without what build 19041 brought
[[nodiscard]] advertising::BluetoothLEAdvertisementReceivedEventArgs received(const Packet& packet, bool old_build);

}  // namespace fake_windows
