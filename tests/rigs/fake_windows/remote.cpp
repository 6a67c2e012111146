// A device's link.

#include "remote.hpp"

#include "remotes.hpp"
#include "values.hpp"

#include <algorithm>
#include <utility>

namespace fake_windows {

using namespace std::chrono_literals;

namespace {

/// As long as Windows tries to reach a device for a request.
constexpr std::chrono::seconds request_limit{7};
/// Between attempts for a session that maintains its link.
constexpr std::chrono::seconds attempt_pause{1};

class SessionStatus : public winrt::implements<SessionStatus, gatt::IGattSessionStatusChangedEventArgs> {
 public:
  SessionStatus(gatt::GattSessionStatus status, bluetooth::BluetoothError error) : status_(status), error_(error) {}
  bluetooth::BluetoothError Error() const noexcept { return error_; }
  gatt::GattSessionStatus Status() const noexcept { return status_; }

 private:
  const gatt::GattSessionStatus status_;
  const bluetooth::BluetoothError error_;
};

bluetooth::BluetoothError error_of(const blau::Error& error) {
  switch (error.code()) {
    case blau::ErrorCode::bluetooth_not_available: return bluetooth::BluetoothError::RadioNotAvailable;
    case blau::ErrorCode::too_many_connections: return bluetooth::BluetoothError::ResourceInUse;
    case blau::ErrorCode::connection_failed: return bluetooth::BluetoothError::DeviceNotConnected;
    default: return bluetooth::BluetoothError::OtherError;
  }
}

std::unique_ptr<blau::backend::ClientPort> make_port(Host& host, const blau::Device& device,
                                                     blau::backend::ClientEvents& events) {
  blau::backend::ClientRequest request;
  request.device = blau::Device(device.address());
  return host.radio().make_client(request, events);
}

/// Those that are there and open, each with its object; the others are forgotten.
template <class State, class Call>
void each_open(std::vector<std::weak_ptr<State>>& states, Call call) {
  std::erase_if(states, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : states) {
    const auto state = weak.lock();
    if (!state || state->closed) continue;
    if (const auto self = state->self.get()) call(*state, self);
  }
}

}  // namespace

Remote::Remote(Host& host, const blau::Device& device)
    : host_(host),
      address_(device.address()),
      port_(make_port(host, device, *this)),
      values_(host, *port_),
      pairing_(*this) {
  learn(device);
  const auto bonded = host.remotes().bonded();
  const bool paired = std::ranges::any_of(bonded, [this](const auto& known) { return known.address() == address_; });
  const auto lock = locked(host_);
  facts_.paired = paired;
}

Remote::~Remote() = default;

Remote::Facts Remote::facts() {
  const auto lock = locked(host_);
  return facts_;
}

winrt::hstring Remote::id() const {
  return winrt::to_hstring("BluetoothLE#BluetoothLE00:00:00:00:00:00-" + lower_case(address_));
}

void Remote::learn(const blau::Device& device) {
  const auto lock = locked(host_);
  if (device.name()) facts_.name = *device.name();
}

void Remote::system_ends() {
  waiters_.clear();
  discovery_waiters_.clear();
  port_.reset();
}

void Remote::maintain(bool on) {
  maintainers_ += on ? 1U : -1U;
  consider();
}

void Remote::unuse() {
  --users_;
  consider();
}

Remote::WaiterId Remote::await_link(Ready ready) {
  const WaiterId id = ++last_waiter_;
  if (state_ == State::up) {
    ready(std::nullopt);
    consider();
    return id;
  }
  waiters_.push_back({id, std::move(ready)});
  host_.after(request_limit, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->give_up(id);
  });
  consider();
  return id;
}

void Remote::give_up(WaiterId waiter) {
  const auto found = std::ranges::find(waiters_, waiter, &Waiter::id);
  if (found == waiters_.end()) return;
  auto ready = std::move(found->ready);
  waiters_.erase(found);
  ready(blau::Error(blau::ErrorCode::timed_out, "the device did not answer: come nearer"));
  consider();
}

void Remote::forget(WaiterId waiter) {
  waiters_.remove_if([waiter](const Waiter& entry) { return entry.id == waiter; });
  consider();
}

