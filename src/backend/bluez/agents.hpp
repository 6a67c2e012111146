#pragma once

#include "agent.hpp"
#include "anchored.hpp"
#include "daemon.hpp"

#include <memory>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// What bluetoothd sees of the agents of one loop: one object, since a connection to the bus has one agent, which can do what the user of the moment can.
///
/// A pairing of this program's own has it for itself. Else it stands for the sessions that have a link, an agent and no bond: bluetoothd begins a pairing by itself where the device, or a request, wants one, and asks
/// the machine's default agent: the first that registered, unless another one asked to be it.
class Agents final : public Anchored<Agents>, private DaemonObserver {
 public:
  static constexpr const char* path = "/blau/agent";

  explicit Agents(Daemon& daemon) : daemon_(daemon) { daemon.add_observer(*this); }
  ~Agents();

  /// For a pairing of this program's own. @param registered gets bluetoothd's answer
  void take_over(std::shared_ptr<Agent> agent, Bus::ReplyHandler registered);
  /// That pairing is over.
  void hand_back();
  /// @param as_default before other programs' agents
  void stand_by(std::shared_ptr<Agent> agent, bool as_default);
  void stand_down(const Session& user);

 private:
  struct Standing {
    std::shared_ptr<Agent> agent;
    bool as_default = false;
  };
  void stand();
  void become_default();
  void register_object(const char* capability, Bus::ReplyHandler registered);
  void unregister();
  void called(const Message& call);
  [[nodiscard]] std::shared_ptr<Agent> agent_for(const std::string& device) const;
  void send(Message message) { daemon_.send(std::move(message)); }
  void daemon_lost(const std::string& native) override;

  Daemon& daemon_;
  std::unique_ptr<Subscription> object_;
  bool registered_ = false;  ///< or on its way
  std::shared_ptr<Agent> own_;
  std::vector<Standing> standing_;
};

}  // namespace blau::detail::bluez
