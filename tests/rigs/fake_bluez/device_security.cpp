// The encryption of a link by the keys of a bond.

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <utility>

namespace blau::fake {

/// The system encrypts the link to a device that it has a bond with before anything else is said.
void Device::encrypt() {
  encrypting_ = true;
  security_timer_.start(daemon().loop(), link_->peripheral().spec().latency, [this] { key_answered(); });
}

void Device::key_answered() {
  Peripheral& peripheral = link_->peripheral();
  if (!peripheral.present() || peripheral.stalled()) return;  // its return decides, or the end of the link
  encrypting_ = false;
  const Peripheral::Bond* theirs = peripheral.bond(link_->central());
  if (!theirs) return key_missing();
  sim::LinkSecurity security;
  security.encrypted = security.has_keys = true;
  security.authenticated = bonding_.bond()->authenticated;
  link_->encrypt(security);
  peripheral.server().restore_subscriptions(link_->bearer(), std::map(theirs->subscriptions));
  linked();
}

/// The kernel ends the link. Connect is answered as if the link had been lost, until it tells.
void Device::key_missing() {
  if (daemon().habits().tells_missing_keys && connect_call_) fail_attempt("br-connection-key-missing");
  if (link_) link_->end(LinkEnd::authentication);
}

void Device::want_security() {
  const auto patience = daemon().pace().transaction;
  if (!patience_timer_.running())
    patience_timer_.start(daemon().loop(), patience, [this] {
      if (link_ && !link_->security().encrypted) link_->end(LinkEnd::local);
    });
  bonding_.begin_by_itself();
}

void Device::security_requested() {
  if (!encrypting_ && !link_->security().encrypted) bonding_.begin_by_itself();
}

void Device::reach_changed() {
  if (encrypting_ && !security_timer_.running()) key_answered();
  bonding_.reach_changed();
}

}  // namespace blau::fake
