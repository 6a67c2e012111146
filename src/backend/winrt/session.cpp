#include "client.hpp"
#include "session_requests.hpp"
#include "values.hpp"

#include <algorithm>
#include <utility>

/// @file
/// What a session asks of its device: discovery, reads, writes, subscriptions.

namespace blau::detail::windows {
namespace {

using ::winrt::Windows::Foundation::IAsyncOperation;

bluetooth::BluetoothCacheMode mode_of(bool use_cached) noexcept {
  return use_cached ? bluetooth::BluetoothCacheMode::Cached : bluetooth::BluetoothCacheMode::Uncached;
}

/// The link may have ended before Windows answered, and Windows may not have said so yet.
bool may_come_of_lost_link(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::disconnected:
    case ErrorCode::not_connected:
    case ErrorCode::canceled:
    case ErrorCode::failed:
    case ErrorCode::timed_out:
    case ErrorCode::backend_lost:
    case ErrorCode::pairing_failed: return true;
    default: return error.att() == AttError::unlikely_error;
  }
}

/// What it is where the link is up all the same.
Error on_a_link(const Error& error) {
  if (error.code() == ErrorCode::not_connected) return gone_error();  // RO_E_CLOSED: the object, not the link
  if (error.code() != ErrorCode::disconnected) return error;
  return {ErrorCode::failed, "Windows does not reach the device, though the link is up: try again", error.native()};
}

bool is_gone(const Error& error) noexcept {
  return error.code() == ErrorCode::disconnected || error.code() == ErrorCode::not_connected ||
         error.code() == ErrorCode::attribute_gone;
}

}  // namespace

bool Session::take(const std::shared_ptr<PendingRequest>& request) noexcept {
  return std::erase(requests_, request) != 0;
}

void Session::fail(const std::shared_ptr<PendingRequest>& request, const Error& error) {
  if (take(request) && events_) request->fail(error);
}

/// The end of the link is told first, and fails the request by itself.
void Session::fail_after_look(const std::shared_ptr<PendingRequest>& request, const Error& error) {
  if (leaving_) return;
  if (!link_ || !may_come_of_lost_link(error)) return fail(request, error);
  link_->look([weak = weak_from_this(), request, error] {
    const auto self = weak.lock();
    if (self && !self->leaving_) self->fail(request, on_a_link(error));
  });
}

bool Session::can_ask(const std::shared_ptr<PendingRequest>& request) {
  if (is_up()) return true;
  fail(request, Error(ErrorCode::disconnected, "there is no link: connect again"));
  return false;
}

void Session::read(std::uint16_t handle, bool of_descriptor, bool use_cached, backend::Done<Bytes> done) {
  const auto request = make_request<Bytes>(std::move(done));
  if (!can_ask(request)) return;
  auto start = [natives = link_->natives(), handle, of_descriptor, mode = mode_of(use_cached)] {
    if (of_descriptor) return natives->descriptor(handle).ReadValueAsync(mode);
    return natives->characteristic(handle).object.ReadValueAsync(mode);
  };
  request->asked =
      ask_for<Bytes, profile::GattReadResult>(system_, std::move(start), &value_of, answer_to<Bytes>(request));
}

void Session::write(std::uint16_t handle, Bytes value, backend::WriteKind kind, backend::Done<void> done) {
  const auto request = make_request<void>(std::move(done));
  if (!can_ask(request)) return;
  auto start = [natives = link_->natives(), handle, value = std::move(value), kind]() -> WriteOperation {
    const auto& characteristic = natives->characteristic(handle).object;
    if (kind == backend::WriteKind::reliable) return start_reliable_write(characteristic, value);
    const auto option = kind == backend::WriteKind::without_response ? profile::GattWriteOption::WriteWithoutResponse
                                                                     : profile::GattWriteOption::WriteWithResponse;
    return characteristic.WriteValueWithResultAsync(to_buffer(value), option);
  };
  send_write(std::move(start), request);
}

void Session::write_descriptor(std::uint16_t handle, Bytes value, backend::Done<void> done) {
  const auto request = make_request<void>(std::move(done));
  if (!can_ask(request)) return;
  auto start = [natives = link_->natives(), handle, value = std::move(value)] {
    return natives->descriptor(handle).WriteValueWithResultAsync(to_buffer(value));
  };
  send_write(std::move(start), request);
}

