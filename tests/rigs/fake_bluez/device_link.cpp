// Connecting to a device, and the end of the link.

#include "adapter.hpp"
#include "battery.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "faults.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace blau::fake {

namespace {

struct Reason {
  const char* name;
  const char* message;
};

Reason reason_of(LinkEnd how) {
  switch (how) {
    case LinkEnd::remote: return {"org.bluez.Reason.Remote", "Connection terminated by remote user"};
    case LinkEnd::timeout: return {"org.bluez.Reason.Timeout", "Connection timeout"};
    case LinkEnd::authentication:
      return {"org.bluez.Reason.Authentication", "Connection terminated due to an authentication failure"};
    default: return {"org.bluez.Reason.Local", "Connection terminated by local host"};
  }
}

}  // namespace

void Device::establish_for(const Call& connect_device) {
  keep();
  connect_call_ = connect_device;
  connects_for_adapter_ = true;
  establish();
  if (connect_call_ && !link_) fail_attempt("le-connection-abort-by-local");
}

void Device::connect(const Call& call) {
  // A link that is about to be taken down counts as well: the answer is good, and the link goes.
  if (link_) return call.reply();
  if (connect_call_) {
    const bool newer = daemon().habits().second_connect_in_progress;
    return call.error(newer ? errors::in_progress() : errors::failed("Operation already in progress"));
  }
  if (!adapter_.powered()) return call.error(errors::failed("Input/output error"));
  keep();
  connect_call_ = call;
  connects_for_adapter_ = false;
  attempt();
}

void Device::attempt() {
  if (attempt_timer_.running()) return;
  attempt_timer_.start(daemon().loop(), daemon().pace().absent,
                       [this] { fail_attempt("le-connection-abort-by-local"); });
  if (step("before_link")) return;
  daemon().radio().at_change([this, alive = std::weak_ptr<void>(life_)] {
    if (alive.expired() || !wants_link() || link_) return false;
    try_to_link();
    return wants_link();
  });
  try_to_link();
}

void Device::try_to_link() {
  Peripheral* peripheral = daemon().radio().find(address_);
  if (!wants_link() || !peripheral || !peripheral->takes_connections()) return establish_timer_.stop();
  if (!establish_timer_.running())
    establish_timer_.start(daemon().loop(), peripheral->spec().connect_time, [this] { establish(); });
}

void Device::establish() {
  Peripheral* peripheral = daemon().radio().find(address_);
  if (!wants_link() || !peripheral || !peripheral->takes_connections()) return;
  if (peripheral->link_faults().reach(blau::sim::ConnectStep::before_link))
    return fail_attempt("le-connection-abort-by-local");
  attempt_timer_.stop();
  link_ = std::make_shared<Link>(daemon().loop(), daemon().pace(), *peripheral, *this, adapter_.address().to_string());
  link_->open();
  changed("Connected");
  if (step("before_reply")) return;
  if (bonding_.bond()) return encrypt();
  linked();
}

void Device::linked() {
  answer_connect();
  const auto link = link_;
  if (!link || step("before_mtu")) return;
  bonding_.linked();
  link->start(std::make_unique<sim::ExchangeMtu>(),
              [this, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
                const bool lost = procedure.error() && procedure.error()->code() == ErrorCode::disconnected;
                if (!alive.expired() && link_ && !lost) mtu_agreed();
              });
}

void Device::answer_connect() {
  const auto call = std::exchange(connect_call_, std::nullopt);
  if (!call) return;
  if (!connects_for_adapter_) return call->reply();
  call->reply([this](Message& to) { to.append("o", path().c_str()); });
}

void Device::fail_attempt(const char* words) {
  attempt_timer_.stop();
  establish_timer_.stop();
  const auto call = std::exchange(connect_call_, std::nullopt);
  if (call) call->error(errors::failed(words));
  bonding_.link_failed();
}

void Device::give_up_link() {
  if (link_) return link_->end(LinkEnd::local);
  if (!wants_link()) fail_attempt("br-connection-canceled");
}

void Device::mtu_agreed() { discover(); }

void Device::disconnect_call(const Call& call) {
  bonding_.call_off();
  if (connect_call_ && !link_) {
    fail_attempt("br-connection-canceled");
    return call.reply();
  }
  if (!link_) return call.reply();
  disconnect_calls_.push_back(call);
  begin_disconnect();
}

