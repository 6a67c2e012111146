#pragma once

#include "agents.hpp"
#include "anchored.hpp"
#include "daemon.hpp"

#include <blau/backend.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// The pairings that one loop begins, one after the other: a program has one agent at bluetoothd, which can do what the user of that pairing can.
class Pairings final : public Anchored<Pairings>, private DaemonObserver {
 public:
  Pairings(Daemon& daemon, Agents& agents) : daemon_(daemon), agents_(agents) { daemon.add_observer(*this); }

  /// Pairs with a device, once the pairings before are over.
  void begin(const std::shared_ptr<Session>& session, std::string device, const backend::PairRequest& request,
             backend::Done<void> done);
  /// Calls the session's pairings off, since nobody wants them any more or their link is over; they end with `pairing_canceled`.
  void cancel(const std::shared_ptr<Session>& session);

 private:
  struct Pairing {
    std::shared_ptr<Session> session;
    std::string device;
    std::shared_ptr<Agent> agent;
    backend::Done<void> done;
    bool asks_before = false;  ///< the user is asked before it begins
    bool implied = false;      ///< by a request: nobody has agreed to Just Works yet
    bool called = false;       ///< Pair is not answered yet
    bool canceled = false;
    bool refused = false;  ///< what bluetoothd only shows
  };

  void advance();
  [[nodiscard]] bool has_bond() const noexcept;
  void drop_waiting(const std::shared_ptr<Session>& session);
  void confirm();
  void register_agent();
  void agent_registered(const Reply& reply);
  void pair_answered(const Reply& reply);
  void refuse();
  void call_off();
  void called_off_answered(const Reply& reply);
  void finish(const Result<void>& result);
  [[nodiscard]] std::optional<Error> own_end() const;
  [[nodiscard]] Result<void> result_of(const Reply& reply) const;
  Bus::ReplyHandler guarded(void (Pairings::*next)(const Reply&));
  void daemon_lost(const std::string& native) override;

  Daemon& daemon_;
  Agents& agents_;
  std::shared_ptr<Pairing> current_;
  std::deque<std::shared_ptr<Pairing>> waiting_;
};

}  // namespace blau::detail::bluez
