#include "users.hpp"

#include <iterator>

namespace blau::fuzz {

namespace {

constexpr std::uint16_t handles[] = {0x0b, 0x0e, 0x0d, 0x0a, 0, 0xffff};

std::uint16_t choose_handle(Input& input) { return handles[input.byte() % std::size(handles)]; }

/// An implementation that is asked for its size touches all of it.
std::size_t sum(ByteView bytes) {
  std::size_t all = 0;
  for (const std::uint8_t byte : bytes) all += byte;
  return all;
}

}  // namespace

ClientUser::ClientUser(Ledger& ledger, backend::Backend& backend, const backend::ClientRequest& request)
    : ledger_(ledger), port_(backend.make_client(request, *this)) {}

void ClientUser::act(std::uint8_t choice, Input& input) {
  if (!port_) return;
  switch (choice % 16) {
    case 0:
    case 1: return connect();
    case 2: return disconnect(backend::ReleaseKind::explicit_disconnect);
    case 3: return disconnect(backend::ReleaseKind::implicit_release);
    case 4: return release();
    case 5: return discover(input);
    case 6:
    case 7: return read(choose_handle(input), false);
    case 8: return read(choose_handle(input), true);
    case 9: return write(choose_handle(input), input);
    case 10:
    case 11: return subscribe(choose_handle(input), input);
    case 12: return unsubscribe(choose_handle(input));
    case 13: return pair(false);
    case 14:
      require(port_->mtu() >= 23, "the MTU is at least 23");
      (void)port_->adapter();
      return (void)port_->discovery_waits_for();
    default: return destroy();
  }
}

void ClientUser::connect() {
  if (link_ == Link::connecting) {
    link_ = Link::aborting;
    return port_->abort_connect();
  }
  if (link_ != Link::down) return;
  link_ = Link::connecting;
  port_->connect(ledger_.expect<void>(this, [this](const Result<void>& result) {
    require(!result || link_ == Link::connecting, "a connect that was taken back does not succeed");
    link_ = result ? Link::up : Link::down;
    told_up_ = result.has_value();
  }));
}

void ClientUser::disconnect(backend::ReleaseKind kind) {
  if (link_ != Link::up) return;
  link_ = Link::disconnecting;
  port_->disconnect(kind, ledger_.expect<void>(this, [this](const Result<void>& result) {
    require(!result || !told_up_ || orphaned_, "the end of the link is told before the disconnect succeeds");
    if (link_ == Link::disconnecting) link_ = told_up_ && !result ? Link::up : Link::down;
  }));
}

void ClientUser::release() {
  if (link_ == Link::connecting) link_ = Link::aborting;
  if (link_ == Link::up) link_ = Link::releasing;
  port_->release();
}

void ClientUser::discover(Input& input) {
  if (link_ != Link::up || discovering_) return;
  discovering_ = true;
  backend::DiscoverRequest request;
  if ((input.byte() & 1) != 0) request.services.emplace_back(0x180d);
  port_->discover(request,
                  ledger_.expect<backend::GattDatabase>(this, [this](const Result<backend::GattDatabase>& result) {
                    discovering_ = false;
                    if (!result) return;
                    for (const auto& service : result->services)
                      for (const auto& characteristic : service.characteristics)
                        require(characteristic.handle != 0, "a characteristic has a handle");
                  }));
}

void ClientUser::read(std::uint16_t handle, bool of_descriptor) {
  if (!begin(handle)) return;
  const auto done = ledger_.expect<Bytes>(this, [this, handle](const Result<Bytes>& result) {
    busy_.erase(handle);
    if (result) (void)sum(*result);
  });
  of_descriptor ? port_->read_descriptor(handle, false, done) : port_->read_characteristic(handle, false, done);
}

void ClientUser::write(std::uint16_t handle, Input& input) {
  if (!begin(handle)) return;
  const std::uint8_t how = input.byte();
  const auto done = ledger_.expect<void>(this, [this, handle](const Result<void>&) { busy_.erase(handle); });
  const Bytes value((how & 0x80) != 0 ? 512 : how & 7, how);
  if ((how & 0x40) != 0) return port_->write_descriptor(handle, value, done);
  port_->write_characteristic(handle, value, static_cast<backend::WriteKind>((how >> 3) % 3), done);
}

void ClientUser::subscribe(std::uint16_t handle, Input& input) {
  if (subscriptions_.count(handle) != 0 || !begin(handle)) return;
  subscriptions_[handle] = Subscription::starting;
  const std::uint8_t how = input.byte();
  backend::SubscribeRequest request;
  if ((how & 1) != 0) request.kind = backend::SubscribeKind::indicate;
  if ((how & 2) != 0) request.path = NotifyPath::socket;
  port_->subscribe(handle, request, ledger_.expect<void>(this, [this, handle](const Result<void>& result) {
    busy_.erase(handle);
    if (!result)
      subscriptions_.erase(handle);
    else
      subscriptions_[handle] = Subscription::on;
  }));
}

void ClientUser::unsubscribe(std::uint16_t handle) {
  const auto found = subscriptions_.find(handle);
  if (found == subscriptions_.end() || !begin(handle)) return;
  found->second = Subscription::stopping;
  port_->unsubscribe(handle, ledger_.expect<void>(this, [this, handle](const Result<void>&) {
    busy_.erase(handle);
    subscriptions_.erase(handle);
  }));
}

void ClientUser::pair(bool remove) {
  if (link_ != Link::up) return;
  auto done = ledger_.expect<void>(this, [](const Result<void>&) {});
  remove ? port_->unpair(done) : port_->pair({}, done);
}

void ClientUser::destroy() {
  if (!port_) return;
  ledger_.drop(this);
  std::exchange(port_, nullptr).reset();
}

void ClientUser::require_down() const {
  if (!port_) return;
  require(!told_up_, "a lost bus ends the link");
  require(link_ == Link::down, "a lost bus ends every attempt");
  require(busy_.empty() && !discovering_, "a lost bus ends every request");
}

void ClientUser::on_disconnected(DisconnectReason, const std::string&) {
  require_alive();
  require(std::exchange(told_up_, false), "the end of a link is told once, and only of one that was told");
  // While a disconnect is pending nobody connects.
  if (link_ == Link::up || link_ == Link::releasing) link_ = Link::down;
  subscriptions_.clear();
  ledger_.called();
}

void ClientUser::on_value(std::uint16_t handle, ByteView value) {
  require_alive();
  require(told_up_, "values come while the link is up");
  const auto found = subscriptions_.find(handle);
  require(found != subscriptions_.end() && found->second != Subscription::stopping,
          "values come from the call of subscribe until the call of unsubscribe");
  (void)sum(value);
  ledger_.called();
}

void ClientUser::on_mtu_changed(std::uint16_t mtu) {
  require_alive();
  require(told_up_ && mtu >= 23, "an MTU is that of a link, and at least 23");
  ledger_.called();
}

void ClientUser::on_services_changed() {
  require_alive();
  require(told_up_, "services change while the link is up");
  ledger_.called();
}

void ClientUser::on_pairing_question(const backend::PairingQuestion&, backend::Done<backend::PairingAnswer>) {
  require(false, "nobody pairs");
}

void ClientUser::on_bond_changed(bool) {
  require_alive();
  ledger_.called();
}

void ScannerUser::start(Input& input) {
  if (!port_ || state_ != State::idle) return;
  const std::uint8_t how = input.byte();
  backend::ScanRequest request;
  if ((how & 1) != 0) request.adapter = "hci0";
  if ((how & 2) != 0) request.bluez.rssi = static_cast<std::int16_t>(-how);
  if ((how & 4) != 0) request.bluez.pathloss = how;
  if ((how & 8) != 0) request.bluez.pattern = "Str";
  state_ = State::starting;
  port_->start(request, ledger_.expect<void>(this, [this](const Result<void>& result) {
    if (state_ == State::starting) state_ = result ? State::running : State::idle;
  }));
}

void ScannerUser::stop() {
  if (!port_ || state_ == State::stopping) return;
  state_ = State::stopping;
  port_->stop(ledger_.expect<void>(this, [this](const Result<void>&) { state_ = State::idle; }));
}

void ScannerUser::destroy() {
  if (!port_) return;
  ledger_.drop(this);
  std::exchange(port_, nullptr).reset();
}

void ScannerUser::on_advertisement(const Device& device, const AdvertisementData& data) {
  require(port_ != nullptr, "nothing is heard after the destruction");
  require(state_ == State::running || state_ == State::starting, "nothing is heard but by a scan");
  require(!device.id().empty(), "a device has a path");
  for (const auto& [company, bytes] : data.manufacturer_data) (void)sum(bytes);
  for (const auto& [uuid, bytes] : data.service_data) (void)sum(bytes);
  ledger_.called();
}

void ScannerUser::on_scan_ended(const Error& error) {
  require(port_ != nullptr, "no scan ends after the destruction");
  require(state_ == State::running, "a scan ends once, and only one that runs");
  require(error.what()[0] != '\0', "an error has words");
  state_ = State::idle;
  ledger_.called();
}

void WatchUser::on_adapter_changed(const backend::AdapterState& state) {
  require(watch_ != nullptr, "no adapter is told of after the watch was destroyed");
  require(!state.id.empty(), "an adapter has an id");
  ledger_.called();
}

void WatchUser::on_adapter_removed(const std::string& id) {
  require(watch_ != nullptr, "no adapter is told of after the watch was destroyed");
  require(!id.empty(), "an adapter has an id");
  ledger_.called();
}

}  // namespace blau::fuzz