void Device::disconnect() {
  bonding_.call_off();
  if (connect_call_ && !link_) return fail_attempt("br-connection-canceled");
  if (link_) begin_disconnect();
}

/// Two seconds in which profiles could say good-bye; everything goes on meanwhile.
void Device::begin_disconnect() {
  if (disconnect_timer_.running()) return;
  disconnect_timer_.start(daemon().loop(), daemon().pace().disconnect, [this] {
    if (link_) link_->end(LinkEnd::local);
  });
}

void Device::answer_disconnects() {
  for (const Call& call : std::exchange(disconnect_calls_, {})) call.reply();
}

void Device::remove(const Call& call) {
  temporary_ = true;
  if (wants_link() && !link_) fail_attempt("br-connection-canceled");
  if (!link_) {
    adapter_.remove(*this);
    return call.reply();
  }
  bonding_.call_off();
  remove_call_ = call;
  begin_disconnect();
}

void Device::drop(LinkEnd how) {
  if (wants_link()) fail_attempt("le-connection-abort-by-local");
  if (link_) link_->end(how);
}

void Device::link_ended(LinkEnd how) {
  const auto link = std::exchange(link_, nullptr);
  disconnect_timer_.stop();
  step_timer_.stop();
  security_timer_.stop();
  patience_timer_.stop();
  encrypting_ = false;
  if (battery_) battery_->unexport();
  battery_.reset();
  gatt_.disconnected();
  // Lost before its Connect was answered.
  if (connect_call_) fail_attempt("br-connection-canceled");
  const bool answers_first = daemon().habits().replies_before_down;
  if (answers_first) answer_disconnects();
  tell_reason(how);
  changed("Connected");
  if (std::exchange(services_resolved_, false)) changed("ServicesResolved");
  bonding_.link_ended();
  if (!answers_first) {
    daemon().tree().flush();
    answer_disconnects();
  }
  arm_temporary();
  if (const auto call = std::exchange(remove_call_, std::nullopt)) {
    adapter_.remove(*this);
    call->reply();
  }
}

void Device::tell_reason(LinkEnd how) {
  if (!daemon().habits().tells_reasons || !exported_) return;
  const Reason reason = reason_of(how);
  Message signal = daemon().bus().signal(path(), "org.bluez.Device1", "Disconnected");
  signal.append("ss", reason.name, reason.message);
  daemon().bus().send(signal);
}

void Device::unexport() {
  if (!std::exchange(exported_, false)) return;
  temporary_timer_.stop();
  if (wants_link()) fail_attempt("le-connection-abort-by-local");
  if (link_) link_->end(LinkEnd::local);
  gatt_.clear();
  daemon().tree().remove(*this);
}

void Device::forget() noexcept {
  exported_ = false;
  temporary_timer_.stop();
  attempt_timer_.stop();
  establish_timer_.stop();
  if (connect_call_) connect_call_->abandon();
  connect_call_.reset();
  for (const Call& call : disconnect_calls_) call.abandon();
  disconnect_calls_.clear();
  if (remove_call_) remove_call_->abandon();
  remove_call_.reset();
  bonding_.forget();
  gatt_.forget();
  if (link_) link_->end(LinkEnd::local);
}

namespace {

/// What a world calls it, where it does.
std::optional<blau::sim::ConnectStep> step_of_world(std::string_view name) {
  using blau::sim::ConnectStep;
  if (name == "before_mtu") return ConnectStep::before_mtu;
  if (name == "in_discovery") return ConnectStep::in_discovery;
  if (name == "before_resolved") return ConnectStep::before_resolved;
  if (name == "after_resolved") return ConnectStep::after_resolved;
  return std::nullopt;
}

}  // namespace

bool Device::step(const char* name) {
  bool is_lost = daemon().faults().at_step(*this, name);
  const auto step = step_of_world(name);
  if (link_ && step) is_lost = link_->peripheral().link_faults().reach(*step) || is_lost;
  if (!is_lost) return false;
  if (link_) {
    link_->end(LinkEnd::remote);
  } else {
    fail_attempt("le-connection-abort-by-local");
  }
  return true;
}

}  // namespace blau::fake
