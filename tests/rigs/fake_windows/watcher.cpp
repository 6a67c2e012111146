// BluetoothLEAdvertisementWatcher.

#include "watcher.hpp"

#include "advertisement.hpp"
#include "scan.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace fake_windows {
namespace {

using namespace advertising;
using WatcherStatus = BluetoothLEAdvertisementWatcherStatus;
using namespace std::chrono_literals;

/// As Start does: what is out of range makes it throw.
void expect_valid(const bluetooth::BluetoothSignalStrengthFilter& filter) {
  if (!filter) return;
  for (const auto& strength : {filter.InRangeThresholdInDBm(), filter.OutOfRangeThresholdInDBm()})
    if (strength && (strength.Value() < -127 || strength.Value() > 20)) throw winrt::hresult_invalid_argument();
  const auto timeout = filter.OutOfRangeTimeout();
  if (timeout && (timeout.Value() < 1s || timeout.Value() > 60s)) throw winrt::hresult_invalid_argument();
}

/// @tparam Newer what came with build 19041
template <class... Newer>
class Watcher : public winrt::implements<Watcher<Newer...>, IBluetoothLEAdvertisementWatcher, Newer...> {
 public:
  Watcher() : host_(Host::current()) {}
  ~Watcher() {
    host_->on_air([scan = std::move(scan_)] {});
  }

  foundation::TimeSpan MinSamplingInterval() const noexcept { return 100ms; }
  foundation::TimeSpan MaxSamplingInterval() const noexcept { return 25500ms; }
  foundation::TimeSpan MinOutOfRangeTimeout() const noexcept { return 1s; }
  foundation::TimeSpan MaxOutOfRangeTimeout() const noexcept { return 60s; }
  BluetoothLEAdvertisementWatcherStatus Status() {
    const auto lock = locked(*host_);
    return state_->status;
  }
  BluetoothLEScanningMode ScanningMode() const noexcept { return mode_; }
  void ScanningMode(BluetoothLEScanningMode mode) noexcept { mode_ = mode; }
  bluetooth::BluetoothSignalStrengthFilter SignalStrengthFilter() const { return strength_; }
  void SignalStrengthFilter(const bluetooth::BluetoothSignalStrengthFilter& filter) { strength_ = filter; }
  BluetoothLEAdvertisementFilter AdvertisementFilter() const { return filter_; }
  void AdvertisementFilter(const BluetoothLEAdvertisementFilter& filter) { filter_ = filter; }
  bool AllowExtendedAdvertisements() const noexcept { return extended_; }
  void AllowExtendedAdvertisements(bool allow) noexcept { extended_ = allow; }

  void Start() {
    expect_valid(strength_);
    WatcherSettings settings;
    settings.active = mode_ == BluetoothLEScanningMode::Active;
    settings.extended = extended_;
    settings.filter = filter_;
    if (strength_ && strength_.InRangeThresholdInDBm()) settings.in_range = strength_.InRangeThresholdInDBm().Value();
    if (!scan_) make_scan();
    host_->on_air([scan = scan_, settings] { scan->start(settings); });
  }
  void Stop() {
    {
      const auto lock = locked(*host_);
      if (state_->status != WatcherStatus::Started && !scan_) return;
      if (state_->status == WatcherStatus::Stopped || state_->status == WatcherStatus::Aborted) return;
      state_->status = WatcherStatus::Stopping;
    }
    host_->on_air([scan = scan_] { scan->stop(); });
  }

  winrt::event_token Received(const WatcherState::Handler<BluetoothLEAdvertisementReceivedEventArgs>& handler) {
    return state_->received.add(handler);
  }
  void Received(winrt::event_token token) noexcept { state_->received.remove(token); }
  winrt::event_token Stopped(const WatcherState::Handler<BluetoothLEAdvertisementWatcherStoppedEventArgs>& handler) {
    return state_->stopped.add(handler);
  }
  void Stopped(winrt::event_token token) noexcept { state_->stopped.remove(token); }

 private:
  void make_scan() {
    winrt::weak_ref<WatcherState::Watcher> self(this->get_strong().template as<WatcherState::Watcher>());
    scan_ = std::make_shared<Scan>(*host_, state_, std::move(self));
    host_->on_air([host = host_.get(), scan = scan_] { host->enlist(scan); });
  }

  std::shared_ptr<Host> host_;
  std::shared_ptr<WatcherState> state_ = std::make_shared<WatcherState>();
  std::shared_ptr<Scan> scan_;
  BluetoothLEScanningMode mode_ = BluetoothLEScanningMode::Passive;
  bool extended_ = false;
  bluetooth::BluetoothSignalStrengthFilter strength_ = make_signal_strength_filter();
  BluetoothLEAdvertisementFilter filter_ = make_advertisement_filter();
};

WatcherState::Watcher made() {
  if (Host::current()->habits().old_build) return winrt::make<Watcher<>>().template as<WatcherState::Watcher>();
  return winrt::make<Watcher<IBluetoothLEAdvertisementWatcher2>>().template as<WatcherState::Watcher>();
}

class WatcherFactory : public winrt::implements<WatcherFactory, foundation::IActivationFactory,
                                                IBluetoothLEAdvertisementWatcherFactory> {
 public:
  foundation::IInspectable ActivateInstance() const { return made(); }
  WatcherState::Watcher Create(const BluetoothLEAdvertisementFilter& filter) const {
    auto watcher = made();
    watcher.AdvertisementFilter(filter);
    return watcher;
  }
};

}  // namespace

foundation::IInspectable watcher_factory() { return winrt::make<WatcherFactory>().as<foundation::IInspectable>(); }

}  // namespace fake_windows
