// Keeps a link up: what a client does by itself after a loss, and the subscriptions that outlast it.

#include "client_core.hpp"

#include "log_internal.hpp"

#include <algorithm>
#include <climits>
#include <utility>

namespace blau::detail {
namespace {

using namespace std::chrono_literals;

// A link that is gone sooner was none: without this a device that hangs up at once would be called without a pause.
constexpr Duration lasting_link = 5s;

Duration pause_after(DisconnectReason reason) noexcept {
  switch (reason) {
    case DisconnectReason::timeout: return 250ms;
    case DisconnectReason::other_program:  // who ended it may want to connect
    case DisconnectReason::authentication: return 4s;
    default: return 0s;
  }
}

/// The pause after so many failures in a row.
Duration grown_pause(const ReconnectPolicy& policy, unsigned failures) noexcept {
  auto pause = Duration(policy.first_pause);
  for (unsigned i = 1; i < failures && pause < policy.longest_pause; ++i) pause *= 2;
  return std::min(pause, Duration(policy.longest_pause));
}

}  // namespace

bool ClientCore::keeps_link_up(DisconnectReason reason) const noexcept {
  return options_.reconnect.enabled && reason != DisconnectReason::local && !dead_ && !unpairing_;
}

void ClientCore::reconnect_after(DisconnectReason reason) {
  const bool lasted = loop_->now() - linked_at_ >= lasting_link;
  reconnect_failures_ = lasted ? 0 : reconnect_failures_ + 1;
  if (gives_up()) return give_up({ErrorCode::connection_failed, "the link ended soon, again and again"});
  const bool of_adapter = reason == DisconnectReason::adapter_off || reason == DisconnectReason::backend_lost ||
                          reason == DisconnectReason::suspend;
  if (of_adapter) return reconnect_with_adapter();
  auto pause = pause_after(reason);
  if (reconnect_failures_ > 0) pause = std::max(pause, grown_pause(options_.reconnect, reconnect_failures_));
  reconnect_in(pause);
}

void ClientCore::reconnect_failed(const Error& error) {
  ++reconnect_failures_;
  if (!gives_up() && waits_for_adapter(error, options_.adapter)) return reconnect_with_adapter();
  if (!gives_up() && backend::retry_of(error) != backend::Retry::never)
    return reconnect_in(grown_pause(options_.reconnect, reconnect_failures_));
  give_up(error);
}

bool ClientCore::gives_up() const noexcept {
  return reconnect_failures_ >= options_.reconnect.most_failures.value_or(UINT_MAX);
}

void ClientCore::give_up(const Error& error) {
  end_reconnect(error);
  tell_gave_up(error);
}

void ClientCore::reconnect_in(Duration pause) {
  reconnect_pause_.start_after(*loop_, pause, [this] { begin_reconnect(); });
}

void ClientCore::reconnect_with_adapter() {
  adapter_return_ = std::make_unique<AdapterReturn>(*loop_, backend_, options_.adapter, [this] { begin_reconnect(); });
}

void ClientCore::begin_reconnect() {
  adapter_return_.reset();
  attempt_ = std::make_unique<Attempt>();
  attempt_->timeout = options_.timeout;
  attempts_ = 0;
  if (link_ == Link::down) return begin_attempt();
  limit_attempt("was still being disconnected", ErrorCode::timed_out, true);  // begins when the last link is down
}

void ClientCore::end_reconnect(const Error& reason) noexcept {
  reconnect_failures_ = 0;
  reconnect_pause_.stop();
  adapter_return_.reset();
  for (auto& [handle, subscribed] : std::exchange(suspended_, {})) retire(std::move(subscribed.sink), reason);
}

void ClientCore::tell_reconnected() {
  loop_->post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->dead_ || !self->options_.reconnect.on_reconnected) return;
    const auto callback = self->options_.reconnect.on_reconnected;
    callback();
  });
}

void ClientCore::tell_gave_up(const Error& error) {
  loop_->post([weak = weak_from_this(), error] {
    const auto self = weak.lock();
    if (!self || self->dead_ || !self->options_.reconnect.on_gave_up) return;
    const auto callback = self->options_.reconnect.on_gave_up;
    callback(error);
  });
}

void ClientCore::suspend_subscriptions() {
  for (auto& [handle, subscribed] : std::exchange(subscriptions_, {})) {
    if (subscribed.answered && !subscribed.dropped)
      suspended_.emplace(handle, std::move(subscribed));
    else
      retire(std::move(subscribed.sink), std::nullopt);  // who asked for it was told, or has let go
  }
}

/// Before the user is told that the link is back.
void ClientCore::restore_subscriptions() {
  attempt_->restoring = 1;
  const auto number = attempt_->number;
  for (auto& [handle, subscribed] : std::exchange(suspended_, {})) {
    if (!GattTree::find(attempt_->tree, subscribed.characteristic)) {
      retire(std::move(subscribed.sink), Error(ErrorCode::attribute_gone, "the device took the characteristic away"));
      continue;
    }
    subscriptions_.insert_or_assign(handle, subscribed);  // before the request: values may come before its answer
    ++attempt_->restoring;
  }
  const auto wanted = subscriptions_;
  for (const auto& [handle, subscribed] : wanted) {
    auto then = [weak = weak_from_this(), number, handle = handle, sink = subscribed.sink](const Result<void>& result) {
      const auto self = weak.lock();
      if (self && self->attempt_ && self->attempt_->number == number) self->restored(handle, sink, result);
    };
    port_->subscribe(handle, subscribed.request, std::move(then));
    if (!attempt_ || attempt_->number != number) return;  // the link was lost inside
  }
  if (--attempt_->restoring == 0) attempt_succeeded();
}

void ClientCore::restored(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink, const Result<void>& result) {
  if (!result && is_subscribed(handle, sink)) {
    const auto& error = result.error();
    if (error.code() == ErrorCode::busy || error.code() == ErrorCode::failed)
      return try_failed(error, backend::Retry::again);
    log(LogLevel::warning, "client", std::string("a subscription was not restored: ") + error.what());
    subscriptions_.erase(handle);
    retire(sink, error);
  }
  if (--attempt_->restoring == 0) attempt_succeeded();
}

}  // namespace blau::detail
