#pragma once

#include "link.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace blau::detail::bluez {

struct System;

/// A request that waits for BlueZ, until it is answered or its link or attribute goes.
class PendingRequest {
 public:
  explicit PendingRequest(std::uint16_t attribute) noexcept : attribute_(attribute) {}
  virtual ~PendingRequest() = default;
  virtual void fail(const Error& error) = 0;
  /// The handle of the characteristic or descriptor; 0: of none.
  [[nodiscard]] std::uint16_t attribute() const noexcept { return attribute_; }

 private:
  std::uint16_t attribute_;
};

template <class T>
class TypedRequest final : public PendingRequest {
 public:
  TypedRequest(std::uint16_t attribute, backend::Done<T> done) : PendingRequest(attribute), done_(std::move(done)) {}
  void fail(const Error& error) override { finish(error); }
  void finish(Result<T> result) {
    auto done = std::move(done_);
    done(std::move(result));
  }

 private:
  backend::Done<T> done_;
};

/// What a client does with its device: outlives the port as long as BlueZ owes answers, and then tells nobody.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::weak_ptr<System> system, const backend::ClientRequest& request, backend::ClientEvents& events);

  // What the port forwards.

  /// The adapter that the device is on, or would be looked for; empty where BlueZ has not told its adapters yet and nobody named one.
  [[nodiscard]] std::string adapter() const;
  /// The address to connect to, where that may be done although BlueZ does not know the device.
  [[nodiscard]] std::optional<Address> unseen_address() const;
  void connect(backend::ConnectDone done);
  void abort_connect();
  void disconnect(backend::ReleaseKind kind, backend::Done<void> done);
  void release() noexcept;
  /// The port is gone: as `release`, and nobody is told of anything any more.
  void orphan() noexcept;
  void discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done);
  [[nodiscard]] std::string discovery_waits_for() const;
  [[nodiscard]] std::uint16_t mtu() const noexcept { return mtu_; }
  void read(std::uint16_t handle, bool of_descriptor, backend::Done<Bytes> done);
  /// @param kind empty for a descriptor
  void write(std::uint16_t handle, ByteView value, std::optional<backend::WriteKind> kind, backend::Done<void> done);
  void subscribe(std::uint16_t handle, const backend::SubscribeRequest& wanted, backend::Done<void> done);
  void unsubscribe(std::uint16_t handle, backend::Done<void> done);
  void pair(const backend::PairRequest& wanted, backend::Done<void> done);
  void cancel_pair();
  void unpair(backend::Done<void> done);

  // What the pairing asks.

  void ask(const backend::PairingQuestion& question, backend::Done<backend::PairingAnswer> done);
  void question_withdrawn();

  // What the link tells.

  void connect_finished(const backend::ConnectResult& result);
  void link_ended(DisconnectReason reason, const std::string& native);
  void services_changed_state();
  void attributes_changed();
  void attribute_removed(std::uint16_t handle);
  void mtu_told(std::uint16_t mtu);
  void bond_is(bool bonded);
  void deliver(std::uint16_t handle, ByteView value) {
    if (events_ && linked_) events_->on_value(handle, value);
  }
  void subscription_ended(std::uint16_t handle, const Error& error) {
    if (events_ && linked_) events_->on_subscription_ended(handle, error);
  }

 private:
  template <class T>
  using Request = std::shared_ptr<TypedRequest<T>>;

  void start_connect(System& system);
  void stand_by(System& system, const std::string& path, unique_function<void()> standing);
  /// @return true if a question to its user was open
  bool stand_down() noexcept;
  void bond_refused(const Error& why);
  void leave_link(System& system) noexcept;
  void remove_bond(System& system, backend::Done<void> done);
  [[nodiscard]] std::string wanted_adapter() const;
  [[nodiscard]] Result<std::string> find_device(System& system) const;
  [[nodiscard]] const DeviceObject* device() const noexcept;
  /// The device, where requests can be made of it; else answers them and gives null.
  const DeviceObject* linked_device(const std::shared_ptr<PendingRequest>& request);

  template <class T>
  Request<T> make_request(std::uint16_t attribute, backend::Done<T> done);
  template <class T>
  void finish(const Request<T>& request, Result<T> result);
  /// True if it was still pending; it is no more.
  bool take(const std::shared_ptr<PendingRequest>& request) noexcept;
  void fail(const std::shared_ptr<PendingRequest>& request, const Error& error);
  void fail_after_look(const std::shared_ptr<PendingRequest>& request, const Error& error);

  void settle_discovery();
  void looked(const Reply& reply, bool at_characteristic);
  void finish_discovery(const DeviceObject& device);

  std::weak_ptr<System> system_;
  backend::ClientRequest request_;
  backend::ClientEvents* events_;  // null: the port is gone
  backend::ConnectDone connecting_;
  unsigned attempt_ = 0;
  std::shared_ptr<Link> link_;
  // A link that `connect` reported and whose end has not been told.
  bool linked_ = false;
  bool services_known_ = false;
  bool change_due_ = false;
  // Whose objects went since the core was told what there is: another attribute may be there under the same handle, which the core does not mean.
  std::set<std::uint16_t> stale_;
  // As was told last.
  bool bonded_ = false;
  std::uint16_t mtu_ = default_mtu;
  std::vector<std::shared_ptr<PendingRequest>> requests_;
  Request<backend::GattDatabase> discovery_;
  std::vector<Uuid> discovery_filter_;
  bool discovery_settling_ = false;

  static constexpr std::uint16_t default_mtu = 23;  // Core Vol 3 Part G 5.2.1
};

