#include "agent.hpp"

#include "client.hpp"
#include "interfaces.hpp"

#include "core/pairing_answers.hpp"

#include <utility>

namespace blau::detail::bluez {

namespace {

using Kind = Agent::Kind;

constexpr const char* rejected = "org.bluez.Error.Rejected";
constexpr const char* canceled = "org.bluez.Error.Canceled";

/// As bluetoothd calls it.
const char* name_of(sim::IoCapability capability) noexcept {
  switch (capability) {
    case sim::IoCapability::display_only: return "DisplayOnly";
    case sim::IoCapability::display_yes_no: return "DisplayYesNo";
    case sim::IoCapability::keyboard_only: return "KeyboardOnly";
    case sim::IoCapability::no_input_no_output: break;
    case sim::IoCapability::keyboard_display: return "KeyboardDisplay";
  }
  return "NoInputNoOutput";
}

}  // namespace

const char* Agent::capability() const noexcept { return name_of(capability_of(answers_)); }

bool Agent::retire() noexcept {
  ++question_;
  on_refusal_.reset();
  if (!open_) return false;
  send(Message::error_to(std::exchange(open_, {}), canceled, "The pairing is over"));
  return true;
}

void Agent::send(Message message) {
  if (const auto daemon = daemon_.lock()) daemon->send(std::move(message));
}

void Agent::called(const Message& call, Reader& reader) {
  const std::string_view member = call.member();
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
  if (!detail::answers(answers_, kind)) return refuse(call, nobody_answers(kind));
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
  if (!answer || !answer->accepted) return refuse(call, refusal_of(answer));
  Message reply = Message::reply_to(call);
  if (reply && open_kind_ == Kind::request_passkey) reply.append("u", answer->passkey);
  send(std::move(reply));
}

void Agent::withdraw() {
  shown_.reset();
  if (!std::exchange(open_, {})) return;
  ++question_;
  user_->question_withdrawn();
}

void Agent::refuse(const Message& call, Error why) {
  send(Message::error_to(call, rejected, "The user refused"));
  // What a device that is paired wants is no matter of the pairing.
  if (call.member() == "AuthorizeService") return;
  if (!refusal_ && call.member() != "RequestAuthorization") refusal_ = why;
  // bluetoothd goes on pairing whatever the answer to DisplayPasskey is, if it wants one at all.
  if (on_refusal_) on_refusal_(why, call.member() != "DisplayPasskey");
}

}  // namespace blau::detail::bluez
