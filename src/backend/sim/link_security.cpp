// A link's encryption: by the keys of a bond, or by a pairing.

#include "client.hpp"
#include "core.hpp"
#include "link.hpp"
#include "pairing_procedure.hpp"

#include <utility>

namespace blau::sim::detail {

/// A system encrypts the link to a device that it has a bond with before anything else is said.
void Link::encrypt_by_bond() {
  const auto turn = this->turn();
  security_timer_.start_after(loop(), latency(), [this] {
    if (!peripheral_.present) return;  // its supervision time-out, or its return, decides
    const auto bond = peripheral_.bonds.find(&adapter_);
    if (bond == peripheral_.bonds.end()) return refuse_bond();
    LinkSecurity security;
    security.encrypted = security.has_keys = true;
    security.authenticated = bond->second.authenticated;
    set_security(security);
    peripheral_.server->restore_subscriptions(bearer_, std::map(bond->second.subscriptions));
    if (state_ == State::opening) exchange_mtu();
  });
}

void Link::refuse_bond() {
  refusal_ = Error(ErrorCode::bond_lost,
                   "the peripheral has forgotten the bond that this system still holds: unpair, then pair again",
                   "PIN or key missing (0x06)");
  end(DisconnectReason::authentication, refusal_->native());
}

void Link::set_security(const LinkSecurity& security) {
  security_ = security;
  peripheral_.server->set_security(bearer_, security);
}

/// What the peripheral keeps of a bonded client (Core Vol 3 Part G 2.4.4).
void Link::remember_subscriptions() {
  if (!security_.has_keys) return;
  const auto bond = peripheral_.bonds.find(&adapter_);
  if (bond != peripheral_.bonds.end()) bond->second.subscriptions = peripheral_.server->subscriptions(bearer_);
}

std::optional<Error> Link::cannot_pair() const {
  if (pairing_) return Error(ErrorCode::busy, "another client pairs with this device: wait until it has");
  if (!security_manager_over_) return std::nullopt;
  // Core Vol 3 Part H 3.4: no more on this link.
  return Error(ErrorCode::pairing_failed, "an earlier pairing over this link timed out: connect anew and pair again");
}

void Link::pair(SimClient& client, const backend::PairRequest& request) {
  pairing_ = std::make_shared<Pairing>(*this, client, request);
  pairing_->begin();
}

bool Link::pairs_with(const SimClient& client) const noexcept { return pairing_ && pairing_->is_of(client); }

void Link::security_requested() {
  if (state_ == State::opening) security_wanted_ = true;
  if (state_ != State::up || security_.encrypted || cannot_pair()) return;
  SimClient* answering = nullptr;
  clients_.each([&answering](SimClient& client) {
    if (!answering && !client.standing_answers().empty()) answering = &client;
  });
  if (!answering) return;
  backend::PairRequest request;
  request.answers = answering->standing_answers();
  request.implied = true;
  pair(*answering, request);
}

void Link::paired(bool authenticated) {
  LinkSecurity security;
  security.encrypted = true;
  security.authenticated = authenticated;
  security.has_keys = peripheral_.spec.pairing.bonding;
  set_security(security);
  if (!security.has_keys) return;
  Bond bond;
  bond.authenticated = authenticated;
  peripheral_.bonds[&adapter_] = std::move(bond);
  adapter_.bonds.insert(&peripheral_);
  peripheral_.world.tell_bond(adapter_, peripheral_, true);
}

void Link::claim_pairing() noexcept {
  if (pairing_) pairing_->claim();
}

void Link::end_pairing(const Result<void>& result) {
  const auto self = shared_from_this();
  if (const auto pairing = std::exchange(pairing_, nullptr)) pairing->client().pairing_ended(result);
}

void Link::abandon_pairing(const SimClient& client) noexcept {
  if (pairs_with(client)) stop_pairing();
}

void Link::stop_pairing() noexcept {
  if (const auto pairing = std::exchange(pairing_, nullptr)) pairing->stop();
}

std::optional<std::uint32_t> Link::passkey_shown_by_peripheral() const noexcept {
  return pairing_ ? pairing_->shown_by_peripheral() : std::nullopt;
}

}  // namespace blau::sim::detail