/// The contract's client: forwards to its session.
class Client final : public backend::ClientPort {
 public:
  Client(std::weak_ptr<System> system, const backend::ClientRequest& request, backend::ClientEvents& events)
      : session_(std::make_shared<Session>(std::move(system), request, events)) {}
  ~Client() override { session_->orphan(); }

  [[nodiscard]] std::string adapter() const override { return session_->adapter(); }
  void connect(backend::ConnectDone done) override { hold()->connect(std::move(done)); }
  void abort_connect() override { hold()->abort_connect(); }
  void disconnect(backend::ReleaseKind kind, backend::Done<void> done) override {
    hold()->disconnect(kind, std::move(done));
  }
  void release() noexcept override { hold()->release(); }
  void discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done) override {
    hold()->discover(request, std::move(done));
  }
  [[nodiscard]] std::string discovery_waits_for() const override { return session_->discovery_waits_for(); }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return session_->mtu(); }
  void read_characteristic(std::uint16_t handle, bool, backend::Done<Bytes> done) override {
    hold()->read(handle, false, std::move(done));
  }
  void write_characteristic(std::uint16_t handle, Bytes value, backend::WriteKind kind,
                            backend::Done<void> done) override {
    hold()->write(handle, value, kind, std::move(done));
  }
  void read_descriptor(std::uint16_t handle, bool, backend::Done<Bytes> done) override {
    hold()->read(handle, true, std::move(done));
  }
  void write_descriptor(std::uint16_t handle, Bytes value, backend::Done<void> done) override {
    hold()->write(handle, value, std::nullopt, std::move(done));
  }
  void subscribe(std::uint16_t handle, const backend::SubscribeRequest& request, backend::Done<void> done) override {
    hold()->subscribe(handle, request, std::move(done));
  }
  void unsubscribe(std::uint16_t handle, backend::Done<void> done) override {
    hold()->unsubscribe(handle, std::move(done));
  }
  void pair(const backend::PairRequest& request, backend::Done<void> done) override;
  void cancel_pair() override;
  void unpair(backend::Done<void> done) override;

 private:
  // The port may be destroyed inside: what it calls must not die with it.
  [[nodiscard]] std::shared_ptr<Session> hold() const noexcept { return session_; }
  std::shared_ptr<Session> session_;
};

}  // namespace blau::detail::bluez
