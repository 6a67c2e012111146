// DeviceInformation, and what of it pairs.

#include "device_information.hpp"

#include "adapters.hpp"
#include "operation.hpp"
#include "pairing_session.hpp"
#include "remote.hpp"
#include "remotes.hpp"
#include "values.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace fake_windows {
namespace {

using namespace enumeration;
using foundation::IAsyncOperation;

class CustomPairing : public winrt::implements<CustomPairing, IDeviceInformationCustomPairing> {
 public:
  explicit CustomPairing(std::shared_ptr<Remote> remote) : remote_(std::move(remote)) {}

  IAsyncOperation<DevicePairingResult> PairAsync(DevicePairingKinds kinds) { return pair(kinds, std::nullopt); }
  IAsyncOperation<DevicePairingResult> PairAsync(DevicePairingKinds kinds, DevicePairingProtectionLevel level) {
    return pair(kinds, level);
  }
  IAsyncOperation<DevicePairingResult> PairAsync(DevicePairingKinds kinds, DevicePairingProtectionLevel level,
                                                 const IDevicePairingSettings&) {
    return pair(kinds, level);
  }
  winrt::event_token PairingRequested(const CustomPairingState::Handler& handler) {
    return state_->requested.add(handler);
  }
  void PairingRequested(winrt::event_token token) noexcept { state_->requested.remove(token); }

 private:
  IAsyncOperation<DevicePairingResult> pair(DevicePairingKinds kinds,
                                            std::optional<DevicePairingProtectionLevel> level) {
    const auto host = remote_->host().shared_from_this();
    PairingWish wish;
    wish.kinds = kinds;
    wish.level = level;
    wish.custom = state_;
    auto work = [remote = remote_, self = get_strong(),
                 wish](const OperationRef<DevicePairingResult>& operation) mutable {
      wish.operation = operation;
      wish.custom->self = self.as<DeviceInformationCustomPairing>();
      remote->pairing().begin(std::move(wish));
    };
    return fake_windows::begin<DevicePairingResult>(host, "DeviceInformationCustomPairing.PairAsync", Pace::slow, work);
  }

  const std::shared_ptr<Remote> remote_;
  std::shared_ptr<CustomPairingState> state_ = std::make_shared<CustomPairingState>();
};

class Pairing : public winrt::implements<Pairing, IDeviceInformationPairing, IDeviceInformationPairing2> {
 public:
  explicit Pairing(std::shared_ptr<Remote> remote) : remote_(std::move(remote)) {
    if (remote_) paired_ = remote_->facts().paired;
  }

  bool IsPaired() const noexcept { return paired_; }
  bool CanPair() const noexcept { return remote_ && !paired_; }
  IAsyncOperation<DevicePairingResult> PairAsync() { not_offered(); }
  IAsyncOperation<DevicePairingResult> PairAsync(DevicePairingProtectionLevel) { not_offered(); }
  IAsyncOperation<DevicePairingResult> PairAsync(DevicePairingProtectionLevel, const IDevicePairingSettings&) {
    not_offered();
  }
  DevicePairingProtectionLevel ProtectionLevel() const noexcept { return DevicePairingProtectionLevel::None; }
  DeviceInformationCustomPairing Custom() const {
    return winrt::make<CustomPairing>(remote_).as<DeviceInformationCustomPairing>();
  }
  IAsyncOperation<DeviceUnpairingResult> UnpairAsync() const {
    const auto host = remote_->host().shared_from_this();
    auto work = [remote = remote_](const OperationRef<DeviceUnpairingResult>& operation) {
      remote->pairing().unpair(operation);
    };
    return begin<DeviceUnpairingResult>(host, "DeviceInformationPairing.UnpairAsync", Pace::slow, work);
  }

 private:
  const std::shared_ptr<Remote> remote_;
  bool paired_ = false;  // of this object, which does not follow
};

class Information : public winrt::implements<Information, IDeviceInformation, IDeviceInformation2> {
 public:
  Information(winrt::hstring id, const std::string& name, std::shared_ptr<Remote> remote)
      : id_(std::move(id)), name_(winrt::to_hstring(name)), remote_(std::move(remote)) {}

  winrt::hstring Id() const { return id_; }
  winrt::hstring Name() const { return name_; }
  bool IsEnabled() const noexcept { return true; }
  bool IsDefault() const noexcept { return false; }
  enumeration::EnclosureLocation EnclosureLocation() const noexcept { return nullptr; }
  foundation::Collections::IMapView<winrt::hstring, foundation::IInspectable> Properties() const {
    return winrt::single_threaded_map<winrt::hstring, foundation::IInspectable>().GetView();
  }
  void Update(const DeviceInformationUpdate&) const { not_offered(); }
  IAsyncOperation<DeviceThumbnail> GetThumbnailAsync() const { not_offered(); }
  IAsyncOperation<DeviceThumbnail> GetGlyphThumbnailAsync() const { not_offered(); }
  DeviceInformationKind Kind() const noexcept { return DeviceInformationKind::DeviceInterface; }
  DeviceInformationPairing Pairing() const {
    return winrt::make<fake_windows::Pairing>(remote_).as<DeviceInformationPairing>();
  }

