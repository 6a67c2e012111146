#include "pairing_request.hpp"

#include "values.hpp"

#include <charconv>
#include <string>
#include <utility>

namespace blau::detail::windows {
namespace {

using Kind = backend::PairingQuestion::Kind;
using Kinds = enumeration::DevicePairingKinds;

std::optional<Kind> question_kind(Kinds kind) noexcept {
  switch (kind) {
    case Kinds::ConfirmOnly: return Kind::confirm;
    case Kinds::DisplayPin: return Kind::display_passkey;
    case Kinds::ProvidePin: return Kind::request_passkey;
    case Kinds::ConfirmPinMatch: return Kind::confirm_passkey;
    default: return std::nullopt;
  }
}

std::optional<backend::PairingQuestion> question_in(const enumeration::DevicePairingRequestedEventArgs& args) {
  const auto kind = question_kind(args.PairingKind());
  if (!kind) return std::nullopt;
  backend::PairingQuestion question;
  question.kind = *kind;
  const std::string digits = to_text(args.Pin());
  std::from_chars(digits.data(), digits.data() + digits.size(), question.passkey);
  return question;
}

/// Six digits (Core Vol 3 Part H 2.3.5.3).
::winrt::hstring pin_of(std::uint32_t passkey) {
  std::string digits = std::to_string(passkey);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return to_hstring(digits);
}

}  // namespace

PairingRequest::PairingRequest(std::weak_ptr<System> system, const enumeration::DevicePairingRequestedEventArgs& args)
    : system_(std::move(system)), args_(args), deferral_(args.GetDeferral()), question_(question_in(args)) {}

void PairingRequest::accept(const backend::PairingAnswer& answer) {
  const bool types = question_ && question_->kind == Kind::request_passkey;
  complete(true, types ? std::optional(answer.passkey) : std::nullopt);
}

void PairingRequest::complete(bool accepted, std::optional<std::uint32_t> passkey) noexcept {
  auto deferral = std::exchange(deferral_, nullptr);
  if (!deferral) return;
  auto answer = [args = std::move(args_), deferral = std::move(deferral), accepted, passkey] {
    try {
      if (accepted && passkey) args.Accept(pin_of(*passkey));
      if (accepted && !passkey) args.Accept();
    } catch (...) {  // NOLINT: over already; it is completed in any case
    }
    deferral.Complete();
  };
  if (const auto system = system_.lock()) return system->apartment().run(std::move(answer));
  try {
    answer();
  } catch (...) {  // NOLINT: over already
  }
}

}  // namespace blau::detail::windows
