#pragma once

#include <blau/blau.hpp>
#include <blau/sim/pairing.hpp>
#include <blau/sim/peripheral.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blau::conformance {

/// A characteristic of a peripheral of the world file: the first of this UUID. No aggregate: GCC 12 copies those bit by bit in a statement with `co_await`.
struct Place {
  Place(std::string peripheral, const Uuid& characteristic) : address(std::move(peripheral)), uuid(characteristic) {}
  std::string address;
  Uuid uuid;
};

/// A write that a peripheral took.
struct Written {
  Bytes value;
  bool with_response = true;
  friend bool operator==(const Written&, const Written&) = default;
};

/// A service to be added, with one characteristic that can be read, written and notified. No aggregate, for the same reason.
struct AddedService {
  AddedService(const Uuid& type, const Uuid& characteristic_type, Bytes first_value,
               std::optional<Handle> place = std::nullopt)
      : uuid(type), characteristic(characteristic_type), value(std::move(first_value)), handle(place) {}
  Uuid uuid;
  Uuid characteristic;
  Bytes value;
  std::optional<Handle> handle;  ///< absent: behind all others
};

/// What not every rig can do. A case that needs one of these is skipped where it is missing, with the rig's reason.
enum class Ability : std::uint8_t {
  stall,             ///< `stall`: links stay up, and nothing is answered
  end_abruptly,      ///< a link may end in the middle of its discovery, and a service in the middle of a subscription
  change_services,   ///< `remove_service`
  add_services,      ///< `add_service`
  several_adapters,  ///< `set_adapters`
  lose_system,       ///< `lose_system`
  pairing,           ///< its system pairs
  begin_pairing,  ///< its system pairs by itself where a request needs it, or the peripheral asks for it (`request_security`)
  set_pairing,           ///< `set_pairing`, `shown_passkey` and `type_passkey`
  lose_bond,             ///< a peripheral may come back without the keys of its bond
  other_program,         ///< `hold_link` and `let_link_go`
  end_other_links,       ///< a disconnect ends a link that another program holds, too
  connect_unseen,        ///< its system connects to addresses that nobody has heard
  abandon_unseen,        ///< and bears that such an attempt is taken back
  extended_advertising,  ///< `set_advertising` takes more than 31 bytes
  private_addresses,     ///< `set_private_address`
};

/// An adapter of the machine.
struct RigAdapter {
  explicit RigAdapter(std::string id) : name(std::move(id)) {}
  std::string name;
  bool powered = true;
  bool blocked = false;
};

/// What the cases run on: a Bluetooth system, and the peripherals of `world.json` that can be told what to do.
///
/// What returns a Task is for the inside of `run`; it ends when the peripheral has done it.
class Rig {
 public:
  Rig() = default;
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  virtual ~Rig() = default;

  /// Makes the world as the file says, with nobody connected.
  virtual void begin_case() = 0;
  /// Fails the case if a link is left up. @param failed the case has: peripherals may be in any state
  virtual void end_case(bool failed) = 0;
  /// Runs a case on a loop of its own.
  virtual void run(Task<> task) = 0;
  /// For cases on plain threads, outside `run`: the system, for objects on the background loop. Peripherals cannot be told anything then.
  [[nodiscard]] virtual BackendRef threaded_backend() = 0;

  /// Sends values, one behind the other, to everybody who subscribed; how many that are.
  [[nodiscard]] virtual Task<std::size_t> notify(Place place, std::vector<Bytes> values) = 0;
  /// The same by indication; ends when all were confirmed, or sent in a simulation.
  [[nodiscard]] virtual Task<std::size_t> indicate(Place place, std::vector<Bytes> values) = 0;
  [[nodiscard]] virtual Task<> set_value(Place place, Bytes value) = 0;
  /// Waits until the peripheral has taken so many writes, and gives all.
  [[nodiscard]] virtual Task<std::vector<Written>> writes(Place place, std::size_t count) = 0;
  /// Waits until so many links are subscribed. @throws Error `timed_out`
  [[nodiscard]] virtual Task<> await_subscribers(Place place, std::size_t count) = 0;
  /// Waits until the peripheral has so many links. @throws Error `timed_out`
  [[nodiscard]] virtual Task<> await_links(std::string address, std::size_t count) = 0;

