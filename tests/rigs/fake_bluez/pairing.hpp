#pragma once

#include "agents.hpp"
#include "outgoing.hpp"
#include "sim.hpp"

#include "backend/sim/association.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace blau::fake {

class Daemon;
class Link;

/// One pairing over a link, both sides of it (Core Vol 3 Part H 2.3): what the kernel and the peripheral do, and what an agent is asked.
///
/// The peripheral behaves as its world says, and its messages take the link's latency; one that is frozen or out of reach lets the pairing wait.
class Pairing {
 public:
  enum class End : std::uint8_t { success, failed, timed_out };
  using Done = std::function<void(End)>;

  /// @param device the object that the agent is asked about
  /// @param agent who is asked; null: nobody
  /// @param implied nobody has called Pair, so that nobody has agreed to Just Works yet
  /// @param done may destroy the pairing
  Pairing(Daemon& daemon, Link& link, std::string device, std::shared_ptr<const Agent> agent, bool implied, Done done);
  Pairing(const Pairing&) = delete;
  Pairing& operator=(const Pairing&) = delete;
  /// Takes the question back that is open.
  ~Pairing();

  void begin();
  /// The peripheral is out of reach or frozen, or is no longer.
  void reach_changed();
  /// Its keys are made with protection against a device in the middle.
  [[nodiscard]] bool authenticates() const noexcept { return association_ != sim::Association::just_works; }

 private:
  using Step = void (Pairing::*)();

  /// Takes the step after so many exchanges.
  void next(Step step, int exchanges);
  void arrived();
  void restart_limit();
  void features_exchanged();
  void ask_user();
  void show_passkey();
  [[nodiscard]] Message question(const char* member) const;
  void ask(const Message& question);
  void answered(const Message& answer);
  void show_passkey_there();
  [[nodiscard]] bool peripherals_user_is_through();
  void peripherals_user_typed();
  void rejected_by_peripheral() { finish(End::failed); }
  void make_keys_if_agreed();
  void make_keys();
  void finish(End end);

  Daemon& daemon_;
  Link& link_;
  std::string device_;
  std::shared_ptr<const Agent> agent_;
  bool implied_;
  Done done_;
  sim::Association association_ = sim::Association::just_works;
  std::uint32_t shown_ = 0;  ///< on a display, or on both
  std::uint32_t typed_ = 0;  ///< by the agent's user
  bool is_known_ = false;    ///< how they pair
  bool ours_agreed_ = false;
  bool theirs_agreed_ = false;
  Step step_ = nullptr;  ///< what comes next, by itself
  std::unique_ptr<OutgoingCall> question_;
  Timer step_timer_;
  Timer limit_;
};

}  // namespace blau::fake
