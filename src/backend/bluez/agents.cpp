#include "agents.hpp"

#include "interfaces.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail::bluez {

namespace {

constexpr const char* manager_path = "/org/bluez";

}  // namespace

Agents::~Agents() {
  if (own_) own_->retire();
  for (const auto& agent : standing_) agent->retire();
}

void Agents::take_over(std::shared_ptr<Agent> agent, Bus::ReplyHandler registered) {
  unregister();
  own_ = std::move(agent);
  register_object(own_->capability(), std::move(registered));
}

void Agents::hand_back() {
  if (const auto agent = std::exchange(own_, nullptr)) {
    agent->retire();
    unregister();
  }
  stand();
}

void Agents::stand_by(std::shared_ptr<Agent> agent, unique_function<void()> standing) {
  standing_.push_back(std::move(agent));
  waiting_.push_back(std::move(standing));
  stand();
  if (!taking_stand_) stood();
}

bool Agents::stand_down(const Session& user) {
  const auto is_his = [&user](const std::shared_ptr<Agent>& agent) { return agent->user().get() == &user; };
  const auto found = std::find_if(standing_.begin(), standing_.end(), is_his);
  if (found == standing_.end()) return false;
  const auto agent = *found;
  const bool was_registered = found == standing_.begin();
  standing_.erase(found);
  const bool was_asking = agent->retire();
  if (was_registered && !own_) hand_on(agent->capability());
  return was_asking;
}

/// The first that stands decides what the object says it can do.
void Agents::hand_on(std::string_view capability) {
  if (!standing_.empty() && standing_.front()->capability() == capability) return;
  unregister();
  stand();
}

void Agents::stand() {
  if (own_ || registered_ || standing_.empty() || !daemon_.ready()) return;
  taking_stand_ = true;
  const auto number = registration_ + 1;
  register_object(standing_.front()->capability(), [self = weak_self(), number](const Reply&) {
    const auto agents = self.lock();
    if (!agents) return;
    const bool others_came = agents->registration_ != number && !agents->own_;
    if (!others_came) agents->become_default();
  });
}

/// A second call, since bluetoothd answers before it has told the kernel of the first.
void Agents::become_default() {
  if (!registered_ || own_) return stood();
  Message call = daemon_.new_call(manager_path, agent_manager_interface, "RequestDefaultAgent");
  call.append("o", path);
  daemon_.call(std::move(call), [self = weak_self()](const Reply&) {
    if (const auto agents = self.lock()) agents->stood();
  });
}

void Agents::stood() {
  taking_stand_ = false;
  for (auto& standing : std::exchange(waiting_, {})) standing();
}

void Agents::register_object(const char* capability, Bus::ReplyHandler registered) {
  registered_ = true;
  object_ = daemon_.serve(path, agent_interface, [self = weak_self()](const Message& call) {
    if (const auto agents = self.lock()) agents->called(call);
  });
  Message call = daemon_.new_call(manager_path, agent_manager_interface, "RegisterAgent");
  call.append("os", path, capability);
  daemon_.call(std::move(call),
               [self = weak_self(), number = ++registration_, registered = std::move(registered)](Reply reply) mutable {
                 const auto agents = self.lock();
                 if (agents && agents->registration_ == number && !reply.ok()) agents->registered_ = false;
                 registered(std::move(reply));
               });
}

void Agents::unregister() {
  object_.reset();
  if (!std::exchange(registered_, false)) return;
  Message call = daemon_.new_call(manager_path, agent_manager_interface, "UnregisterAgent");
  call.append("o", path);
  send(std::move(call));
}

std::shared_ptr<Agent> Agents::agent_for(const std::string& device) const {
  if (own_ && own_->device() == device) return own_;
  const auto is_its = [&device](const std::shared_ptr<Agent>& agent) { return agent->device() == device; };
  const auto found = std::find_if(standing_.begin(), standing_.end(), is_its);
  return found == standing_.end() ? nullptr : *found;
}

void Agents::called(const Message& call) {
  const std::string_view member = call.member();
  if (member == "Cancel" || member == "Release") send(Message::reply_to(call));
  if (member == "Release") return;
  if (member == "Cancel") {
    const auto standing = standing_;
    if (own_) own_->withdraw();
    for (const auto& agent : standing) agent->withdraw();
    return;
  }
  Reader reader(call);
  if (const auto agent = agent_for(std::string(reader.object_path()))) return agent->called(call, reader);
  send(Message::error_to(call, "org.bluez.Error.Rejected", "This program does not pair with that device"));
}

void Agents::daemon_lost(const std::string&) {
  object_.reset();
  registered_ = false;
  ++registration_;
  daemon_.loop().post([self = weak_self()] {
    if (const auto agents = self.lock()) agents->stood();
  });
  if (const auto own = std::exchange(own_, nullptr)) own->retire();
  for (const auto& agent : std::exchange(standing_, {})) agent->retire();
}

}  // namespace blau::detail::bluez
