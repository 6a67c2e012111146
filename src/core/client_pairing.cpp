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
    answer.accepted = passkey.has_value() && *passkey <= 999'999;
    answer.passkey = answer.accepted ? *passkey : 0;
  }
  co_return answer;
}

struct PairCall {
  PairOptions options;

  RequestQueues::Key prepare(ClientCore& core) const {
    (void)core.require_port();
    return RequestQueues::pairing;
  }
  void issue(ClientCore& core, backend::Done<void>& done) {
    issued = true;
    core.require_port().pair(core.pair_request(options), std::move(done));
  }
  void abandoned(ClientCore& core) const {
    if (issued && core.is_connected()) core.require_port().cancel_pair();
  }
  bool issued = false;
};

struct UnpairCall {
  RequestQueues::Key prepare(ClientCore& core) const {
    (void)core.require_port();
    return RequestQueues::pairing;
  }
  void issue(ClientCore& core, backend::Done<void>& done) const { core.require_port().unpair(std::move(done)); }
};

}  // namespace

void ClientCore::on_pairing_question(const backend::PairingQuestion& question,
                                     backend::Done<backend::PairingAnswer> done) {
  auto task = ask(options_.pairing, device(), question);
  asking_ =
      NodePointer<TaskNode<backend::PairingAnswer>>::adopt(new TaskNode<backend::PairingAnswer>(loop_, task.release()));
  auto* node = asking_.get();
  auto answer = [weak = weak_from_this(), node, done = std::move(done)]() mutable {
    const auto self = weak.lock();
    if (!self || self->dead_) return;
    auto given = node->take();
    done(given ? std::move(given) : Result<backend::PairingAnswer>(backend::PairingAnswer{}));  // what throws refuses
  };
  node->start(std::move(answer), OperationBase::Delivery::loop, nullptr);
}

backend::PairRequest ClientCore::pair_request(const PairOptions& options) const {
  backend::PairRequest request;
  request.level = options.protection_level;
  request.answers = answerable(options_.pairing);
  return request;
}

Operation<void> ClientCore::pair(const PairOptions& options) {
  constexpr std::chrono::seconds users_need_time{60};
  return make_request<void>(shared_from_this(), "pair", users_need_time, PairCall{options});
}

Operation<void> ClientCore::unpair() {
  return make_request<void>(shared_from_this(), "unpair", options_.timeout, UnpairCall{});
}

}  // namespace blau::detail
