#pragma once

#include "attribute_server.hpp"
#include "attribute_spec.hpp"
#include "fault_book.hpp"
#include "random.hpp"
#include "world_file.hpp"

#include <blau/advertisement.hpp>
#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>
#include <blau/sim/adapter.hpp>
#include <blau/sim/attributes.hpp>
#include <blau/sim/peripheral.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// @file
/// What the public objects of a world stand for. Each node owns its public face, so that references to it hold.

namespace blau::sim::detail {

using blau::detail::Loop;
using blau::detail::Source;
using blau::detail::SourceScope;

/// Service Changed (Core specification Vol 3 Part G 7.1).
inline constexpr Uuid service_changed_uuid{0x2a05};
using blau::detail::TimePoint;
using blau::detail::Timer;
using std::chrono::nanoseconds;

class Link;
class WorldCore;
struct PeripheralNode;
struct ServiceNode;
struct CharacteristicNode;

/// The newest writes that an attribute received, twice as many at times so that dropping the oldest costs little.
struct WriteLog {
  static constexpr std::size_t least = 4096;
  void add(ReceivedWrite write) {
    if (writes.size() == 2 * least) writes.erase(writes.begin(), writes.begin() + least);
    writes.push_back(std::move(write));
  }
  std::vector<ReceivedWrite> writes;
};

struct DescriptorNode {
  DescriptorNode(CharacteristicNode& owner, DescriptorSpec spec) : owner(owner), spec(std::move(spec)) {}
  /// Where its value is now.
  [[nodiscard]] Attribute* attribute() const;

  CharacteristicNode& owner;
  DescriptorSpec spec;
  std::uint16_t handle = 0;
  WriteLog log;
  Descriptor face{*this};
};

struct CharacteristicNode {
  CharacteristicNode(ServiceNode& service, CharacteristicSpec spec);
  [[nodiscard]] Attribute* attribute() const;
  [[nodiscard]] PeripheralNode& peripheral() const;
  [[nodiscard]] bool can_notify() const { return (spec.properties & (property::notify | property::indicate)) != 0; }

  ServiceNode& service;
  CharacteristicSpec spec;  ///< without descriptors, delays and schedule
  nanoseconds read_delay{0};
  nanoseconds write_delay{0};
  nanoseconds notify_interval{0};          ///< 0: no schedule
  std::function<Bytes(std::size_t)> make;  ///< the value of a turn
  std::function<sim::ReadAnswer()> on_read;
  std::function<sim::WriteAnswer(ByteView)> on_write;
  std::uint16_t handle = 0;
  std::uint16_t value_handle = 0;
  std::vector<std::unique_ptr<DescriptorNode>> descriptors;
  WriteLog log;
  CharacteristicFaults faults;
  Characteristic face{*this};
};

struct ServiceNode {
  ServiceNode(PeripheralNode& peripheral, const ServiceSpec& spec);
  CharacteristicNode& add(CharacteristicSpec spec);
  [[nodiscard]] bool placed() const noexcept { return handle != 0; }

  PeripheralNode& peripheral;
  ServiceSpec spec;  ///< without characteristics and includes
  std::vector<ServiceNode*> includes;
  std::uint16_t handle = 0;
  std::uint16_t end = 0;  ///< its last handle
  bool removed = false;
  std::vector<std::unique_ptr<CharacteristicNode>> characteristics;
  Service face{*this};
};

/// What an adapter hears of a peripheral.
struct Heard {
  Device active_device;
  Device passive_device;
  AdvertisementData active;
  AdvertisementData passive;
};

/// What a peripheral keeps of a central that it has a bond with.
struct Bond {
  bool authenticated = false;  ///< its key was made with protection against a man in the middle
  std::map<std::uint16_t, std::uint16_t> subscriptions;  ///< when the last link ended
};

struct AdapterNode {
  AdapterNode(WorldCore& world, AdapterSpec spec, std::size_t max_connections);
  /// Why it cannot be used as a central now.
  [[nodiscard]] std::optional<Error> unusable() const;
  [[nodiscard]] backend::AdapterState state() const;
  /// It may have become usable or unusable.
  void switched();

  WorldCore& world;
  AdapterSpec spec;
  Address address;
  std::size_t max_connections;
  bool present = true;
  bool interrupted = false;  ///< was off since the world last looked
  std::size_t links = 0;
  std::set<const PeripheralNode*> bonds;  ///< the system's keys of it
  Adapter face{*this};
};

struct PeripheralNode {
  PeripheralNode(WorldCore& world, PeripheralSpec spec);
  ~PeripheralNode();

  // Building (peripheral_build.cpp).

