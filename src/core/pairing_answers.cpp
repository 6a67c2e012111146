#include "pairing_answers.hpp"

#include <algorithm>
#include <string>

namespace blau::detail {
namespace {

using Question = backend::PairingQuestion::Kind;
using sim::IoCapability;

constexpr std::string_view callback_of(Question question) noexcept {
  switch (question) {
    case Question::confirm: return "confirm";
    case Question::display_passkey: return "display_passkey";
    case Question::request_passkey: return "request_passkey";
    case Question::confirm_passkey: return "confirm_passkey";
    case Question::authorize: break;
  }
  return "authorize";
}

}  // namespace

bool answers(const PairingAnswers& answers, Question question) noexcept {
  return std::find(answers.begin(), answers.end(), question) != answers.end();
}

IoCapability capability_of(const PairingAnswers& given) noexcept {
  const bool compares = answers(given, Question::confirm_passkey);
  const bool displays = compares || answers(given, Question::display_passkey);
  if (answers(given, Question::request_passkey))
    return displays ? IoCapability::keyboard_display : IoCapability::keyboard_only;
  if (compares) return IoCapability::display_yes_no;
  return displays ? IoCapability::display_only : IoCapability::no_input_no_output;
}

Error nobody_answers(Question question) {
  std::string words = "this pairing asks what nobody answers: set PairingAgent::";
  words.append(callback_of(question));
  return {ErrorCode::pairing_rejected, words};
}

Error agent_refused() {
  return {ErrorCode::pairing_rejected, "the agent refused: pair again where that was not meant"};
}

Error refusal_of(const Result<backend::PairingAnswer>& answer) { return answer ? agent_refused() : answer.error(); }

}  // namespace blau::detail
