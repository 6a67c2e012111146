#pragma once

#include "adapter_return.hpp"
#include "connect_turns.hpp"
#include "gatt_tree.hpp"
#include "implicit_scan.hpp"
#include "notify_sink.hpp"
#include "request_queue.hpp"
#include "retry_budget.hpp"

#include <blau/backend.hpp>
#include <blau/client.hpp>
#include <blau/detail/loop.hpp>
#include <blau/detail/operation_node.hpp>
#include <blau/stream.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

namespace blau::detail {

/// A subscription as the backend is asked for it.
struct SubscribeOrder {
  std::shared_ptr<NotifySink> sink;
  backend::SubscribeRequest request;
  backend::Done<void> done;
};

[[nodiscard]] Error not_connected_error();

/// The state machine of one client: link, discovery, requests, subscriptions. Everything runs on the loop's thread but for the snapshot at the end.
class ClientCore final : public std::enable_shared_from_this<ClientCore>,
                         private backend::ClientEvents,
                         private LoopMember {
 public:
  ClientCore(Device device, ClientOptions options);
  ~ClientCore();

  [[nodiscard]] const std::shared_ptr<Loop>& loop() const noexcept { return loop_; }
  [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }

  // Link (client_connect.cpp).

  void connect(const ConnectOptions& options, Completer<void> done);
  void disconnect(Completer<void> done);
  /// The user's object is gone, or the loop ends: lets the link go, completes what is pending with `canceled`, calls nothing of the user's any more.
  void shut_down() noexcept;

  // GATT (client_gatt.cpp).

  [[nodiscard]] GattTree::Pointer require_tree() const;
  [[nodiscard]] Operation<ServiceCollection> rediscover(const DiscoveryOptions& options);
  /// Leaves `done` alone where it throws. @throws Error `not_connected`
  void begin_rediscovery(const DiscoveryOptions& options, backend::Done<ServiceCollection>& done);
  void forget_services_changed() noexcept { services_changed_ = false; }
  /// Counts the trees that this client had, and their ends.
  [[nodiscard]] std::uint32_t tree_version() const noexcept { return tree_version_; }
  [[nodiscard]] Operation<Bytes> read(CharacteristicRef ref, ReadOptions options);
  [[nodiscard]] Operation<void> write(CharacteristicRef ref, Bytes value, WriteOptions options);
  [[nodiscard]] Operation<Bytes> read(DescriptorRef ref, ReadOptions options);
  [[nodiscard]] Operation<void> write(DescriptorRef ref, Bytes value);

  // Pairing (client_pairing.cpp).

  [[nodiscard]] Operation<void> pair(const PairOptions& options);
  [[nodiscard]] Operation<void> unpair();
  [[nodiscard]] backend::PairRequest pair_request(const PairOptions& options) const;
  /// Whether somebody answers where a request needs a bond.
  [[nodiscard]] bool has_agent() const noexcept;
  /// Pairs because the peripheral refused a request to this attribute until then; Just Works needs the agent's consent, too.
  void pair_for(RequestQueues::Key attribute, backend::Done<void> done);
  /// The request is not wanted any more: calls its pairing off.
  void abandon_pairing_for(RequestQueues::Key attribute) noexcept;
  /// Asks the backend for the end of the bond, also without a link. Answers `busy` during a connect or a disconnect.
  void begin_unpair(backend::Done<void>& done);
  /// The question that is asked now does not count any more: cancels the user's callback.
  void withdraw_question() noexcept;
  [[nodiscard]] Stream<bool> bond_changes();

  /// The port of the link that is up. @throws Error `not_connected`
  [[nodiscard]] backend::ClientPort& require_port() const;
  [[nodiscard]] RequestQueues& queues() noexcept { return queues_; }

  // Subscriptions (client_notify.cpp).

  [[nodiscard]] Operation<void> start_notify(CharacteristicRef ref, NotifyCallback callback, NotifyOptions options);
  [[nodiscard]] Operation<void> stop_notify(CharacteristicRef ref);
  [[nodiscard]] Operation<Subscription> subscribe(CharacteristicRef ref, NotifyOptions options);
  /// Ends a subscription that nobody holds any more.
  void drop_subscription(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink);
  /// Ends a subscription that waits for the link to come back. False if it does not.
  bool drop_suspended(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink);
  [[nodiscard]] Operation<void> stop_subscription(std::uint16_t handle, std::shared_ptr<NotifySink> sink);
  [[nodiscard]] bool is_subscribed(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink) const;
  [[nodiscard]] static Subscription make_subscription(std::shared_ptr<ClientCore> core,
                                                      std::shared_ptr<NotifySink> sink, Characteristic characteristic,
                                                      std::shared_ptr<Channel<Bytes>> channel);
  /// Registers the sink and asks the backend. Answers `already_subscribed`, `not_connected`.
  void begin_subscription(const Characteristic& characteristic, SubscribeOrder order);
  /// The operation that began it ended early: no value counts any more, and the backend is told when it has answered.
  void abandon_subscription(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink);
  /// Takes the sink out and asks the backend. Answers `not_subscribed`, `not_connected`.
  void begin_unsubscription(std::uint16_t handle, backend::Done<void> done);
  /// Ends a sink that is out of `subscriptions_`, and keeps what may still run in sight.
  void retire(std::shared_ptr<NotifySink> sink, const std::optional<Error>& reason) noexcept;
  [[nodiscard]] std::uint64_t dropped_values(const CharacteristicRef& ref) const;

  [[nodiscard]] Stream<std::uint16_t> mtu_changes();
  [[nodiscard]] Stream<ServiceCollection> service_changes();
  void set_on_disconnected(std::function<void(const Disconnection&)> callback);

  // Any thread.

  [[nodiscard]] bool is_connected() const noexcept { return connected_.load(); }
  /// As the backend has told.
  [[nodiscard]] bool is_bonded() const noexcept { return bonded_.load(); }
  [[nodiscard]] std::uint16_t mtu() const noexcept { return mtu_->load(); }
  [[nodiscard]] unsigned attempts() const noexcept { return attempts_.load(); }
  [[nodiscard]] Device device() const;
  [[nodiscard]] GattTree::Pointer tree() const;

 private:
  /// Where the link is, as the backend has to be told.
  enum class Link : std::uint8_t {
    down,
    connecting,  ///< `connect` is pending
    aborting,    ///< `connect` was taken back, its answer is awaited
    preparing,   ///< up, not yet reported: pairing, discovery
    connected,   ///< up and reported
    closing,     ///< `disconnect` is pending
  };

  /// One `connect()` of the user's, or one of the reconnect policy's; it may take several tries.
  struct Attempt {
    Completer<void> done;  // empty: the policy's
    std::chrono::nanoseconds timeout{};
    std::uint32_t number = 0;  // of the try: answers to earlier ones do not count
    Timer limit;
    const char* limited = "";  // what it had to do in time
    ErrorCode limit_code{};
    Timer discovery_limit;
    ImplicitScan::Lease scan;
    RetryBudget budget;
    std::optional<Error> failure;   // of the last try
    backend::Retry retry{};         // what it calls for
    std::optional<Duration> pause;  // after the last try, once its link is down
    Timer pausing;
    GattTree::Pointer tree;
    unsigned restoring = 0;          // subscriptions that the backend has not answered
    bool services_changed = false;   // since the tree was discovered
    bool device_pairs = false;       // the device began it, and it is not over
    bool waits_for_pairing = false;  // everything else is there
    Timer pairing_limit;
  };
  struct Subscribed {
    std::shared_ptr<NotifySink> sink;
    backend::SubscribeRequest request;
    Characteristic characteristic;
    bool answered = false;  // the backend has said yes: it may outlast the link
    bool dropped = false;   // nobody holds it any more
  };
  using Subscriptions = std::unordered_map<std::uint16_t, Subscribed>;

  // client_connect.cpp
  void begin_attempt();
  void look_up();
  void look_unseen();
  void scan_for_device();
  void found(Device device);
  void begin_link();
  /// Makes the port of this device if there is none.
  backend::ClientPort& ensure_port();
  void learn(Device device);
  void use_backend();
  void try_link();
  void ask_for_link();
  void link_answered(std::uint32_t number, const backend::ConnectResult& result);
  void prepare_link();
  void begin_discovery();
  void discovered(Result<backend::GattDatabase> database);
  [[nodiscard]] std::string told_missing() const;
  void attempt_succeeded();
  void device_begins_pairing();
  void device_pairing_answered(bool accepted);
  void await_device_pairing();
  void device_pairing_over();
  void limit_attempt(const char* what, ErrorCode code, bool afresh);
  void join_loop();
  template <class T>
  using Streams = std::vector<std::weak_ptr<Channel<T>>>;
  /// Of what is pushed to `streams` from now on; ends with the client.
  template <class T>
  [[nodiscard]] Stream<T> stream_of(Streams<T>& streams) {
    auto channel = std::make_shared<Channel<T>>(loop_, StreamOptions{.capacity = 16});
    loop_->run_and_wait([&] {
      if (dead_) return channel->end(std::nullopt);
      join_loop();
      std::erase_if(streams, [](const auto& weak) { return weak.expired(); });
      streams.push_back(channel);
    });
    return Stream<T>(std::move(channel));
  }
  template <class T>
  static void push(const Streams<T>& streams, const T& value) {
    for (const auto& weak : streams)
      if (const auto channel = weak.lock()) channel->push(value);
  }
  template <class T>
  static void end(const Streams<T>& streams) noexcept {
    for (const auto& weak : streams)
      if (const auto channel = weak.lock()) channel->end(std::nullopt);
  }
  [[nodiscard]] backend::DiscoverRequest discover_request(const DiscoveryOptions& options) const;

  // client_retry.cpp
  void try_failed(const Error& error, backend::Retry retry);
  void continue_attempt();
  void await_reappearance();
  [[nodiscard]] bool ends_before(Duration pause, backend::Retry retry) const;
  void fail_attempt(const Error& error);
  void abort_attempt() noexcept;
  [[nodiscard]] Error told_with_attempts(const Error& error) const;

  // client_link.cpp
  void release_link();
  void limit_remains();
  void link_is_down(const Result<void>& outcome = Result<void>());
  void link_lost(DisconnectReason reason, const std::string& native);
  void tell_disconnected(Disconnection disconnection);

  // client_reconnect.cpp
  [[nodiscard]] bool keeps_link_up(DisconnectReason reason) const noexcept;
  void reconnect_after(DisconnectReason reason);
  void reconnect_failed(const Error& error);
  [[nodiscard]] bool gives_up() const noexcept;
  void give_up(const Error& error);
  void reconnect_in(Duration pause);
  void reconnect_with_adapter();
  void begin_reconnect();
  void end_reconnect(const Error& reason) noexcept;
  void tell_reconnected();
  void tell_gave_up(const Error& error);
  void suspend_subscriptions();
  void end_dropped_subscriptions();
  void restore_subscriptions();
  void restored(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink, const Result<void>& result);

  // client_gatt.cpp
  [[nodiscard]] Result<GattTree::Pointer> make_tree(Result<backend::GattDatabase> database);
  void publish(GattTree::Pointer tree);
  void services_rediscovered(const Result<ServiceCollection>& services);
  void end_vanished_subscriptions(const GattTree::Pointer& tree);

  // backend::ClientEvents
  void on_disconnected(DisconnectReason reason, const std::string& native) override;
  void on_value(std::uint16_t handle, ByteView value) override;
  void on_subscription_ended(std::uint16_t handle, const Error& error) override;
  void on_mtu_changed(std::uint16_t mtu) override;
  void on_services_changed() override;
  void on_pairing_question(const backend::PairingQuestion& question,
                           backend::Done<backend::PairingAnswer> done) override;
  void on_pairing_question_withdrawn() override;
  void on_bond_changed(bool bonded) override;

  // LoopMember
  void loop_closing() noexcept override { shut_down(); }
  void process_exits() noexcept override {
    if (port_) port_->release();
  }

  const std::shared_ptr<Loop> loop_;
  ClientOptions options_;
  std::function<void(const Disconnection&)> on_disconnected_;

  const bool by_address_;
  // Of an address that somebody wrote; what a scan tells is none.
  const std::optional<AddressType> written_type_;
  bool joined_ = false;
  bool dead_ = false;
  Link link_ = Link::down;
  std::uint32_t attempt_number_ = 0;
  std::shared_ptr<backend::Backend> backend_;
  std::unique_ptr<backend::ClientPort> port_;
  std::unique_ptr<Attempt> attempt_;
  ConnectTurns::Turn turn_;
  Timer remains_limit_;  // while the system takes down what a try left
  std::vector<Completer<void>> disconnect_waiters_;
  bool reported_ = false;  // connect has told of the link that is up
  bool services_changed_ = false;
  std::uint32_t tree_version_ = 0;

  class UnpairUnderWay;
  using Asking = NodePointer<TaskNode<backend::PairingAnswer>>;
  Asking asking_;
  std::vector<Asking> withdrawn_;  // with a coroutine of the user's that has not ended yet
  bool unpairing_ = false;
  std::unordered_map<RequestQueues::Key, std::stop_source> pairings_for_;  // requests that wait for a bond

  unsigned reconnect_failures_ = 0;
  TimePoint linked_at_{};
  Timer reconnect_pause_;
  std::unique_ptr<AdapterReturn> adapter_return_;

  RequestQueues queues_;
  Subscriptions subscriptions_;
  Subscriptions suspended_;                           // of a lost link, for the next one
  std::vector<std::shared_ptr<NotifySink>> retired_;  // ended, with a coroutine of the user's still suspended
  Streams<std::uint16_t> mtu_streams_;
  Streams<bool> bond_streams_;
  Streams<ServiceCollection> service_streams_;

  std::atomic<bool> connected_{false};
  std::atomic<bool> bonded_{false};
  std::atomic<unsigned> attempts_{0};
  const MtuCell mtu_ = std::make_shared<std::atomic<std::uint16_t>>(std::uint16_t{0});
  mutable std::mutex mutex_;
  Device device_;           // guarded by mutex_
  GattTree::Pointer tree_;  // guarded by mutex_
};

}  // namespace blau::detail
