#pragma once

#include <blau/address.hpp>
#include <blau/advertisement.hpp>
#include <blau/backend_gatt.hpp>
#include <blau/bytes.hpp>
#include <blau/device.hpp>
#include <blau/disconnection.hpp>
#include <blau/export.hpp>
#include <blau/gatt.hpp>
#include <blau/modes.hpp>
#include <blau/result.hpp>
#include <blau/scan_filter.hpp>
#include <blau/unique_function.hpp>
#include <blau/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blau {
class EventLoop;
}

/// The contract between Blau and a Bluetooth system. BlueZ, Windows, the simulator and a user's own backend implement it.
///
/// **Who does what.** State machines live in the core: deadlines, cancellation, the queue of each characteristic, retry, generations, the disconnect that
/// is told once, filters that the system cannot do. A backend only translates: it starts what it is told and tells what happens.
///
/// **Threads.** One backend instance serves one event loop. Every function of this contract is called on that loop's thread, and every `Done` and every
/// event function must be called there. A system that answers on threads of its own posts to the loop first. Its threads keep a `LoopHandle` (`EventLoop::handle()`), never the
/// `EventLoop&`: they may still run when the loop is gone, and a post through the handle is dropped then.
///
/// **Completion.** Each `Done` is called exactly once, unless the object that took it (the port, or the backend itself) was destroyed before: then neither it nor any event
/// function of that object is called any more. It may be called from inside the function that took it, and destroying the port from inside a `Done` or an
/// event function is allowed. A backend sets no deadlines of its own where the core has one: it waits for the system.
///
/// **Errors.** A `Result` carries the `ErrorCode` that `error.hpp` describes, the ATT code where the peer answered with one, and the system's own code
/// verbatim in `native()`. A backend throws nothing from these functions, and neither event functions nor a `Done` throw.
namespace blau::backend {

/// Takes the one result of a request.
template <class T>
using Done = unique_function<void(Result<T>)>;

/// Whether a failed attempt to connect is worth another one. Back-off and budgets are the core's.
enum class Retry : std::uint8_t {
  never,         ///< another one would fail alike: a wrong argument, the adapter off, access refused, the bond lost
  again,         ///< a whole attempt failed: nobody answered in time, the system was busy
  transient,     ///< a hitch of the radio or the controller: worth another one almost at once
  out_of_slots,  ///< the adapter has no free connection: worth another one when a link has ended
  vanished,      ///< the system has forgotten the device: worth another one when it was heard again
};

/// What the code of a connect's error says: `connection_failed` is `transient`; `busy`, `timed_out` and `failed` are `again`; `too_many_connections` is `out_of_slots`; `device_not_found` is
/// `vanished`; all others are `never`.
[[nodiscard]] BLAU_API Retry retry_of(const Error& error) noexcept;

/// The end of one attempt to connect: success, or an error and whether to try again.
class BLAU_API ConnectResult : public Result<void> {
 public:
  /// The link is up.
  ConnectResult() noexcept = default;
  /// Failed; `retry_of` tells the rest.
  ConnectResult(Error error);  // NOLINT: an error is a result
  /// Failed, and the system told more than the code says.
  ConnectResult(Error error, Retry retry);
  /// As the outcome of another request; `retry_of` tells the rest.
  ConnectResult(Result<void> result);  // NOLINT: the same with more to it

  /// `never` after success.
  [[nodiscard]] Retry retry() const noexcept { return retry_; }

 private:
  Retry retry_ = Retry::never;
};

/// Takes the end of one attempt to connect.
using ConnectDone = unique_function<void(ConnectResult)>;

/// What a system tells of an adapter.
struct AdapterState {
  /// What the backend selects it by, and what the user may write: `hci0`.
  std::string id;
  /// The name that people gave it; may be empty.
  std::string name;
  Address address;       ///< of the adapter itself
  bool powered = false;  ///< whether it was switched on
  /// Absent where it can be used as a central now; else why not.
  std::optional<UnavailableReason> unusable;
  /// The one that is used where the user chooses none.
  bool is_default = false;

