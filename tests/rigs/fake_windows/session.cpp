// GattSession.

#include "device.hpp"
#include "operation.hpp"
#include "remote.hpp"
#include "remotes.hpp"
#include "values.hpp"

#include <utility>

namespace fake_windows {
namespace {

using namespace gatt;

class Session : public winrt::implements<Session, IGattSession, foundation::IClosable> {
 public:
  explicit Session(std::shared_ptr<Remote> remote)
      : remote_(std::move(remote)), host_(remote_->host().shared_from_this()) {}
  ~Session() { Close(); }

  bluetooth::BluetoothDeviceId DeviceId() const { return device_id_of(open().id()); }
  bool CanMaintainConnection() const {
    (void)open();
    return !host_->habits().cannot_maintain;
  }
  void MaintainConnection(bool maintain) {
    (void)open();
    set_maintained(maintain);
  }
  bool MaintainConnection() const {
    (void)open();
    return maintained_;
  }
  std::uint16_t MaxPduSize() const { return open().facts().mtu; }
  GattSessionStatus SessionStatus() const {
    return open().facts().connected ? GattSessionStatus::Active : GattSessionStatus::Closed;
  }
  winrt::event_token MaxPduSizeChanged(const SessionState::Handler<Nothing>& handler) {
    (void)open();
    return state_->pdu_size_changed.add(handler);
  }
  void MaxPduSizeChanged(winrt::event_token token) noexcept { state_->pdu_size_changed.remove(token); }
  winrt::event_token SessionStatusChanged(const SessionState::Handler<GattSessionStatusChangedEventArgs>& handler) {
    (void)open();
    return state_->status_changed.add(handler);
  }
  void SessionStatusChanged(winrt::event_token token) noexcept { state_->status_changed.remove(token); }

  void Close() noexcept {
    if (state_->closed.exchange(true)) return;
    set_maintained(false);
  }

  /// On the air, once.
  void take_place(const GattSession& self) {
    state_->self = winrt::make_weak(self);
    remote_->add(state_);
  }

 private:
  [[nodiscard]] Remote& open() const {
    if (state_->closed) closed();
    return *remote_;
  }
  void set_maintained(bool maintain) {
    if (maintained_.exchange(maintain) == maintain) return;
    host_->on_air([remote = remote_, maintain] { remote->maintain(maintain); });
  }

  const std::shared_ptr<Remote> remote_;
  const std::shared_ptr<Host> host_;
  const std::shared_ptr<SessionState> state_ = std::make_shared<SessionState>();
  std::atomic<bool> maintained_ = false;
};

class SessionStatics : public winrt::implements<SessionStatics, foundation::IActivationFactory, IGattSessionStatics> {
 public:
  foundation::IInspectable ActivateInstance() const { not_offered(); }
  foundation::IAsyncOperation<GattSession> FromDeviceIdAsync(const bluetooth::BluetoothDeviceId& id) const {
    const auto host = Host::current();
    const auto address = address_of_id(id.Id());
    if (!address) throw winrt::hresult_invalid_argument();
    auto work = [&host = *host, address = *address](const OperationRef<GattSession>& operation) {
      const auto session = winrt::make_self<Session>(host.remotes().get(address));
      const auto self = session.as<GattSession>();
      session->take_place(self);
      operation->succeed(self);
    };
    return begin<GattSession>(host, "GattSession.FromDeviceIdAsync", Pace::prompt, work);
  }
};

}  // namespace

foundation::IInspectable session_factory() { return winrt::make<SessionStatics>().as<foundation::IInspectable>(); }

}  // namespace fake_windows