void Session::send_write(unique_function<WriteOperation()> start, const Request<void>& request) {
  request->asked = ask_for<void, profile::GattWriteResult>(system_, std::move(start), &check, answer_to<void>(request));
}

void Session::subscribe(std::uint16_t handle, backend::SubscribeKind kind, backend::Done<void> done) {
  const auto request = make_request<void>(std::move(done));
  if (!can_ask(request)) return;
  request->asked = notifications_->subscribe(handle, kind, answer_to<void>(request));
}

void Session::unsubscribe(std::uint16_t handle, backend::Done<void> done) {
  if (!is_up()) return done(Result<void>());
  // The end of the link, or of the characteristic, is the end of the subscription: no failure.
  const auto request = make_request<void>([done = std::move(done)](const Result<void>& result) mutable {
    done(result || is_gone(result.error()) ? Result<void>() : result);
  });
  request->asked = notifications_->unsubscribe(handle, answer_to<void>(request));
}

void Session::value_came(std::uint16_t handle, ByteView value) {
  if (events_ && is_up()) events_->on_value(handle, value);
}

void Session::subscription_ended(std::uint16_t handle, const Error& error) {
  if (events_ && is_up()) events_->on_subscription_ended(handle, error);
}

void Session::discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done) {
  drop_walk();
  discovering_ = make_request<backend::GattDatabase>(std::move(done));
  wanted_ = request;
  if (!is_up()) return (void)can_ask(std::exchange(discovering_, nullptr));
  walk_ = Walk::asked;
  // Windows has looked itself before it tells of a change. To ask the device would bring the same event again, and again.
  const bool is_told = std::exchange(change_told_, false);
  walk(is_told ? CacheMode::cached : request.service_cache_mode);
}

void Session::walk(std::optional<CacheMode> services) {
  changed_meanwhile_ = false;
  backend::DiscoverRequest request = wanted_;
  request.service_cache_mode = services;
  discovery_ = std::make_shared<Discovery>(system_, link_->natives(), std::move(request));
  discovery_->begin([weak = weak_from_this()](Result<Discovery::Found> found) {
    if (const auto self = weak.lock()) self->walked(std::move(found));
  });
}

void Session::walked(Result<Discovery::Found> found) {
  const auto over = std::exchange(discovery_, nullptr);
  if (!found) return fail_after_look(std::exchange(discovering_, nullptr), found.error());
  if (changed_meanwhile_ && walk_ == Walk::asked) {
    walk_ = Walk::once_more;
    over->give_back(std::move(found->tree));
    return walk(CacheMode::cached);
  }
  auto moved = [weak = weak_from_this(), database = std::move(found->database)]() mutable {
    if (const auto self = weak.lock()) self->tell_services(std::move(database));
  };
  notifications_->move_to(found->tree, std::move(moved));
}

void Session::tell_services(backend::GattDatabase database) {
  const auto request = std::exchange(discovering_, nullptr);
  walk_ = Walk::none;
  services_known_ = true;
  if (changed_meanwhile_) tell_change();
  if (request) finish<backend::GattDatabase>(request, std::move(database));
}

void Session::drop_walk() {
  discovery_.reset();
  walk_ = Walk::none;
}

std::string Session::discovery_waits_for() const {
  return discovery_ ? discovery_->waits_for() : std::string("Windows does not answer");
}

/// Windows raises it once for each service in normal discovery, and when an unpaired device goes: several are one, and those that come in a discovery are one more walk.
void Session::services_changed(const std::shared_ptr<Link>& link) {
  if (link != link_ || !is_up()) return;
  if (discovering_)
    changed_meanwhile_ = true;
  else if (services_known_)
    tell_change();
}

void Session::tell_change() {
  if (std::exchange(change_told_, true)) return;
  system_->loop().post([weak = weak_from_this(), link = std::weak_ptr<Link>(link_)] {
    const auto self = weak.lock();
    if (self && self->events_ && self->is_up() && self->link_ == link.lock()) self->events_->on_services_changed();
  });
}

}  // namespace blau::detail::windows