  friend bool operator==(const AdapterState&, const AdapterState&) = default;
};

/// Takes what happens to adapters; implemented by the core.
class AdapterEvents {
 public:
  /// An adapter is new, or something in its state changed. Called once a change.
  virtual void on_adapter_changed(const AdapterState& state) = 0;
  /// An adapter is gone; the backend's own end counts too.
  virtual void on_adapter_removed(const std::string& id) = 0;

 protected:
  ~AdapterEvents() = default;
};

/// Keeps a watch on adapters; destroying it ends it.
class AdapterWatch {
 public:
  virtual ~AdapterWatch() = default;
};

/// What a scan is to do.
struct ScanRequest {
  /// An adapter's id or address in text; empty: the default adapter.
  std::string adapter;
  ScanMode mode = ScanMode::active;  ///< whether to ask for scan responses
  /// A hint for systems that can filter without losing scan responses. The core filters in any case.
  std::vector<Uuid> service_uuids;
  BlueZScanOptions bluez;  ///< other backends ignore it
  WinRtScanOptions winrt;  ///< other backends ignore it
};

/// Takes what a scan hears; implemented by the core.
class ScannerEvents {
 public:
  /// A device was heard: everything known of it now, merged from advertisement and scan response. Both are only valid during the call.
  /// Called at most once a device and turn of the loop, while the scan runs.
  virtual void on_advertisement(const Device& device, const AdvertisementData& data) = 0;
  /// The scan ended without `stop`: adapter off or gone, service gone. `start` may be called again.
  virtual void on_scan_ended(const Error& error) = 0;

