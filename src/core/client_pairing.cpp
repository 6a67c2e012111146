// Pairing of a client: the backend asks, the user's agent answers.

#include "client_core.hpp"

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

}  // namespace

void ClientCore::on_pairing_question(const backend::PairingQuestion& question,
                                     backend::Done<backend::PairingAnswer> done) {
  auto asked = ask(options_.pairing, device(), question);
  make_task_operation(loop_, std::move(asked)).start([done = std::move(done)](Result<backend::PairingAnswer> answer) mutable {
    done(answer ? std::move(answer) : Result<backend::PairingAnswer>(backend::PairingAnswer{}));  // what throws refuses
  });
}

void ClientCore::pair(const PairOptions& options, Completer<void> done) {
  auto& port = require_port();
  backend::PairRequest request;
  request.level = options.protection_level;
  request.answers = answerable(options_.pairing);
  done.on_early_end([this] {
    if (port_) port_->cancel_pair();
  });
  port.pair(request, std::move(done));
}

void ClientCore::unpair(Completer<void> done) {
  if (dead_) return done(Error(ErrorCode::canceled, "the client was destroyed"));
  require_port().unpair(std::move(done));
}

}  // namespace blau::detail
