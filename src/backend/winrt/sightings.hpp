#pragma once

#include <blau/advertisement.hpp>
#include <blau/device.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace blau::detail::windows {

/// One packet, as Windows tells it: advertisement and scan response come apart.
struct Heard {
  std::uint64_t address = 0;
  std::optional<AddressType> type;
  bool anonymous = false;
  bool scan_response = false;
  std::int16_t rssi = -127;
  std::optional<bool> connectable;
  std::optional<std::int16_t> tx_power;  ///< of the packet's header
  Bytes sections;                        ///< the AD structures as on the air
};

/// A device and all that it told.
struct Sighting {
  Device device;
  AdvertisementData data;
};

/// What one scan heard lately, with the two halves of each device put together.
class Sightings {
 public:
  /// So many devices are remembered at least, and twice as many at most.
  static constexpr std::size_t many = 1000;

  /// @param adapter the id that devices get
  explicit Sightings(std::string adapter) : adapter_(std::move(adapter)) {}

  /// What is known of the sender now; valid until the next call.
  const Sighting& hear(Heard heard);

 private:
  struct Entry {
    Bytes advertisement;
    Bytes scan_response;
    std::optional<bool> connectable;
    std::optional<std::int16_t> tx_power;
    Sighting sighting;
    bool told = false;
  };
  using Entries = std::map<std::pair<std::uint64_t, std::optional<AddressType>>, Entry>;

  [[nodiscard]] Entry& entry_of(const Heard& heard);
  void hear(Entry& entry, Heard heard) const;

  std::string adapter_;
  // Devices change their addresses, and a scan may go on for days: when there are many, those that were not heard since there were many last are forgotten.
  Entries entries_;
  Entries older_;
  Entry anonymous_;
};

}  // namespace blau::detail::windows
