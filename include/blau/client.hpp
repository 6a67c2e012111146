#pragma once

#include <blau/backend.hpp>
#include <blau/callback.hpp>
#include <blau/detail/any_callback.hpp>
#include <blau/disconnection.hpp>
#include <blau/gatt.hpp>
#include <blau/modes.hpp>
#include <blau/operation.hpp>
#include <blau/pairing.hpp>
#include <blau/stream.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace blau {

namespace detail {
class ClientCore;
/// What `start_notify` makes of the user's callback.
using NotifyCallback = AnyCallback<unique_function, const Characteristic&, ByteView>;
}  // namespace detail

/// What only Windows can do. Other systems ignore it.
struct WinRtClientOptions {
  /// The kind of address to connect to; unset: as scanned.
  std::optional<AddressType> address_type = std::nullopt;
  /// True: services, characteristics and descriptors from the system's cache; false: from the device; unset: the system decides.
  std::optional<bool> use_cached_services = std::nullopt;
};

/// What only BlueZ can do. Other systems ignore it.
struct BlueZClientOptions {
  /// `disconnect()` and every other end only give up this client's hold, and leave the link up.
  bool release_only = false;
  /// Pairings that the device, or a request that needs a bond, begins: bluetoothd asks the machine's default agent about them, and if there is none never answers such a request. True: `ClientOptions::pairing` is
  /// that agent while this client has a link and no bond. For all devices: questions about others, which belong to other programs, are refused meanwhile. On newer BlueZ (5.82) `pair` needs it, too, for more than Just Works: what counts there is what that agent could do when the link was made.
  bool default_agent = false;
  /// Connects to an address that bluetoothd does not know without a scan before (`Adapter1.ConnectDevice`): for a device that is heard too seldom, or not by scans. Needs an address whose type is known, and a
  /// bluetoothd that runs with `-E`; otherwise the client scans as usual. An attempt that was taken back goes on in bluetoothd, for up to 42 s: a link that comes of it is taken down, but a program that has ended by then leaves it up.
  bool connect_device = false;
};

/// Keeps a link up: what to do when it ends without this client having asked for it. Off by default.
///
/// The client then connects again by itself, restores the subscriptions that were there, and tells of it. Until then operations answer `not_connected`, `on_disconnected` has told of the lost
/// link, and `Subscription`s and callbacks of `start_notify` stay as they are. `disconnect()` ends it; `connect()` takes it over and waits for its outcome.
///
/// It begins again at once after an ordinary end, a moment later where the peripheral was no longer heard, and when the adapter is back where that was switched off, or bluetoothd or its bus ended (a bus is looked for every 30 s at least).
struct ReconnectPolicy {
  /// False: a lost link stays down.
  bool enabled = false;
  /// The pause after the first failure in a row; it doubles with each one. A link that lasts less than five seconds counts as a failure.
  std::chrono::nanoseconds first_pause = std::chrono::milliseconds(250);
  /// The longest pause.
  std::chrono::nanoseconds longest_pause = std::chrono::seconds(60);
  /// How many failures in a row end it; absent: none. What no repetition cures (`bond_lost`, `access_denied`, …) ends it at once.
  std::optional<unsigned> most_failures = std::nullopt;
  /// Called on the client's loop when the link is back, with its subscriptions.
  std::function<void()> on_reconnected;
  /// Called on the client's loop when it gives up. Subscriptions have ended then.
  std::function<void(const Error&)> on_gave_up;
};

