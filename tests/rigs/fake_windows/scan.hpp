#pragma once

#include "event.hpp"
#include "host.hpp"
#include "platform.hpp"
#include "received.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <optional>

namespace fake_windows {

/// What a watcher is told to do.
struct WatcherSettings {
  bool active = false;
  bool extended = false;
  advertising::BluetoothLEAdvertisementFilter filter = nullptr;
  std::optional<std::int16_t> in_range;
};

/// What a watcher object and its scan share.
struct WatcherState {
  using Watcher = advertising::BluetoothLEAdvertisementWatcher;
  template <class Args>
  using Handler = foundation::TypedEventHandler<Watcher, Args>;

  advertising::BluetoothLEAdvertisementWatcherStatus status =
      advertising::BluetoothLEAdvertisementWatcherStatus::Created;  // guarded by the host
  Event<Handler<advertising::BluetoothLEAdvertisementReceivedEventArgs>> received;
  Event<Handler<advertising::BluetoothLEAdvertisementWatcherStoppedEventArgs>> stopped;
};

/// A watcher's scan, on the air. The simulator tells advertisement and scan response merged: a passive port gives the one, and what an active port has more is the other.
class Scan final : public Aerial, public std::enable_shared_from_this<Scan> {
 public:
  Scan(Host& host, std::shared_ptr<WatcherState> state, winrt::weak_ref<WatcherState::Watcher> watcher);
  ~Scan() override;

  void start(const WatcherSettings& settings);
  void stop();
  void system_ends() override;

 private:
  struct Ear final : blau::backend::ScannerEvents {
    explicit Ear(Scan& owner) : scan(owner) {}
    void on_advertisement(const blau::Device& device, const blau::AdvertisementData& data) override;
    void on_scan_ended(const blau::Error& error) override;
    Scan& scan;
    bool active = false;
    std::unique_ptr<blau::backend::ScannerPort> port;
  };

  void open(Ear& ear);
  void become(advertising::BluetoothLEAdvertisementWatcherStatus status);
  void end(advertising::BluetoothLEAdvertisementWatcherStatus status, bluetooth::BluetoothError error);
  void heard(const blau::Device& device, const blau::AdvertisementData& data);
  void heard_response(const blau::Device& device, const blau::AdvertisementData& data);
  void tell(const blau::Device& device, const blau::AdvertisementData& data, blau::ByteView raw, bool response);

  Host& host_;
  std::shared_ptr<WatcherState> state_;
  winrt::weak_ref<WatcherState::Watcher> watcher_;
  WatcherSettings settings_;
  bool runs_ = false;
  unsigned run_ = 0;
  std::size_t advertised_ = 0;  // bytes of the advertisement that was heard last, by the passive port
  blau::Address advertiser_;
  Ear passive_{*this};
  Ear active_{*this};
};

}  // namespace fake_windows