 protected:
  ~ScannerEvents() = default;
};

/// One scanner. Several may scan at once, on one adapter too; where the system knows a single session, the backend merges them.
class ScannerPort {
 public:
  /// Ends a scan that runs, without waiting.
  virtual ~ScannerPort() = default;
  /// Begins to scan. Called only while no scan runs.
  /// Errors: `bluetooth_not_available`, `access_denied`, `not_supported` (mode or filter), `invalid_argument` (an unknown adapter, a filter that the system does not take), `busy` (somebody else's
  /// scan excludes it), `backend_lost`, `failed`.
  virtual void start(const ScanRequest& request, Done<void> done) = 0;
  /// Ends the scan. Succeeds where none runs and where the system says so. No event comes after the call. A `start` that is pending ends with `canceled`, before the `Done` of `stop`.
  virtual void stop(Done<void> done) = 0;
};

/// What the peer or the system asks the user during pairing.
struct PairingQuestion {
  /// One for each callback of `PairingAgent`.
  enum class Kind : std::uint8_t { confirm, display_passkey, request_passkey, confirm_passkey, authorize };
  Kind kind = Kind::confirm;  ///< what is asked
  /// With `display_passkey` and `confirm_passkey`: 0 to 999999.
  std::uint32_t passkey = 0;
};

/// The user's answer.
struct PairingAnswer {
  bool accepted = false;  ///< false refuses
  /// With `request_passkey`: 0 to 999999.
  std::uint32_t passkey = 0;
};

/// What a client is made for.
struct ClientRequest {
  Device device;  ///< what to connect to
  /// An adapter's id or address in text; empty: the device's, else the default one.
  std::string adapter;
  /// Windows: the address type that the user wants to be used, by an option or as a part of the address that it connects to. Absent for what a scan heard.
  std::optional<AddressType> winrt_address_type;
  /// What somebody will answer where the device, or a request that needs a bond, begins a pairing: `ClientEvents::on_pairing_question` may come for it while a link is up or comes up. Others are refused.
  std::vector<PairingQuestion::Kind> answers;
  /// BlueZ: an implicit end leaves the link up, and so does `disconnect`.
  bool bluez_release_only = false;
  /// BlueZ: `connect` may connect to an address that bluetoothd does not know, see `Backend::can_connect_unseen`.
  bool bluez_connect_device = false;
};

/// How a write goes on the air.
enum class WriteKind : std::uint8_t {
  with_response,     ///< Write Request; long values by Prepare and Execute (Core Vol 3 Part G 4.9.3, 4.9.4)
  without_response,  ///< Write Command (4.9.1)
  reliable,          ///< Prepare, compare what the peripheral took, Execute: whatever the length (4.9.5)
};

/// What turns values on.
enum class SubscribeKind : std::uint8_t {
  notify,    ///< notifications (Core Vol 3 Part G 4.10)
  indicate,  ///< indications (4.11)
};

/// A subscription, as the user wants it.
struct SubscribeRequest {
  SubscribeKind kind = SubscribeKind::notify;  ///< what to turn on
  /// A wish, where the system has several ways.
  NotifyPath path = NotifyPath::automatic;
};

/// How long `ClientPort::disconnect` is wanted to wait, and whose wish it is.
enum class ReleaseKind : std::uint8_t {
  explicit_disconnect,  ///< the user's own `disconnect()`: also a link that another program made
  implicit_release,     ///< failure, cancel, destruction: only a link that this client made
};

/// How to pair.
struct PairRequest {
  std::optional<ProtectionLevel> level;  ///< Windows' protection level; absent: as much as the device can
  /// The questions that somebody will answer. Others are refused by the backend.
  std::vector<PairingQuestion::Kind> answers;
  /// Nobody called `pair`: the peripheral refused a request until there is a bond. Then Just Works is refused, too, where `confirm` is not answered.
  bool implied = false;
};

/// Takes what happens to a client's link; implemented by the core.
class ClientEvents {
 public:
  /// The link that a successful `connect` reported has ended, for whatever reason, `disconnect` and `release` included: exactly once a link, before any `Done` that fails
  /// because of it, and before the `Done` of `disconnect`.
  virtual void on_disconnected(DisconnectReason reason, const std::string& native) = 0;
  /// A notification or an indication. `handle` is that of the declaration, `value` is valid only during the call.
  virtual void on_value(std::uint16_t handle, ByteView value) = 0;
  /// A subscription that was answered is over, though the link and the characteristic are there: the system does not give its values any more.
  /// The core does not call `unsubscribe` for it.
  virtual void on_subscription_ended(std::uint16_t handle, const Error& error) { (void)handle, (void)error; }
  /// The link's ATT MTU is now this.
  virtual void on_mtu_changed(std::uint16_t mtu) = 0;
  /// The peripheral's services have changed; the core discovers again.
  virtual void on_services_changed() = 0;
  /// Somebody must answer, one question at a time; an error, `pairing_rejected`, refuses and says why: while `pair` is pending, and those that `ClientRequest::answers` names while a link is up or comes up.
  virtual void on_pairing_question(const PairingQuestion& question, Done<PairingAnswer> done) = 0;
  /// The peer or the system takes the question back that was asked last (BlueZ: `Agent1.Cancel`). Its `Done` is not called any more: the core cancels the user's callback and drops what it
  /// answers. The end of `pair` and the end of the link do the same without this event.
  virtual void on_pairing_question_withdrawn() {}
  /// The device has a bond with this system from now on, or none any more: by `pair` and `unpair`, by another program, or because the peer forgot it. Also told of a bond that is there when a link
  /// comes up, before the `Done` of `connect`, and of one that went without this client's knowledge since its last link. A port that has told nothing yet has told that there is none.
  virtual void on_bond_changed(bool bonded) { (void)bonded; }

 protected:
  ~ClientEvents() = default;
};

/// One client's access to one device. It survives its links: `connect` may follow a disconnect, and each link is a fresh one.
class ClientPort {
 public:
  /// As `release`.
  virtual ~ClientPort() = default;