/// How a client behaves.
struct ClientOptions {
  /// Called once for each link that ended, whoever ended it, on the client's loop; never for a link that `connect` did not report, and never after the client was destroyed.
  std::function<void(const Disconnection&)> on_disconnected;
  /// Limits the implicit scan for a bare address, and then afresh link and discovery.
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
  /// Limits each read, write and subscription, its wait in the queue included.
  std::chrono::nanoseconds operation_timeout = std::chrono::seconds(30);
  /// Restricts discovery to these; empty: all. One that the device does not have is no error.
  std::vector<Uuid> services;
  /// Pair before discovery; `connect` fails where that fails.
  bool pair = false;
  /// Answers what a pairing asks.
  PairingAgent pairing;
  /// Whether a lost link is made again.
  ReconnectPolicy reconnect;
  /// An adapter's id (`hci0`) or address; empty: the one that saw the device, else the default one.
  std::string adapter;
  /// Other systems ignore it.
  WinRtClientOptions winrt;
  /// Other systems ignore it.
  BlueZClientOptions bluez;
  /// The Bluetooth system; empty: the default.
  BackendRef backend;
  /// The loop; null: the one that runs on this thread, else the background loop.
  EventLoop* loop = nullptr;
};

/// How to connect; trivially copyable.
struct ConnectOptions {
  /// In place of `ClientOptions::timeout`, for this call.
  std::optional<std::chrono::nanoseconds> timeout = std::nullopt;
};

/// How to discover again; trivially copyable.
struct DiscoveryOptions {
  /// Windows: where services come from; unset: the system decides.
  std::optional<CacheMode> service_cache_mode = std::nullopt;
  /// Windows: where characteristics and descriptors come from; unset: the system decides.
  std::optional<CacheMode> cache_mode = std::nullopt;
};

/// How to read; trivially copyable.
struct ReadOptions {
  /// Windows: the system's cached value will do.
  bool use_cached = false;
};

/// How to write; trivially copyable.
struct WriteOptions {
  /// With or without the peripheral's response; unset: with, where the characteristic allows it.
  std::optional<bool> response = std::nullopt;
  /// By the procedure of reliable writes, whatever the length: the peripheral returns each part, what it returns is compared, and only then is the value taken, as a whole
  /// (Core Vol 3 Part G 4.9.5). Needs the extended property `reliable_write`, not `write`. Errors: `not_permitted` without it, `invalid_argument` together with `response = false`,
  /// `not_supported` for an empty value through BlueZ, `failed` where another value was returned than sent; nothing was written then.
  bool reliable = false;
};

/// How to subscribe; trivially copyable.
struct NotifyOptions {
  /// Indications although the characteristic could notify. Not possible on BlueZ: `not_supported`.
  bool force_indicate = false;
  /// Which way the values take through BlueZ.
  NotifyPath path = NotifyPath::automatic;
  /// How many values wait for a coroutine callback or a stream's reader that is slow, and which are lost then.
  StreamOptions queue = StreamOptions();
};

/// The values of a characteristic as a stream. Move-only: letting it go unsubscribes.
class BLAU_API Subscription {
 public:
  /// One that has ended.
  Subscription() noexcept;
  /// Takes it over; what was moved from is empty.
  Subscription(Subscription&&) noexcept;
  /// Swaps the two.
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  /// The next value; empty when the subscription has ended. As `Stream::next`.
  [[nodiscard]] detail::NextValue<Bytes> next() { return values_.next(); }
  /// As `Stream::next_into`: no allocation.
  [[nodiscard]] detail::NextInto<Bytes> next_into(Bytes& out) { return values_.next_into(out); }
  /// How many values were lost because the reader was too slow.
  [[nodiscard]] std::uint64_t dropped() const { return values_.dropped(); }
  /// Why it ended: `disconnected`, `attribute_gone`, … Empty while it runs and after `stop`.
  [[nodiscard]] std::optional<Error> end_reason() const { return values_.end_reason(); }
  /// What it is subscribed to.
  [[nodiscard]] const Characteristic& characteristic() const;
  /// Unsubscribes and waits for it. Does nothing if it has ended, or is empty. Errors: `disconnected`, `att`, `backend_lost`, `failed`.
  [[nodiscard]] Operation<void> stop();

 private:
  friend class detail::ClientCore;
  struct Hold;
  explicit Subscription(std::shared_ptr<Hold> hold, Stream<Bytes> values) noexcept;
  std::shared_ptr<Hold> hold_;
  Stream<Bytes> values_;
};

