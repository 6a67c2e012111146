#pragma once

#include <blau/address.hpp>
#include <blau/bytes.hpp>
#include <blau/disconnection.hpp>
#include <blau/export.hpp>
#include <blau/sim/adapter.hpp>
#include <blau/sim/attributes.hpp>
#include <blau/sim/faults.hpp>
#include <blau/sim/pairing.hpp>
#include <blau/uuid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace blau::sim {

namespace detail {
struct PeripheralNode;
}

/// One advertising packet: at most 31 bytes as AD structures, or 1650 where it is an extended one, which come in the order of these members. A structure holds 254 bytes at most.
struct AdvertisementOptions {
  std::optional<std::uint8_t> flags = std::nullopt;  ///< 6: general discoverable, LE only; not in a scan response
  std::vector<UuidArgument> service_uuids = std::vector<UuidArgument>();                ///< as complete lists
  std::optional<std::string> local_name = std::nullopt;                                 ///< complete
  std::optional<std::string> short_name = std::nullopt;                                 ///< shortened
  std::optional<std::int8_t> tx_power = std::nullopt;                                   ///< dBm
  std::optional<std::uint16_t> appearance = std::nullopt;                               ///< GAP appearance
  std::map<std::uint16_t, Bytes> manufacturer_data = std::map<std::uint16_t, Bytes>();  ///< company → data
  std::map<Uuid, Bytes> service_data = std::map<Uuid, Bytes>();                         ///< service → data
  Bytes raw = Bytes();  ///< AD structures as they are, after the others
};

/// How a peripheral advertises.
struct AdvertisingOptions {
  bool enabled = true;      ///< false: not heard until `advertise(true)`
  bool connectable = true;  ///< false: a beacon
  /// Extended advertising (Core Vol 6 Part B 2.3.4): everything is in `data`, up to 1650 bytes of it, and there is no scan response.
  bool extended = false;
  std::chrono::milliseconds interval = std::chrono::milliseconds(100);  ///< 20 ms to 10.24 s
  /// Absent: flags and as many primary services as fit.
  std::optional<AdvertisementOptions> data = std::nullopt;
  /// Absent: the name.
  std::optional<AdvertisementOptions> scan_response = std::nullopt;
};

/// A peripheral to be made.
struct PeripheralOptions {
  AddressArgument address = AddressArgument();  ///< must be given, and be the only one of its kind
  /// Absent: random if the two highest bits of the address are set, else public.
  std::optional<AddressType> address_type = std::nullopt;
  std::string name = std::string();  ///< in the GAP service; advertised unless `advertising` says otherwise
  std::uint16_t appearance = 0;      ///< GAP appearance
  std::uint16_t mtu = 517;           ///< the largest ATT MTU that it accepts, 23 to 517
  int rssi = -60;                    ///< dBm
  int rssi_noise = 0;                ///< the strength varies by at most this many dB each way
  std::chrono::milliseconds connect_time = std::chrono::milliseconds(50);  ///< from the request to the link
  std::chrono::milliseconds latency = std::chrono::milliseconds(15);       ///< from an ATT request to its response
  std::chrono::milliseconds supervision_timeout = std::chrono::milliseconds(420);  ///< until a link to it is given up
  std::optional<std::chrono::milliseconds> drop_link_after = std::nullopt;         ///< absent: it does not
  AdvertisingOptions advertising = AdvertisingOptions();                           ///< what is heard of it
  PairingOptions pairing = PairingOptions();                                       ///< which questions it brings up
  /// Begin the table with Generic Access and Generic Attribute, nine handles.
  bool gap_service = true;
};

/// A simulated peripheral.
///
/// Its table is fixed by the first connection, or when a handle is asked for: then attributes have their handles. Services that are added later come behind the last handle, or, if they ask for one, where a
/// service was taken away. A change of the table is told to connected centrals by a Service Changed indication (Core Vol 3 Part G 7.1).
///
/// See `World` for threads.
class BLAU_API Peripheral {
 public:
  Peripheral(const Peripheral&) = delete;
  Peripheral& operator=(const Peripheral&) = delete;

  /// As it was made.
  [[nodiscard]] const Address& address() const noexcept;
  /// As it was made; empty if it has none.
  [[nodiscard]] const std::string& name() const noexcept;

