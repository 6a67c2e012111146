#include "sightings.hpp"

#include <algorithm>
#include <limits>

namespace blau::detail::windows {

namespace {

std::int8_t to_dbm(std::int16_t power) {
  using Limits = std::numeric_limits<std::int8_t>;
  return static_cast<std::int8_t>(std::clamp<std::int16_t>(power, Limits::min(), Limits::max()));
}

}  // namespace

Sightings::Entry& Sightings::entry_of(const Heard& heard) {
  // Nobody knows whether two of them are of one device.
  if (heard.anonymous) return anonymous_ = Entry();
  const Entries::key_type key(heard.address, heard.type);
  if (const auto found = entries_.find(key); found != entries_.end()) return found->second;
  if (entries_.size() >= many) older_ = std::exchange(entries_, {});
  if (auto known = older_.extract(key)) return entries_.insert(std::move(known)).position->second;
  return entries_[key];
}

const Sighting& Sightings::hear(Heard heard) {
  Entry& entry = entry_of(heard);
  hear(entry, std::move(heard));
  return entry.sighting;
}

void Sightings::hear(Entry& entry, Heard heard) const {
  auto& [device, data] = entry.sighting;
  Bytes& half = heard.scan_response ? entry.scan_response : entry.advertisement;
  const bool is_new = !entry.told || half != heard.sections;
  // What Windows says of a scan response is about that packet, which nobody can connect to.
  if (!heard.scan_response || !entry.connectable) entry.connectable = heard.connectable;
  if (heard.tx_power) entry.tx_power = heard.tx_power;
  if (is_new) {
    half = std::move(heard.sections);
    data = AdvertisementData();
    parse_ad_structures(entry.advertisement, data);
    parse_ad_structures(entry.scan_response, data);
    const Address address = heard.anonymous ? Address() : Address(heard.address, heard.type);
    // Windows knows it by the address, with no need for the type that it tells.
    device = Device(address, data.local_name, heard.anonymous ? std::string() : address.to_string(), adapter_);
    entry.told = true;
  }
  data.rssi = heard.rssi;
  data.connectable = entry.connectable;
  if (entry.tx_power) data.tx_power = to_dbm(*entry.tx_power);
}

}  // namespace blau::detail::windows