  /// The id of the adapter that `connect` would go through now; the core lets one attempt an adapter run at a time. Empty where the system has a single one, or cannot tell yet.
  [[nodiscard]] virtual std::string adapter() const { return {}; }

  /// Makes one attempt to bring the link up, without discovery; where the system holds a link to the device already, adopts it.
  /// Called only while there is no link and no attempt, and as a rule for one client of an adapter at a time. The core ends it by `abort_connect`, and tries again as the result's `Retry` says.
  /// A failure is told when the system says that no link remains.
  /// Errors: `bluetooth_not_available`, `access_denied`, `invalid_argument` (unknown adapter), `device_not_found`, `connection_failed`, `too_many_connections`, `bond_lost`, `not_supported` (the
  /// system cannot connect to such a device), `busy`, `timed_out` (the system's own limit), `backend_lost`, `failed`.
  virtual void connect(ConnectDone done) = 0;
  /// Takes a pending `connect` back. Its `Done` is then called with `canceled`, at once or when the system lets go; a link that comes up all the same is taken
  /// down by the backend and not reported. Nothing but `release` and the destructor may be called before that `Done`.
  virtual void abort_connect() = 0;

  /// Asks for the end of the link and waits for it. Succeeds where there is none. Errors, while the link is up still: `access_denied`, `busy`, `backend_lost`, `failed`.
  virtual void disconnect(ReleaseKind kind, Done<void> done) = 0;
  /// Asks for the end of the link or of the attempt without waiting, so that it is under way even if the process ends now. Only what this client made is ended.
  virtual void release() noexcept = 0;

  /// Discovers services, included services, characteristics and descriptors. The core has one discovery under way at most.
  /// Errors: `disconnected`, `access_denied`, `att`, `backend_lost`, `failed`.
  virtual void discover(const DiscoverRequest& request, Done<GattDatabase> done) = 0;
  /// What a discovery that is under way still waits for, in words; may be empty. For the error of one that takes too long.
  [[nodiscard]] virtual std::string discovery_waits_for() const { return {}; }

  /// The ATT MTU of the link, 23 where it is not known yet.
  [[nodiscard]] virtual std::uint16_t mtu() const noexcept = 0;

  /// Reads a whole value, long ones too. The core has at most one request a characteristic under way, reads and writes together.
  /// `handle` is that of the declaration; `use_cached`: Windows' cached value will do.
  /// Errors: `att`, `attribute_gone`, `disconnected`, `access_denied`, `busy`, `failed`; the same for the next three.
  virtual void read_characteristic(std::uint16_t handle, bool use_cached, Done<Bytes> done) = 0;
  /// Writes a value, at most 512 bytes. `without_response`: done when the system has taken it, or when there is room for the next one where the system tells.
  virtual void write_characteristic(std::uint16_t handle, Bytes value, WriteKind kind, Done<void> done) = 0;
  /// Reads a whole value; `handle` is the descriptor's.
  virtual void read_descriptor(std::uint16_t handle, bool use_cached, Done<Bytes> done) = 0;
  /// Writes a value; `handle` is the descriptor's.
  virtual void write_descriptor(std::uint16_t handle, Bytes value, Done<void> done) = 0;

  /// Turns values on, until the link ends: from here `on_value` is called for this characteristic, before `done` too. The core asks once until it unsubscribes.
  /// Errors: as above; `not_supported` where the kind cannot be chosen.
  virtual void subscribe(std::uint16_t handle, const SubscribeRequest& request, Done<void> done) = 0;
  /// Turns them off. No `on_value` after the call. Succeeds where the link is gone.
  virtual void unsubscribe(std::uint16_t handle, Done<void> done) = 0;

