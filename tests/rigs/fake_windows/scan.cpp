#include "scan.hpp"

#include "advertisement.hpp"
#include "remotes.hpp"

#include <algorithm>
#include <utility>

namespace fake_windows {
namespace {

using namespace advertising;
using Status = BluetoothLEAdvertisementWatcherStatus;
using Type = BluetoothLEAdvertisementType;

/// Core Vol 6 Part B 2.3.1: more is an extended advertisement.
constexpr std::size_t legacy_size = 31;

class Stopped : public winrt::implements<Stopped, IBluetoothLEAdvertisementWatcherStoppedEventArgs> {
 public:
  explicit Stopped(bluetooth::BluetoothError error) : error_(error) {}
  bluetooth::BluetoothError Error() const noexcept { return error_; }

 private:
  const bluetooth::BluetoothError error_;
};

bluetooth::BluetoothError error_of(const blau::Error& error) {
  if (error.code() == blau::ErrorCode::bluetooth_not_available) return bluetooth::BluetoothError::RadioNotAvailable;
  return bluetooth::BluetoothError::OtherError;
}

Type type_of(const blau::AdvertisementData& data, std::size_t size, bool response) {
  if (size > legacy_size) return Type::Extended;
  if (response) return Type::ScanResponse;
  return data.connectable.value_or(false) ? Type::ConnectableUndirected : Type::NonConnectableUndirected;
}

}  // namespace

Scan::Scan(Host& host, std::shared_ptr<WatcherState> state, winrt::weak_ref<WatcherState::Watcher> watcher)
    : host_(host), state_(std::move(state)), watcher_(std::move(watcher)) {
  active_.active = true;
}

Scan::~Scan() = default;

void Scan::start(const WatcherSettings& settings) {
  settings_ = settings;
  const Habits habits = host_.habits();
  const unsigned run = ++run_;
  if (habits.denied_by_user) return end(Status::Aborted, bluetooth::BluetoothError::DisabledByUser);
  auto begin = [weak = weak_from_this(), run] {
    const auto self = weak.lock();
    if (!self || self->run_ != run) return;
    self->runs_ = true;
    self->become(Status::Started);
    self->open(self->passive_);
    if (self->runs_ && self->settings_.active) self->open(self->active_);
  };
  if (habits.slow_watcher) return host_.after(*habits.slow_watcher, begin);
  begin();
}

void Scan::open(Ear& ear) {
  ear.port = host_.radio().make_scanner(ear);
  blau::backend::ScanRequest request;
  request.mode = ear.active ? blau::ScanMode::active : blau::ScanMode::passive;
  ear.port->start(request, [this](const blau::Result<void>& result) {  // the simulator answers at once
    if (!result) end(Status::Aborted, error_of(result.error()));
  });
}

void Scan::stop() {
  ++run_;
  end(Status::Stopped, bluetooth::BluetoothError::Success);
}

void Scan::system_ends() {
  ++run_;
  runs_ = false;
  passive_.port.reset();
  active_.port.reset();
}

void Scan::become(Status status) {
  const auto lock = locked(host_);
  state_->status = status;
}

void Scan::end(Status status, bluetooth::BluetoothError error) {
  runs_ = false;
  // One of the ports may be telling this.
  host_.on_air(
      [passive = std::shared_ptr(std::move(passive_.port)), active = std::shared_ptr(std::move(active_.port))] {});
  become(status);
  const auto watcher = watcher_.get();
  if (!watcher) return;
  const auto args = winrt::make<Stopped>(error).as<BluetoothLEAdvertisementWatcherStoppedEventArgs>();
  state_->stopped.raise(host_, watcher, args);
}

void Scan::heard(const blau::Device& device, const blau::AdvertisementData& data) {
  if (!runs_) return;
  host_.remotes().heard(device);
  advertised_ = data.raw.size();
  advertiser_ = device.address();
  tell(device, data, data.raw, false);
}

void Scan::heard_response(const blau::Device& device, const blau::AdvertisementData& data) {
  if (!runs_ || device.address() != advertiser_ || data.raw.size() <= advertised_) return;
  host_.remotes().heard(device);
  tell(device, data, blau::ByteView(data.raw).subspan(advertised_), true);
}

void Scan::tell(const blau::Device& device, const blau::AdvertisementData& data, blau::ByteView raw, bool response) {
  const auto sections = sections_of(raw);
  if (raw.size() > legacy_size && !settings_.extended) return;
  if (settings_.in_range && data.rssi < *settings_.in_range) return;
  const auto watcher = watcher_.get();
  if (!watcher || !passes(sections, settings_.filter)) return;
  Packet packet;
  packet.address = device.address();
  packet.rssi = data.rssi;
  packet.type = type_of(data, raw.size(), response);
  packet.connectable = data.connectable.value_or(false);
  packet.scan_response = response;
  const auto power = std::ranges::find(sections, 0x0a, &Section::type);
  if (power != sections.end() && power->data.size() == 1) packet.tx_power = static_cast<std::int8_t>(power->data[0]);
  packet.content = advertisement_of(sections);
  state_->received.raise(host_, watcher, received(packet, host_.habits().old_build));
}

void Scan::Ear::on_advertisement(const blau::Device& device, const blau::AdvertisementData& data) {
  active ? scan.heard_response(device, data) : scan.heard(device, data);
}

void Scan::Ear::on_scan_ended(const blau::Error& error) {
  if (scan.runs_) scan.end(Status::Aborted, error_of(error));
}

}  // namespace fake_windows