  /// The peripheral ends its links.
  [[nodiscard]] virtual Task<> drop_link(std::string address) = 0;
  [[nodiscard]] virtual Task<> advertise(std::string address, bool on) = 0;
  /// Goes out of reach: links end by their supervision time-out.
  [[nodiscard]] virtual Task<> vanish(std::string address) = 0;
  [[nodiscard]] virtual Task<> appear(std::string address) = 0;
  [[nodiscard]] virtual Task<> set_powered(bool on) = 0;
  /// The peripheral loses its keys, as by a reset to factory settings. Links stay.
  [[nodiscard]] virtual Task<> forget_bonds(std::string address) = 0;
  /// The machine has these adapters and no others, till the end of the case; peripherals are as at its beginning, without a link.
  [[nodiscard]] virtual Task<> set_adapters(std::vector<RigAdapter> adapters) = 0;
  /// Switches one of these.
  [[nodiscard]] virtual Task<> switch_one(std::string adapter, bool on) = 0;
  /// What the peripheral tells from now on, till the end of the case.
  [[nodiscard]] virtual Task<> set_advertising(std::string address, sim::AdvertisementOptions data,
                                               sim::AdvertisementOptions scan_response) = 0;

  // What a rig may lack.

  /// Why it cannot do this; empty where it can.
  [[nodiscard]] virtual std::string lacks(Ability ability) const;
  /// Until `resume` the peripheral answers nothing and sends nothing, though its links stay up.
  [[nodiscard]] virtual Task<> stall(std::string address);
  [[nodiscard]] virtual Task<> resume(std::string address);
  /// The peripheral pairs otherwise from now on, till the end of the case.
  [[nodiscard]] virtual Task<> set_pairing(std::string address, sim::PairingOptions options);
  /// The peripheral asks for an encrypted link (Security Request).
  [[nodiscard]] virtual Task<> request_security(std::string address);
  /// What the peripheral's display shows, once it shows something.
  [[nodiscard]] virtual Task<std::uint32_t> shown_passkey(std::string address);
  /// What the peripheral's user types who was told what the other side shows. One who types something else is a matter of `PairingOptions::passkey`.
  [[nodiscard]] virtual Task<> type_passkey(std::string address, std::uint32_t passkey);
  /// The peripheral takes a service away and tells whoever is connected.
  [[nodiscard]] virtual Task<> remove_service(std::string address, Uuid service);
  /// The peripheral adds one and tells whoever is connected. It may stand where one was taken away.
  [[nodiscard]] virtual Task<> add_service(std::string address, AddedService service);
  /// Another program of this machine makes a link to the peripheral, and ends it.
  [[nodiscard]] virtual Task<> hold_link(std::string address);
  [[nodiscard]] virtual Task<> let_link_go(std::string address);
  /// The peripheral advertises under this address from now on, till the end of the case.
  [[nodiscard]] virtual Task<> set_private_address(std::string address, std::string instead);
  /// The system that `threaded_backend` named ends; outside `run`.
  virtual void lose_system();

  // What systems differ in.

  /// What `on_disconnected` says of a link that the peripheral ended, and of one that was heard no more.
  [[nodiscard]] virtual DisconnectReason reason_of_remote_end() const = 0;
  [[nodiscard]] virtual DisconnectReason reason_of_lost_link() const = 0;
  /// The default adapter's id, and what another one that nobody has is answered with.
  [[nodiscard]] virtual std::string default_adapter() const { return "hci0"; }
  [[nodiscard]] virtual ErrorCode unknown_adapter() const { return ErrorCode::invalid_argument; }
  /// Services of the peripheral that the system keeps for itself.
  [[nodiscard]] virtual std::vector<Uuid> hidden_services() const = 0;
  /// Whether a scan tells if a device takes connections.
  [[nodiscard]] virtual bool tells_connectable() const = 0;
  /// Whether a scan gives the bytes as they came.
  [[nodiscard]] virtual bool tells_raw_advertisements() const = 0;
  /// Whether peripherals tell a key that was made with protection against a device in the middle from one that was not. Bumble takes each for the former.
  [[nodiscard]] virtual bool judges_keys() const = 0;
  /// Whether it is a part of this program: then it answers at once, and forgets between links what it discovered. Else it is a program of its own, which is asked and answers later.
  [[nodiscard]] virtual bool is_simulated() const = 0;
};

/// Each rig's program defines it.
[[nodiscard]] std::unique_ptr<Rig> make_rig();

}  // namespace blau::conformance
