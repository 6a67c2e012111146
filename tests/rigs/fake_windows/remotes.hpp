#pragma once

#include <blau/address.hpp>
#include <blau/device.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fake_windows {

class Host;
class Remote;

/// The devices that the system knows, on the air.
class Remotes {
 public:
  explicit Remotes(Host& host);
  ~Remotes();
  Remotes(const Remotes&) = delete;
  Remotes& operator=(const Remotes&) = delete;

  /// A watcher heard it: from now on it is in the system's cache.
  void heard(const blau::Device& device);
  /// Whether a device object can be made: it was heard, or has a link or a bond.
  [[nodiscard]] bool knows(const blau::Address& address);
  /// Made where it is missing.
  [[nodiscard]] std::shared_ptr<Remote> get(const blau::Address& address);
  [[nodiscard]] std::vector<blau::Device> connected();
  [[nodiscard]] std::vector<blau::Device> bonded();

 private:
  Host& host_;
  std::map<std::uint64_t, blau::Device> heard_;
  std::map<std::uint64_t, std::shared_ptr<Remote>> remotes_;
};

}  // namespace fake_windows
