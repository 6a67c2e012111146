#pragma once

#include "measured.hpp"

#include <blau/blau.hpp>

#include <map>
#include <string>
#include <vector>

/// @file
/// What both of Blau's clients need: connecting, and the devices of the workload `connect`.

namespace peers {

/// Connects to `address`, and gives the characteristic `uuid`.
inline blau::Task<blau::Characteristic> connected(blau::Client& client, const Arguments& arguments) {
  co_await client.connect();
  const auto found = client.services().get_characteristic(arguments.text("uuid"));
  if (!found) refuse("no characteristic " + arguments.text("uuid"));
  co_return *found;
}

/// How the values come: `path=socket`, or `path=signals`.
inline blau::NotifyOptions notify_options(const Arguments& arguments) {
  return blau::NotifyOptions{.path = arguments.has("path", "socket") ? blau::NotifyPath::socket
                                                                     : blau::NotifyPath::signals};
}

/// Without a response for the workload `write_command`.
inline blau::WriteOptions write_options(const Arguments& arguments) {
  return blau::WriteOptions{.response = arguments.workload() == "write"};
}

/// What to write.
inline blau::Bytes payload() { return blau::Bytes(20, 0x5a); }

/// The `devices` peripherals that are near.
inline blau::Task<std::vector<blau::Device>> devices_near(const Arguments& arguments) {
  const auto seen = co_await blau::Scanner::discover(std::chrono::seconds(1));
  std::vector<blau::Device> devices;
  for (const blau::Advertisement& sighting : seen) devices.push_back(sighting.device);
  if (devices.size() != arguments.number("devices")) refuse("saw " + std::to_string(devices.size()) + " devices");
  co_return devices;
}

using Workloads = std::map<std::string, blau::Task<> (*)(const Arguments&)>;

/// Does what the arguments say.
inline int client_main(int count, char** words, const Workloads& workloads) {
  const Arguments arguments(count, words);
  const auto found = workloads.find(arguments.workload());
  if (found == workloads.end()) refuse("no workload " + arguments.workload());
  try {
    blau::run(found->second(arguments));
    return 0;
  } catch (const blau::Error& error) {
    refuse(error.what());
  }
}

}  // namespace peers