  ServiceNode& add(ServiceSpec spec);
  /// Throws `invalid_argument` for what no table could hold.
  void check() const;
  /// Gives handles to all services that have none.
  void fix_table();
  /// A service came or went: the table is fixed soon, so that connected centrals hear of it.
  void services_changed();
  void remove(ServiceNode& service);
  [[nodiscard]] CharacteristicNode* find_value(std::uint16_t handle) const;
  [[nodiscard]] DescriptorNode* find_descriptor(std::uint16_t handle) const;
  /// All about it but connections, as a spec.
  [[nodiscard]] PeripheralSpec assembled() const;

  // Serving (peripheral.cpp).

  std::size_t send(CharacteristicNode& characteristic, ByteView value, bool indications_only);
  /// The same to one central. False if it did not ask for it.
  bool send_to(Link& link, CharacteristicNode& characteristic, ByteView value, bool indications_only);
  void dispatch(ServerOutput output);
  [[nodiscard]] std::shared_ptr<Link> find_link(BearerId bearer) const;
  [[nodiscard]] std::shared_ptr<Link> link_on(const AdapterNode& adapter) const;
  /// True where a central can connect now.
  [[nodiscard]] bool connectable() const;
  void end_links(DisconnectReason reason, const std::string& native);
  /// Another program of the machine has a link by that adapter.
  void hold_link(AdapterNode& adapter);
  /// Reach or freeze changed.
  void kick_links();
  /// What an adapter knows it by: the address that it advertises, or its own where there is a bond.
  [[nodiscard]] const Address& address_on(const AdapterNode& adapter) const;
  /// What a system calls it.
  [[nodiscard]] Device device(const AdapterNode& adapter) const;
  /// A passkey that it, or a central, shows.
  [[nodiscard]] std::uint32_t new_passkey();
  /// The world's loop is gone.
  void forget() noexcept;

  // Advertising (advertising.cpp).

  [[nodiscard]] bool advertises() const;
  /// Something that it tells, or whether it tells it, has changed.
  void advertising_changed();
  /// Begins or ends the events, as there are listeners or not.
  void update_advertising();

  WorldCore& world;
  const Source source = blau::detail::new_source();  ///< what it does and what its links carry keeps its order
  PeripheralSpec spec;                               ///< without services
  std::optional<Address> private_address;            ///< in place of the spec's on the air
  nanoseconds supervision_timeout{std::chrono::milliseconds(420)};
  bool present = true;
  bool stalled = false;
  bool refuses = false;
  LinkFaults faults;
  std::vector<std::unique_ptr<ServiceNode>> services;  ///< removed ones, too
  std::unique_ptr<AttributeServer> server;
  std::vector<std::shared_ptr<Link>> links;
  std::size_t link_count = 0;
  std::map<const AdapterNode*, Bond> bonds;  ///< its own keys
  std::function<void()> on_connected;
  std::function<void(DisconnectReason)> on_disconnected;
  Peripheral face{*this};

 private:
  [[nodiscard]] std::vector<ServiceNode*> unplaced() const;
  [[nodiscard]] std::vector<ServiceSpec> specs_of(const std::vector<ServiceNode*>& nodes) const;
  [[nodiscard]] ServerHooks hooks();
  void place(ServiceNode& node, const PlacedService& placed);
  void tell_change(std::uint16_t first, std::uint16_t last);
  [[nodiscard]] std::uint16_t service_changed_handle() const;

  detail::ReadAnswer begin_read(const ReadAttempt& attempt);
  detail::WriteAnswer begin_write(const WriteAttempt& attempt);
  detail::WriteAnswer begin_configure(const WriteAttempt& attempt);
  detail::ReadAnswer read_now(std::uint16_t handle);
  detail::WriteAnswer write_now(std::uint16_t handle, Bytes value, bool with_response, std::optional<AttError> refused);
  bool transmit(Link& link, CharacteristicNode& characteristic, ByteView value, bool indications_only);
  detail::WriteAnswer ask_hook(CharacteristicNode& characteristic, const Bytes& value);
  void echo(CharacteristicNode& from, const Bytes& value);
  void defer(Ticket ticket, nanoseconds delay, blau::unique_function<void()> answer);
  void subscription_changed(BearerId bearer, std::uint16_t value_handle, std::uint16_t bits);

  void advertise();
  [[nodiscard]] std::shared_ptr<Heard> heard_by(const AdapterNode& adapter);

  std::map<std::uint16_t, CharacteristicNode*> by_value_;
  std::map<std::uint16_t, DescriptorNode*> by_descriptor_;
  std::map<Ticket, std::unique_ptr<Timer>> deferred_;
  Bytes buffer_;
  Timer advertising_timer_;
  Random random_;
  Random passkeys_;
  std::map<const AdapterNode*, std::shared_ptr<Heard>> heard_;
};

}  // namespace blau::sim::detail
