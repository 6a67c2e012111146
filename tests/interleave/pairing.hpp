#pragma once

#include "ledger.hpp"

#include <blau/pairing.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace blau::interleave {

/// The bond with one device, as far as it follows from what the clients did.
class Bond {
 public:
  explicit Bond(bool keeps_keys) noexcept : keeps_keys_(keeps_keys) {}
  /// Gives what `pair_ended` wants.
  unsigned pair_begins() noexcept;
  void pair_ended(unsigned unpairs_before) noexcept;
  /// Gives what `unpair_ended` wants.
  unsigned unpair_begins() noexcept;
  void unpair_ended(unsigned pairs_before) noexcept;
  /// Empty: either may be.
  [[nodiscard]] std::optional<bool> must_be() const noexcept { return must_be_; }

 private:
  bool keeps_keys_;
  unsigned pairs_ = 0;
  unsigned unpairs_ = 0;
  std::optional<bool> must_be_ = false;
};

/// Who sits before a client and answers what its pairings ask: at once, late or never, by yes, by no or by an exception.
class User : public std::enable_shared_from_this<User> {
 public:
  User(std::shared_ptr<Log> log, std::string name, std::uint64_t seed)
      : log_(std::move(log)), name_(std::move(name)), dice_(seed) {}

  /// Some of the callbacks. They keep this object.
  [[nodiscard]] PairingAgent agent();
  void pair_begins() noexcept { ++pairs_; }
  void pair_ended() noexcept { --pairs_; }
  /// The client is destroyed: nothing may be asked any more.
  void client_is_gone() noexcept { gone_ = true; }
  /// No client is left: no question may be open.
  void check() const;

 private:
  class Question;
  [[nodiscard]] Task<bool> answer(std::string question);
  [[nodiscard]] Task<std::optional<std::uint32_t>> type();
  [[nodiscard]] bool answer_at_once(const std::string& question);
  [[nodiscard]] bool says_yes();
  void is_asked(const std::string& question);

  std::shared_ptr<Log> log_;
  std::string name_;
  std::mt19937_64 dice_;
  int pairs_ = 0;      // under way
  int questions_ = 0;  // open
  bool gone_ = false;
};

}  // namespace blau::interleave
