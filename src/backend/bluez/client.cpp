#include "client.hpp"

#include "errors.hpp"
#include "session_requests.hpp"
#include "system.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail::bluez {

namespace {

void nobody_waits(const Result<void>&) {}

}  // namespace

Session::Session(std::weak_ptr<System> system, const backend::ClientRequest& request, backend::ClientEvents& events)
    : system_(std::move(system)), request_(request), events_(&events) {}

std::string Session::adapter() const {
  const std::string wanted = wanted_adapter();
  if (const auto system = system_.lock()) {
    if (const auto found = system->adapters.find(wanted)) return std::string(adapter_id((*found)->path));
  }
  return Address::parse(wanted) ? std::string() : std::string(adapter_id(wanted));
}

std::optional<Address> Session::unseen_address() const {
  const Address& address = request_.device.address();
  if (!request_.bluez_connect_device || !address.type()) return std::nullopt;
  return address;
}

void Session::connect(backend::ConnectDone done) {
  const auto system = system_.lock();
  if (!system) return done(lost_error());
  connecting_ = std::move(done);
  system->daemon.when_ready([weak = weak_from_this(), attempt = ++attempt_](const Result<void>& ready) {
    const auto self = weak.lock();
    const auto whole = self ? self->system_.lock() : nullptr;
    if (!whole || self->attempt_ != attempt || !self->connecting_) return;
    if (!ready) return self->connect_finished(ready.error());
    self->start_connect(*whole);
  });
}

void Session::start_connect(System& system) {
  auto path = find_device(system);
  if (!path) return connect_finished(path.error());
  system.links.tell_bond_to(shared_from_this(), *path);
  stand_by(system, *path, [weak = weak_from_this(), attempt = attempt_, path = *path] {
    const auto self = weak.lock();
    const auto whole = self ? self->system_.lock() : nullptr;
    if (!whole || self->attempt_ != attempt || !self->connecting_) return;
    if (!whole->daemon.ready()) return self->connect_finished(lost_error());
    self->link_ = whole->links.of_device(path);
    self->link_->acquire(self);
  });
}

/// What the user chose, else the one in the device's path, else the one that the device tells; empty: the default one.
std::string Session::wanted_adapter() const {
  if (!request_.adapter.empty()) return request_.adapter;
  const auto parsed = parse_path(request_.device.id());
  const bool has_path = parsed && !parsed->device.empty() && parsed->service == 0;
  return has_path ? std::string(parsed->adapter) : request_.device.adapter();
}

/// The object path of the device, on an adapter that can be used.
Result<std::string> Session::find_device(System& system) const {
  const Device& device = request_.device;
  const auto parsed = parse_path(device.id());
  const bool has_path = parsed && !parsed->device.empty() && parsed->service == 0;
  const bool by_user = !request_.adapter.empty();
  const std::string wanted = wanted_adapter();
  const auto adapter = system.adapters.choose(wanted);
  // An adapter that the user did not name is no wrong argument.
  if (!adapter && !by_user && adapter.error().code() == ErrorCode::invalid_argument)
    return unavailable_error(UnavailableReason::no_adapter, std::string(adapter_id(wanted)));
  if (!adapter) return adapter.error();
  if (has_path && parsed->adapter == (*adapter)->path) return device.id();
  if (const DeviceObject* known = system.daemon.objects().device((*adapter)->path, device.address()))
    return known->path;
  if (unseen_address()) return device_path_of((*adapter)->path, device.address());
  return Error(ErrorCode::device_not_found,
               "BlueZ does not know " + device.address().to_string() + ": scan for it first");
}

void Session::connect_finished(const backend::ConnectResult& result) {
  auto done = std::exchange(connecting_, nullptr);
  if (!done) return;
  linked_ = result.has_value();
  if (!linked_) link_.reset();
  if (!linked_) stand_down();
  const DeviceObject* found = device();
  if (found) bond_is(found->has_bond());
  if (events_) done(result);
}

