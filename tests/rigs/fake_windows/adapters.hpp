#pragma once

#include "event.hpp"
#include "host.hpp"
#include "platform.hpp"

#include <blau/backend.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fake_windows {

class Radio;

/// The machine's adapters, on the air.
class Adapters final : private blau::backend::AdapterEvents {
 public:
  explicit Adapters(Host& host);
  ~Adapters();
  Adapters(const Adapters&) = delete;
  Adapters& operator=(const Adapters&) = delete;

  [[nodiscard]] std::vector<blau::backend::AdapterState> all();
  [[nodiscard]] std::optional<blau::backend::AdapterState> find_default();
  [[nodiscard]] std::optional<blau::backend::AdapterState> find(const std::string& id);
  /// The one radio object of an adapter, as it is now.
  [[nodiscard]] winrt::com_ptr<Radio> radio_of(const blau::backend::AdapterState& state);

 private:
  void on_adapter_changed(const blau::backend::AdapterState& state) override;
  void on_adapter_removed(const std::string& id) override;

  Host& host_;
  std::map<std::string, winrt::com_ptr<Radio>> radios_;
  std::unique_ptr<blau::backend::AdapterWatch> watch_;
};

/// Windows.Devices.Radios.Radio. That its adapter was unplugged it does not tell.
class Radio : public winrt::implements<Radio, radios::IRadio> {
 public:
  Radio(std::shared_ptr<Host> host, std::string name) : host_(std::move(host)), name_(std::move(name)) {}

  foundation::IAsyncOperation<radios::RadioAccessStatus> SetStateAsync(radios::RadioState) { not_offered(); }
  winrt::event_token StateChanged(
      const foundation::TypedEventHandler<radios::Radio, foundation::IInspectable>& handler) {
    return changed_.add(handler);
  }
  void StateChanged(winrt::event_token token) noexcept { changed_.remove(token); }
  radios::RadioState State();
  winrt::hstring Name() const { return winrt::to_hstring(name_); }
  radios::RadioKind Kind() const noexcept { return radios::RadioKind::Bluetooth; }

  /// The air.
  void become(radios::RadioState state);

 private:
  std::shared_ptr<Host> host_;
  const std::string name_;
  radios::RadioState state_ = radios::RadioState::Unknown;  // guarded by the host
  Event<foundation::TypedEventHandler<radios::Radio, foundation::IInspectable>> changed_;
};

/// The id of an adapter's interface, and back to the world's name for it; empty for another id.
[[nodiscard]] winrt::hstring adapter_id(const std::string& name);
[[nodiscard]] std::string adapter_of_id(const winrt::hstring& id);
/// As BluetoothAdapter.GetDeviceSelector.
[[nodiscard]] winrt::hstring adapter_selector();

/// The statics of BluetoothAdapter.
[[nodiscard]] foundation::IInspectable adapter_factory();

}  // namespace fake_windows
