#pragma once

#include "discovery.hpp"
#include "link.hpp"
#include "notifications.hpp"
#include "pairing.hpp"
#include "unpairing.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blau::detail::windows {

/// A client on WinRT. Never null; what cannot be done is told by `connect`.
[[nodiscard]] std::unique_ptr<backend::ClientPort> make_client(std::shared_ptr<System> system,
                                                               const backend::ClientRequest& request,
                                                               backend::ClientEvents& events);

/// A request that waits for Windows, until it is answered or its link ends.
class PendingRequest {
 public:
  virtual ~PendingRequest() = default;
  virtual void fail(const Error& error) = 0;
  /// The system's part of it: it is given up with the request.
  Asked asked;
};

template <class T>
class TypedRequest final : public PendingRequest {
 public:
  explicit TypedRequest(backend::Done<T> done) : done_(std::move(done)) {}
  void fail(const Error& error) override { finish(error); }
  void finish(Result<T> result) {
    auto done = std::move(done_);
    done(std::move(result));
  }

 private:
  backend::Done<T> done_;
};

/// What a client does with its device: outlives the port as long as Windows owes answers, and then tells nobody.
class Session : public std::enable_shared_from_this<Session>, public LinkOwner, public ValueTaker, public PairingUser {
 public:
  Session(std::shared_ptr<System> system, const backend::ClientRequest& request, backend::ClientEvents& events)
      : system_(std::move(system)), request_(request), events_(&events) {}
  virtual ~Session() = default;

  /// From here on it is told of bonds that other sessions of the loop make and remove.
  void join_bond_users();

  // What the port forwards.

  void connect(backend::ConnectDone done);
  void abort_connect();
  void disconnect(backend::Done<void> done);
  void release() noexcept;
  /// The port is gone: as `release`, and nobody is told of anything any more.
  void orphan() noexcept;
  void discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done);
  [[nodiscard]] std::string discovery_waits_for() const;
  [[nodiscard]] std::uint16_t mtu() const noexcept { return link_ ? link_->mtu() : default_mtu; }
  void read(std::uint16_t handle, bool of_descriptor, bool use_cached, backend::Done<Bytes> done);
  void write(std::uint16_t handle, Bytes value, backend::WriteKind kind, backend::Done<void> done);
  void write_descriptor(std::uint16_t handle, Bytes value, backend::Done<void> done);
  void subscribe(std::uint16_t handle, backend::SubscribeKind kind, backend::Done<void> done);
  void unsubscribe(std::uint16_t handle, backend::Done<void> done);
  void pair(const backend::PairRequest& wanted, backend::Done<void> done);
  void cancel_pair();
  void unpair(backend::Done<void> done);

 private:
  static constexpr std::uint16_t default_mtu = 23;  // Core Vol 3 Part G 5.2.1
  using WriteOperation = ::winrt::Windows::Foundation::IAsyncOperation<profile::GattWriteResult>;
  template <class T>
  using Request = std::shared_ptr<TypedRequest<T>>;
  /// How the services that a discovery found came to be those.
  enum class Walk : std::uint8_t { none, asked, once_more };

  void link_up(const std::shared_ptr<Link>& link) override;
  void link_failed(const std::shared_ptr<Link>& link, const Error& error) override;
  void link_lost(const std::shared_ptr<Link>& link, DisconnectReason reason, const std::string& native) override;
  void mtu_told(const std::shared_ptr<Link>& link, std::uint16_t mtu) override;
  void services_changed(const std::shared_ptr<Link>& link) override;
  void value_came(std::uint16_t handle, ByteView value) override;
  void subscription_ended(std::uint16_t handle, const Error& error) override;
  void ask(const backend::PairingQuestion& question, backend::Done<backend::PairingAnswer> done) override;

  [[nodiscard]] bool is_up() const noexcept { return linked_ && link_ && !leaving_; }
  void begin_attempt();
  void open_link();
  void end_attempt(const backend::ConnectResult& result);
  void answer_connect(const backend::ConnectResult& result);
  void close_link(unique_function<void()> then);
  void when_closed(unique_function<void()> then);
  void link_closed();
  void link_ended(DisconnectReason reason, const std::string& native);
  void bond_is(bool bonded);
  void bond_became(bool bonded);

  template <class T>
  Request<T> make_request(backend::Done<T> done);
  template <class T>
  void finish(const Request<T>& request, Result<T> result);
  /// True if it was still pending; it is no more.
  bool take(const std::shared_ptr<PendingRequest>& request) noexcept;
  void fail(const std::shared_ptr<PendingRequest>& request, const Error& error);
  void fail_after_look(const std::shared_ptr<PendingRequest>& request, const Error& error);
  /// Whether requests can be made; else this one has had its answer.
  [[nodiscard]] bool can_ask(const std::shared_ptr<PendingRequest>& request);
  template <class T>
  unique_function<void(Result<T>)> answer_to(const Request<T>& request);
  void send_write(unique_function<WriteOperation()> start, const Request<void>& request);

  void walk(std::optional<CacheMode> services);
  void walked(Result<Discovery::Found> found);
  void tell_services(backend::GattDatabase database);
  void tell_change();
  void drop_walk();

  void begin_pairing(const backend::PairRequest& wanted, const Request<void>& request);
  void after_pairing(unique_function<void()> then);
  void pairing_over(const Request<void>& request, const Result<void>& result);
  void remove_bond(backend::Done<void> done);
  void bond_removed(const Result<void>& result, backend::Done<void> done);

  std::shared_ptr<System> system_;
  backend::ClientRequest request_;
  backend::ClientEvents* events_;  // null: the port is gone
  backend::ConnectDone connecting_;
  unsigned attempt_ = 0;
  std::shared_ptr<Link> link_;
  // A link that `connect` reported and whose end has not been told.
  bool linked_ = false;
  bool leaving_ = false;
  // As was told last.
  bool bonded_ = false;
  // What is being closed, and who waits for its end.
  unsigned closing_ = 0;
  std::vector<unique_function<void()>> closed_waiters_;
  std::vector<backend::Done<void>> leavers_;
  std::vector<std::shared_ptr<PendingRequest>> requests_;
  std::shared_ptr<Notifications> notifications_;
  std::shared_ptr<Discovery> discovery_;
  Request<backend::GattDatabase> discovering_;
  backend::DiscoverRequest wanted_;
  Walk walk_ = Walk::none;
  // Services changed during a discovery; they changed after it, and the core has been, or is about to be, told.
  bool changed_meanwhile_ = false;
  bool change_told_ = false;
  bool services_known_ = false;
  std::shared_ptr<PairingProcedure> pairing_;
  std::vector<unique_function<void()>> pairing_waiters_;
  std::shared_ptr<UnpairingProcedure> unpairing_;
};

}  // namespace blau::detail::windows
