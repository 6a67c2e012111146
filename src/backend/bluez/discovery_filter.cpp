#include "scanner.hpp"

#include <algorithm>

namespace blau::detail::bluez {

namespace {

constexpr std::int16_t weakest_rssi = -127;
constexpr std::int16_t strongest_rssi = 20;
constexpr std::uint16_t greatest_pathloss = 137;

bool starts_with(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

template <class Field>
bool all_have(const std::vector<DiscoveryFilter>& filters, Field DiscoveryFilter::* field) {
  return std::all_of(filters.begin(), filters.end(), [&](const DiscoveryFilter& f) { return (f.*field).has_value(); });
}

}  // namespace

Result<DiscoveryFilter> filter_of(const BlueZScanOptions& options) {
  if (options.rssi && (*options.rssi < weakest_rssi || *options.rssi > strongest_rssi))
    return Error(ErrorCode::invalid_argument, "bluez.rssi must lie between -127 and 20 dBm");
  if (options.pathloss && *options.pathloss > greatest_pathloss)
    return Error(ErrorCode::invalid_argument, "bluez.pathloss must be at most 137 dB");
  if (options.rssi && options.pathloss)
    return Error(ErrorCode::invalid_argument, "BlueZ takes bluez.rssi or bluez.pathloss, not both: leave one out");
  return DiscoveryFilter{options.rssi, options.pathloss, options.discoverable, options.pattern};
}

DiscoveryFilter merge(const std::vector<DiscoveryFilter>& filters) {
  DiscoveryFilter merged;
  if (all_have(filters, &DiscoveryFilter::rssi)) {
    merged.rssi = filters.front().rssi;
    for (const DiscoveryFilter& filter : filters) merged.rssi = std::min(merged.rssi, filter.rssi);
  } else if (all_have(filters, &DiscoveryFilter::pathloss)) {
    for (const DiscoveryFilter& filter : filters) merged.pathloss = std::max(merged.pathloss, filter.pathloss);
  }
  merged.pattern = filters.front().pattern;
  for (const DiscoveryFilter& filter : filters) {
    if (filter.pattern != merged.pattern) merged.pattern.clear();
    merged.discoverable |= filter.discoverable;
  }
  return merged;
}

bool passes(const DiscoveryFilter& filter, const DeviceObject& device) {
  const AdvertisementData& data = device.advertised;
  if (filter.rssi && data.rssi < *filter.rssi) return false;
  if (filter.pathloss && (!data.tx_power || *data.tx_power - data.rssi > *filter.pathloss)) return false;
  if (filter.pattern.empty()) return true;
  return starts_with(device.identity.address().to_string(), filter.pattern) ||
         starts_with(device.identity.name().value_or(std::string()), filter.pattern);
}

bool is_sighting(const DeviceObject& device, DeviceChange change) noexcept {
  if (!device.heard || !device.has_address()) return false;
  return has(change, DeviceChange::advertised) || (has(change, DeviceChange::described) && !device.connected);
}

void append_filter(Message& call, const DiscoveryFilter& filter) {
  call.open('a', "{sv}").append("{sv}", "Transport", "s", "le").append("{sv}", "DuplicateData", "b", 1);
  // RSSI and Pathloss exclude one another. An RSSI that nobody asked for, even the weakest, makes the kernel drop every report
  // of a controller that cannot measure it (Linux, mgmt_device_found): btvirt's are such.
  if (filter.pathloss) call.append("{sv}", "Pathloss", "q", static_cast<int>(*filter.pathloss));
  if (filter.rssi) call.append("{sv}", "RSSI", "n", static_cast<int>(*filter.rssi));
  if (filter.discoverable) call.append("{sv}", "Discoverable", "b", 1);
  if (!filter.pattern.empty()) call.append("{sv}", "Pattern", "s", filter.pattern.c_str());
  call.close();
}

}  // namespace blau::detail::bluez
