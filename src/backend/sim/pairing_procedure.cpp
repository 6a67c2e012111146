#include "pairing_procedure.hpp"

#include "client.hpp"
#include "core.hpp"
#include "link.hpp"

#include "core/pairing_answers.hpp"

#include <utility>

namespace blau::sim::detail {
namespace {

using Question = backend::PairingQuestion::Kind;

/// Core Vol 3 Part H 3.4: from one message of the Security Manager to the next.
constexpr std::chrono::seconds security_manager_timeout{30};

Error unprotected() {
  return {ErrorCode::pairing_failed,
          "the peripheral takes no pairing without protection against a device in the middle, and Just Works gives "
          "none: set callbacks of PairingAgent that show, ask for or compare a passkey",
          "authentication requirements (0x03)"};
}

Error wrong_passkey() {
  return {ErrorCode::pairing_failed, "the passkeys were not the same on both sides: pair again",
          "confirm value failed (0x04)"};
}

}  // namespace

Pairing::Pairing(Link& link, SimClient& client, backend::PairRequest request)
    : link_(link), client_(client), request_(std::move(request)) {}

void Pairing::begin() { next(&Pairing::features_exchanged, 1); }

void Pairing::kick() {
  if (step_ && !step_timer_.running()) arrived();
}

void Pairing::stop() noexcept {
  over_ = true;
  step_ = nullptr;
  step_timer_.stop();
  limit_.stop();
}

std::optional<std::uint32_t> Pairing::shown_by_peripheral() const noexcept {
  const bool has_display =
      association_ == Association::responder_displays || association_ == Association::numeric_comparison;
  return has_display ? std::optional(shown_) : std::nullopt;
}

void Pairing::next(Step step, int exchanges) {
  step_ = step;
  auto& loop = *link_.peripheral().world.loop();
  const SourceScope turn(loop, link_.peripheral().source);
  step_timer_.start_after(loop, link_.peripheral().spec.latency * exchanges, [this] { arrived(); });
  restart_limit();
}

void Pairing::restart_limit() {
  auto& loop = *link_.peripheral().world.loop();
  const SourceScope turn(loop, link_.peripheral().source);
  limit_.start_after(loop, security_manager_timeout, [this] {
    link_.end_security_manager();
    finish(Error(ErrorCode::pairing_timed_out, "one side did not answer within 30 s: connect anew and pair again"));
  });
}

void Pairing::arrived() {
  const auto self = shared_from_this();
  if (link_.peripheral().stalled || !link_.peripheral().present) return;
  (this->*std::exchange(step_, nullptr))();
}

void Pairing::features_exchanged() {
  restart_limit();
  const PairingOptions& theirs = link_.peripheral().spec.pairing;
  association_ = associate(blau::detail::capability_of(request_.answers), theirs.io, theirs.secure_connections);
  if (association_ == Association::just_works && theirs.mitm) return finish(unprotected());
  const Question question = question_of(association_);
  const bool answered = blau::detail::answers(request_.answers, question);
  ours_agreed_ = !answered && question == Question::confirm && !request_.implied;  // who called `pair` wants to
  if (!answered && !ours_agreed_) return finish(blau::detail::nobody_answers(question));
  const bool fixed = association_ == Association::responder_displays && theirs.passkey;
  shown_ = fixed ? *theirs.passkey : link_.peripheral().new_passkey();
  theirs_agreed_ = theirs.user == PairingUser::accepts;
  if (theirs.user == PairingUser::rejects) next(&Pairing::rejected_by_peripheral, 1);
  if (!ours_agreed_) return ask_ours(question);
  make_keys_if_agreed();
}

void Pairing::ask_ours(Question kind) {
  backend::PairingQuestion question;
  question.kind = kind;
  if (kind == Question::display_passkey || kind == Question::confirm_passkey) question.passkey = shown_;
  client_.ask(question, [weak = weak_from_this()](const Result<backend::PairingAnswer>& answer) {
    if (const auto self = weak.lock()) self->answered(answer);
  });
}

void Pairing::answered(const Result<backend::PairingAnswer>& answer) {
  if (!answer || !answer->accepted) return finish(blau::detail::refusal_of(answer));
  typed_ = answer->passkey;
  ours_agreed_ = true;
  make_keys_if_agreed();
}

void Pairing::rejected_by_peripheral() {
  const bool compared = association_ == Association::numeric_comparison;
  const bool entered = association_ != Association::just_works;
  finish(Error(ErrorCode::pairing_rejected, "the user of the peripheral refused: accept it there and pair again",
               compared  ? "numeric comparison failed (0x0c)"
               : entered ? "passkey entry failed (0x01)"
                         : "unspecified reason (0x08)"));
}

void Pairing::make_keys_if_agreed() {
  if (ours_agreed_ && theirs_agreed_) next(&Pairing::make_keys, 2);
}

void Pairing::make_keys() {
  const auto& theirs = link_.peripheral().spec.pairing.passkey;
  if (!passkeys_match(association_, theirs, shown_, typed_)) return finish(wrong_passkey());
  const auto link = link_.shared_from_this();
  link->paired(association_ != Association::just_works);
  finish({});
}

void Pairing::finish(const Result<void>& result) {
  if (over_) return;
  const auto self = shared_from_this();
  stop();
  link_.end_pairing(result);
}

}  // namespace blau::sim::detail
