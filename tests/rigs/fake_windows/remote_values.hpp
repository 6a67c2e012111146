#pragma once

#include "objects.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace fake_windows {

class Host;

/// The values of a device: what is remembered of them, and who is told when they change. On the air.
class RemoteValues {
 public:
  RemoteValues(Host& host, blau::backend::ClientPort& port) : host_(host), port_(port) {}

  /// From now on it hears of its values.
  void add(const std::shared_ptr<CharacteristicState>& characteristic);
  void came(std::uint16_t handle, blau::ByteView value);
  void link_ended();

  /// @param attribute a characteristic's declaration, or a descriptor
  void read(std::uint16_t attribute, bool is_descriptor, bool cached, blau::backend::Done<blau::Bytes> done);

  using Kind = std::optional<blau::backend::SubscribeKind>;
  /// Writes the characteristic's configuration for this object. It is off when no object wants it any more.
  void configure(const std::shared_ptr<CharacteristicState>& characteristic, Kind kind, blau::backend::Done<void> done);
  /// A service was closed: what its objects wanted nobody wants any more.
  void forget(const std::shared_ptr<ServiceState>& service);

 private:
  struct Change {
    std::shared_ptr<CharacteristicState> characteristic;
    Kind kind;
    blau::backend::Done<void> done;
  };
  struct Configuration {
    std::map<std::shared_ptr<CharacteristicState>, blau::backend::SubscribeKind> wanted;
    std::deque<Change> changes;  // the first is under way
  };
  void begin_change(std::uint16_t handle);
  void change_done(std::uint16_t handle, const blau::Result<void>& result);

  Host& host_;
  blau::backend::ClientPort& port_;
  std::map<std::uint16_t, std::vector<std::weak_ptr<CharacteristicState>>> objects_;
  std::map<std::uint16_t, blau::Bytes> remembered_;
  std::map<std::uint16_t, Configuration> configurations_;
  std::shared_ptr<void> life_ = std::make_shared<char>();
};

}  // namespace fake_windows
