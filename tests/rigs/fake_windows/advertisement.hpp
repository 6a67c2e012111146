#pragma once

#include "platform.hpp"

#include <blau/bytes.hpp>

#include <cstdint>
#include <vector>

namespace fake_windows {

/// An AD structure.
struct Section {
  std::uint8_t type;
  blau::Bytes data;
};

/// The structures of an advertisement or of a scan response; what is cut off at the end is left out.
[[nodiscard]] std::vector<Section> sections_of(blau::ByteView raw);
/// As Windows tells them.
[[nodiscard]] advertising::BluetoothLEAdvertisement advertisement_of(const std::vector<Section>& sections);
/// Whether these sections, of one packet, hold what the filter wants; a null filter wants nothing.
[[nodiscard]] bool passes(const std::vector<Section>& sections,
                          const advertising::BluetoothLEAdvertisementFilter& filter);

/// Empty ones.
[[nodiscard]] advertising::BluetoothLEAdvertisementFilter make_advertisement_filter();
[[nodiscard]] bluetooth::BluetoothSignalStrengthFilter make_signal_strength_filter();

// Factories of what a filter is made of.

[[nodiscard]] foundation::IInspectable advertisement_factory();
[[nodiscard]] foundation::IInspectable section_factory();
[[nodiscard]] foundation::IInspectable manufacturer_data_factory();
[[nodiscard]] foundation::IInspectable byte_pattern_factory();
[[nodiscard]] foundation::IInspectable advertisement_filter_factory();
[[nodiscard]] foundation::IInspectable signal_strength_filter_factory();

}  // namespace fake_windows