 private:
  const winrt::hstring id_;
  const winrt::hstring name_;
  const std::shared_ptr<Remote> remote_;
};

/// What a selector finds, on the air.
std::vector<DeviceInformation> found_by(Host& host, const winrt::hstring& selector) {
  std::vector<DeviceInformation> found;
  if (selector == adapter_selector()) {
    for (const auto& adapter : host.adapters().all())
      found.push_back(information_of(adapter_id(adapter.id), adapter.name));
    return found;
  }
  std::vector<blau::Device> devices;
  if (selector == connected_selector(true)) devices = host.remotes().connected();
  if (selector == paired_selector(true)) devices = host.remotes().bonded();
  for (const auto& device : devices) {
    const auto remote = host.remotes().get(device.address());
    remote->learn(device);
    found.push_back(information_of(remote));
  }
  return found;
}

class InformationStatics
    : public winrt::implements<InformationStatics, foundation::IActivationFactory, IDeviceInformationStatics> {
 public:
  using Collection = DeviceInformationCollection;
  using Names = foundation::Collections::IIterable<winrt::hstring>;

  foundation::IInspectable ActivateInstance() const { not_offered(); }
  IAsyncOperation<DeviceInformation> CreateFromIdAsync(const winrt::hstring& id) const;
  IAsyncOperation<DeviceInformation> CreateFromIdAsync(const winrt::hstring& id, const Names&) const {
    return CreateFromIdAsync(id);
  }
  IAsyncOperation<Collection> FindAllAsync() const { not_offered(); }
  IAsyncOperation<Collection> FindAllAsync(DeviceClass) const { not_offered(); }
  IAsyncOperation<Collection> FindAllAsync(const winrt::hstring& selector) const {
    const auto host = Host::current();
    auto work = [&host = *host, selector](const OperationRef<Collection>& operation) {
      auto found = winrt::single_threaded_vector<DeviceInformation>(found_by(host, selector));
      operation->succeed(found.GetView().as<Collection>());
    };
    return begin<Collection>(host, "DeviceInformation.FindAllAsync", Pace::prompt, work);
  }
  IAsyncOperation<Collection> FindAllAsync(const winrt::hstring& selector, const Names&) const {
    return FindAllAsync(selector);
  }
  DeviceWatcher CreateWatcher() const { not_offered(); }
  DeviceWatcher CreateWatcher(DeviceClass) const { not_offered(); }
  DeviceWatcher CreateWatcher(const winrt::hstring&) const { not_offered(); }
  DeviceWatcher CreateWatcher(const winrt::hstring&, const Names&) const { not_offered(); }
};

IAsyncOperation<DeviceInformation> InformationStatics::CreateFromIdAsync(const winrt::hstring& id) const {
  const auto host = Host::current();
  auto work = [&host = *host, id](const OperationRef<DeviceInformation>& operation) {
    if (const auto adapter = host.adapters().find(adapter_of_id(id)))
      return operation->succeed(information_of(id, adapter->name));
    const auto address = address_of_id(id);
    if (!address) return operation->fail(winrt::hresult(winrt::impl::error_invalid_argument));
    operation->succeed(information_of(host.remotes().get(*address)));
  };
  return begin<DeviceInformation>(host, "DeviceInformation.CreateFromIdAsync", Pace::prompt, work);
}

}  // namespace

DeviceInformation information_of(const std::shared_ptr<Remote>& remote) {
  return winrt::make<Information>(remote->id(), remote->facts().name, remote).as<DeviceInformation>();
}

DeviceInformation information_of(const winrt::hstring& id, const std::string& name) {
  return winrt::make<Information>(id, name, nullptr).as<DeviceInformation>();
}

foundation::IInspectable device_information_factory() {
  return winrt::make<InformationStatics>().as<foundation::IInspectable>();
}

winrt::hstring device_selector() { return L"Fake:=LowEnergy"; }
winrt::hstring paired_selector(bool paired) { return paired ? L"Fake:=Paired" : L"Fake:=Unpaired"; }
winrt::hstring connected_selector(bool connected) { return connected ? L"Fake:=Connected" : L"Fake:=Disconnected"; }

}  // namespace fake_windows
