#include "link.hpp"

#include "errors.hpp"

#include <utility>

namespace blau::detail::windows {
namespace {

/// Windows tells no reason, but for the radio's.
DisconnectReason reason_of(bluetooth::BluetoothError error) noexcept {
  using bluetooth::BluetoothError;
  const bool is_radio = error == BluetoothError::RadioNotAvailable || error == BluetoothError::DisabledByUser ||
                        error == BluetoothError::DisabledByPolicy;
  return is_radio ? DisconnectReason::adapter_off : DisconnectReason::unknown;
}

/// What an error of a request, or of a session, means to an attempt.
Error attempt_error(const Error& error) {
  switch (error.code()) {
    case ErrorCode::disconnected:
    case ErrorCode::not_connected:
    case ErrorCode::canceled:
      return {ErrorCode::connection_failed,
              "the link did not come up: is the device near, switched on and free of other links?", error.native()};
    case ErrorCode::busy:
      return {ErrorCode::too_many_connections, "the radio has no free connection: disconnect another device",
              error.native()};
    default: return error;
  }
}

}  // namespace

Link::~Link() {
  if (!closed_ && state_ != State::idle) close([] {});
}

void Link::status_told(profile::GattSessionStatus status, bluetooth::BluetoothError error) {
  const auto result = result_of(error);
  const bool is_active = status == profile::GattSessionStatus::Active;
  if (state_ == State::opening) {
    told_active_ = told_active_ || is_active;
    if (is_active && stands_) return come_up();
    // Closed alone is no end of what has not begun.
    if (!result) fail(result.error());
    return;
  }
  if (state_ != State::up || is_active) return;
  lose(reason_of(error), result ? std::string("GattSessionStatus::Closed") : result.error().native());
}

void Link::mtu_changed(std::uint16_t mtu) {
  if (state_ == State::ended || mtu < default_mtu || mtu == mtu_) return;
  mtu_ = mtu;
  const auto owner = owner_.lock();
  if (owner && state_ == State::up) owner->mtu_told(shared_from_this(), mtu);
}

void Link::come_up() {
  state_ = State::up;
  pause_.stop();
  asked_ = {};
  if (const auto owner = owner_.lock()) owner->link_up(shared_from_this());
}

void Link::fail(const Error& error) {
  state_ = State::ended;
  pause_.stop();
  asked_ = {};
  if (const auto owner = owner_.lock()) owner->link_failed(shared_from_this(), attempt_error(error));
}

void Link::lose(DisconnectReason reason, const std::string& native) {
  state_ = State::ended;
  if (const auto owner = owner_.lock()) owner->link_lost(shared_from_this(), reason, native);
}

void Link::close(unique_function<void()> then) {
  state_ = State::ended;
  pause_.stop();
  asked_ = {};  // what comes all the same is closed
  closed_ = true;
  auto take = [natives = natives_] { return natives->take_closing(); };
  Closing::begin(system_, std::move(take), std::move(then));
}

void Link::look(unique_function<void()> then) {
  auto work = [natives = natives_] {
    return natives->session && natives->session.SessionStatus() == profile::GattSessionStatus::Active;
  };
  auto looked = [weak = weak_from_this(), then = std::move(then)](const Result<bool>& is_active) mutable {
    const auto self = weak.lock();
    if (self && self->state_ == State::up && !is_active.value_or(false))
      self->lose(DisconnectReason::unknown, "GattSessionStatus::Closed");
    then();
  };
  system_->call<bool>(std::move(work), std::move(looked));
}

}  // namespace blau::detail::windows
