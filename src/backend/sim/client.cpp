// A client's attempts and links.

#include "client.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

SimClient::SimClient(std::shared_ptr<WorldCore> world, backend::ClientRequest request, backend::ClientEvents& events)
    : world_(std::move(world)),
      request_(std::move(request)),
      events_(events),
      anchor_(std::make_shared<Anchor>(Anchor{this})) {
  world_->ports.add(*this);
}

SimClient::~SimClient() {
  anchor_->client = nullptr;
  world_->ports.remove(*this);
  world_->attempts.remove(*this);
  if (link_) link_->drop(*this);
}

std::string SimClient::adapter() const {
  const auto adapter = world_->choose_adapter(wanted_adapter());
  return adapter ? (*adapter)->spec.name : std::string();
}

void SimClient::connect(backend::ConnectDone done) {
  if (!world_->loop()) return done(Error(ErrorCode::backend_lost, "the simulated world has ended: make another one"));
  const auto adapter = world_->choose_adapter(wanted_adapter());
  if (!adapter) return done(adapter.error());
  adapter_ = *adapter;
  connect_done_ = std::move(done);
  state_ = State::waiting;
  world_->attempts.add(*this);
  world_->post([anchor = anchor_] {
    if (anchor->client) anchor->client->progress();
  });
}

/// Where there is a bond, the device that was connected before, whatever its address is now.
PeripheralNode* SimClient::peripheral() const {
  if (known_ && adapter_->bonds.contains(known_)) return known_;
  return world_->find_on_air(*adapter_, request_.device.address());
}

void SimClient::progress() {
  if (state_ != State::waiting) return;
  if (const auto error = adapter_->unusable()) return attempt_failed(*error);
  PeripheralNode* peripheral = this->peripheral();
  if (!peripheral) return attempt_timer_.stop();
  if (const auto link = peripheral->link_on(*adapter_)) {
    if (link->state() == Link::State::closing) return;  // its end tries again
    attempt_timer_.stop();
    world_->attempts.remove(*this);
    state_ = State::joining;
    link_ = link;
    link->add(*this);
    if (link->state() == Link::State::up) link_is_up();
    return;
  }
  if (!peripheral->connectable()) return attempt_timer_.stop();
  if (!attempt_timer_.running())
    attempt_timer_.start_after(*world_->loop(), peripheral->spec.connect_time, [this] { establish(); });
}

void SimClient::establish() {
  PeripheralNode* peripheral = this->peripheral();
  if (adapter_->unusable() || !peripheral || !peripheral->connectable()) return progress();
  if (adapter_->links >= adapter_->max_connections) {
    const std::string most = std::to_string(adapter_->max_connections);
    return attempt_failed(Error(ErrorCode::too_many_connections, "adapter " + adapter_->spec.name + " has " + most +
                                                                     " links and takes no more: end one"));
  }
  if (peripheral->refuses || peripheral->faults.reach(ConnectStep::before_link)) {
    return attempt_failed(Error(ErrorCode::connection_failed, "the peripheral refused the connection: try again later",
                                "connection failed to be established (0x3e)"));
  }
  peripheral->fix_table();
  world_->attempts.remove(*this);
  state_ = State::joining;
  link_ = std::make_shared<Link>(*adapter_, *peripheral);
  link_->add(*this);
  peripheral->links.push_back(link_);
  link_->open();
}

void SimClient::link_is_up() {
  if (state_ != State::joining) return;
  state_ = State::linked;
  known_ = &link_->peripheral();
  auto done = std::move(connect_done_);
  const auto anchor = anchor_;
  if (link_->bonded()) events_.on_bond_changed(true);
  if (anchor->client) done({});
}

void SimClient::attempt_failed(const Error& error) {
  attempt_timer_.stop();
  world_->attempts.remove(*this);
  state_ = State::idle;
  auto done = std::move(connect_done_);
  done(error);
}

void SimClient::abort_connect() {
  if (state_ != State::waiting && state_ != State::joining) return;
  if (const auto link = std::exchange(link_, nullptr)) link->drop(*this);
  attempt_failed(Error(ErrorCode::canceled, "the attempt to connect was taken back"));
}

void SimClient::disconnect(backend::ReleaseKind kind, backend::Done<void> done) {
  if (state_ == State::waiting || state_ == State::joining) {
    const auto anchor = anchor_;
    abort_connect();
    if (anchor->client) done({});
    return;
  }
  if (state_ == State::idle) return done({});
  if (kind == backend::ReleaseKind::explicit_disconnect && link_) link_->disown();
  disconnect_done_.push_back(std::move(done));
  leave();
}

void SimClient::release() noexcept {
  if (state_ == State::linked) return leave();
  if (state_ != State::waiting && state_ != State::joining) return;
  if (const auto link = std::exchange(link_, nullptr)) link->drop(*this);
  attempt_timer_.stop();
  world_->attempts.remove(*this);
  state_ = State::idle;
  world_->post([anchor = anchor_, done = std::move(connect_done_)]() mutable {
    if (anchor->client) done(Error(ErrorCode::canceled, "the attempt to connect was taken back"));
  });
}

void SimClient::leave() noexcept {
  if (state_ != State::linked) return;
  state_ = State::leaving;
  forget_interests();
  if (link_->leave(*this)) return;
  world_->post([anchor = anchor_] {
    if (anchor->client) anchor->client->link_ended(DisconnectReason::local, "");
  });
}

/// Others stay on the link: what only this client wanted is turned off.
void SimClient::forget_interests() {
  const auto forgotten = std::exchange(interests_, {});
  if (link_->state() != Link::State::up) return;
  for (const Interest& interest : forgotten)
    if (const auto known = link_->find(interest.handle); known && known->configuration != 0)
      link_->configure(*known, [](const std::optional<Error>&) {});
}

void SimClient::link_ended(DisconnectReason reason, const std::string& native) {
  if (!link_) return;
  const auto anchor = anchor_;
  const State was = std::exchange(state_, State::idle);
  const auto refusal = link_->refusal();
  link_.reset();
  interests_.clear();
  stale_.clear();
  if (was == State::joining) {
    if (refusal) return attempt_failed(*refusal);
    if (reason == DisconnectReason::adapter_off) {
      const auto why = adapter_->unusable();
      return attempt_failed(
          why.value_or(Error(UnavailableReason::powered_off, "the adapter was switched off: connect again")));
    }
    return attempt_failed(Error(ErrorCode::connection_failed, "the link ended before it was ready", native));
  }
  auto waiting = std::exchange(disconnect_done_, {});
  auto pairing = std::move(pair_done_);
  events_.on_disconnected(reason, native);
  if (pairing && anchor->client)
    pairing(Error(ErrorCode::disconnected, "the link ended during the pairing: connect again", native));
  for (auto& done : waiting) {
    if (!anchor->client) return;
    done({});
  }
}

void SimClient::forget() noexcept {
  attempt_timer_.stop();
  world_->attempts.remove(*this);
  state_ = State::idle;
  link_.reset();
  connect_done_.reset();
  disconnect_done_.clear();
  pair_done_.reset();
  interests_.clear();
}

std::uint16_t SimClient::mtu() const noexcept { return link_ ? link_->mtu() : default_mtu; }

}  // namespace blau::sim::detail
