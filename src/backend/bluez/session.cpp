#include "client.hpp"
#include "errors.hpp"
#include "gatt.hpp"
#include "interfaces.hpp"
#include "session_requests.hpp"
#include "system.hpp"

#include <algorithm>
#include <utility>

/// @file
/// What a session asks of its device: discovery, reads, writes, subscriptions.

namespace blau::detail::bluez {

namespace {

Message make_get(Daemon& daemon, const std::string& path, const char* interface, const char* property) {
  Message call = daemon.new_call(path, properties_interface, "Get");
  call.append("ss", interface, property);
  return call;
}

Error gone_error() { return {ErrorCode::attribute_gone, "this attribute is not there any more: discover again"}; }

/// The link may have ended before the error was made, and BlueZ may not have said so yet.
bool may_come_of_lost_link(const Error& error) {
  // The kernel ends the link of a pairing that failed.
  if (error.code() == ErrorCode::pairing_failed)
    return !error.native().starts_with("org.bluez.Error.AuthenticationFailed");
  if (error.code() == ErrorCode::pairing_canceled) return true;
  return error.code() == ErrorCode::disconnected || error.code() == ErrorCode::backend_lost ||
         error.att() == AttError::unlikely_error;
}

}  // namespace

bool Session::take(const std::shared_ptr<PendingRequest>& request) noexcept {
  return std::erase(requests_, request) != 0;
}

void Session::fail(const std::shared_ptr<PendingRequest>& request, const Error& error) {
  if (take(request) && events_) request->fail(error);
}

/// BlueZ sends what it has to say of the link before it answers the next question, so that one look tells a lost link
/// (which fails the request by itself) from what the peripheral said.
void Session::fail_after_look(const std::shared_ptr<PendingRequest>& request, const Error& error) {
  const auto system = system_.lock();
  if (!system || !linked_ || !may_come_of_lost_link(error)) return fail(request, error);
  system->daemon.call(make_get(system->daemon, link_->path(), device_interface, "Connected"),
                      [self = shared_from_this(), request, error](const Reply&) { self->fail(request, error); });
}

const DeviceObject* Session::device() const noexcept {
  return linked_ && link_ && !system_.expired() ? link_->device() : nullptr;
}

const DeviceObject* Session::linked_device(const std::shared_ptr<PendingRequest>& request) {
  const DeviceObject* found = device();
  // StartNotify "succeeds" without a link.
  if (found && found->connected) return found;
  fail(request, Error(ErrorCode::disconnected, "there is no link: connect again"));
  return nullptr;
}

void Session::read(std::uint16_t handle, bool of_descriptor, backend::Done<Bytes> done) {
  const auto system = system_.lock();
  const auto request = make_request<Bytes>(handle, std::move(done));
  const DeviceObject* device = linked_device(request);
  if (!device) return;
  const auto attribute = of_descriptor ? find_descriptor(*device, handle) : find_characteristic(*device, handle);
  if (!attribute || stale_.contains(handle)) return fail(request, gone_error());
  const auto notifications = of_descriptor ? nullptr : link_->notifications().shared_from_this();
  const std::uint64_t number = notifications ? notifications->read_begins(handle) : 0;
  system->daemon.call(make_read(system->daemon, *attribute), [self = shared_from_this(), request, notifications,
                                                              number](const Reply& reply) {
    const auto whole = self->system_.lock();
    if (!whole) return;
    const auto value = reply.ok() ? value_in(reply.message()) : std::nullopt;
    if (notifications) notifications->read_ends(number, value);
    if (value) return self->finish<Bytes>(request, Bytes(value->begin(), value->end()));
    if (reply.ok()) return self->fail(request, Error(ErrorCode::failed, "BlueZ's answer holds no value"));
    self->fail_after_look(request, to_error(bluez::Request::read, reply.error_name(), reply.error_text()));
  });
}

void Session::write(std::uint16_t handle, ByteView value, std::optional<backend::WriteKind> kind,
                    backend::Done<void> done) {
  const auto system = system_.lock();
  const auto request = make_request<void>(handle, std::move(done));
  const DeviceObject* device = linked_device(request);
  if (!device) return;
  // BlueZ 5.66: "Failed to initiate write".
  if (kind == backend::WriteKind::reliable && value.empty())
    return fail(request, Error(ErrorCode::not_supported,
                               "BlueZ cannot write an empty value reliably: leave out reliable, if the characteristic "
                               "allows that"));
  const auto attribute = kind ? find_characteristic(*device, handle) : find_descriptor(*device, handle);
  if (!attribute || stale_.contains(handle)) return fail(request, gone_error());
  system->daemon.call(
      make_write(system->daemon, *attribute, value, kind), [self = shared_from_this(), request](const Reply& reply) {
        if (self->system_.expired()) return;
        if (reply.ok()) return self->finish<void>(request, Result<void>());
        self->fail_after_look(request, to_error(bluez::Request::write, reply.error_name(), reply.error_text()));
      });
}

void Session::subscribe(std::uint16_t handle, const backend::SubscribeRequest& wanted, backend::Done<void> done) {
  const auto request = make_request<void>(handle, std::move(done));
  const DeviceObject* device = linked_device(request);
  if (!device) return;
  const auto found = device->characteristics.find(handle);
  if (found == device->characteristics.end() || stale_.contains(handle)) return fail(request, gone_error());
  if (wanted.kind == backend::SubscribeKind::indicate && has(found->second.properties, Property::notify))
    return fail(request, Error(ErrorCode::not_supported,
                               "BlueZ always takes notifications where a characteristic has both: leave out "
                               "force_indicate"));
  const std::string path = attribute_path(device->path, found->second.service, handle);
  link_->watch_values();
  const bool by_socket = wanted.path == NotifyPath::socket;
  const Notifications::Source source{handle, path, found->second.uuid, device->service_uuid(found->second)};
  link_->notifications().subscribe(shared_from_this(), source, by_socket,
                                   [self = shared_from_this(), request](const Result<void>& result) {
                                     if (result) return self->finish<void>(request, Result<void>());
                                     self->fail_after_look(request, result.error());
                                   });
}

void Session::unsubscribe(std::uint16_t handle, backend::Done<void> done) {
  if (!device()) return done(Result<void>());
  // The end of the link is the end of the subscription, so it is no failure.
  const auto shared = std::make_shared<backend::Done<void>>(std::move(done));
  const auto finish_once = [self = shared_from_this(), shared](const auto&) {
    if (auto call = std::exchange(*shared, nullptr); call && self->events_) call(Result<void>());
  };
  const auto request = make_request<void>(0, finish_once);
  link_->notifications().unsubscribe(shared_from_this(), handle, [self = shared_from_this(), request](const auto&) {
    self->finish<void>(request, Result<void>());
  });
}

void Session::discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done) {
  const auto pending = make_request<backend::GattDatabase>(0, std::move(done));
  discovery_ = pending;
  discovery_filter_ = request.services;
  const DeviceObject* device = linked_device(pending);
  if (device && device->services_resolved) settle_discovery();
}