/// A connection to one peripheral and its GATT server. Bleak's `BleakClient`. A resource: move-only; its destructor asks for the disconnect without waiting for it.
///
/// **Threads.** Any thread may call; callbacks run on the client's loop, one at a time. A destructor on another thread waits for a callback that runs; afterwards none is called, and pending operations complete
/// with `canceled`.
///
/// **Errors of every GATT operation**, beside those named with each: `not_connected` (no link when it began), `disconnected` (the link ended meanwhile), `attribute_not_found`, `attribute_ambiguous`
/// (several have that UUID: the message tells the handles), `attribute_gone`, `invalid_argument` (text that names nothing), `att` (the peripheral answered with an ATT error), `access_denied`, `busy`,
/// `timed_out`, `canceled`, `loop_closed`, `backend_lost`, `failed`.
class BLAU_API Client {
 public:
  /// For a device that was seen.
  explicit Client(Device device, ClientOptions options = ClientOptions());
  /// For an address: `connect` looks for it first, by a scan if the system does not know it (but for `BlueZClientOptions::connect_device`).
  explicit Client(Address address, ClientOptions options = ClientOptions());
  /// For an address in text. @throws Error `invalid_argument` if it is none
  explicit Client(std::string_view address, ClientOptions options = ClientOptions());
  /// As above.
  explicit Client(const char* address, ClientOptions options = ClientOptions());
  /// As above.
  explicit Client(const std::string& address, ClientOptions options = ClientOptions());
  /// Takes it over; what was moved from is empty.
  Client(Client&&) noexcept;
  /// Swaps the two.
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Connects and discovers. Does nothing if there is a link already.
  ///
  /// A bare address is scanned for during at most the time-out, then `device_not_found`; then the time-out counts afresh for link and discovery. `.timeout()` on the operation replaces both by one
  /// limit. Cancelling takes the attempt back; a link that comes up all the same is taken down.
  ///
  /// What passes is tried again inside that time: four attempts and, counted apart, nine short faults of the air; `connect_attempts()` tells how many it took. A device that the system has
  /// forgotten is looked for by a scan of four seconds. Connects through one adapter on one loop go one after another; the wait counts.
  ///
  /// Errors: `bluetooth_not_available`, `access_denied`, `invalid_argument` (an unknown adapter, a faulty `$BLAU_BACKEND` or world file), `not_supported` (this build lacks the backend, the system
  /// cannot connect to such a device, or cannot pair), `device_not_found`, `connection_failed`, `too_many_connections`, `bond_lost`, `busy` (a connect or an unpair is under way, another program's
  /// scan or connect excludes it), `timed_out`, `canceled` (also by `disconnect`), `att` (the peripheral refused the discovery), `backend_lost`, `failed`; with `ClientOptions::pair` also
  /// `pairing_failed`, `pairing_rejected`, `pairing_canceled`, `pairing_timed_out`.
  [[nodiscard]] Operation<void> connect(ConnectOptions options = ConnectOptions());

  /// Ends the link, or the attempt, and waits until it is down. Succeeds where there is none. Errors: `access_denied`, `busy`, `timed_out`, `backend_lost`, `failed`.
  [[nodiscard]] Operation<void> disconnect();

