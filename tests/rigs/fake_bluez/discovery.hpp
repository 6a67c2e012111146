#pragma once

#include "radio.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace blau::fake {

class Adapter;
class Device;

/// What SetDiscoveryFilter was given.
struct DiscoveryFilter {
  std::vector<Uuid> uuids;
  std::optional<std::int16_t> rssi;
  std::optional<std::uint16_t> pathloss;
  std::string pattern;
  bool duplicates = false;

  [[nodiscard]] bool asks_for_more_than_transport() const {
    return !uuids.empty() || rssi || pathloss || !pattern.empty() || duplicates;
  }
  /// Empty for what the daemon refuses; `is_empty` tells that there was nothing in it.
  static std::optional<DiscoveryFilter> read(Reader reader, bool& is_empty);
};

/// The discovery of one adapter: a session and a filter for each program.
class Discovery {
 public:
  explicit Discovery(Adapter& adapter) : adapter_(adapter) {}

  void set_filter(const Call& call);
  void start(const Call& call);
  void stop(const Call& call);
  void program_gone(const std::string& name);
  /// The adapter was switched off: sessions and filters are forgotten, pending calls never answered.
  void reset();

  [[nodiscard]] bool runs() const noexcept { return runs_; }
  [[nodiscard]] bool listens() const noexcept { return runs_ && !sessions_.empty(); }
  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }
  void heard(Peripheral& peripheral, int rssi);
  void forget(Device& device) { found_.erase(&device); }

 private:
  struct Session {
    std::string owner;
    std::optional<DiscoveryFilter> filter;
    std::optional<Call> call;  ///< StartDiscovery or StopDiscovery that is under way
    Timer timer;
  };
  using Sessions = std::list<Session>;

  [[nodiscard]] static Sessions::iterator find(Sessions& sessions, const std::string& owner);
  void started(Session& session);
  void stopped(Sessions::iterator session);
  void remove(Sessions::iterator session, bool forget_filter);
  void end();
  [[nodiscard]] bool is_filtered() const;
  [[nodiscard]] bool passes(const AdvertisementData& data, int rssi) const;
  [[nodiscard]] bool wants_duplicates() const;
  [[nodiscard]] bool has_uuid_filter() const;

  Adapter& adapter_;
  Sessions sessions_;
  Sessions preset_;  ///< filters of programs that do not discover
  std::set<Device*> found_;
  bool runs_ = false;
};

}  // namespace blau::fake
