#include "agents.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace blau::fake {

namespace {

using blau::sim::IoCapability;

std::optional<IoCapability> capability_named(std::string_view name) {
  if (name.empty() || name == "KeyboardDisplay") return IoCapability::keyboard_display;
  if (name == "DisplayOnly") return IoCapability::display_only;
  if (name == "DisplayYesNo") return IoCapability::display_yes_no;
  if (name == "KeyboardOnly") return IoCapability::keyboard_only;
  if (name == "NoInputNoOutput") return IoCapability::no_input_no_output;
  return std::nullopt;
}

}  // namespace

const Description<Agents>& Agents::description() {
  using A = Agents;
  static constexpr std::array methods{
      MethodOf<A>{"RegisterAgent", "os", "", &A::register_agent},
      MethodOf<A>{"UnregisterAgent", "o", "", &A::unregister_agent},
      MethodOf<A>{"RequestDefaultAgent", "o", "", &A::request_default},
  };
  static const Description<A> made{"org.bluez.AgentManager1", methods, {}, {}};
  return made;
}

Agents::Agents() : InterfaceOf("/org/bluez") {}

std::shared_ptr<const Agent> Agents::of(const std::string& program) const {
  if (const auto own = agents_.find(program); own != agents_.end()) return own->second;
  return default_one();
}

std::shared_ptr<const Agent> Agents::default_one() const { return defaults_.empty() ? nullptr : defaults_.front(); }

void Agents::register_agent(const Call& call) {
  const std::string owner = call.sender();
  if (agents_.contains(owner)) return call.error(errors::already_exists());
  Reader reader = call.reader();
  const std::string path(reader.object_path());
  const auto io = capability_named(reader.text());
  if (!io) return call.error(errors::invalid_arguments());
  const auto agent = std::make_shared<const Agent>(Agent{owner, path, *io});
  agents_[owner] = agent;
  // Where there is none the first one that comes is the default one, whether it asked for that or not.
  if (defaults_.empty()) defaults_.push_front(agent);
  call.reply();
}

std::shared_ptr<const Agent> Agents::named_by(const Call& call) const {
  const auto own = agents_.find(call.sender());
  if (own != agents_.end() && call.reader().object_path() == own->second->path) return own->second;
  call.error(errors::does_not_exist());
  return nullptr;
}

void Agents::unregister_agent(const Call& call) {
  if (!named_by(call)) return;
  program_gone(call.sender());
  call.reply();
}

void Agents::request_default(const Call& call) {
  const auto agent = named_by(call);
  if (!agent) return;
  std::erase(defaults_, agent);
  defaults_.push_front(agent);
  call.reply();
}

void Agents::program_gone(const std::string& name) {
  const auto own = agents_.find(name);
  if (own == agents_.end()) return;
  std::erase(defaults_, own->second);
  agents_.erase(own);
}

void Agents::forget() noexcept {
  agents_.clear();
  defaults_.clear();
}

}  // namespace blau::fake
