#include "agent.hpp"

#include "client.hpp"
#include "interfaces.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail::bluez {

namespace {

using Kind = Agent::Kind;

constexpr const char* rejected = "org.bluez.Error.Rejected";
constexpr const char* canceled = "org.bluez.Error.Canceled";

constexpr std::string_view callback_for(Kind kind) {
  switch (kind) {
    case Kind::confirm: return "confirm";
    case Kind::display_passkey: return "display_passkey";
    case Kind::request_passkey: return "request_passkey";
    case Kind::confirm_passkey: return "confirm_passkey";
    case Kind::authorize: return "authorize";
  }
  return {};
}

Error nobody_answers(Kind kind) {
  std::string words = "the device asks what nobody here answers: set PairingAgent::";
  words.append(callback_for(kind));
  return {ErrorCode::pairing_rejected, words};
}

Error user_refused() { return {ErrorCode::pairing_rejected, "the agent's callback refused the pairing"}; }

}  // namespace

bool Agent::answers(Kind kind) const noexcept {
  return std::find(answers_.begin(), answers_.end(), kind) != answers_.end();
}

const char* Agent::capability() const noexcept {
  const bool compares = answers(Kind::confirm_passkey);
  const bool displays = compares || answers(Kind::display_passkey);
  if (answers(Kind::request_passkey)) return displays ? "KeyboardDisplay" : "KeyboardOnly";
  if (compares) return "DisplayYesNo";
  return displays ? "DisplayOnly" : "NoInputNoOutput";
}

void Agent::serve(Daemon& daemon, unique_function<void()> on_refusal) {
  on_refusal_ = std::move(on_refusal);
  object_ = daemon.serve(path, agent_interface, [self = weak_from_this()](const Message& call) {
    if (const auto agent = self.lock()) agent->called(call);
  });
}

void Agent::retire() noexcept {
  ++question_;
  object_.reset();
  on_refusal_.reset();
  if (open_) send(Message::error_to(std::exchange(open_, {}), canceled, "The pairing is over"));
}

void Agent::send(Message message) {
  if (const auto daemon = daemon_.lock()) daemon->send(std::move(message));
}

void Agent::called(const Message& call) {
  const std::string_view member = call.member();
  if (member == "Cancel") return withdrawn(call);
  if (member == "Release") return send(Message::reply_to(call));
  Reader reader(call);
  if (reader.object_path() != device_)
    return send(Message::error_to(call, rejected, "This program does not pair with that device"));
  if (member == "RequestPasskey") return ask(call, Kind::request_passkey);
  if (member == "RequestAuthorization") return ask(call, Kind::confirm);
  if (member == "AuthorizeService") return ask(call, Kind::authorize);
  const std::uint32_t passkey = reader.long_number();
  if (member == "DisplayPasskey") return show(call, passkey);
  if (member == "RequestConfirmation") return ask(call, Kind::confirm_passkey, passkey);
  // RequestPinCode, DisplayPinCode.
  refuse(call, Error(ErrorCode::pairing_rejected, "the device pairs by a PIN code, which only BR/EDR has"));
}

/// bluetoothd shows the same passkey again for each digit that is typed on the device.
void Agent::show(const Message& call, std::uint32_t passkey) {
  if (shown_ == passkey) return send(Message::reply_to(call));
  ask(call, Kind::display_passkey, passkey);
  shown_ = passkey;
}

void Agent::ask(const Message& call, Kind kind, std::uint32_t passkey) {
  if (!answers(kind)) return refuse(call, nobody_answers(kind));
  if (open_) send(Message::error_to(open_, canceled, "There is another question"));
  open_ = call;
  open_kind_ = kind;
  backend::PairingQuestion question;
  question.kind = kind;
  question.passkey = passkey;
  user_->ask(question,
             [self = weak_from_this(), pin = daemon_, number = ++question_](Result<backend::PairingAnswer> answer) {
               const auto whole = pin.lock();
               const auto agent = self.lock();
               if (whole && agent) agent->answered(number, answer);
             });
}

void Agent::answered(unsigned number, const Result<backend::PairingAnswer>& answer) {
  if (number != question_ || !open_) return;
  const Message call = std::exchange(open_, {});
  if (!answer || !answer->accepted) return refuse(call, user_refused());
  Message reply = Message::reply_to(call);
  if (reply && open_kind_ == Kind::request_passkey) reply.append("u", answer->passkey);
  send(std::move(reply));
}

void Agent::withdrawn(const Message& call) {
  send(Message::reply_to(call));
  shown_.reset();
  // bluetoothd does not wait for the answer any more.
  if (!std::exchange(open_, {})) return;
  ++question_;
  user_->question_withdrawn();
}

void Agent::refuse(const Message& call, Error why) {
  // What a device that is paired wants is no matter of the pairing.
  const bool is_of_pairing = call.member() != "AuthorizeService" && call.member() != "RequestAuthorization";
  if (is_of_pairing && !refusal_) refusal_ = std::move(why);
  send(Message::error_to(call, rejected, "The user refused"));
  // bluetoothd goes on pairing whatever the answer to this one is, if it wants one at all.
  if (call.member() == "DisplayPasskey" && on_refusal_) on_refusal_();
}

}  // namespace blau::detail::bluez
