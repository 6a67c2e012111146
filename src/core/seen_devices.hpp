#pragma once

#include <blau/advertisement.hpp>
#include <blau/detail/loop.hpp>
#include <blau/device.hpp>

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace blau::detail {

/// What a device is known by: the system's own identifier if it has one, else the address.
[[nodiscard]] std::string identifier(const Device& device);

/// The devices that a scan has seen, each with its latest advertisement.
///
/// Devices change their addresses, so that those that were ever heard become ever more: who was silent for long is dropped, at a constant cost a sighting.
class SeenDevices {
 public:
  /// @param forget_after the silence after which a device is dropped; zero: never
  void note(const Device& device, const AdvertisementData& data, TimePoint now, Duration forget_after);
  void clear() noexcept;
  /// In order of first sighting.
  [[nodiscard]] std::vector<Advertisement> list() const;

 private:
  struct Entry {
    Advertisement latest;
    std::uint64_t number = 0;  ///< in order of first sighting
    TimePoint heard_at{};
  };

  void drop_silent(TimePoint heard_before) noexcept;

  std::list<Entry> entries_;  // who was heard last at the end
  std::unordered_map<std::string, std::list<Entry>::iterator> by_identifier_;
  std::uint64_t count_ = 0;
};

}  // namespace blau::detail
