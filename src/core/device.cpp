#include <blau/device.hpp>

#include <utility>

namespace blau {

Device::Device(Address address, std::optional<std::string> name, std::string id, std::string adapter)
    : address_(std::move(address)), name_(std::move(name)), id_(std::move(id)), adapter_(std::move(adapter)) {}

bool operator==(const Device& a, const Device& b) noexcept {
  return a.address_ == b.address_ && a.adapter_ == b.adapter_;
}

}  // namespace blau
