#include "bonding.hpp"

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

void Bonding::restore(const std::optional<Bond>& bond) {
  bond_ = bond;
  paired_ = bond.has_value();
}

bool Bonding::is_adapter_busy() const {
  const auto& devices = device_.adapter().devices();
  return std::ranges::any_of(devices, [](const auto& entry) { return entry.second->bonding().is_under_way(); });
}

void Bonding::pair(const Call& call) {
  device_.keep();
  if (request_ && !request_->call) {
    request_->call = call;  // the kernel goes on with the pairing that there is
    return;
  }
  if (request_) return call.error(errors::in_progress());
  if (paired_) return call.error(errors::already_exists());
  if (is_adapter_busy()) return call.error(errors::failed("Device or resource busy"));
  if (!device_.adapter().powered()) return call.error(errors::authentication_failed());
  request_.emplace(Request{call, device_.daemon().agents().of(call.sender())});
  if (device_.link()) return linked();
  request_->made_link = !device_.is_connecting();
  device_.attempt();
}

void Bonding::begin_by_itself() {
  const auto agent = device_.daemon().agents().default_one();
  if (!agent || request_ || is_adapter_busy()) return;
  request_.emplace(Request{std::nullopt, agent});
  begin();
}

void Bonding::linked() {
  if (wants_link()) begin();
}

void Bonding::begin() {
  request_->stage = Stage::pairing;
  pairing_ = std::make_unique<Pairing>(device_.daemon(), *device_.link(), device_.path(), request_->agent,
                                       !request_->call, [this](Pairing::End end) { ended(end); });
  pairing_->begin();
}

void Bonding::ended(Pairing::End end) {
  const bool authenticated = pairing_->authenticates();
  pairing_.reset();
  // No other pairing can follow over this link, which the kernel ends therefore: that answers Pair.
  if (end == Pairing::End::timed_out) return device_.link()->end(LinkEnd::local);
  if (end == Pairing::End::success) return keys_made(authenticated);
  const bool was_asked_for = request_->call.has_value();
  fail(errors::authentication_failed());
  if (was_asked_for && device_.daemon().habits().failed_pairing_disconnects) device_.disconnect();
}

void Bonding::keys_made(bool authenticated) {
  Link& link = *device_.link();
  sim::LinkSecurity security;
  security.encrypted = true;
  security.authenticated = authenticated;
  security.has_keys = link.peripheral().spec().pairing.bonding;
  if (security.has_keys) {
    bond_ = Bond{authenticated};
    link.peripheral().bond_with(link.central(), authenticated);
    device_.changed("Bonded");
  }
  paired_ = true;
  device_.changed("Paired");
  link.encrypt(security);
  device_.gatt().link_secured();
  request_->stage = Stage::resolving;
  if (device_.services_resolved() || !request_->call) services_resolved();
}

void Bonding::services_resolved() {
  if (!request_ || request_->stage != Stage::resolving) return;
  const auto request = std::exchange(request_, std::nullopt);
  if (request->call) request->call->reply();
}

void Bonding::reach_changed() {
  if (pairing_) pairing_->reach_changed();
}

void Bonding::link_failed() {
  if (wants_link()) fail(errors::connection_attempt_failed());
}

void Bonding::link_ended() {
  if (is_under_way()) fail(errors::authentication_canceled());
  abandon();
  if (!bond_ && std::exchange(paired_, false)) device_.changed("Paired");
}

void Bonding::fail(const DbusError& error) {
  pairing_.reset();  // first: the agent's question is taken back before
  const auto request = std::exchange(request_, std::nullopt);
  if (request->call) request->call->error(error);
}

/// A Pair that waits for the services is never answered where something else ends that.
void Bonding::abandon() {
  pairing_.reset();
  const auto request = std::exchange(request_, std::nullopt);
  if (request && request->call) request->call->abandon();
}

void Bonding::call_off() {
  if (is_under_way()) fail(errors::authentication_canceled());
  abandon();
}

void Bonding::cancel(const Call& call) {
  if (is_under_way() && request_->call) {
    const bool made_link = request_->made_link;
    fail(errors::authentication_canceled());
    call.reply();
    if (made_link) device_.give_up_link();
    return;
  }
  // Whatever there is goes, a Pair whose keys are made already included.
  remove_bond();
  call.error(errors::does_not_exist());
}

void Bonding::remove_bond() {
  if (!std::exchange(paired_, false)) return;
  bond_.reset();
  device_.changed("Paired");
  device_.changed("Bonded");
  if (device_.link()) device_.link()->end(LinkEnd::local);
}

void Bonding::program_gone(const std::string& name) {
  if (!request_ || !request_->call || request_->call->sender() != name) return;
  const bool made_link = request_->made_link && is_under_way();
  abandon();
  if (made_link) device_.give_up_link();
}

void Bonding::forget() noexcept { abandon(); }

}  // namespace blau::fake
