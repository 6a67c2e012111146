#pragma once

#include <blau/error.hpp>
#include <blau/pairing.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "commands.hpp"
#include "progress.hpp"

namespace blau::cli {

/// Answers what a pairing asks: by the options of the command, else by asking whoever sits at the terminal, on standard error.
/// Without a terminal it refuses what it would have to ask or show. On the event loop only.
class PairingDialog : public std::enable_shared_from_this<PairingDialog> {
 public:
  PairingDialog(const Session& session, const PairCommand& command)
      : wants_progress_(!session.options.verbose), agrees_(command.yes), passkey_(command.passkey) {}

  /// All callbacks that a pairing can ask. They keep this object.
  [[nodiscard]] PairingAgent agent();
  /// Nothing is asked now: says what is waited for.
  void wait_for(std::string what);
  void end() noexcept { progress_.reset(); }
  /// Why this side refused, and what to do then; empty where it did not.
  [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }

 private:
  [[nodiscard]] Task<bool> agree(Device device);
  [[nodiscard]] Task<bool> show(Device device, std::uint32_t passkey);
  [[nodiscard]] Task<std::optional<std::uint32_t>> ask_for_passkey(Device device);
  [[nodiscard]] Task<bool> compare(Device device, std::uint32_t number);

  [[nodiscard]] Task<std::string> answer_to(std::string question);
  [[nodiscard]] Task<bool> is_yes(std::string question);
  /// The reason to throw: it refuses.
  Error refuse(const std::string& why);
  void need_terminal(const std::string& without);

  bool wants_progress_;
  bool agrees_;
  std::optional<std::uint32_t> passkey_;
  std::optional<Error> refusal_;
  std::optional<Progress> progress_;
};

}  // namespace blau::cli
