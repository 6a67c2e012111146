#include "remotes.hpp"

#include "host.hpp"
#include "remote.hpp"

#include <optional>
#include <utility>

namespace fake_windows {

Remotes::Remotes(Host& host) : host_(host) {}

Remotes::~Remotes() {
  for (const auto& [number, remote] : remotes_) remote->system_ends();
}

void Remotes::heard(const blau::Device& device) {
  heard_[device.address().number()] = device;
  const auto remote = remotes_.find(device.address().number());
  if (remote != remotes_.end()) remote->second->learn(device);
}

bool Remotes::knows(const blau::Address& address) {
  const auto heard = heard_.find(address.number());
  if (heard != heard_.end() && heard->second.address() == address) return true;  // of that type, where one is asked for
  bool known = false;
  host_.radio().find_known_device({}, address, [&known](const auto& found) {  // the simulator answers at once
    known = found && found->has_value();
  });
  return known;
}

std::shared_ptr<Remote> Remotes::get(const blau::Address& address) {
  auto& remote = remotes_[address.number()];
  if (remote) return remote;
  const auto heard = heard_.find(address.number());
  const blau::Device device = heard == heard_.end() ? blau::Device(address) : heard->second;
  remote = std::make_shared<Remote>(host_, device);
  return remote;
}

std::vector<blau::Device> Remotes::connected() {
  std::vector<blau::Device> found;
  host_.radio().connected_devices({}, {}, [&found](auto result) {
    if (result) found = *std::move(result);
  });
  return found;
}

std::vector<blau::Device> Remotes::bonded() {
  std::vector<blau::Device> found;
  host_.radio().bonded_devices({}, [&found](auto result) {
    if (result) found = *std::move(result);
  });
  return found;
}

}  // namespace fake_windows