void Session::abort_connect() {
  ++attempt_;
  auto done = std::exchange(connecting_, nullptr);
  if (!done) return;
  const auto self = shared_from_this();
  stand_down();
  if (const auto system = system_.lock(); system && link_) link_->abandon(self);
  link_.reset();
  if (events_) done(Error(ErrorCode::canceled, "the connect was taken back"));
}

void Session::disconnect(backend::ReleaseKind kind, backend::Done<void> done) {
  const auto self = shared_from_this();
  const auto system = system_.lock();
  if (!system || !link_ || !linked_) return done(Result<void>());
  const bool is_wanted = kind == backend::ReleaseKind::explicit_disconnect || link_->is_ours();
  backend::Done<void> when_down = [self, done = std::move(done)](const Result<void>& result) mutable {
    if (self->events_) done(result);
  };
  if (link_->let_go(self, request_.bluez_release_only || !is_wanted, when_down)) return;
  link_ended(DisconnectReason::local, {});
  when_down(Result<void>());
}

/// The end of the link or of the attempt, on its way before this returns. Tells nobody.
void Session::leave_link(System& system) noexcept {
  const auto self = shared_from_this();
  const auto link = link_;
  stand_down();
  if (!link) return;
  if (linked_) {
    backend::Done<void> nobody = &nobody_waits;
    const bool kept = request_.bluez_release_only || !link->is_ours();
    if (!link->let_go(self, kept, nobody) && events_)
      system.daemon.loop().post([self] { self->link_ended(DisconnectReason::local, {}); });
  } else {
    link->abandon(self);
  }
  system.daemon.flush();
}

void Session::release() noexcept {
  const auto self = shared_from_this();
  const auto system = system_.lock();
  if (!system) return;
  leave_link(*system);
  // From here on nothing that comes of the attempt may answer it.
  auto done = std::exchange(connecting_, nullptr);
  if (!done) return;
  ++attempt_;
  link_.reset();
  system->daemon.loop().post([self, done = std::move(done)]() mutable {
    if (self->events_) done(Error(ErrorCode::canceled, "the client was released"));
  });
}

void Session::orphan() noexcept {
  const auto self = shared_from_this();
  events_ = nullptr;
  ++attempt_;
  connecting_.reset();
  requests_.clear();
  discovery_.reset();
  cancel_pair();
  if (const auto system = system_.lock()) leave_link(*system);
  linked_ = false;
  link_.reset();
}

void Session::link_ended(DisconnectReason reason, const std::string& native) {
  if (!std::exchange(linked_, false)) return;
  const auto self = shared_from_this();
  link_.reset();
  services_known_ = false;
  stale_.clear();
  mtu_ = default_mtu;
  discovery_.reset();
  const auto requests = std::exchange(requests_, {});
  cancel_pair();
  stand_down();
  if (events_) events_->on_disconnected(reason, native);
  const Error error = reason == DisconnectReason::backend_lost
                          ? lost_error(native)
                          : Error(ErrorCode::disconnected, "the link ended: connect again", native);
  for (const auto& request : requests)
    if (events_) request->fail(error);
}

void Session::mtu_told(std::uint16_t mtu) {
  if (mtu < default_mtu || mtu == mtu_) return;
  mtu_ = mtu;
  if (events_ && linked_) events_->on_mtu_changed(mtu);
}

void Session::attributes_changed() {
  const auto system = system_.lock();
  if (!system || !events_ || !services_known_ || std::exchange(change_due_, true)) return;
  // One event for all objects that come and go together.
  system->daemon.loop().post([self = shared_from_this()] {
    self->change_due_ = false;
    if (!self->events_ || !self->linked_ || !std::exchange(self->services_known_, false)) return;
    self->events_->on_services_changed();
  });
}

void Session::attribute_removed(std::uint16_t handle) {
  if (handle == 0) return;
  const auto self = shared_from_this();
  stale_.insert(handle);
  const Error error(ErrorCode::attribute_gone, "the peripheral took this attribute away: discover again");
  const auto requests = requests_;
  // BlueZ does not answer what was asked of a removed object.
  for (const auto& request : requests)
    if (request->attribute() == handle) fail(request, error);
}

}  // namespace blau::detail::bluez