void Remote::consider() {
  const bool needed = maintainers_ > 0 || !waiters_.empty();
  if (state_ == State::down && needed) return attempt();
  if (state_ == State::connecting && !needed) return port_->abort_connect();
  if (state_ != State::up || needed || users_ > 0) return;
  state_ = State::leaving;
  {
    // Nobody who is told is left; who comes now must not take it for a link that lasts.
    const auto lock = locked(host_);
    facts_.connected = false;
  }
  port_->disconnect(blau::backend::ReleaseKind::implicit_release, [](const auto&) {});
}

void Remote::attempt() {
  state_ = State::connecting;
  ++attempt_;
  port_->connect([weak = weak_from_this()](const blau::backend::ConnectResult& result) {
    if (const auto self = weak.lock()) self->attempt_ended(result);
  });
}

void Remote::attempt_ended(const blau::backend::ConnectResult& result) {
  if (result) return came_up();
  // Until the pause is over nothing is tried again.
  const bool taken_back = result.error().code() == blau::ErrorCode::canceled;
  ++attempt_;
  if (taken_back) {
    state_ = State::down;
    return consider();
  }
  tell_link(false, error_of(result.error()));
  answer_waiters(result.error());
  host_.after(attempt_pause, [weak = weak_from_this(), attempt = attempt_] {
    const auto self = weak.lock();
    if (!self || self->attempt_ != attempt) return;
    self->state_ = State::down;
    self->consider();
  });
}

void Remote::came_up() {
  state_ = State::up;
  ++link_;
  const auto late = host_.habits().late_pdu_size;
  set_mtu(late ? 23 : port_->mtu());
  if (late) {
    host_.after(*late, [weak = weak_from_this(), link = link_] {
      const auto self = weak.lock();
      if (self && self->link_ == link && self->state_ == State::up) self->set_mtu(self->port_->mtu());
    });
  }
  tell_link(true, bluetooth::BluetoothError::Success);
  answer_waiters(std::nullopt);
  consider();
}

void Remote::answer_waiters(const std::optional<blau::Error>& error) {
  auto waiters = std::exchange(waiters_, {});
  for (auto& waiter : waiters) waiter.ready(error);
}

void Remote::set_mtu(std::uint16_t mtu) {
  {
    const auto lock = locked(host_);
    if (std::exchange(facts_.mtu, mtu) == mtu) return;
  }
  each_open(sessions_, [this](SessionState& session, const auto& self) {
    session.pdu_size_changed.raise(host_, self, Nothing(nullptr));
  });
}

void Remote::on_mtu_changed(std::uint16_t mtu) {
  if (!host_.habits().late_pdu_size) set_mtu(mtu);
}

void Remote::tell_link(bool up, bluetooth::BluetoothError error) {
  bool changed = false;
  {
    const auto lock = locked(host_);
    changed = std::exchange(facts_.connected, up) != up;
  }
  if (!up && changed && host_.habits().hides_closed) return;
  const auto status = up ? gatt::GattSessionStatus::Active : gatt::GattSessionStatus::Closed;
  const auto args = winrt::make<SessionStatus>(status, error).as<gatt::GattSessionStatusChangedEventArgs>();
  each_open(sessions_,
            [&](SessionState& session, const auto& self) { session.status_changed.raise(host_, self, args); });
  if (!changed) return;
  each_open(devices_, [&](DeviceState& device, const auto& self) {
    device.connection_changed.raise(host_, self, Nothing(nullptr));
  });
}

void Remote::on_disconnected(blau::DisconnectReason reason, const std::string&) {
  state_ = State::down;
  discovers_again_ = changed_ = false;
  values_.link_ended();
  // What is not bonded has no memory of its services.
  if (!facts().paired) database_.reset();
  if (host_.habits().objects_die_with_link) {
    for (const auto& weak : services_)
      if (const auto service = weak.lock()) service->closed = true;
  }
  const bool is_off = reason == blau::DisconnectReason::adapter_off;
  tell_link(false, is_off ? bluetooth::BluetoothError::RadioNotAvailable : bluetooth::BluetoothError::Success);
  consider();
}

void Remote::on_bond_changed(bool bonded) {
  const auto lock = locked(host_);
  facts_.paired = bonded;
}

void Remote::forget_bond() {
  on_bond_changed(false);
  if (state_ != State::up) database_.reset();
}

void Remote::on_pairing_question(const blau::backend::PairingQuestion& question,
                                 blau::backend::Done<blau::backend::PairingAnswer> done) {
  pairing_.ask(question, std::move(done));
}

}  // namespace fake_windows
