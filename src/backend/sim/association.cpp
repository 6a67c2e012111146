#include "association.hpp"

namespace blau::sim::detail {
namespace {

using Question = backend::PairingQuestion::Kind;

bool shows(IoCapability io) noexcept {
  return io == IoCapability::display_only || io == IoCapability::display_yes_no || io == IoCapability::keyboard_display;
}

bool types(IoCapability io) noexcept {
  return io == IoCapability::keyboard_only || io == IoCapability::keyboard_display;
}

bool compares(IoCapability io) noexcept {
  return io == IoCapability::display_yes_no || io == IoCapability::keyboard_display;
}

}  // namespace

Association associate(IoCapability initiator, IoCapability responder, bool secure_connections) noexcept {
  if (secure_connections && compares(initiator) && compares(responder)) return Association::numeric_comparison;
  if (shows(initiator) && types(responder)) return Association::initiator_displays;
  if (types(initiator) && shows(responder)) return Association::responder_displays;
  if (types(initiator) && types(responder)) return Association::both_enter;
  return Association::just_works;
}

bool passkeys_match(Association association, const std::optional<std::uint32_t>& theirs, std::uint32_t shown,
                    std::uint32_t typed) noexcept {
  switch (association) {
    case Association::initiator_displays: return !theirs || *theirs == shown;
    case Association::responder_displays: return typed == shown;
    case Association::both_enter: return !theirs || *theirs == typed;
    case Association::just_works:
    case Association::numeric_comparison: break;
  }
  return true;
}

Question question_of(Association association) noexcept {
  switch (association) {
    case Association::initiator_displays: return Question::display_passkey;
    case Association::responder_displays:
    case Association::both_enter: return Question::request_passkey;
    case Association::numeric_comparison: return Question::confirm_passkey;
    case Association::just_works: break;
  }
  return Question::confirm;
}

}  // namespace blau::sim::detail