  /// Makes a bond, over the link. Errors: `not_supported`, the `pairing_…` codes, `busy`, `access_denied`, `disconnected`, `backend_lost`, `failed`.
  virtual void pair(const PairRequest& request, Done<void> done) = 0;
  /// Calls a pending `pair` off; its `Done` comes with `pairing_canceled`.
  virtual void cancel_pair() = 0;
  /// Removes the bond; needs no link. Succeeds where there is no bond, or no such device. Called while a link is up that `connect` reported, which it ends (`on_disconnected` comes before its
  /// `Done`, reason `local`), or while there is neither link nor attempt; no `connect` comes before its `Done`. A `pair` that is pending ends with `pairing_canceled`.
  /// Errors: `not_supported`, `bluetooth_not_available`, `access_denied`, `invalid_argument` (unknown adapter), `backend_lost`, `failed`.
  virtual void unpair(Done<void> done) = 0;
};

/// A Bluetooth system, as one event loop sees it.
class Backend {
 public:
  virtual ~Backend() = default;

  /// `bluez`, `winrt`, `sim`, …
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// All adapters, the default one marked. No adapter is an empty list.
  /// Errors: `bluetooth_not_available` (`no_service`), `access_denied`, `backend_lost`, `failed`.
  virtual void list_adapters(Done<std::vector<AdapterState>> done) = 0;
  /// Tells of changes until the watch is destroyed.
  [[nodiscard]] virtual std::unique_ptr<AdapterWatch> watch_adapters(AdapterEvents& events) = 0;

  // `adapter` is an adapter's id or address in text; empty: the default one. Errors of these four: as `list_adapters`; `invalid_argument` for an unknown adapter.

  /// Devices that the system holds a link to; with `services` only those that have one of these.
  virtual void connected_devices(const std::string& adapter, const std::vector<Uuid>& services,
                                 Done<std::vector<Device>> done) = 0;
  /// Devices that the system has a bond with.
  virtual void bonded_devices(const std::string& adapter, Done<std::vector<Device>> done) = 0;
  /// The device of this address if the system can connect to it without a scan; else empty.
  virtual void find_known_device(const std::string& adapter, const Address& address,
                                 Done<std::optional<Device>> done) = 0;
  /// Whether `ClientPort::connect` can connect to a device of this address, with its type, that nobody has heard. Asked only where the user wants that (`ClientRequest::bluez_connect_device`).
  virtual void can_connect_unseen(const std::string& adapter, const Address& address, Done<bool> done) {
    (void)adapter, (void)address;
    done(false);
  }

  /// A scanner. Never null; what cannot be done is told by `start`.
  [[nodiscard]] virtual std::unique_ptr<ScannerPort> make_scanner(ScannerEvents& events) = 0;
  /// A client. Never null; what cannot be done is told by `connect`.
  [[nodiscard]] virtual std::unique_ptr<ClientPort> make_client(const ClientRequest& request, ClientEvents& events) = 0;
};

/// Makes a backend instance for a loop, on that loop's thread; called once a loop. May throw `Error`: then every operation fails with it.
using Factory = std::function<std::shared_ptr<Backend>(EventLoop& loop)>;

}  // namespace blau::backend

namespace blau {

/// Names a Bluetooth system: what the `backend` option takes. Empty: the simulated world whose loop it is, else `$BLAU_BACKEND` if set, else the platform's own. A value.
class BLAU_API BackendRef {
 public:
  BackendRef() noexcept = default;
  /// A user's own: the instances are shared by all objects of one loop that were given the same name.
  BackendRef(std::string name, backend::Factory factory);

  /// False: the default.
  explicit operator bool() const noexcept { return static_cast<bool>(factory_); }
  /// What was chosen: `sim`, or the name of a user's own; empty for the default.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Makes the instances; empty for the default.
  [[nodiscard]] const backend::Factory& factory() const noexcept { return factory_; }

 private:
  std::string name_;
  backend::Factory factory_;
};

/// Chooses by name: `bluez`, `winrt`, `sim` (the default world), `sim:FILE` (a world file), `null`.
/// @throws Error `invalid_argument` for another name or a faulty world file, `not_supported` for a backend that this build does not hold.
[[nodiscard]] BLAU_API BackendRef backend_from(std::string_view name);

}  // namespace blau
