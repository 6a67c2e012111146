#pragma once

#include <blau/backend.hpp>
#include <blau/sim/pairing.hpp>

#include <string_view>
#include <vector>

namespace blau::detail {

/// The questions of a pairing that the user's agent answers, for backends: what follows from them, and what is said where one is missing.
using PairingAnswers = std::vector<backend::PairingQuestion::Kind>;

[[nodiscard]] bool answers(const PairingAnswers& answers, backend::PairingQuestion::Kind question) noexcept;

/// What a central can do whose agent answers these questions (Core Vol 3 Part H 2.3.2).
[[nodiscard]] sim::IoCapability capability_of(const PairingAnswers& answers) noexcept;

/// No callback of `PairingAgent` answers it: `pairing_rejected`.
[[nodiscard]] Error nobody_answers(backend::PairingQuestion::Kind question);

/// The callback refused, or threw: `pairing_rejected`.
[[nodiscard]] Error agent_refused();
/// The same for an answer that is none, or no.
[[nodiscard]] Error refusal_of(const Result<backend::PairingAnswer>& answer);

}  // namespace blau::detail
