// A client's pairing, and its bond.

#include "client.hpp"

#include <utility>

namespace blau::sim::detail {

void SimClient::pair(const backend::PairRequest& request, backend::Done<void> done) {
  if (state_ != State::linked || link_->state() != Link::State::up)
    return done(Error(ErrorCode::disconnected, "there is no link: connect first"));
  if (link_->bonded()) return done({});
  // One that the peripheral began becomes this one.
  if (link_->pairs_with(*this) && !pair_done_) {
    pair_done_ = std::move(done);
    return link_->claim_pairing();
  }
  if (const auto error = link_->cannot_pair()) return done(*error);
  pair_done_ = std::move(done);
  link_->pair(*this, request);
}

void SimClient::ask(const backend::PairingQuestion& question, backend::Done<backend::PairingAnswer> done) {
  events_.on_pairing_question(question, std::move(done));
}

void SimClient::pairing_ended(const Result<void>& result) {
  if (auto done = std::move(pair_done_)) return done(result);
  events_.on_pairing_question_withdrawn();
}

void SimClient::cancel_pair() {
  if (!pair_done_) return;
  if (link_) link_->abandon_pairing(*this);
  world_->post([anchor = anchor_, done = std::move(pair_done_)]() mutable {
    if (anchor->client) done(Error(ErrorCode::pairing_canceled, "the pairing was called off"));
  });
}

void SimClient::unpair(backend::Done<void> done) {
  if (!world_->loop()) return done(Error(ErrorCode::backend_lost, "the simulated world has ended: make another one"));
  const auto chosen = link_ ? Result<AdapterNode*>(&link_->adapter()) : world_->choose_adapter(wanted_adapter());
  if (!chosen) return done(chosen.error());
  AdapterNode& adapter = **chosen;
  PeripheralNode* peripheral = known_ ? known_ : world_->find_peripheral(request_.device.address());
  if (!peripheral) return done({});
  const auto anchor = anchor_;
  cancel_pair();
  if (adapter.bonds.erase(peripheral) != 0) world_->tell_bond(adapter, *peripheral, false);
  if (!anchor->client) return;
  const auto link = peripheral->link_on(adapter);  // maybe another client's
  if (link) link->close();
  if (!link_) return done({});
  state_ = State::leaving;
  disconnect_done_.push_back(std::move(done));
}

void SimClient::bond_changed(const AdapterNode& adapter, const PeripheralNode& peripheral, bool bonded) {
  if (known_ != &peripheral && request_.device.address() != peripheral.spec.address) return;
  const auto chosen = world_->choose_adapter(wanted_adapter());
  if (chosen && *chosen == &adapter) events_.on_bond_changed(bonded);
}

}  // namespace blau::sim::detail
