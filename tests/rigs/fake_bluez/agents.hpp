#pragma once

#include "object.hpp"

#include <blau/sim/pairing.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>

namespace blau::fake {

/// A program's org.bluez.Agent1, which answers what a pairing asks its user.
struct Agent {
  std::string owner;
  std::string path;
  blau::sim::IoCapability io = blau::sim::IoCapability::no_input_no_output;
};

/// org.bluez.AgentManager1.
class Agents final : public InterfaceOf<Agents> {
 public:
  Agents();
  [[nodiscard]] static const Description<Agents>& description();

  /// Who answers for a program: its own agent, else the default one, else nobody.
  [[nodiscard]] std::shared_ptr<const Agent> of(const std::string& program) const;
  /// Who answers where no program has asked for the pairing; null: nobody.
  [[nodiscard]] std::shared_ptr<const Agent> default_one() const;
  [[nodiscard]] std::size_t count() const noexcept { return agents_.size(); }
  void program_gone(const std::string& name);
  /// The end of the process.
  void forget() noexcept;

 private:
  void register_agent(const Call& call);
  void unregister_agent(const Call& call);
  void request_default(const Call& call);
  /// The caller's agent; null, and refused, if it is not of that path.
  [[nodiscard]] std::shared_ptr<const Agent> named_by(const Call& call) const;

  std::map<std::string, std::shared_ptr<const Agent>> agents_;  ///< by their programs
  std::deque<std::shared_ptr<const Agent>> defaults_;           ///< the first one is it
};

}  // namespace blau::fake