  /// Whether `connect` succeeded and the link has not ended since. Any thread; never throws.
  [[nodiscard]] bool is_connected() const noexcept;
  /// Whether this system has a bond with the device: as it was told last, which it is while there is a link. False before the first one, and for a device that was paired but keeps no keys. Any thread; never throws.
  [[nodiscard]] bool is_bonded() const noexcept;
  /// `is_bonded()` at each change, from now on: by this client's `pair` and `unpair`, another program's, or a pairing that the device or a request began. Ends with the client.
  [[nodiscard]] Stream<bool> bond_changes();
  /// The device's address (an opaque identifier on Apple systems).
  [[nodiscard]] Address address() const;
  /// The device's name if any was seen.
  [[nodiscard]] std::optional<std::string> name() const;
  /// The device, as complete as it is known.
  [[nodiscard]] Device device() const;
  /// The link's ATT MTU, in bytes. @throws Error `not_connected`
  [[nodiscard]] std::uint16_t mtu_size() const;
  /// The ATT MTU at each change, from now on; ends with the client.
  [[nodiscard]] Stream<std::uint16_t> mtu_changes();
  /// How many attempts at a link the last `connect` made, the policy's own included. Any thread.
  [[nodiscard]] unsigned connect_attempts() const noexcept;

  /// What was discovered in this connection. @throws Error `services_not_discovered` before it and after a disconnect
  [[nodiscard]] ServiceCollection services() const;
  /// The same as an operation, without traffic. Errors: `services_not_discovered`.
  [[nodiscard]] Operation<ServiceCollection> get_services();
  /// Discovers again. Errors: `not_connected`, `disconnected`, `access_denied`, `att`, `timed_out`, `backend_lost`, `failed`.
  [[nodiscard]] Operation<ServiceCollection> get_services(DiscoveryOptions options);
  /// The services at each change that the peripheral announces (Core Vol 3 Part G 7.1), after they were discovered again; ends with the client.
  [[nodiscard]] Stream<ServiceCollection> service_changes();

  /// Reads a value, long ones too. Errors: `not_permitted` without the property read.
  [[nodiscard]] Operation<Bytes> read_gatt_char(CharacteristicRef characteristic, ReadOptions options = ReadOptions());
  /// Writes a value of at most 512 bytes; without response at most `max_write_without_response_size()`.
  /// Errors: `not_permitted` without the property, `invalid_argument` if it is too long or the options exclude each other, `not_supported` (`reliable`); nothing was sent then.
  [[nodiscard]] Operation<void> write_gatt_char(CharacteristicRef characteristic, Bytes value,
                                                WriteOptions options = WriteOptions());

  /// Calls `callback(const Characteristic&, ByteView)` for each notification or indication, until `stop_notify` or the end of the link. It may be a coroutine: its value is kept until it ends,
  /// and the next ones wait in a queue (`NotifyOptions::queue`). Notifications are chosen before indications.
  /// Errors: `not_permitted` without the properties notify and indicate, `already_subscribed`, `not_supported` (`force_indicate`, or the device lacks what turns values on).
  template <class Callback>
    requires std::is_invocable_v<std::decay_t<Callback>&, const Characteristic&, ByteView>
  [[nodiscard]] Operation<void> start_notify(CharacteristicRef characteristic, Callback&& callback,
                                             NotifyOptions options = NotifyOptions()) {
    BLAU_CHECK_CALLBACK(Callback);
    return start_notify_with(std::move(characteristic), detail::NotifyCallback(std::forward<Callback>(callback)),
                             options);
  }
  /// Ends it. No value is delivered after the call on the loop's thread; does not wait for a coroutine callback. Errors: `not_subscribed`.
  [[nodiscard]] Operation<void> stop_notify(CharacteristicRef characteristic);
  /// Values lost by a coroutine callback that was too slow, since `start_notify`; 0 where none is set.
  [[nodiscard]] std::uint64_t dropped_values(CharacteristicRef characteristic) const;
  /// The same as a stream. Errors: as `start_notify`.
  [[nodiscard]] Operation<Subscription> subscribe(CharacteristicRef characteristic,
                                                  NotifyOptions options = NotifyOptions());

  /// Reads a descriptor, by object or handle.
  [[nodiscard]] Operation<Bytes> read_gatt_descriptor(DescriptorRef descriptor, ReadOptions options = ReadOptions());
  /// Writes a descriptor. Errors: `not_permitted` for 0x2902, which `start_notify` and `stop_notify` write.
  [[nodiscard]] Operation<void> write_gatt_descriptor(DescriptorRef descriptor, Bytes value);

