#include "link.hpp"

#include "client.hpp"
#include "errors.hpp"
#include "interfaces.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace blau::detail::bluez {

namespace {

using namespace std::chrono_literals;

// Linux (6.1) tells bluetoothd that a link is down when it has asked the controller for it, and bluetoothd says so at once. A Connect
// before the controller is through is refused (EBUSY), or joins the dying link and never ends. Nothing on D-Bus tells when it is over.
constexpr Duration settling_time = 500ms;

}  // namespace

Link::Link(Daemon& daemon, std::weak_ptr<Daemon> pin, std::string path)
    : daemon_(daemon),
      pin_(std::move(pin)),
      path_(std::move(path)),
      notifications_(std::make_shared<Notifications>(daemon, pin_)) {}

const DeviceObject* Link::device() const noexcept { return vanishing_ ? nullptr : daemon_.objects().device(path_); }

bool Link::is_connected() const noexcept {
  const DeviceObject* found = device();
  return found && found->connected;
}

bool Link::idle() const noexcept {
  return state_ == State::down && waiters_.empty() && holders_.empty() && leavers_.empty() && removers_.empty() &&
         ended_at_once_ == 0 && daemon_.loop().now() >= settled_at_;
}

void Link::retire() noexcept {
  patience_.stop();
  removal_limit_.stop();
  watch_nothing();
  notifications_->retire();
}

Bus::ReplyHandler Link::guarded(void (Link::*next)(const Reply&), void (Link::*in_vain)()) {
  return [self = shared_from_this(), pin = pin_, next, in_vain, generation = generation_](const Reply& reply) {
    const auto whole = pin.lock();
    if (!whole) return;
    if (self->generation_ == generation) return (self.get()->*next)(reply);
    if (in_vain && reply.ok()) (self.get()->*in_vain)();
  };
}

void Link::acquire(const std::shared_ptr<Session>& session) {
  waiters_.push_back(session);
  advance();
}

void Link::advance() {
  if (waiters_.empty() || state_ == State::connecting) return;
  if (std::exchange(abandoned_, false)) return (void)(state_ = State::connecting);  // it goes on all the same
  if (state_ == State::closing) return;
  const auto unseen = unseen_address();
  if (!device() && !unseen)
    return fail_waiters(Error(ErrorCode::device_not_found, "BlueZ does not know this device: scan for it first"));
  watch();
  if (state_ == State::up) return come_up(ours_);
  if (is_connected()) return come_up(false);
  if (daemon_.loop().now() >= settled_at_) return device() ? connect() : connect_unseen(*unseen);
  patience_.start_at(daemon_.loop(), settled_at_, [self = weak_from_this(), pin = pin_] {
    const auto whole = pin.lock();
    const auto link = self.lock();
    if (whole && link) link->advance();
  });
}

void Link::come_up(bool ours) {
  const auto self = shared_from_this();
  state_ = State::up;
  ours_ = ours;
  ended_at_once_ = 0;
  const auto waiters = std::exchange(waiters_, {});
  holders_.insert(holders_.end(), waiters.begin(), waiters.end());
  for (const auto& session : waiters) session->connect_finished(backend::ConnectResult());
}

void Link::fail_waiters(const backend::ConnectResult& result) {
  const auto self = shared_from_this();
  const auto waiters = std::exchange(waiters_, {});
  for (const auto& session : waiters) session->connect_finished(result);
}

void Link::abandon(const std::shared_ptr<Session>& session) {
  if (std::erase(waiters_, session) == 0) {
    backend::Done<void> nobody = [](const Result<void>&) {};
    let_go(session, !ours_, nobody);
    return;
  }
  if (waiters_.empty() && state_ == State::connecting) take_back();
}

bool Link::is_leaving(const std::shared_ptr<Session>& session) const noexcept {
  return std::any_of(leavers_.begin(), leavers_.end(), [&](const Leaver& leaver) { return leaver.session == session; });
}

