// Who is asked what in a pairing: Core Vol 3 Part H, Table 2.8.

#include "backend/sim/association.hpp"
#include "core/pairing_answers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace blau::sim::detail {
namespace {

using Question = backend::PairingQuestion::Kind;
/// A row for each responder, a column for each initiator, both in the order of `IoCapability`.
using Table28 = std::array<std::array<Association, 5>, 5>;

constexpr auto jw = Association::just_works;
constexpr auto id = Association::initiator_displays;
constexpr auto rd = Association::responder_displays;
constexpr auto be = Association::both_enter;
constexpr auto nc = Association::numeric_comparison;

// The initiator: DisplayOnly, DisplayYesNo, KeyboardOnly, NoInputNoOutput, KeyboardDisplay.
constexpr Table28 legacy = {{
    {jw, jw, rd, jw, rd},
    {jw, jw, rd, jw, rd},
    {id, id, be, jw, id},
    {jw, jw, jw, jw, jw},
    {id, id, rd, jw, id},
}};
constexpr Table28 secure = {{
    {jw, jw, rd, jw, rd},
    {jw, nc, rd, jw, nc},
    {id, id, be, jw, id},
    {jw, jw, jw, jw, jw},
    {id, nc, rd, jw, nc},
}};

TEST(SimAssociation, IsThatOfTheSpecification) {
  for (std::size_t responder = 0; responder < 5; ++responder) {
    for (std::size_t initiator = 0; initiator < 5; ++initiator) {
      const auto ours = static_cast<IoCapability>(initiator);
      const auto theirs = static_cast<IoCapability>(responder);
      EXPECT_EQ(associate(ours, theirs, false), legacy[responder][initiator]) << initiator << " " << responder;
      EXPECT_EQ(associate(ours, theirs, true), secure[responder][initiator]) << initiator << " " << responder;
    }
  }
}

TEST(SimAssociation, PasskeysAreThoseThatSomebodyTypes) {
  // Shown to the responder's user, who types what is right or something of his own.
  EXPECT_TRUE(passkeys_match(id, std::nullopt, 1, 0));
  EXPECT_TRUE(passkeys_match(id, 1, 1, 0));
  EXPECT_FALSE(passkeys_match(id, 2, 1, 0));
  // Shown to ours.
  EXPECT_TRUE(passkeys_match(rd, 2, 1, 1));
  EXPECT_FALSE(passkeys_match(rd, 2, 1, 2));
  EXPECT_TRUE(passkeys_match(be, std::nullopt, 0, 3));
  EXPECT_TRUE(passkeys_match(be, 3, 0, 3));
  EXPECT_FALSE(passkeys_match(be, 4, 0, 3));
  // Nobody types.
  EXPECT_TRUE(passkeys_match(jw, 5, 6, 7));
  EXPECT_TRUE(passkeys_match(nc, 5, 6, 7));
}

TEST(SimAssociation, TheCapabilityFollowsFromTheCallbacks) {
  const std::vector<std::pair<std::vector<Question>, IoCapability>> all = {
      {{}, IoCapability::no_input_no_output},
      {{Question::confirm, Question::authorize}, IoCapability::no_input_no_output},
      {{Question::display_passkey}, IoCapability::display_only},
      {{Question::confirm_passkey}, IoCapability::display_yes_no},
      {{Question::display_passkey, Question::confirm_passkey}, IoCapability::display_yes_no},
      {{Question::request_passkey}, IoCapability::keyboard_only},
      {{Question::request_passkey, Question::confirm}, IoCapability::keyboard_only},
      {{Question::request_passkey, Question::display_passkey}, IoCapability::keyboard_display},
      {{Question::request_passkey, Question::confirm_passkey}, IoCapability::keyboard_display}};
  for (const auto& [answers, capability] : all)
    EXPECT_EQ(blau::detail::capability_of(answers), capability) << answers.size();
}

}  // namespace
}  // namespace blau::sim::detail
