#include "pairings.hpp"
#include "client.hpp"
#include "errors.hpp"
#include "interfaces.hpp"

#include <utility>

namespace blau::detail::bluez {

namespace {

constexpr const char* manager_path = "/org/bluez";

Error called_off() { return {ErrorCode::pairing_canceled, "the pairing was called off"}; }

}  // namespace

void Pairings::begin(const std::shared_ptr<Session>& session, std::string device, const backend::PairRequest& request,
                     backend::Done<void> done) {
  auto pairing = std::make_shared<Pairing>();
  pairing->session = session;
  pairing->agent =
      std::make_shared<Agent>(std::shared_ptr<Daemon>(weak_self().lock(), &daemon_), device, request.answers, session);
  pairing->device = std::move(device);
  pairing->done = std::move(done);
  waiting_.push_back(std::move(pairing));
  advance();
}

void Pairings::advance() {
  if (current_ || waiting_.empty()) return;
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  // bluetoothd takes Just Works of its own caller for agreed: whoever wants to be asked is asked before.
  if (current_->agent->shows_nothing() && current_->agent->answers(Agent::Kind::confirm)) return confirm();
  register_agent();
}

void Pairings::confirm() {
  backend::PairingQuestion question;
  question.kind = Agent::Kind::confirm;
  current_->session->ask(question, [self = weak_self(), pairing = current_](Result<backend::PairingAnswer> answer) {
    const auto pairings = self.lock();
    if (!pairings || pairings->current_ != pairing) return;
    if (answer && answer->accepted) return pairings->register_agent();
    pairings->finish(Error(ErrorCode::pairing_rejected, "the agent's callback refused the pairing"));
  });
}

Bus::ReplyHandler Pairings::guarded(void (Pairings::*next)(const Reply&)) {
  return [self = weak_self(), pairing = current_, next](const Reply& reply) {
    const auto pairings = self.lock();
    if (pairings && pairings->current_ == pairing) (pairings.get()->*next)(reply);
  };
}

/// Before Pair: without one of ours bluetoothd would ask the machine's default agent, or pair as if there were no user.
void Pairings::register_agent() {
  current_->registered = true;
  current_->agent->serve(daemon_, [self = weak_self(), pairing = current_] {
    const auto pairings = self.lock();
    if (pairings && pairings->current_ == pairing) pairings->call_off();
  });
  Message call = daemon_.new_call(manager_path, agent_manager_interface, "RegisterAgent");
  call.append("os", Agent::path, current_->agent->capability());
  daemon_.call(std::move(call), guarded(&Pairings::agent_registered));
}

void Pairings::agent_registered(const Reply& reply) {
  if (!reply.ok()) {
    current_->registered = false;
    return finish(to_error(Request::pair, reply.error_name(), reply.error_text()));
  }
  current_->called = true;
  daemon_.call(current_->device, device_interface, "Pair", guarded(&Pairings::pair_answered));
}

void Pairings::pair_answered(const Reply& reply) {
  current_->called = false;
  finish(result_of(reply));
}

Result<void> Pairings::result_of(const Reply& reply) const {
  if (current_->canceled) return called_off();
  if (reply.ok() || reply.error_name() == "org.bluez.Error.AlreadyExists") return {};
  // bluetoothd says of a refusal that the authentication failed.
  if (current_->agent->refusal()) return *current_->agent->refusal();
  return to_error(Request::pair, reply.error_name(), reply.error_text());
}

/// Only while our Pair is not answered: where nothing is to be called off CancelPairing removes the bond.
void Pairings::call_off() {
  if (current_->called) daemon_.send(daemon_.new_call(current_->device, device_interface, "CancelPairing"));
}

void Pairings::cancel(const std::shared_ptr<Session>& session) {
  std::vector<std::shared_ptr<Pairing>> taken;
  for (const auto& pairing : waiting_)
    if (pairing->session == session) taken.push_back(pairing);
  for (const auto& pairing : taken) std::erase(waiting_, pairing);
  if (current_ && current_->session == session && !std::exchange(current_->canceled, true)) {
    if (current_->called)
      call_off();
    else
      finish(called_off());
  }
  for (const auto& pairing : taken) pairing->done(called_off());
}

void Pairings::finish(const Result<void>& result) {
  const auto ended = std::exchange(current_, nullptr);
  ended->agent->retire();
  if (ended->registered) {
    Message call = daemon_.new_call(manager_path, agent_manager_interface, "UnregisterAgent");
    call.append("o", Agent::path);
    daemon_.send(std::move(call));
  }
  ended->done(result);
  advance();
}

void Pairings::daemon_lost(const std::string& native) {
  const Error error = lost_error(native);
  auto waiting = std::exchange(waiting_, {});
  if (current_) {
    current_->registered = false;
    finish(error);
  }
  for (const auto& pairing : waiting) pairing->done(error);
}

}  // namespace blau::detail::bluez
