#include <blau/advertisement.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "text.hpp"

namespace blau {

namespace {

/// The AD types that are read (Assigned Numbers 2.3).
enum AdType : std::uint8_t {
  flags = 0x01,
  incomplete_uuids_16 = 0x02,
  complete_uuids_16 = 0x03,
  incomplete_uuids_32 = 0x04,
  complete_uuids_32 = 0x05,
  incomplete_uuids_128 = 0x06,
  complete_uuids_128 = 0x07,
  shortened_local_name = 0x08,
  complete_local_name = 0x09,
  tx_power_level = 0x0a,
  service_data_16 = 0x16,
  appearance = 0x19,
  service_data_32 = 0x20,
  service_data_128 = 0x21,
  manufacturer_specific_data = 0xff,
};

/// One AD structure (Core Vol 3 Part C 11): a length byte that counts the type, the type, the data.
struct Structure {
  std::uint8_t type;
  ByteView data;
};

/// Takes AD structures off the front of bytes, one a call.
class Structures {
 public:
  explicit Structures(ByteView bytes) noexcept : rest_(bytes) {}

  /// The next structure; empty at the end, at the early termination (length 0) and at a structure that is cut off.
  std::optional<Structure> next() noexcept {
    if (rest_.empty() || rest_[0] == 0) return std::nullopt;
    const std::size_t length = rest_[0];
    if (length >= rest_.size()) {
      cut_off_ = true;
      return std::nullopt;
    }
    const Structure found{rest_[1], rest_.subspan(2, length - 1)};
    rest_ = rest_.subspan(length + 1);
    return found;
  }

  [[nodiscard]] bool cut_off() const noexcept { return cut_off_; }

  /// Goes on behind an early termination: what follows the zeros of an advertisement is its scan response.
  bool skip_zeros() noexcept {
    const auto data = std::find_if(rest_.begin(), rest_.end(), [](std::uint8_t byte) { return byte != 0; });
    rest_ = rest_.subspan(static_cast<std::size_t>(data - rest_.begin()));
    return !rest_.empty() && !cut_off_;
  }

 private:
  ByteView rest_;
  bool cut_off_ = false;
};

std::uint16_t little_endian_16(ByteView bytes) noexcept { return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8); }

/// The UUID that 2, 4 or 16 bytes are.
Uuid uuid_in(ByteView bytes) noexcept { return Uuid::from_little_endian(bytes.data(), bytes.size()).value_or(Uuid()); }

Bytes copy_of(ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); }

/// Whether the structures that were read earlier hold a complete name.
bool has_complete_name(ByteView raw) noexcept {
  Structures structures(raw);
  do {
    while (const auto structure = structures.next())
      if (structure->type == complete_local_name && !structure->data.empty()) return true;
  } while (structures.skip_zeros());
  return false;
}

/// Reads one structure after the other into an AdvertisementData.
class Reader {
 public:
  explicit Reader(AdvertisementData& data) : data_(data), complete_name_(has_complete_name(data.raw)) {}

  /// False if the structure's length is impossible for its type.
  bool read(const Structure& structure);

 private:
  bool read_flags(ByteView bytes);
  bool read_uuids(ByteView bytes, std::size_t size);
  bool read_complete_name(ByteView bytes);
  bool read_shortened_name(ByteView bytes);
  bool read_tx_power(ByteView bytes);
  bool read_service_data(ByteView bytes, std::size_t size);
  bool read_appearance(ByteView bytes);
  bool read_manufacturer_data(ByteView bytes);

  AdvertisementData& data_;
  bool complete_name_;
};

bool Reader::read(const Structure& structure) {
  const ByteView bytes = structure.data;
  switch (structure.type) {
    case flags: return read_flags(bytes);
    case incomplete_uuids_16:
    case complete_uuids_16: return read_uuids(bytes, 2);
    case incomplete_uuids_32:
    case complete_uuids_32: return read_uuids(bytes, 4);
    case incomplete_uuids_128:
    case complete_uuids_128: return read_uuids(bytes, 16);
    case shortened_local_name: return read_shortened_name(bytes);
    case complete_local_name: return read_complete_name(bytes);
    case tx_power_level: return read_tx_power(bytes);
    case service_data_16: return read_service_data(bytes, 2);
    case service_data_32: return read_service_data(bytes, 4);
    case service_data_128: return read_service_data(bytes, 16);
    case appearance: return read_appearance(bytes);
    case manufacturer_specific_data: return read_manufacturer_data(bytes);
    default: return true;
  }
}

/// Supplement Part A 1.3.1: zero or more bytes; those that are left out are zero.
bool Reader::read_flags(ByteView bytes) {
  data_.flags = bytes.empty() ? std::uint8_t{0} : bytes[0];
  return true;
}

bool Reader::read_uuids(ByteView bytes, std::size_t size) {
  for (; bytes.size() >= size; bytes = bytes.subspan(size)) {
    const Uuid uuid = uuid_in(bytes.first(size));
    auto& known = data_.service_uuids;
    if (std::find(known.begin(), known.end(), uuid) == known.end()) known.push_back(uuid);
  }
  return bytes.empty();
}

/// The name up to a zero byte, which is no part of one but which some devices pad it with.
std::string_view name_in(ByteView bytes) noexcept {
  const std::string_view name(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return name.substr(0, name.find('\0'));
}

bool Reader::read_complete_name(ByteView bytes) {
  const std::string_view name = name_in(bytes);
  if (name.empty()) return true;
  data_.local_name = detail::to_valid_utf8(name);
  complete_name_ = true;
  return true;
}

/// Supplement Part A 1.2.1: the shortened name is the beginning of the complete one. If what is known begins so, it tells
/// nothing new; if not, the name has changed.
bool Reader::read_shortened_name(ByteView bytes) {
  const std::string name = detail::to_valid_utf8(detail::without_cut_character(name_in(bytes)));
  if (name.empty() || complete_name_) return true;
  if (data_.local_name && data_.local_name->starts_with(name)) return true;
  data_.local_name = name;
  return true;
}

bool Reader::read_tx_power(ByteView bytes) {
  if (bytes.size() != 1) return false;
  data_.tx_power = static_cast<std::int8_t>(bytes[0]);
  return true;
}

bool Reader::read_service_data(ByteView bytes, std::size_t size) {
  if (bytes.size() < size) return false;
  data_.service_data[uuid_in(bytes.first(size))] = copy_of(bytes.subspan(size));
  return true;
}

bool Reader::read_appearance(ByteView bytes) {
  if (bytes.size() != 2) return false;
  data_.appearance = little_endian_16(bytes);
  return true;
}

bool Reader::read_manufacturer_data(ByteView bytes) {
  if (bytes.size() < 2) return false;
  data_.manufacturer_data[little_endian_16(bytes)] = copy_of(bytes.subspan(2));
  return true;
}

}  // namespace

bool parse_ad_structures(ByteView bytes, AdvertisementData& data) {
  bool well_formed = true;
  Reader reader(data);
  Structures structures(bytes);
  while (const auto structure = structures.next()) well_formed = reader.read(*structure) && well_formed;
  data.raw.insert(data.raw.end(), bytes.begin(), bytes.end());
  return well_formed && !structures.cut_off();
}

}  // namespace blau