bool Link::let_go(const std::shared_ptr<Session>& session, bool kept, backend::Done<void>& done) {
  if (is_leaving(session)) {
    leavers_.push_back(Leaver{session, std::move(done)});
    return true;
  }
  if (std::erase(holders_, session) == 0) return false;
  notifications_->leave(session);
  if (state_ != State::up || !holders_.empty() || !waiters_.empty()) return false;
  if (kept) {
    watch_nothing();
    return false;
  }
  leavers_.push_back(Leaver{session, std::move(done)});
  close();
  return true;
}

void Link::close() {
  state_ = State::closing;
  abandoned_ = false;
  disconnect_pending_ = true;
  disconnect_error_.reset();
  daemon_.call(path_, device_interface, "Disconnect", guarded(&Link::disconnect_answered));
}

void Link::disconnect_answered(const Reply& reply) {
  disconnect_pending_ = false;
  if (!reply.ok() && reply.error_name() != "org.bluez.Error.NotConnected")
    disconnect_error_ = to_error(Request::disconnect, reply.error_name(), reply.error_text());
  check_closed();
}

/// Until BlueZ 5.78 the answer comes up to 2 s before the link is down, and a Connect in between is lost with it.
void Link::check_closed() {
  if (state_ != State::closing || connect_pending_ || disconnect_pending_) return;
  if (is_connected() && !disconnect_error_) return;
  closed();
}

void Link::closed() {
  const auto self = shared_from_this();
  const bool is_down = !is_connected();
  const auto error = std::exchange(disconnect_error_, std::nullopt);
  const auto failure = std::exchange(failure_, std::nullopt);
  const std::string native = told_reason_;
  auto leavers = std::exchange(leavers_, {});
  go_down();
  settled_at_ = daemon_.loop().now() + settling_time;
  for (Leaver& leaver : leavers) {
    leaver.session->link_ended(DisconnectReason::local, native);
    leaver.done(is_down || !error ? Result<void>() : Result<void>(*error));
  }
  if (failure) fail_waiters(*failure);
  advance();
}

void Link::go_down() noexcept {
  state_ = State::down;
  ours_ = false;
  patience_.stop();
  watch_nothing();
  // BlueZ would subscribe again by itself with the next link.
  notifications_->end_all();
}

void Link::drop(DisconnectReason reason, const std::string& native) {
  const auto self = shared_from_this();
  const auto holders = std::exchange(holders_, {});
  go_down();
  for (const auto& session : holders) session->link_ended(reason, native);
}

void Link::device_changed(DeviceChange change) {
  const auto self = shared_from_this();
  if (has(change, DeviceChange::connected)) {
    seen_up_ = seen_up_ || is_connected();
    // What came before the end of the link is delivered before it is told.
    notifications_->flush();
    if (state_ == State::up && !is_connected()) drop(reason_of_drop(), std::string(told_reason_));
    if (abandoned_ && is_connected()) close();
    check_closed();
  }
  const auto holders = holders_;
  if (!has(change, DeviceChange::services_resolved)) return;
  for (const auto& session : holders) session->services_changed_state();
}

void Link::remove_device(backend::Done<void> done) {
  removers_.push_back(std::move(done));
  if (std::exchange(removing_, true)) return;
  const auto parsed = parse_path(path_);
  const std::string adapter(parsed ? parsed->adapter : std::string_view());
  Message call = daemon_.new_call(adapter, adapter_interface, "RemoveDevice");
  call.append("o", path_.c_str());
  daemon_.call(std::move(call), [self = shared_from_this(), pin = pin_](const Reply& reply) {
    if (const auto whole = pin.lock()) self->removal_answered(reply);
  });
}

/// Where there was a link the answer comes before its end, and before the device goes (BlueZ 5.66, device.c, device_remove_connection).
void Link::removal_answered(const Reply& reply) {
  const bool is_unknown = reply.error_name() == "org.bluez.Error.DoesNotExist";
  if (!reply.ok() && !is_unknown)
    return finish_removal(to_error(Request::unpair, reply.error_name(), reply.error_text()));
  if (is_unknown || !daemon_.objects().device(path_)) return finish_removal(Result<void>());
  removal_limit_.start_after(daemon_.loop(), remains_limit, [self = weak_from_this(), pin = pin_] {
    const auto whole = pin.lock();
    const auto link = self.lock();
    if (!whole || !link) return;
    link->finish_removal(
        Error(ErrorCode::failed, "BlueZ has not removed the device: is it connected by BR/EDR, too? Unpair once more"));
  });
}

