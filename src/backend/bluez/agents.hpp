#pragma once

#include "agent.hpp"
#include "anchored.hpp"
#include "daemon.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace blau::detail::bluez {

/// What bluetoothd sees of the agents of one loop: one object, since a connection to the bus has one agent, which can do what the user of the moment can.
///
/// A pairing of this program's own has it for itself. Else it stands by, as the machine's default agent, for the sessions that asked for that, as long as they have a link, or are about to get one, and no
/// bond: bluetoothd begins a pairing by itself where the device, or a request, wants one.
class Agents final : public Anchored<Agents>, private DaemonObserver {
 public:
  static constexpr const char* path = "/blau/agent";

  explicit Agents(Daemon& daemon) : daemon_(daemon) { daemon.add_observer(*this); }
  ~Agents();

  /// For a pairing of this program's own. @param registered gets bluetoothd's answer
  void take_over(std::shared_ptr<Agent> agent, Bus::ReplyHandler registered);
  /// That pairing is over.
  void hand_back();
  /// @param standing called when bluetoothd has answered. A link that is made before then has the abilities of the agent before: BlueZ 5.82 leaves it to the kernel to pair a device that is connected,
  /// and the kernel goes by what the adapter's agent could do when the link was made.
  void stand_by(std::shared_ptr<Agent> agent, unique_function<void()> standing);
  /// @return true if a question of his was open, which nobody answers any more
  bool stand_down(const Session& user);

 private:
  void stand();
  void hand_on(std::string_view capability);
  void become_default();
  void stood();
  void register_object(const char* capability, Bus::ReplyHandler registered);
  void unregister();
  void called(const Message& call);
  [[nodiscard]] std::shared_ptr<Agent> agent_for(const std::string& device) const;
  void send(Message message) { daemon_.send(std::move(message)); }
  void daemon_lost(const std::string& native) override;

  Daemon& daemon_;
  std::unique_ptr<Subscription> object_;
  bool registered_ = false;  ///< or on its way
  unsigned registration_ = 0;
  std::shared_ptr<Agent> own_;
  std::vector<std::shared_ptr<Agent>> standing_;
  bool taking_stand_ = false;  ///< bluetoothd has not answered yet
  std::vector<unique_function<void()>> waiting_;
};

}  // namespace blau::detail::bluez
