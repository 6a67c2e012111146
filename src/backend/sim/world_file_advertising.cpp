#include "world_file_reader.hpp"

#include <algorithm>

#include "../../core/text.hpp"

namespace blau::sim::detail {
namespace {

/// AD types (Assigned Numbers 2.3; formats in the Core Specification Supplement, Part A).
namespace ad {
constexpr std::uint8_t flags = 0x01;
constexpr std::uint8_t uuids_16_incomplete = 0x02;
constexpr std::uint8_t uuids_32_incomplete = 0x04;
constexpr std::uint8_t uuids_128_incomplete = 0x06;
constexpr std::uint8_t short_name = 0x08;
constexpr std::uint8_t complete_name = 0x09;
constexpr std::uint8_t tx_power = 0x0a;
constexpr std::uint8_t service_data_16 = 0x16;
constexpr std::uint8_t appearance = 0x19;
constexpr std::uint8_t service_data_32 = 0x20;
constexpr std::uint8_t service_data_128 = 0x21;
constexpr std::uint8_t manufacturer_data = 0xff;
}  // namespace ad

constexpr std::uint8_t general_discoverable_le_only = 0x06;

void append(Bytes& to, std::uint8_t type, ByteView content) {
  to.push_back(static_cast<std::uint8_t>(content.size() + 1));
  to.push_back(type);
  to.insert(to.end(), content.begin(), content.end());
}

void append_text(Bytes& to, std::uint8_t type, std::string_view text) { append(to, type, bytes_of(text)); }

/// How many bytes the UUID takes in an advertisement: 2, 4 or 16.
std::size_t width_of(const Uuid& uuid) {
  if (uuid.short_number()) return 2;
  return uuid.is_on_base() ? 4 : 16;
}

/// The UUID in its shortest form, the least significant byte first.
Bytes encoded(const Uuid& uuid) {
  const auto& whole = uuid.bytes();
  const std::size_t width = width_of(uuid);
  const auto begin = width == 16 ? whole.begin() : whole.begin() + 4 - static_cast<std::ptrdiff_t>(width);
  Bytes bytes(begin, begin + static_cast<std::ptrdiff_t>(width));
  std::ranges::reverse(bytes);
  return bytes;
}

/// Appends a list for each width; what goes beyond `limit` bytes is left out, and the list is marked incomplete then.
void append_uuids(Bytes& to, const std::vector<Uuid>& uuids, std::size_t limit) {
  for (const std::size_t width : {2, 4, 16}) {
    Bytes list;
    bool complete = true;
    for (const Uuid& uuid : uuids) {
      if (width_of(uuid) != width) continue;
      if (to.size() + 2 + list.size() + width > limit) {
        complete = false;
        continue;
      }
      const Bytes bytes = encoded(uuid);
      list.insert(list.end(), bytes.begin(), bytes.end());
    }
    if (list.empty()) continue;
    const std::uint8_t incomplete = width == 2   ? ad::uuids_16_incomplete
                                    : width == 4 ? ad::uuids_32_incomplete
                                                 : ad::uuids_128_incomplete;
    append(to, static_cast<std::uint8_t>(incomplete + (complete ? 1 : 0)), list);
  }
}

Bytes default_data(const PeripheralSpec& peripheral) {
  std::vector<Uuid> uuids;
  for (const ServiceSpec& service : peripheral.services) {
    const bool generic = service.uuid == Uuid{0x1800} || service.uuid == Uuid{0x1801};
    if (service.primary && !generic && std::ranges::find(uuids, service.uuid) == uuids.end())
      uuids.push_back(service.uuid);
  }
  Bytes data;
  append(data, ad::flags, bytes(general_discoverable_le_only));
  append_uuids(data, uuids, max_advertising_size);
  if (peripheral.advertising.extended && !peripheral.name.empty())
    append_text(data, ad::complete_name, peripheral.name);
  return data;
}

Bytes default_scan_response(const PeripheralSpec& peripheral) {
  const auto& data = peripheral.advertising.data;
  const bool told = data && (data->local_name || data->short_name);
  Bytes response;
  if (peripheral.name.empty() || told || peripheral.advertising.extended) return response;
  std::string_view name = peripheral.name;
  constexpr std::size_t room = max_advertising_size - 2;
  if (name.size() <= room) return append_text(response, ad::complete_name, name), response;
  append_text(response, ad::short_name, blau::detail::without_cut_character(name.substr(0, room)));
  return response;
}

std::uint16_t read_company(const std::string& name, const Place& place) {
  const auto digits = name.starts_with("0x") && name.size() == 6 ? from_hex(name.substr(2)) : std::nullopt;
  if (!digits || digits->size() != 2)
    place.fail(blau::detail::quoted(name) + " is not a company identifier: write 0x and four digits, as 0x02e5");
  return static_cast<std::uint16_t>((*digits)[0] << 8 | (*digits)[1]);
}

AdvertisementSpec read_advertisement(const Place& place) {
  const Members members(place, {"local_name", "short_name", "flags", "tx_power", "appearance", "service_uuids",
                                "manufacturer_data", "service_data", "raw"});
  AdvertisementSpec spec;
  members.with("local_name", [&](const Place& p) { spec.local_name = p.text(); });
  members.with("short_name", [&](const Place& p) { spec.short_name = p.text(); });
  members.with("flags", [&](const Place& p) { spec.flags = p.number<std::uint8_t>(0, 255); });
  members.with("tx_power", [&](const Place& p) { spec.tx_power = p.number<std::int8_t>(-127, 127); });
  members.with("appearance", [&](const Place& p) { spec.appearance = p.number<std::uint16_t>(0, 0xffff); });
  members.with("service_uuids", [&](const Place& list) {
    list.each([&](const Place& item) { spec.service_uuids.push_back(item.uuid()); });
  });
  members.with("manufacturer_data", [&](const Place& companies) {
    companies.each_member([&](const std::string& name, const Place& data) {
      spec.manufacturer_data.emplace_back(read_company(name, data), data.value());
    });
  });
  members.with("service_data", [&](const Place& services) {
    services.each_member([&](const std::string& name, const Place& data) {
      const auto uuid = Uuid::parse(name);
      if (!uuid) data.fail(blau::detail::quoted(name) + " is not a UUID: write 4, 8 or 36 characters, as 180f");
      spec.service_data.emplace_back(*uuid, data.value());
    });
  });
  members.with("raw", [&](const Place& p) { spec.raw = p.hex(); });
  return spec;
}

}  // namespace

Bytes encode(const AdvertisementSpec& spec) {
  Bytes out;
  if (spec.flags) append(out, ad::flags, bytes(*spec.flags));
  append_uuids(out, spec.service_uuids, SIZE_MAX);
  if (spec.local_name) append_text(out, ad::complete_name, *spec.local_name);
  if (spec.short_name) append_text(out, ad::short_name, *spec.short_name);
  if (spec.tx_power) append(out, ad::tx_power, bytes(static_cast<std::uint8_t>(*spec.tx_power)));
  if (spec.appearance) append(out, ad::appearance, bytes(*spec.appearance, *spec.appearance >> 8));
  for (const auto& [company, data] : spec.manufacturer_data) {
    Bytes content = bytes(company, company >> 8);
    content.insert(content.end(), data.begin(), data.end());
    append(out, ad::manufacturer_data, content);
  }
  for (const auto& [uuid, data] : spec.service_data) {
    Bytes content = encoded(uuid);
    const std::uint8_t type = content.size() == 2   ? ad::service_data_16
                              : content.size() == 4 ? ad::service_data_32
                                                    : ad::service_data_128;
    content.insert(content.end(), data.begin(), data.end());
    append(out, type, content);
  }
  out.insert(out.end(), spec.raw.begin(), spec.raw.end());
  return out;
}

AdvertisingBytes advertising_bytes(const PeripheralSpec& peripheral) {
  const AdvertisingSpec& advertising = peripheral.advertising;
  AdvertisingBytes bytes;
  bytes.data = advertising.data ? encode(*advertising.data) : default_data(peripheral);
  bytes.scan_response =
      advertising.scan_response ? encode(*advertising.scan_response) : default_scan_response(peripheral);
  return bytes;
}

AdvertisingSpec read_advertising(const Place& place) {
  const Members members(place,
                        {"description", "enabled", "connectable", "extended", "interval_ms", "data", "scan_response"});
  AdvertisingSpec spec;
  members.with("description", [](const Place& p) { (void)p.text(); });
  members.with("enabled", [&](const Place& p) { spec.enabled = p.boolean(); });
  members.with("connectable", [&](const Place& p) { spec.connectable = p.boolean(); });
  members.with("extended", [&](const Place& p) { spec.extended = p.boolean(); });
  members.with("interval_ms", [&](const Place& p) { spec.interval = std::chrono::milliseconds(p.integer(20, 10240)); });
  members.with("data", [&](const Place& p) { spec.data = read_advertisement(p); });
  members.with("scan_response", [&](const Place& p) { spec.scan_response = read_advertisement(p); });
  return spec;
}

}  // namespace blau::sim::detail
