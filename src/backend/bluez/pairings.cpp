#include "pairings.hpp"

#include "client.hpp"
#include "errors.hpp"
#include "interfaces.hpp"

#include "core/pairing_answers.hpp"

#include <utility>
#include <vector>

namespace blau::detail::bluez {

namespace {

Error called_off() { return {ErrorCode::pairing_canceled, "the pairing was called off"}; }

}  // namespace

void Pairings::begin(const std::shared_ptr<Session>& session, std::string device, const backend::PairRequest& request,
                     backend::Done<void> done) {
  auto pairing = std::make_shared<Pairing>();
  pairing->session = session;
  pairing->agent =
      std::make_shared<Agent>(std::shared_ptr<Daemon>(weak_self().lock(), &daemon_), device, request.answers, session);
  pairing->device = std::move(device);
  pairing->asks_before = answers(request.answers, Agent::Kind::confirm);
  pairing->implied = request.implied;
  pairing->done = std::move(done);
  waiting_.push_back(std::move(pairing));
  advance();
}

void Pairings::advance() {
  if (current_ || waiting_.empty()) return;
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  // By the pairing before this one, of another client.
  if (has_bond()) return finish(Result<void>());
  // bluetoothd takes Just Works of its own caller for agreed, and a device may always choose that: whoever wants to be asked is asked before.
  if (current_->asks_before) return confirm();
  if (current_->implied) return finish(nobody_answers(Agent::Kind::confirm));
  register_agent();
}

bool Pairings::has_bond() const noexcept {
  const DeviceObject* device = daemon_.objects().device(current_->device);
  return device && device->has_bond();
}

void Pairings::confirm() {
  backend::PairingQuestion question;
  question.kind = Agent::Kind::confirm;
  current_->session->ask(question, [self = weak_self(), pairing = current_](Result<backend::PairingAnswer> answer) {
    const auto pairings = self.lock();
    if (!pairings || pairings->current_ != pairing) return;
    if (answer && answer->accepted) return pairings->register_agent();
    pairings->finish(refusal_of(answer));
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
  current_->agent->on_refusal(
      [self = weak_self(), pairing = std::weak_ptr<Pairing>(current_)](const Error&, bool awaited) {
        const auto pairings = self.lock();
        if (!awaited && pairings && pairings->current_ && pairings->current_ == pairing.lock()) pairings->refuse();
      });
  agents_.take_over(current_->agent, guarded(&Pairings::agent_registered));
}

void Pairings::agent_registered(const Reply& reply) {
  if (!reply.ok()) return finish(to_error(Request::pair, reply.error_name(), reply.error_text()));
  current_->called = true;
  daemon_.call(current_->device, device_interface, "Pair", guarded(&Pairings::pair_answered));
}

void Pairings::pair_answered(const Reply& reply) {
  current_->called = false;
  finish(result_of(reply));
}

/// How this side has ended it, whatever bluetoothd says of that; empty: it has not.
std::optional<Error> Pairings::own_end() const {
  if (current_->canceled) return called_off();
  if (current_->refused) return current_->agent->refusal();
  return std::nullopt;
}

Result<void> Pairings::result_of(const Reply& reply) const {
  if (auto ended = own_end()) return std::move(*ended);
  if (reply.ok() || reply.error_name() == "org.bluez.Error.AlreadyExists") return {};
  // bluetoothd says of a refusal that the authentication failed.
  if (const auto& refusal = current_->agent->refusal()) return *refusal;
  return to_error(Request::pair, reply.error_name(), reply.error_text());
}

void Pairings::refuse() {
  current_->refused = true;
  call_off();
}

/// CancelPairing removes the bond where there is nothing to be called off: bluetoothd answers Pair only when it has discovered the services.
void Pairings::call_off() {
  if (!current_->called) return finish(*own_end());
  const DeviceObject* device = daemon_.objects().device(current_->device);
  if (device && device->has_bond()) return finish(*own_end());
  if (device && device->connected)
    return daemon_.call(current_->device, device_interface, "CancelPairing", guarded(&Pairings::called_off_answered));
  // The end of the link answers Pair, but for a gap: where bluetoothd discovers services already it may forget to. One question more tells.
  Message question = daemon_.new_call(current_->device, properties_interface, "Get");
  question.append("ss", device_interface, "Paired");
  daemon_.call(std::move(question), guarded(&Pairings::called_off_answered));
}

/// Pair has been answered before, or is not answered at all.
void Pairings::called_off_answered(const Reply&) { finish(*own_end()); }

void Pairings::drop_waiting(const std::shared_ptr<Session>& session) {
  std::vector<std::shared_ptr<Pairing>> taken;
  for (const auto& pairing : waiting_)
    if (pairing->session == session) taken.push_back(pairing);
  for (const auto& pairing : taken) std::erase(waiting_, pairing);
  for (const auto& pairing : taken) pairing->done(called_off());
}

void Pairings::cancel(const std::shared_ptr<Session>& session) {
  if (!daemon_.ready()) return;  // it has ended, and so do all pairings
  if (current_ && current_->session == session && !std::exchange(current_->canceled, true)) call_off();
  drop_waiting(session);
}

void Pairings::finish(const Result<void>& result) {
  const auto ended = std::exchange(current_, nullptr);
  agents_.hand_back();
  ended->done(result);
  // Not from inside: it asks another client's user.
  daemon_.loop().post([self = weak_self()] {
    if (const auto pairings = self.lock()) pairings->advance();
  });
}

void Pairings::daemon_lost(const std::string& native) {
  const Error error = lost_error(native);
  auto waiting = std::exchange(waiting_, {});
  if (current_) finish(error);
  for (const auto& pairing : waiting) pairing->done(error);
}

}  // namespace blau::detail::bluez
