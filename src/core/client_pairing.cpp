// Pairing of a client: the backend asks, the user's agent answers.

#include "client_core.hpp"
#include "client_requests.hpp"

#include <blau/event_loop.hpp>

#include <utility>

namespace blau::detail {
namespace {

using Kind = backend::PairingQuestion::Kind;

std::vector<Kind> answerable(const PairingAgent& agent) {
  std::vector<Kind> kinds;
  if (agent.confirm) kinds.push_back(Kind::confirm);
  if (agent.display_passkey) kinds.push_back(Kind::display_passkey);
  if (agent.request_passkey) kinds.push_back(Kind::request_passkey);
  if (agent.confirm_passkey) kinds.push_back(Kind::confirm_passkey);
  if (agent.authorize) kinds.push_back(Kind::authorize);
  return kinds;
}

Task<backend::PairingAnswer> ask(PairingAgent agent, Device device, backend::PairingQuestion question) {
  backend::PairingAnswer answer;
  if (question.kind == Kind::confirm && agent.confirm) {
    answer.accepted = co_await agent.confirm(device);
  } else if (question.kind == Kind::display_passkey && agent.display_passkey) {
    answer.accepted = co_await agent.display_passkey(device, question.passkey);
  } else if (question.kind == Kind::confirm_passkey && agent.confirm_passkey) {
    answer.accepted = co_await agent.confirm_passkey(device, question.passkey);
  } else if (question.kind == Kind::authorize && agent.authorize) {
    answer.accepted = co_await agent.authorize(device);
  } else if (question.kind == Kind::request_passkey && agent.request_passkey) {
    const auto passkey = co_await agent.request_passkey(device);
    if (passkey && *passkey > 999'999)
      throw Error(ErrorCode::pairing_rejected, "the agent's passkey is over 999999, the largest one that there is");
    answer.accepted = passkey.has_value();
    answer.passkey = passkey.value_or(0);
  }
  co_return answer;
}

struct PairCall {
  PairOptions options;
  bool implied = false;

  RequestQueues::Key prepare(ClientCore& core) const {
    (void)core.require_port();
    return RequestQueues::pairing;
  }
  void issue(ClientCore& core, backend::Done<void>& done) {
    auto& port = core.require_port();
    issued = true;
    auto then = [weak = core.weak_from_this(), done = std::move(done)](Result<void> result) mutable {
      if (const auto self = weak.lock()) self->withdraw_question();
      done(std::move(result));
    };
    auto request = core.pair_request(options);
    request.implied = implied;
    port.pair(request, std::move(then));
  }
  void abandoned(ClientCore& core) const {
    if (!issued || !core.is_connected()) return;
    core.withdraw_question();
    core.require_port().cancel_pair();
  }
  bool issued = false;
};

struct UnpairCall {
  RequestQueues::Key prepare(ClientCore&) const { return RequestQueues::bond; }
  void issue(ClientCore& core, backend::Done<void>& done) const { core.begin_unpair(done); }
};

}  // namespace

void ClientCore::on_pairing_question(const backend::PairingQuestion& question,
                                     backend::Done<backend::PairingAnswer> done) {
  withdraw_question();
  if (question.kind != backend::PairingQuestion::Kind::authorize) device_begins_pairing();
  auto task = ask(options_.pairing, device(), question);
  asking_ = Asking::adopt(new TaskNode<backend::PairingAnswer>(loop_, task.release()));
  auto* node = asking_.get();
  auto answer = [weak = weak_from_this(), node, done = std::move(done)]() mutable {
    const auto self = weak.lock();
    if (!self || self->asking_.get() != node) return;  // withdrawn
    self->asking_ = Asking();
    auto given = node->take();
    self->device_pairing_answered(given && given->accepted);
    const bool says_why = !given && given.error().code() == ErrorCode::pairing_rejected;
    // What throws refuses.
    done(given || says_why ? std::move(given) : Result<backend::PairingAnswer>(backend::PairingAnswer{}));
  };
  node->start(std::move(answer), OperationBase::Delivery::loop, nullptr);
}

// Nobody can have called `pair` while connect is under way.
void ClientCore::device_begins_pairing() {
  if (!attempt_ || link_ != Link::preparing || options_.pair) return;
  attempt_->device_pairs = true;
  attempt_->pairing_limit.stop();
}

/// A pairing that fails after that is not told: it is over then, or so long after.
void ClientCore::device_pairing_answered(bool accepted) {
  constexpr std::chrono::seconds devices_need_time{5};
  if (!attempt_ || !attempt_->device_pairs) return;
  if (!accepted) return device_pairing_over();
  attempt_->pairing_limit.start_after(*loop_, devices_need_time, [this] { device_pairing_over(); });
}

/// Connect waits for that pairing alone now.
void ClientCore::await_device_pairing() {
  // Twice what a device waits for a step of it (Core Vol 3 Part H 3.4): nobody may ever tell of its end.
  constexpr std::chrono::seconds no_question_lasts{60};
  if (attempt_->pairing_limit.running()) return;
  attempt_->pairing_limit.start_after(*loop_, no_question_lasts, [this] { device_pairing_over(); });
}

void ClientCore::device_pairing_over() {
  if (!attempt_ || !std::exchange(attempt_->device_pairs, false)) return;
  attempt_->pairing_limit.stop();
  if (std::exchange(attempt_->waits_for_pairing, false)) attempt_succeeded();
}

void ClientCore::on_pairing_question_withdrawn() {
  withdraw_question();
  device_pairing_over();
}

void ClientCore::withdraw_question() noexcept {
  const auto asking = std::exchange(asking_, Asking());
  if (!asking) return;
  asking->cancel();
  std::erase_if(withdrawn_, [](const Asking& earlier) { return !earlier->pending(); });
  if (asking->pending()) withdrawn_.push_back(asking);
}

backend::PairRequest ClientCore::pair_request(const PairOptions& options) const {
  backend::PairRequest request;
  request.level = options.protection_level;
  request.answers = answerable(options_.pairing);
  return request;
}

void ClientCore::on_bond_changed(bool bonded) {
  if (bonded_.exchange(bonded) == bonded) return;
  push(bond_streams_, bonded);
  if (bonded) device_pairing_over();
}

Stream<bool> ClientCore::bond_changes() { return stream_of(bond_streams_); }

constexpr std::chrono::seconds users_need_time{60};

Operation<void> ClientCore::pair(const PairOptions& options) {
  return make_request<void>(shared_from_this(), "pair", users_need_time, PairCall{options});
}

bool ClientCore::has_agent() const noexcept {
  const auto& agent = options_.pairing;
  return agent.confirm || agent.display_passkey || agent.request_passkey || agent.confirm_passkey;
}

void ClientCore::pair_for(RequestQueues::Key attribute, backend::Done<void> done) {
  std::stop_source stop;
  pairings_for_.insert_or_assign(attribute, stop);
  PairCall call{{}, true};
  auto pairing = make_request<void>(shared_from_this(), "pair", users_need_time, std::move(call));
  std::move(pairing)
      .cancel_with(stop.get_token())
      .start([weak = weak_from_this(), attribute, done = std::move(done)](const Result<void>& result) mutable {
        if (const auto self = weak.lock()) self->pairings_for_.erase(attribute);
        done(result);
      });
}

void ClientCore::abandon_pairing_for(RequestQueues::Key attribute) noexcept {
  const auto found = pairings_for_.find(attribute);
  if (found != pairings_for_.end()) found->second.request_stop();
}

/// Until it is answered, or dropped with its port.
class ClientCore::UnpairUnderWay {
 public:
  explicit UnpairUnderWay(ClientCore& core) noexcept : core_(core.weak_from_this()) { core.unpairing_ = true; }
  UnpairUnderWay(UnpairUnderWay&&) noexcept = default;
  UnpairUnderWay& operator=(UnpairUnderWay&&) = delete;
  ~UnpairUnderWay() { end(); }
  void end() noexcept {
    if (const auto core = std::exchange(core_, {}).lock()) core->unpairing_ = false;
  }

