// BluetoothLEAdvertisementReceivedEventArgs, with and without its newer interface.

#include "received.hpp"

#include "values.hpp"

namespace fake_windows {
namespace {

using namespace advertising;

template <class... Newer>
class Received : public winrt::implements<Received<Newer...>, IBluetoothLEAdvertisementReceivedEventArgs, Newer...> {
 public:
  explicit Received(const Packet& packet) : packet_(packet) {}

  std::int16_t RawSignalStrengthInDBm() const noexcept { return packet_.rssi; }
  std::uint64_t BluetoothAddress() const noexcept { return packet_.address.number(); }
  BluetoothLEAdvertisementType AdvertisementType() const noexcept { return packet_.type; }
  foundation::DateTime Timestamp() const { return winrt::clock::now(); }
  BluetoothLEAdvertisement Advertisement() const { return packet_.content; }

  bluetooth::BluetoothAddressType BluetoothAddressType() const {
    if (!packet_.address.type()) return bluetooth::BluetoothAddressType::Unspecified;
    return packet_.address.type() == blau::AddressType::random ? bluetooth::BluetoothAddressType::Random
                                                               : bluetooth::BluetoothAddressType::Public;
  }
  foundation::IReference<std::int16_t> TransmitPowerLevelInDBm() const {
    return boxed<std::int16_t>(packet_.tx_power ? std::optional<std::int16_t>(*packet_.tx_power) : std::nullopt);
  }
  bool IsAnonymous() const noexcept { return false; }
  bool IsConnectable() const noexcept { return packet_.connectable; }
  bool IsScannable() const noexcept { return packet_.connectable; }
  bool IsDirected() const noexcept { return false; }
  bool IsScanResponse() const noexcept { return packet_.scan_response; }

 private:
  const Packet packet_;
};

}  // namespace

BluetoothLEAdvertisementReceivedEventArgs received(const Packet& packet, bool old_build) {
  using Args = BluetoothLEAdvertisementReceivedEventArgs;
  if (old_build) return winrt::make<Received<>>(packet).template as<Args>();
  return winrt::make<Received<IBluetoothLEAdvertisementReceivedEventArgs2>>(packet).template as<Args>();
}

}  // namespace fake_windows
