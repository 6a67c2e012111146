#pragma once

#include "link.hpp"
#include "peripheral_user.hpp"

#include "backend/sim/attribute_server.hpp"
#include "backend/sim/fault_book.hpp"
#include "backend/sim/world_file.hpp"

#include <blau/advertisement.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace blau::fake {

class Radio;

/// What a central wrote.
struct Write {
  std::uint16_t handle = 0;  ///< of the value
  Bytes value;
  bool command = false;
};

/// One peripheral of the world.
class Peripheral {
 public:
  Peripheral(Radio& radio, sim::PeripheralSpec spec);
  ~Peripheral();

  [[nodiscard]] const sim::PeripheralSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] std::string address() const { return spec_.address.to_string(); }

  // On the air.

  /// What it advertises now, scan response included.
  [[nodiscard]] const AdvertisementData& advertised() const noexcept { return advertised_; }
  /// The bytes of it.
  [[nodiscard]] const sim::AdvertisingBytes& advertising_bytes() const noexcept { return advertising_; }
  void set_advertising(std::optional<Bytes> data, std::optional<Bytes> scan_response);
  void advertise(bool on);
  /// Out of reach, or back.
  void set_present(bool present);
  [[nodiscard]] bool present() const noexcept { return present_; }
  /// Answers nothing and sends nothing by itself, though its links stay up.
  void set_stalled(bool stalled);
  [[nodiscard]] bool stalled() const noexcept { return stalled_; }
  [[nodiscard]] bool audible() const noexcept;
  [[nodiscard]] bool takes_connections() const noexcept;
  /// Somebody began to listen, or stopped.
  void listening_changed();

  // Links.

  sim::BearerId attach(Link& link);
  void detach(Link& link);
  void take_pdu(Link& link, ByteView pdu);
  [[nodiscard]] const std::vector<Link*>& links() const noexcept { return links_; }
  std::size_t end_links(LinkEnd how);
  /// Of each central.
  void request_security();

  // Its bonds.

  struct Bond {
    bool authenticated = false;
    std::map<std::uint16_t, std::uint16_t> subscriptions;  ///< when the last link ended
  };
  /// With the central of that address; null: it has none.
  [[nodiscard]] const Bond* bond(const std::string& central) const;
  void bond_with(const std::string& central, bool authenticated) { bonds_[central] = Bond{authenticated, {}}; }
  void forget_bonds() { bonds_.clear(); }
  /// It is that one, in a world that was loaded again.
  void inherit_bonds(const Peripheral& from) { bonds_ = from.bonds_; }
  /// What it shows, or has its user type.
  [[nodiscard]] std::uint32_t new_passkey();
  /// From the next pairing on; its user then awaits orders.
  void set_pairing(const blau::sim::PairingOptions& options);
  [[nodiscard]] PeripheralUser& user() noexcept { return user_; }

  // Its table.

  [[nodiscard]] sim::AttributeServer& server();
  /// Another number for each state of the table.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  /// The value handle of a characteristic, by its declaration's or value's; 0 if there is none.
  [[nodiscard]] std::uint16_t value_handle(std::uint16_t handle);
  [[nodiscard]] std::uint16_t value_handle(const Uuid& uuid, std::size_t index);
  /// Sends a value to each link that asked for it; how many that are.
  std::size_t send(std::uint16_t value_handle, ByteView value, bool indicate);
  /// Indications that are not confirmed yet.
  [[nodiscard]] std::size_t unconfirmed() const noexcept { return unconfirmed_.size(); }
  [[nodiscard]] std::vector<std::uint16_t> subscriptions(std::uint16_t value_handle);
  [[nodiscard]] std::vector<Write>& writes() noexcept { return writes_; }
  void set_delays(std::uint16_t value_handle, std::optional<nanoseconds> read, std::optional<nanoseconds> write);
  /// Takes a service away, or puts one at the end, and says so by Service Changed. Errors have the words of the table.
  void remove_service(std::uint16_t handle);
  /// Of a service; 0: there is none.
  [[nodiscard]] std::uint16_t service_handle(const Uuid& uuid);
  std::optional<std::string> add_service(const sim::ServiceSpec& service);

  // What is to go wrong.

  [[nodiscard]] sim::LinkFaults& link_faults() noexcept { return link_faults_; }
  /// Of a characteristic's requests and values; null if there is no such characteristic.
  [[nodiscard]] sim::CharacteristicFaults* faults_of(const sim::CharacteristicName& characteristic);
  void change_services(const sim::ServicesFaultSpec& change);
  void clear_faults();
  [[nodiscard]] std::size_t armed_faults() const;

 private:
  struct Schedule {
    Timer timer;
    std::size_t turn = 0;
    std::chrono::steady_clock::time_point next;
  };
  /// What the world says of a characteristic that its attribute does not hold.
  struct Behaviour {
    nanoseconds read_delay{0};
    nanoseconds write_delay{0};
    std::optional<sim::NotifySchedule> schedule;
    std::uint16_t echo_to = 0;
    sim::CharacteristicFaults faults;
  };
  using ScheduleKey = std::pair<sim::BearerId, std::uint16_t>;

  void build();
  void remember(const sim::ServiceSpec& spec, const sim::PlacedService& placed);
  [[nodiscard]] sim::ServerHooks hooks();
  sim::ReadAnswer read(const sim::ReadAttempt& attempt);
  sim::WriteAnswer write(const sim::WriteAttempt& attempt);
  sim::WriteAnswer configure(const sim::WriteAttempt& attempt);
  [[nodiscard]] std::optional<blau::sim::RequestFault> next_fault(std::uint16_t value_handle,
                                                                  blau::sim::RequestKind kind);
  void taken(std::uint16_t handle, Bytes value, bool command);
  void defer(sim::Ticket ticket, nanoseconds delay, std::function<void()> answer);
  void dispatch(const sim::ServerOutput& output);
  void subscription_changed(sim::BearerId bearer, std::uint16_t value_handle, std::uint16_t bits);
  void run_schedule(ScheduleKey key);
  bool transmit(Link& link, std::uint16_t value_handle, ByteView value, bool indicate);
  bool send_to(Link& link, std::uint16_t value_handle, ByteView value, bool indicate);
  [[nodiscard]] Link* find_link(sim::BearerId bearer) const;
  void tell_change(std::uint16_t first, std::uint16_t last);
  void advertise_next();
  void parse_advertising();

  Radio& radio_;
  sim::PeripheralSpec spec_;
  sim::AdvertisingBytes advertising_;
  AdvertisementData advertised_;
  bool present_ = true;
  bool stalled_ = false;
  Timer advertising_timer_;
  std::unique_ptr<sim::AttributeServer> server_;
  std::uint64_t generation_;
  std::map<std::uint16_t, Behaviour> behaviours_;  ///< by value handle
  sim::LinkFaults link_faults_;
  std::map<sim::Ticket, Timer> deferred_;
  std::map<ScheduleKey, Schedule> schedules_;
  std::multiset<sim::BearerId> unconfirmed_;
  std::map<std::string, Bond> bonds_;  ///< by the central's address
  PeripheralUser user_;
  std::vector<Link*> links_;
  std::vector<Write> writes_;
  Bytes buffer_;
};

}  // namespace blau::fake