 private:
  std::weak_ptr<ClientCore> core_;
};

void ClientCore::begin_unpair(backend::Done<void>& done) {
  if (dead_) return done(Error(ErrorCode::canceled, "the client was destroyed"));
  if (attempt_ || (link_ != Link::down && link_ != Link::connected))
    return done(Error(ErrorCode::busy, "a connect or a disconnect is under way; await it, or disconnect() first"));
  use_backend();
  if (link_ == Link::down) end_reconnect(Error(ErrorCode::canceled, "the bond was removed"));
  auto then = [under_way = UnpairUnderWay(*this), done = std::move(done)](Result<void> result) mutable {
    under_way.end();
    done(std::move(result));
  };
  if (port_ || !by_address_) return ensure_port().unpair(std::move(then));
  // A device of which only the address is known: the system may know it by more, since it has the bond.
  auto look = [weak = weak_from_this(), then = std::move(then)](Result<std::optional<Device>> known) mutable {
    const auto self = weak.lock();
    if (!self || self->dead_) return then(Error(ErrorCode::canceled, "the client was destroyed"));
    if (!known) return then(known.error());
    if (*known) self->learn(std::move(**known));
    self->ensure_port().unpair(std::move(then));
  };
  backend_->find_known_device(options_.adapter, device().address(), std::move(look));
}

Operation<void> ClientCore::unpair() {
  return make_request<void>(shared_from_this(), "unpair", options_.timeout, UnpairCall{});
}

}  // namespace blau::detail