  /// Makes a bond; succeeds where there is one. The options' agent answers what it asks, for at most 60 s; what it can do is told to the system by which of its callbacks are set.
  /// BlueZ: an agent of this program is registered for as long as the pairing takes, and answers for this device alone; pairings of one loop go one after another. bluetoothd agrees to Just Works by
  /// itself, which a device may choose whatever callbacks there are: `PairingAgent::confirm`, where it is set, is therefore asked before the pairing begins.
  /// Errors: `not_connected`, `not_supported`, `pairing_failed`, `pairing_rejected`, `pairing_canceled`, `pairing_timed_out`, `access_denied`, `busy`, `disconnected`, `timed_out`, `backend_lost`,
  /// `failed`.
  [[nodiscard]] Operation<void> pair(PairOptions options = PairOptions());
  /// Removes the bond, with or without a link; ends the link if there is one, a `pair` that is under way, and the wait of a `ReconnectPolicy`. Succeeds where there is no bond.
  /// BlueZ forgets the device with its bond: scan for it again before the next connect, or connect by address.
  /// Errors: `not_supported`, `busy` (a connect or a disconnect is under way), `bluetooth_not_available`, `access_denied`, `invalid_argument` (an unknown adapter), `timed_out`, `backend_lost`,
  /// `failed`.
  [[nodiscard]] Operation<void> unpair();

  /// Replaces `ClientOptions::on_disconnected`; an empty function removes it.
  void set_disconnected_callback(std::function<void(const Disconnection&)> callback);

 private:
  [[nodiscard]] Operation<void> start_notify_with(CharacteristicRef characteristic, detail::NotifyCallback callback,
                                                  NotifyOptions options);
  std::shared_ptr<detail::ClientCore> core_;
};

namespace detail {

/// Keeps what the body of `with_connection` gave or threw until the link is down.
template <class T>
struct BodyOutcome {
  std::optional<T> value;
  std::exception_ptr failure;
  T take() {
    if (failure) std::rethrow_exception(std::move(failure));
    return std::move(*value);
  }
};
template <>
struct BodyOutcome<void> {
  std::exception_ptr failure;
  void take() {
    if (failure) std::rethrow_exception(std::move(failure));
  }
};

template <class T, class Body>
Task<void> run_body(Client& client, Body& body, BodyOutcome<T>& outcome) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await body(client);
    } else {
      outcome.value.emplace(co_await body(client));
    }
  } catch (...) {
    outcome.failure = std::current_exception();
  }
}

template <class T>
struct TaskResult;
template <class T>
struct TaskResult<Task<T>> {
  using type = T;
};

template <class T, class Target, class Body>
Task<T> connection_task(Target target, ClientOptions options, Body body) {
  Client client(std::move(target), std::move(options));
  co_await client.connect();
  BodyOutcome<T> outcome;
  co_await run_body(client, body, outcome);
  const auto ended = co_await client.disconnect().as_result();
  if (!ended && !outcome.failure) throw Error(ended.error());
  if constexpr (std::is_void_v<T>) {
    outcome.take();
  } else {
    co_return outcome.take();
  }
}

}  // namespace detail

/// Connects, runs `body(Client&)`, a coroutine function, and awaits the disconnect, also when the body throws or is canceled. Gives the body's result.
/// @param target a `Device`, an `Address`, or an address in text
/// @param options as of `Client`
/// @param body kept until its task has ended
/// @throws what connecting, the body or, if all else went well, disconnecting throws
template <class Target, class Body>
  requires std::is_constructible_v<Client, Target, ClientOptions>
[[nodiscard]] auto with_connection(Target target, ClientOptions options, Body body) {
  using T = typename detail::TaskResult<std::invoke_result_t<Body&, Client&>>::type;
  return detail::connection_task<T, Target, Body>(std::move(target), std::move(options), std::move(body));
}

}  // namespace blau