std::string Session::discovery_waits_for() const {
  const DeviceObject* found = device();
  if (!found) return "BlueZ does not know the device any more";
  const auto known = std::to_string(found->services.size());
  if (!found->services_resolved) return "BlueZ has not resolved the services: " + known + " are known so far";
  return "BlueZ has resolved " + known + " services, but does not answer";
}

void Session::services_changed_state() {
  const DeviceObject* found = device();
  if (found && found->services_resolved && discovery_) settle_discovery();
}

/// One question before the objects are counted: its answer comes after all signals about them, which the announcement of
/// their completeness may have overtaken, and it tells the MTU of this link, which the cache cannot know.
void Session::settle_discovery() {
  const auto system = system_.lock();
  const DeviceObject* found = device();
  if (!system || !found || std::exchange(discovery_settling_, true)) return;
  const bool at_characteristic = !found->characteristics.empty();
  Message question;
  if (at_characteristic) {
    const auto first = found->characteristics.begin();
    const std::string path = attribute_path(found->path, first->second.service, first->first);
    if (link_) link_->watch_mtu(path);
    question = make_get(system->daemon, path, characteristic_interface, "MTU");
  } else {
    question = make_get(system->daemon, found->path, device_interface, "ServicesResolved");
  }
  const auto request = discovery_;
  system->daemon.call(std::move(question), [self = shared_from_this(), request, at_characteristic](const Reply& reply) {
    const auto whole = self->system_.lock();
    self->discovery_settling_ = false;
    // Of an earlier link, or canceled by the end of this one.
    if (!whole || self->discovery_ != request) return self->services_changed_state();
    self->looked(reply, at_characteristic);
  });
}

void Session::looked(const Reply& reply, bool at_characteristic) {
  const DeviceObject* found = device();
  if (!found || !discovery_) return;
  if (!at_characteristic && !found->characteristics.empty()) return settle_discovery();
  if (at_characteristic && reply.ok()) {
    Reader reader(reply.message());
    std::uint16_t mtu = 0;
    if (reader.variant(mtu)) mtu_told(mtu);
  }
  if (discovery_) finish_discovery(*found);
}

void Session::finish_discovery(const DeviceObject& device) {
  const auto request = std::exchange(discovery_, nullptr);
  // What comes after this is a change: BlueZ may have cleared its list, to fill it again.
  services_known_ = true;
  // BlueZ announces that services are resolved after a failed discovery, too.
  if (device.services.empty())
    return fail(request, Error(ErrorCode::failed,
                               "BlueZ found no service: the discovery failed, or the link is not Low "
                               "Energy; connect again"));
  stale_.clear();
  if (link_) link_->notifications().restore(device);
  finish<backend::GattDatabase>(request, build_database(device, discovery_filter_));
}

}  // namespace blau::detail::bluez
