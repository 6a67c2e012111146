#include "input.hpp"

#include <blau/advertisement.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>

#include "core/text.hpp"

/// Advertising data as an attacker may send it: the first byte says where the scan response begins.

namespace {

using blau::fuzz::require;

void check(const blau::AdvertisementData& data, blau::ByteView all) {
  require(std::ranges::equal(data.raw, all));
  if (data.local_name) {
    require(!data.local_name->empty());
    require(data.local_name->find('\0') == std::string::npos);
    require(blau::detail::to_valid_utf8(*data.local_name) == *data.local_name);
  }
  const std::set<blau::Uuid> distinct(data.service_uuids.begin(), data.service_uuids.end());
  require(distinct.size() == data.service_uuids.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const blau::ByteView all(bytes + 1, size - 1);
  const std::size_t split = std::min<std::size_t>(bytes[0], all.size());

  blau::AdvertisementData data;
  blau::parse_ad_structures(all.first(split), data);
  check(data, all.first(split));
  blau::parse_ad_structures(all.subspan(split), data);
  check(data, all);

  // Reading the same again tells nothing new, except for the raw bytes.
  blau::AdvertisementData once;
  const bool well_formed = blau::parse_ad_structures(all, once);
  blau::AdvertisementData twice = once;
  require(blau::parse_ad_structures(all, twice) == well_formed);
  twice.raw = once.raw;
  require(twice == once);
  return 0;
}