  /// Adds a service. The reference holds as long as the world.
  /// @throws Error `invalid_argument` for a handle that is taken, and for Generic Access or Generic Attribute where they are there already.
  Service& add_service(const UuidArgument& uuid, const ServiceOptions& options = ServiceOptions());
  /// Takes a service away; it stays readable as an object. Its handles are given again only to a service that asks for them.
  void remove_service(Service& service);
  /// The first of this UUID. @throws Error `attribute_not_found`
  [[nodiscard]] Service& service(const UuidArgument& uuid);
  /// The first of this UUID in any service. @throws Error `attribute_not_found`
  [[nodiscard]] Characteristic& characteristic(const UuidArgument& uuid);

  /// Advertises otherwise from now on. @throws Error `invalid_argument` for more bytes than there is room for.
  void set_advertising(const AdvertisingOptions& options);
  /// Begins or ends advertising, everything else as it was.
  void advertise(bool enabled);
  /// Advertises under this address from now on, instead of its own: as a device does that guards its privacy (Core Vol 6 Part B 1.3.2.2), and changes it every quarter of an hour. Adapters with a bond
  /// know it by its own all the same. Links stay.
  /// @throws Error `invalid_argument` for an address that is malformed, public or taken.
  void set_private_address(const AddressArgument& address);
  /// From the next advertisement on, in dBm.
  void set_rssi(int rssi, int noise = 0);
  /// From the next one on.
  void set_connect_time(std::chrono::milliseconds time);
  /// From an ATT request to its response, from the next one on.
  void set_latency(std::chrono::milliseconds latency);

  /// Ends the links that it has now.
  void drop_link(DisconnectReason reason = DisconnectReason::remote);
  /// Ends each link this long after it came up; absent: no more.
  void drop_link_after(std::optional<std::chrono::milliseconds> time);
  /// Another program of the central's machine makes a link by that adapter, or keeps the one that is there: clients adopt it, and of all their ends only `disconnect` takes it down.
  /// @throws Error `invalid_argument` where the peripheral takes no connection, or nobody uses a world on real time.
  void hold_link(Adapter& adapter);
  /// That program ends it, for everybody: `other_program`.
  void end_held_link();
  /// Goes out of reach: no advertisement, no answer, and links end with `timeout` after the supervision time-out.
  void vanish();
  /// Comes back.
  void appear();
  /// True: attempts to connect fail with `connection_failed`. Some of them: `lose_link_at(ConnectStep::before_link)`.
  void refuse_connections(bool refuse);
  /// Loses the link of the next connects that reach this step. A client tries again what passes, inside its deadline.
  /// @throws Error `invalid_argument` for no time.
  void lose_link_at(ConnectStep step, const FaultTurns& turns = FaultTurns());
  /// Ends the next links so long after they came up, whatever `drop_link_after` says.
  /// @throws Error `invalid_argument` for no time, and for a negative one.
  void lose_link_after(std::chrono::milliseconds time, const FaultTurns& turns = FaultTurns());
  /// Calls `call` when the next connects reach this step: to change services in the middle of a discovery, say. At `before_link` there is no link yet.
  /// @throws Error `invalid_argument` for no time.
  void at_step(ConnectStep step, std::function<void()> call, const FaultTurns& turns = FaultTurns());
  /// What these and the faults of its characteristics hold ready happens no more.
  void clear_faults();
  /// Freezes: what it receives waits until `resume`, and it sends nothing.
  void stall();
  /// Goes on where it stood.
  void resume();

  /// Pairs otherwise from now on. @throws Error `invalid_argument` for a passkey over 999999, or one of a peripheral that neither shows nor types.
  void set_pairing(const PairingOptions& options);
  /// What its display shows now, while it pairs.
  [[nodiscard]] std::optional<std::uint32_t> shown_passkey() const noexcept;
  /// Asks each central that it is linked to for an encrypted link (Security Request, Core Vol 3 Part H 2.4.6). Where that needs a bond first, the agent of a client answers that has
  /// `BlueZClientOptions::default_agent`, as with BlueZ; where no client has, nothing comes of it.
  void request_security();
  /// Forgets all bonds, as by a reset to factory settings: the next connect of a central that still holds one fails with `bond_lost`.
  void forget_bonds();

  /// Whether it has a link now.
  [[nodiscard]] bool connected() const noexcept;
  /// How many links came up since the world began.
  [[nodiscard]] std::size_t connection_count() const noexcept;
  /// Called when a link is up, and when it has ended.
  void on_connected(std::function<void()> call);
  /// As `on_connected`.
  void on_disconnected(std::function<void(DisconnectReason)> call);

 private:
  friend struct detail::PeripheralNode;
  explicit Peripheral(detail::PeripheralNode& node) noexcept : node_(node) {}
  detail::PeripheralNode& node_;
};

}  // namespace blau::sim
