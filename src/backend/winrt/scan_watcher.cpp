#include "scan_watcher.hpp"

#include "values.hpp"

#include <winrt/Windows.Foundation.Collections.h>

#include <utility>

namespace blau::detail::windows {

namespace advertising = ::winrt::Windows::Devices::Bluetooth::Advertisement;
using advertising::BluetoothLEAdvertisementType;
using ::winrt::Windows::Devices::Bluetooth::BluetoothError;
using ::winrt::Windows::Devices::Bluetooth::BluetoothSignalStrengthFilter;
using ::winrt::Windows::Foundation::IReference;
using ::winrt::Windows::Foundation::TimeSpan;

namespace {

constexpr std::int16_t out_of_range = -127;

/// A value that may be absent, for a setter. Not the system's PropertyValue, which Wine does not have.
template <class T>
class Reference : public ::winrt::implements<Reference<T>, IReference<T>> {
 public:
  explicit Reference(T value) : value_(value) {}
  [[nodiscard]] T Value() const noexcept { return value_; }

 private:
  T value_;
};

template <class T>
IReference<T> reference(T value) {
  return ::winrt::make<Reference<T>>(value);
}

std::optional<bool> connectable(BluetoothLEAdvertisementType type) {
  switch (type) {
    case BluetoothLEAdvertisementType::ConnectableUndirected:
    case BluetoothLEAdvertisementType::ConnectableDirected: return true;
    case BluetoothLEAdvertisementType::ScannableUndirected:
    case BluetoothLEAdvertisementType::NonConnectableUndirected: return false;
    default: return std::nullopt;
  }
}

/// AD structures as on the air: length, type, data (Core Vol 3 Part C 11).
Bytes sections_of(const advertising::BluetoothLEAdvertisement& advertisement) {
  constexpr std::size_t most = 254;
  Bytes bytes;
  for (const auto& section : advertisement.DataSections()) {
    const Bytes data = to_bytes(section.Data());
    if (data.size() > most) continue;
    bytes.push_back(static_cast<std::uint8_t>(data.size() + 1));
    bytes.push_back(section.DataType());
    bytes.insert(bytes.end(), data.begin(), data.end());
  }
  return bytes;
}

}  // namespace

BluetoothSignalStrengthFilter to_winrt(const SignalStrengthFilter& filter) {
  const BluetoothSignalStrengthFilter made;
  if (filter.in_range_dbm) made.InRangeThresholdInDBm(reference(*filter.in_range_dbm));
  if (filter.out_of_range_dbm) made.OutOfRangeThresholdInDBm(reference(*filter.out_of_range_dbm));
  if (filter.out_of_range_timeout) made.OutOfRangeTimeout(reference(TimeSpan(*filter.out_of_range_timeout)));
  if (filter.sampling_interval) made.SamplingInterval(reference(TimeSpan(*filter.sampling_interval)));
  return made;
}

advertising::BluetoothLEAdvertisementFilter to_winrt(const AdvertisementFilter& filter) {
  const advertising::BluetoothLEAdvertisementFilter made;
  const auto wanted = made.Advertisement();
  if (filter.flags) wanted.Flags(reference(static_cast<advertising::BluetoothLEAdvertisementFlags>(*filter.flags)));
  if (filter.local_name) wanted.LocalName(to_hstring(*filter.local_name));
  for (const auto& [company, data] : filter.manufacturer_data)
    wanted.ManufacturerData().Append(advertising::BluetoothLEManufacturerData(company, to_buffer(data)));
  for (const auto& [type, data] : filter.sections)
    wanted.DataSections().Append(advertising::BluetoothLEAdvertisementDataSection(type, to_buffer(data)));
  for (const auto& pattern : filter.byte_patterns)
    made.BytePatterns().Append(
        advertising::BluetoothLEAdvertisementBytePattern(pattern.ad_type, pattern.offset, to_buffer(pattern.content)));
  return made;
}

Heard heard_of(const advertising::BluetoothLEAdvertisementReceivedEventArgs& packet) {
  Heard heard;
  heard.address = packet.BluetoothAddress();
  heard.rssi = packet.RawSignalStrengthInDBm();
  const auto type = packet.AdvertisementType();
  heard.scan_response = type == BluetoothLEAdvertisementType::ScanResponse;
  heard.connectable = connectable(type);
  // From build 19041 on.
  if (const auto more = packet.try_as<advertising::IBluetoothLEAdvertisementReceivedEventArgs2>()) {
    heard.type = to_address_type(more.BluetoothAddressType());
    heard.anonymous = more.IsAnonymous();
    heard.scan_response = heard.scan_response || more.IsScanResponse();
    heard.connectable = more.IsConnectable();
    heard.tx_power = to_optional(more.TransmitPowerLevelInDBm());
  }
  heard.sections = sections_of(packet.Advertisement());
  return heard;
}

ScanWatcher::Status ScanWatcher::start(const Orders& orders, Handlers handlers) {
  const Watcher watcher;
  watcher.ScanningMode(orders.mode == ScanMode::active ? advertising::BluetoothLEScanningMode::Active
                                                       : advertising::BluetoothLEScanningMode::Passive);
  // From build 19041 on.
  if (const auto more = watcher.try_as<advertising::IBluetoothLEAdvertisementWatcher2>())
    more.AllowExtendedAdvertisements(true);
  const auto& [signal, content] = orders.options;
  if (signal) watcher.SignalStrengthFilter(to_winrt(*signal));
  if (content) watcher.AdvertisementFilter(to_winrt(*content));
  received_ = watcher.Received([heard = std::move(handlers.heard)](const auto&, const auto& packet) {
    const auto told = heard_of(packet);
    if (told.rssi != out_of_range) heard(told);  // else it says that the device left
  });
  stopped_ =
      watcher.Stopped([stopped = std::move(handlers.stopped)](const auto&, const auto& end) { stopped(end.Error()); });
  watcher_ = watcher;
  try {
    watcher.Start();
    return watcher.Status();
  } catch (...) {
    forget();
    throw;
  }
}

ScanWatcher::Status ScanWatcher::stop() {
  if (!watcher_) return Status::Stopped;
  watcher_.Received(std::exchange(received_, {}));
  watcher_.Stop();
  return watcher_.Status();
}

void ScanWatcher::forget() noexcept {
  if (!watcher_) return;
  if (received_) watcher_.Received(received_);
  watcher_.Stopped(stopped_);
  received_ = stopped_ = {};
  watcher_ = nullptr;
}

}  // namespace blau::detail::windows
