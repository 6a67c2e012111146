#pragma once

#include "gatt_client.hpp"
#include "gatt_client_discovery.hpp"
#include "nodes.hpp"
#include "roster.hpp"

#include <blau/backend.hpp>
#include <blau/disconnection.hpp>
#include <blau/result.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace blau::sim::detail {

class Pairing;
class SimClient;

/// How a peripheral ends a link.
inline constexpr const char* ended_by_remote = "remote user terminated connection (0x13)";

/// Why nothing is asked of an attribute that changed.
[[nodiscard]] Error attribute_gone();

/// A link between an adapter and a peripheral, shared by the clients of one loop: carries ATT PDUs with latency between their ends.
///
/// An answer takes the peripheral's latency: a quarter on the way there, a half in the peripheral, a quarter on the way back, which is also what a notification takes. So a notification overtakes
/// a response that is still being made, as on the air.
class Link : public std::enable_shared_from_this<Link> {
 public:
  enum class State : std::uint8_t { opening, up, closing, ended };

  Link(AdapterNode& adapter, PeripheralNode& peripheral);
  ~Link();

  /// Opens the bearer and agrees on the MTU; then the clients that wait are told.
  void open();
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] AdapterNode& adapter() const noexcept { return adapter_; }
  [[nodiscard]] PeripheralNode& peripheral() const noexcept { return peripheral_; }
  [[nodiscard]] BearerId bearer() const noexcept { return bearer_; }
  [[nodiscard]] std::uint16_t mtu() const noexcept { return gatt_.mtu(); }

  void add(SimClient& client) { clients_.add(client); }
  /// A client needs the link no more. The last one ends it, and is told when it has ended: true. Else it is not told.
  bool leave(SimClient& client);
  /// The same, and it is never told.
  void drop(SimClient& client);
  /// Another program needs it as well: the last client's end leaves it up.
  void hold() noexcept { held_ = true; }
  [[nodiscard]] bool held() const noexcept { return held_; }
  /// Whoever disconnects does so for all programs.
  void disown() noexcept { held_ = false; }
  /// This side ends it.
  void close();
  /// It is over now.
  void end(DisconnectReason reason, const std::string& native);
  /// The world's loop is gone: as `end`, and nobody is told.
  void forget() noexcept;

  // The central's side.

  void start(std::unique_ptr<Procedure> procedure, GattClient::Done done);
  /// Discovers everything, extended properties too, and keeps the handles.
  void discover(std::function<void(const std::optional<Error>&, const std::vector<DiscoveredService>&)> done);
  /// What was discovered of a characteristic. Empty: it is gone, or was never there. Before a discovery the neighbouring handle is taken for the value.
  struct Known {
    std::uint16_t value_handle = 0;
    std::uint16_t configuration = 0;  ///< handle of its 0x2902; 0: none
    std::uint16_t extended = 0;       ///< its extended properties, as bits of `property`
    Uuid uuid;
    Uuid service;
  };
  [[nodiscard]] std::optional<Known> find(std::uint16_t declaration) const;
  [[nodiscard]] bool knows_descriptor(std::uint16_t handle) const;
  /// Writes a characteristic's configuration as its clients want it now.
  void configure(const Known& characteristic, std::function<void(const std::optional<Error>&)> done);

  // Its security (link_security.cpp).

  /// Why no pairing can begin now.
  [[nodiscard]] std::optional<Error> cannot_pair() const;
  /// Begins one; the client is told how it ended.
  void pair(SimClient& client, const backend::PairRequest& request);
  /// The user wants the pairing that is under way.
  void claim_pairing() noexcept;
  /// A pairing of this client's is under way.
  [[nodiscard]] bool pairs_with(const SimClient& client) const noexcept;
  /// The peripheral wants the link to be encrypted.
  void security_requested();
  /// The keys are made, and the link is encrypted with them.
  void paired(bool authenticated);
  void end_pairing(const Result<void>& result);
  /// This client's pairing is over, and it is not told.
  void abandon_pairing(const SimClient& client) noexcept;
  /// A pairing timed out.
  void end_security_manager() noexcept { security_manager_over_ = true; }
  [[nodiscard]] bool bonded() const noexcept { return security_.has_keys; }
  /// Why it did not come up, where that is not for the end of a link alone to say.
  [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }
  [[nodiscard]] std::optional<std::uint32_t> passkey_shown_by_peripheral() const noexcept;

  // The peripheral's side.

  void respond(Bytes pdu);
  void send(ByteView pdu);
  /// The peripheral's reach or freeze changed.
  void kick();
  void start_schedule(CharacteristicNode& characteristic);
  void stop_schedule(std::uint16_t value_handle) { schedules_.erase(value_handle); }
  void drop_after(std::optional<nanoseconds> time);

 private:
  struct Packet {
    TimePoint when;
    Bytes pdu;
  };
  /// PDUs on their way in one direction, the earliest first.
  struct Pipe {
    std::vector<Packet> packets;
    std::size_t first = 0;
    std::vector<Bytes> spare;  ///< buffers that are used again
    Timer timer;
  };
  struct Schedule {
    CharacteristicNode* characteristic;
    TimePoint next;
    std::size_t turn = 0;
    Timer timer;
  };
  struct Discovery;

  [[nodiscard]] Loop& loop() const;
  /// What is set or made ready meanwhile comes from the peripheral, whoever's turn it is.
  [[nodiscard]] SourceScope turn() const { return {loop(), peripheral_.source}; }
  [[nodiscard]] nanoseconds latency() const { return peripheral_.spec.latency; }
  void push(Pipe& pipe, ByteView pdu, nanoseconds delay);
  void arm(Pipe& pipe);
  void deliver(Pipe& pipe);
  [[nodiscard]] bool blocked(const Pipe& pipe) const;
  void pump();
  void at_peripheral(ByteView pdu);
  void at_central(ByteView pdu);
  void on_value(std::uint16_t value_handle, ByteView value);
  void on_service_changed(ByteView range);
  void exchange_mtu();
  void mtu_agreed();
  void encrypt_by_bond();
  void refuse_bond();
  void set_security(const LinkSecurity& security);
  void remember_subscriptions();
  void stop_pairing() noexcept;
  void run_schedule(std::uint16_t value_handle);
  void stop() noexcept;
  void remember(const std::vector<DiscoveredService>& services);
  void read_extended_properties(std::shared_ptr<Discovery> discovery);
  void watch_services(std::shared_ptr<Discovery> discovery);
  [[nodiscard]] std::uint16_t wanted(std::uint16_t value_handle);
  /// A discovery has all that it can have.
  void settle(const std::shared_ptr<Discovery>& discovery, const std::optional<Error>& error);
  /// The peripheral ends it, in a later turn.
  void lose_soon();

  AdapterNode& adapter_;
  PeripheralNode& peripheral_;
  State state_ = State::opening;
  BearerId bearer_ = 0;
  GattClient gatt_;
  Roster<SimClient> clients_;
  Pipe up_;
  Pipe down_;
  Timer answer_timer_;       ///< ATT's transaction time-out
  Timer supervision_timer_;  ///< runs while the peripheral is out of reach
  Timer closing_timer_;
  Timer drop_timer_;
  Timer security_timer_;  ///< runs until a bonded link is encrypted
  LinkSecurity security_;
  std::shared_ptr<Pairing> pairing_;
  bool security_manager_over_ = false;
  bool security_wanted_ = false;  ///< by the peripheral, before the link was up
  std::optional<Error> refusal_;
  TimePoint opened_{};
  bool pumping_ = false;
  bool held_ = false;
  bool discovering_ = false;  ///< or did: what comes later is no step of a connect
  bool discovered_ = false;
  std::map<std::uint16_t, Known> known_;  ///< by declaration
  std::set<std::uint16_t> known_descriptors_;
  std::uint16_t service_changed_ = 0;  ///< its value handle
  struct Configuration {
    std::uint16_t bits = 0;
    std::size_t pending = 0;
  };
  std::map<std::uint16_t, Configuration> configured_;
  std::map<std::uint16_t, std::unique_ptr<Schedule>> schedules_;
};

}  // namespace blau::sim::detail