void Link::finish_removal(const Result<void>& result) {
  removing_ = false;
  removal_limit_.stop();
  for (auto& done : std::exchange(removers_, {})) done(result);
}

void Link::device_removed() {
  // A ConnectDevice needs no object: one that a scan has made, and that goes, does not end it.
  const bool attempt_goes_on = by_adapter_ && connect_pending_;
  if (!attempt_goes_on)
    vanish(Error(ErrorCode::device_not_found, "BlueZ has removed the device: scan for it again"), reason_of_drop(),
           told_reason_);
  if (!removing_) return;
  // The cache holds the device until this event is over.
  daemon_.loop().post([self = shared_from_this(), pin = pin_] {
    if (const auto whole = pin.lock()) self->finish_removal(Result<void>());
  });
}

void Link::daemon_lost(const std::string& native) {
  const Error error = lost_error(native);
  notifications_->drop_held();
  failure_ = error;
  vanish(error, DisconnectReason::backend_lost, native);
  failure_.reset();
  finish_removal(error);
}

void Link::vanish(const Error& error, DisconnectReason reason, const std::string& native) {
  const auto self = shared_from_this();
  notifications_->flush();
  vanishing_ = true;
  ++generation_;
  // They are the old bus's, if that is what was lost.
  watch_nothing();
  connect_pending_ = false;
  disconnect_pending_ = false;
  abandoned_ = false;
  if (state_ == State::up)
    drop(reason, native);
  else if (state_ == State::connecting)
    connect_failed(error);
  else if (state_ == State::down)
    fail_waiters(error);
  else
    check_closed();
  vanishing_ = false;
}

void Link::attribute_added() {
  const auto holders = holders_;
  for (const auto& session : holders) session->attributes_changed();
}

void Link::attribute_removed(const ObjectPath& path) {
  const auto self = shared_from_this();
  if (path.characteristic != 0 && path.descriptor == 0) notifications_->forget(path.characteristic);
  const auto holders = holders_;
  for (const auto& session : holders) {
    session->attribute_removed(path.descriptor != 0 ? path.descriptor : path.characteristic);
    session->attributes_changed();
  }
}

Links::Links(Daemon& daemon) : daemon_(daemon) {
  daemon.add_observer(*this);
  daemon.objects().add_observer(*this);
}

Links::~Links() {
  for (const auto& [path, link] : links_) link->retire();
}

std::shared_ptr<Link> Links::of_device(const std::string& path) {
  if (auto known = find(path)) return known;
  std::erase_if(links_, [](const auto& entry) { return entry.second->idle(); });
  auto made = std::make_shared<Link>(daemon_, std::shared_ptr<Daemon>(weak_self().lock(), &daemon_), path);
  links_.emplace(path, made);
  return made;
}

std::shared_ptr<Link> Links::find(std::string_view path) const {
  const auto found = links_.find(path);
  return found == links_.end() ? nullptr : found->second;
}

void Links::device_changed(const DeviceObject& device, DeviceChange change) {
  const std::string path = device.path;
  if (has(change, DeviceChange::bonded)) tell_bond(path, device.has_bond());
  if (const auto link = find(path)) link->device_changed(change);
}

void Links::device_removed(const DeviceObject& device) {
  const std::string path = device.path;
  tell_bond(path, false);
  if (const auto link = find(path)) link->device_removed();
}

void Links::attribute_added(const DeviceObject& device) {
  if (const auto link = find(device.path)) link->attribute_added();
}

void Links::attribute_removed(const DeviceObject& device, const ObjectPath& path) {
  if (const auto link = find(device.path)) link->attribute_removed(path);
}

void Links::daemon_lost(const std::string& native) {
  const auto links = links_;
  for (const auto& [path, link] : links) link->daemon_lost(native);
}

}  // namespace blau::detail::bluez
