#include "pairing.hpp"

#include <blau/event_loop.hpp>

#include <chrono>
#include <stdexcept>

namespace blau::interleave {

unsigned Bond::pair_begins() noexcept {
  ++pairs_;
  if (must_be_ == false) must_be_.reset();
  return unpairs_;
}

/// With success.
void Bond::pair_ended(unsigned unpairs_before) noexcept {
  if (unpairs_ == unpairs_before && keeps_keys_) must_be_ = true;
}

unsigned Bond::unpair_begins() noexcept {
  ++unpairs_;
  must_be_.reset();
  return pairs_;
}

/// With success. Whoever paired when it began has been called off.
void Bond::unpair_ended(unsigned pairs_before) noexcept {
  if (pairs_ == pairs_before) must_be_ = false;
}

/// While it lives the question is open.
class User::Question {
 public:
  explicit Question(std::shared_ptr<User> user) : user_(std::move(user)) { ++user_->questions_; }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() { --user_->questions_; }

 private:
  std::shared_ptr<User> user_;
};

PairingAgent User::agent() {
  const auto self = shared_from_this();
  const auto can = [this] { return dice_() % 8 != 0; };
  PairingAgent agent;
  if (can()) agent.confirm = [self](const Device&) { return self->answer("to agree"); };
  if (can())
    agent.display_passkey = [self](const Device&, std::uint32_t) { return self->answer_at_once("to show a passkey"); };
  if (can()) agent.request_passkey = [self](const Device&) { return self->type(); };
  if (can()) agent.confirm_passkey = [self](const Device&, std::uint32_t) { return self->answer("to compare"); };
  return agent;
}

void User::check() const {
  if (questions_ != 0) log_->fault(name_ + " still has " + std::to_string(questions_) + " questions open");
}

/// Something else may happen right in the callback: the client may be gone afterwards.
void User::is_asked(const std::string& question) {
  log_->add(name_ + " is asked " + question);
  if (gone_) log_->fault(name_ + " is asked " + question + " after the client's destruction");
  if (pairs_ == 0) log_->fault(name_ + " is asked " + question + " though nothing pairs");
  log_->called();
}

bool User::says_yes() {
  const auto rolled = dice_() % 12;
  if (rolled == 0) throw std::runtime_error("the user's callback throws");
  return rolled != 1;
}

bool User::answer_at_once(const std::string& question) {
  is_asked(question);
  return says_yes();
}

Task<bool> User::answer(std::string question) {
  using namespace std::chrono_literals;
  const Question open(shared_from_this());
  is_asked(question);
  const auto rolled = dice_() % 8;
  if (rolled == 0) co_await sleep_for(1h);
  if (rolled < 4) co_await sleep_for(std::chrono::milliseconds(dice_() % 100));
  log_->add(name_ + " answers");
  co_return says_yes();
}

Task<std::optional<std::uint32_t>> User::type() {
  auto asking = answer("for a passkey");
  const bool types = co_await std::move(asking);
  if (!types) co_return std::nullopt;
  co_return static_cast<std::uint32_t>(dice_() % 3);
}

}  // namespace blau::interleave
