// BluetoothAdapter and Radio.

#include "adapters.hpp"

#include "operation.hpp"
#include "values.hpp"

#include <utility>

namespace fake_windows {
namespace {

constexpr const char* adapter_prefix = "\\\\?\\FAKE#BTH#";

radios::RadioState state_of(const blau::backend::AdapterState& state) {
  if (state.unusable == blau::UnavailableReason::blocked) return radios::RadioState::Disabled;
  return state.powered ? radios::RadioState::On : radios::RadioState::Off;
}

class Adapter : public winrt::implements<Adapter, bluetooth::IBluetoothAdapter, bluetooth::IBluetoothAdapter2,
                                         bluetooth::IBluetoothAdapter3> {
 public:
  Adapter(std::shared_ptr<Host> host, blau::backend::AdapterState state)
      : host_(std::move(host)), state_(std::move(state)) {}

  winrt::hstring DeviceId() const { return adapter_id(state_.id); }
  std::uint64_t BluetoothAddress() const noexcept { return state_.address.number(); }
  bool IsClassicSupported() const noexcept { return true; }
  bool IsLowEnergySupported() const noexcept { return true; }
  bool IsPeripheralRoleSupported() const noexcept { return false; }
  bool IsCentralRoleSupported() const noexcept { return state_.unusable != blau::UnavailableReason::no_central_role; }
  bool IsAdvertisementOffloadSupported() const noexcept { return true; }
  foundation::IAsyncOperation<radios::Radio> GetRadioAsync() {
    auto give = [host = host_.get(), state = state_](const OperationRef<radios::Radio>& operation) {
      if (host->habits().hides_radio) return operation->succeed(nullptr);
      operation->succeed(host->adapters().radio_of(state).as<radios::Radio>());
    };
    return begin<radios::Radio>(host_, "BluetoothAdapter.GetRadioAsync", Pace::prompt, give);
  }
  bool AreClassicSecureConnectionsSupported() const noexcept { return true; }
  bool AreLowEnergySecureConnectionsSupported() const noexcept { return true; }
  bool IsExtendedAdvertisingSupported() const noexcept { return true; }
  std::uint32_t MaxAdvertisementDataLength() const noexcept { return 1650; }

 private:
  std::shared_ptr<Host> host_;
  const blau::backend::AdapterState state_;
};

bluetooth::BluetoothAdapter made(Host& host, const std::optional<blau::backend::AdapterState>& state) {
  if (!state) return nullptr;
  return winrt::make<Adapter>(host.shared_from_this(), *state).as<bluetooth::BluetoothAdapter>();
}

class AdapterStatics
    : public winrt::implements<AdapterStatics, foundation::IActivationFactory, bluetooth::IBluetoothAdapterStatics> {
 public:
  foundation::IInspectable ActivateInstance() const { not_offered(); }
  winrt::hstring GetDeviceSelector() const { return adapter_selector(); }
  foundation::IAsyncOperation<bluetooth::BluetoothAdapter> FromIdAsync(const winrt::hstring& id) const {
    const auto host = Host::current();
    auto give = [&host = *host, id](const OperationRef<bluetooth::BluetoothAdapter>& operation) {
      operation->succeed(made(host, host.adapters().find(adapter_of_id(id))));
    };
    return begin<bluetooth::BluetoothAdapter>(host, "BluetoothAdapter.FromIdAsync", Pace::prompt, give);
  }
  foundation::IAsyncOperation<bluetooth::BluetoothAdapter> GetDefaultAsync() const {
    const auto host = Host::current();
    auto give = [&host = *host](const OperationRef<bluetooth::BluetoothAdapter>& operation) {
      operation->succeed(made(host, host.adapters().find_default()));
    };
    return begin<bluetooth::BluetoothAdapter>(host, "BluetoothAdapter.GetDefaultAsync", Pace::prompt, give);
  }
};

}  // namespace

winrt::hstring adapter_id(const std::string& name) { return winrt::to_hstring(adapter_prefix + name); }

std::string adapter_of_id(const winrt::hstring& id) {
  const std::string text = winrt::to_string(id);
  const std::string prefix = adapter_prefix;
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string();
}

winrt::hstring adapter_selector() {
  return L"System.Devices.InterfaceClassGuid:=\"{92383B0E-F90E-4AC9-8D44-8C2D0D0EBDA2}\"";
}

foundation::IInspectable adapter_factory() { return winrt::make<AdapterStatics>().as<foundation::IInspectable>(); }

Adapters::Adapters(Host& host) : host_(host), watch_(host.radio().watch_adapters(*this)) {}

Adapters::~Adapters() = default;

std::vector<blau::backend::AdapterState> Adapters::all() {
  std::vector<blau::backend::AdapterState> found;
  host_.radio().list_adapters([&found](auto result) {  // the simulator answers at once
    if (result) found = *std::move(result);
  });
  return found;
}

std::optional<blau::backend::AdapterState> Adapters::find_default() {
  auto states = all();
  for (auto& state : states)
    if (state.is_default) return std::move(state);
  // Windows has one, too, where its radio is off.
  return states.empty() ? std::nullopt : std::optional(std::move(states.front()));
}

std::optional<blau::backend::AdapterState> Adapters::find(const std::string& id) {
  for (auto& state : all())
    if (state.id == id) return std::move(state);
  return std::nullopt;
}

winrt::com_ptr<Radio> Adapters::radio_of(const blau::backend::AdapterState& state) {
  auto& radio = radios_[state.id];
  if (!radio) radio = winrt::make_self<Radio>(host_.shared_from_this(), state.name);
  radio->become(state_of(state));
  return radio;
}

void Adapters::on_adapter_changed(const blau::backend::AdapterState& state) {
  const auto found = radios_.find(state.id);
  if (found != radios_.end()) found->second->become(state_of(state));
}

void Adapters::on_adapter_removed(const std::string& id) { radios_.erase(id); }

radios::RadioState Radio::State() {
  const auto lock = locked(*host_);
  return state_;
}

void Radio::become(radios::RadioState state) {
  {
    const auto lock = locked(*host_);
    if (std::exchange(state_, state) == state) return;
  }
  changed_.raise(*host_, get_strong().as<radios::Radio>(), foundation::IInspectable(nullptr));
}

}  // namespace fake_windows
