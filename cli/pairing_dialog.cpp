#include "pairing_dialog.hpp"

#include <array>
#include <cctype>
#include <cstdio>
#include <exception>
#include <utility>

#include "line_reader.hpp"
#include "terminal.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

/// Where people are asked. Not standard output: that is for results.
void say(const std::string& text) noexcept {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

std::string highlighted(const std::string& text) {
  return wants_colour(Channel::errors) ? styled(text, Style::bold) : text;
}

/// With all its zeros, as devices show it.
std::string six_digits(std::uint32_t passkey) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%06lu", static_cast<unsigned long>(passkey));
  return buffer.data();
}

/// Anybody can send any name: a short one, and so that it cannot pass for a part of the question.
std::string called(const Device& device) {
  constexpr std::size_t columns = 40;
  const auto& name = device.name();
  return name && !name->empty() ? "'" + cut(printable(*name), columns) + "'" : device.address().to_string();
}

std::string lower_case_word(const std::string& line) {
  std::string word;
  for (const char c : line)
    if (c != ' ' && c != '\t' && c != '\r') word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

/// While a question is open the cursor stands behind it; where nobody ends that line by Enter, this does.
class OpenLine {
 public:
  OpenLine() = default;
  OpenLine(const OpenLine&) = delete;
  OpenLine& operator=(const OpenLine&) = delete;
  ~OpenLine() {
    if (open_) say("\n");
  }
  void was_ended() noexcept { open_ = false; }

 private:
  bool open_ = true;
};

}  // namespace

PairingAgent PairingDialog::agent() {
  const auto self = shared_from_this();
  PairingAgent agent;
  agent.confirm = [self](const Device& device) { return self->agree(device); };
  agent.display_passkey = [self](const Device& device, std::uint32_t passkey) { return self->show(device, passkey); };
  agent.request_passkey = [self](const Device& device) { return self->ask_for_passkey(device); };
  agent.confirm_passkey = [self](const Device& device, std::uint32_t number) { return self->compare(device, number); };
  return agent;
}

void PairingDialog::wait_for(std::string what) { progress_.emplace(std::move(what), wants_progress_); }

Error PairingDialog::refuse(const std::string& why) { return refusal_.emplace(ErrorCode::pairing_rejected, why); }

void PairingDialog::need_terminal(const std::string& without) {
  if (!can_ask()) throw refuse(without);
}

Task<std::string> PairingDialog::answer_to(std::string question) {
  end();
  forget_what_was_typed();
  say(question);
  OpenLine line;
  auto reading = read_line();
  auto answer = co_await std::move(reading);
  if (!answer) throw refuse("not paired: the input ended before the question was answered");
  line.was_ended();
  co_return std::move(*answer);
}

Task<bool> PairingDialog::is_yes(std::string question) {
  for (;;) {
    auto answering = answer_to(question + " [y/n] ");
    const auto answer = co_await std::move(answering);
    const auto word = lower_case_word(answer);
    if (word == "y" || word == "yes") co_return true;
    if (word == "n" || word == "no") co_return false;
    say("Answer y or n.\n");
  }
}

Task<bool> PairingDialog::agree(Device device) {
  if (agrees_) co_return true;
  need_terminal(
      "nobody is there to agree to a pairing without a check (Just Works): run it on a terminal, or agree by --yes");
  auto asking = is_yes("Pair with " + called(device) + ", even without a check (Just Works)?");
  const bool agreed = co_await std::move(asking);
  if (!agreed) throw refuse("not paired, since you did not agree: run it again if you want to");
  wait_for("Pairing with " + called(device));
  co_return true;
}

Task<bool> PairingDialog::show(Device device, std::uint32_t passkey) {
  need_terminal("a passkey must be typed on the device, and there is no terminal to show it on: run it on one");
  end();
  say("Type " + highlighted(six_digits(passkey)) + " on " + called(device) + ".\n");
  wait_for("Waiting for " + called(device));
  co_return true;
}

Task<std::optional<std::uint32_t>> PairingDialog::ask_for_passkey(Device device) {
  if (passkey_) co_return passkey_;
  need_terminal(
      "a passkey is needed, and there is no terminal to ask for it on: run it on one, or give it by --passkey");
  for (;;) {
    auto asking = answer_to("Passkey that " + called(device) + " shows, or that is typed there as well: ");
    const auto answer = co_await std::move(asking);
    const auto passkey = read_passkey(lower_case_word(answer));
    if (passkey) {
      wait_for("Pairing with " + called(device));
      co_return passkey;
    }
    say("A passkey has at most six digits, 0 to 999999.\n");
  }
}

Task<bool> PairingDialog::compare(Device device, std::uint32_t number) {
  need_terminal("two numbers must be compared, and there is no terminal to ask on: run it on one");
  auto asking = is_yes("Does " + called(device) + " show " + highlighted(six_digits(number)) + ", too?");
  const bool same = co_await std::move(asking);
  if (!same)
    throw refuse(
        "not paired: where the numbers differ another device may be in between; try again close to the device");
  wait_for("Pairing with " + called(device));
  co_return true;
}

}  // namespace blau::cli
