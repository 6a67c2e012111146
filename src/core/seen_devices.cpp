#include "seen_devices.hpp"

#include <algorithm>
#include <iterator>

namespace blau::detail {

std::string identifier(const Device& device) {
  return device.id().empty() ? device.address().to_string() : device.id();
}

void SeenDevices::note(const Device& device, const AdvertisementData& data, TimePoint now, Duration forget_after) {
  const auto [known, is_new] = by_identifier_.try_emplace(identifier(device));
  if (is_new) {
    entries_.push_back(Entry{{device, data}, count_++, now});
    known->second = std::prev(entries_.end());
  } else {
    Entry& entry = *known->second;
    entry.latest.device = device;
    entry.latest.data = data;
    entry.heard_at = now;
    entries_.splice(entries_.end(), entries_, known->second);
  }
  if (forget_after > Duration(0)) drop_silent(now - forget_after);
}

void SeenDevices::drop_silent(TimePoint heard_before) noexcept {
  while (entries_.front().heard_at < heard_before) {
    by_identifier_.erase(identifier(entries_.front().latest.device));
    entries_.pop_front();
  }
}

void SeenDevices::clear() noexcept {
  by_identifier_.clear();
  entries_.clear();
}

std::vector<Advertisement> SeenDevices::list() const {
  std::vector<const Entry*> sorted;
  sorted.reserve(entries_.size());
  for (const Entry& entry : entries_) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) { return a->number < b->number; });
  std::vector<Advertisement> all;
  all.reserve(sorted.size());
  for (const Entry* entry : sorted) all.push_back(entry->latest);
  return all;
}

}  // namespace blau::detail
