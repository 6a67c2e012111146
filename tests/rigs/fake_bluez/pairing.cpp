#include "pairing.hpp"

#include "daemon.hpp"
#include "link.hpp"
#include "peripheral.hpp"

#include <utility>

namespace blau::fake {

namespace {

constexpr const char* agent_interface = "org.bluez.Agent1";

bool is_error(const Message& message) { return sd_bus_message_is_method_error(message.get(), nullptr) > 0; }

}  // namespace

Pairing::Pairing(Daemon& daemon, Link& link, std::string device, std::shared_ptr<const Agent> agent, bool implied,
                 Done done)
    : daemon_(daemon),
      link_(link),
      device_(std::move(device)),
      agent_(std::move(agent)),
      implied_(implied),
      done_(std::move(done)) {}

Pairing::~Pairing() {
  link_.peripheral().user().pairing_ended();
  if (!question_) return;
  const Message cancel = daemon_.bus().method(agent_->owner, agent_->path, agent_interface, "Cancel");
  if (cancel) sd_bus_message_set_expect_reply(cancel.get(), 0);
  daemon_.bus().send(cancel);
}

void Pairing::begin() {
  link_.peripheral().user().pairing_begins([this] { peripherals_user_typed(); });
  next(&Pairing::features_exchanged, 1);
}

void Pairing::reach_changed() {
  if (step_ && !step_timer_.running()) arrived();
}

void Pairing::next(Step step, int exchanges) {
  step_ = step;
  step_timer_.start(daemon_.loop(), link_.peripheral().spec().latency * exchanges, [this] { arrived(); });
  restart_limit();
}

/// Core Vol 3 Part H 3.4: from one message of the Security Manager to the next.
void Pairing::restart_limit() {
  limit_.start(daemon_.loop(), daemon_.pace().security_manager, [this] { finish(End::timed_out); });
}

void Pairing::arrived() {
  if (link_.peripheral().stalled() || !link_.peripheral().present()) return;
  (this->*std::exchange(step_, nullptr))();
}

void Pairing::features_exchanged() {
  restart_limit();
  const auto& theirs = link_.peripheral().spec().pairing;
  const auto ours = agent_ ? agent_->io : blau::sim::IoCapability::no_input_no_output;
  association_ = sim::associate(ours, theirs.io, theirs.secure_connections);
  is_known_ = true;
  if (!authenticates() && theirs.mitm) return finish(End::failed);
  const bool is_fixed = association_ == sim::Association::responder_displays && theirs.passkey;
  shown_ = is_fixed ? *theirs.passkey : link_.peripheral().new_passkey();
  show_passkey_there();
  theirs_agreed_ = peripherals_user_is_through();
  if (theirs.user == blau::sim::PairingUser::rejects) next(&Pairing::rejected_by_peripheral, 1);
  ask_user();
}

void Pairing::show_passkey_there() {
  const bool has_display =
      association_ == sim::Association::responder_displays || association_ == sim::Association::numeric_comparison;
  if (!has_display) return;
  link_.peripheral().user().see(shown_);
  daemon_.radio().changed();
}

bool Pairing::peripherals_user_is_through() {
  const auto& theirs = link_.peripheral().spec().pairing;
  const PeripheralUser& user = link_.peripheral().user();
  if (theirs.user != blau::sim::PairingUser::accepts) return false;
  const bool types =
      association_ == sim::Association::initiator_displays || association_ == sim::Association::both_enter;
  return !types || theirs.passkey || !user.is_told() || user.typed();
}

void Pairing::peripherals_user_typed() {
  // Before the devices know how they pair it is kept for then.
  if (!is_known_ || theirs_agreed_) return;
  theirs_agreed_ = peripherals_user_is_through();
  make_keys_if_agreed();
}

void Pairing::ask_user() {
  switch (association_) {
    case sim::Association::just_works:
      if (implied_) return ask(question("RequestAuthorization"));
      break;  // whoever calls Pair has agreed
    case sim::Association::initiator_displays: show_passkey(); break;
    case sim::Association::responder_displays:
    case sim::Association::both_enter: return ask(question("RequestPasskey"));
    case sim::Association::numeric_comparison: {
      Message call = question("RequestConfirmation");
      if (call) call.append("u", shown_);
      return ask(call);
    }
  }
  ours_agreed_ = true;
  make_keys_if_agreed();
}

Message Pairing::question(const char* member) const {
  Message call = daemon_.bus().method(agent_->owner, agent_->path, agent_interface, member);
  if (call) call.append("o", device_.c_str());
  return call;
}

/// Told, not asked: no answer counts.
void Pairing::show_passkey() {
  Message call = question("DisplayPasskey");
  if (!call) return;
  call.append("uq", shown_, 0);
  sd_bus_message_set_expect_reply(call.get(), 0);
  daemon_.bus().send(call);
}

void Pairing::ask(const Message& question) {
  question_ = std::make_unique<OutgoingCall>(daemon_.bus(), question, daemon_.pace().agent,
                                             [this](const Message& answer) { answered(answer); });
}

void Pairing::answered(const Message& answer) {
  question_.reset();
  if (is_error(answer)) return finish(End::failed);
  const bool is_passkey =
      association_ == sim::Association::responder_displays || association_ == sim::Association::both_enter;
  if (is_passkey) {
    Reader reader(answer);
    typed_ = reader.long_number();
    if (reader.failed()) return finish(End::failed);
  }
  ours_agreed_ = true;
  make_keys_if_agreed();
}

void Pairing::make_keys_if_agreed() {
  if (ours_agreed_ && theirs_agreed_) next(&Pairing::make_keys, 2);
}

void Pairing::make_keys() {
  const auto& fixed = link_.peripheral().spec().pairing.passkey;
  const auto& theirs = fixed ? fixed : link_.peripheral().user().typed();
  finish(sim::passkeys_match(association_, theirs, shown_, typed_) ? End::success : End::failed);
}

void Pairing::finish(End end) {
  step_ = nullptr;
  step_timer_.stop();
  limit_.stop();
  const Done done = std::move(done_);
  if (done) done(end);
}

}  // namespace blau::fake
