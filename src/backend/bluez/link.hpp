#pragma once

#include "adapter.hpp"
#include "daemon.hpp"
#include "notifications.hpp"

#include <blau/backend.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

class Session;

/// The one link to a device, shared by all clients of this loop: who made it, who holds it, and what BlueZ is doing with it.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Daemon& daemon, std::weak_ptr<Daemon> pin, std::string path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Null if BlueZ has forgotten it.
  [[nodiscard]] const DeviceObject* device() const noexcept;
  [[nodiscard]] Notifications& notifications() noexcept { return *notifications_; }
  /// Stops waiting for anything: sessions may keep it longer than the loop lives.
  void retire() noexcept;
  /// Nobody has anything to do with it.
  [[nodiscard]] bool idle() const noexcept;

  /// Brings the link up, or adopts it; answered by `Session::connect_finished`.
  void acquire(const std::shared_ptr<Session>& session);
  /// Takes a pending `acquire` back.
  void abandon(const std::shared_ptr<Session>& session);
  /// The session lets go of the link, which ends with its last holder, unless it is `kept`.
  /// @return true if it ends: `done` is then taken, and called when it has ended, after `Session::link_ended`.
  bool let_go(const std::shared_ptr<Session>& session, bool kept, backend::Done<void>& done);
  /// Changed values come from here on, until the link is down. Before a subscription is asked for.
  void watch_values();
  /// Tells the sessions of a new MTU: each characteristic has it, so one will do.
  void watch_mtu(const std::string& characteristic);
  /// Has BlueZ forget the device, and the bond with it; a link that is up ends first.
  void remove_device(backend::Done<void> done);
  /// True if Connect was ours.
  [[nodiscard]] bool is_ours() const noexcept { return ours_; }

  // What the cache tells.

  void device_changed(DeviceChange change);
  void device_removed();
  void attribute_added();
  void attribute_removed(const ObjectPath& path);
  void daemon_lost(const std::string& native);

 private:
  // So long is waited for the remains of a failed attempt; a connect into them would be adopted and lost at once.
  static constexpr Duration remains_limit = std::chrono::seconds(5);

  enum class State { down, connecting, up, closing };
  struct Leaver {
    std::shared_ptr<Session> session;
    backend::Done<void> done;
  };

  [[nodiscard]] bool is_connected() const noexcept;
  [[nodiscard]] bool is_leaving(const std::shared_ptr<Session>& session) const noexcept;
  void advance();
  void watch();
  void watch_nothing() noexcept;
  [[nodiscard]] std::unique_ptr<Subscription> subscribe_to(const std::string& rule, void (Link::*next)(const Message&));
  void removal_answered(const Reply& reply);
  void finish_removal(const Result<void>& result);
  void connect();
  void connect_unseen(const Address& address);
  [[nodiscard]] std::optional<Address> unseen_address() const;
  void take_back();
  void connect_answered(const Reply& reply);
  void connected_in_vain();
  void connect_looked_after(const Reply& reply);
  void disconnect_answered(const Reply& reply);
  void connect_failed(const backend::ConnectResult& result);
  void come_up(bool ours);
  void close();
  void check_closed();
  void closed();
  void drop(DisconnectReason reason, const std::string& native);
  void vanish(const Error& error, DisconnectReason reason, const std::string& native);
  void go_down() noexcept;
  void fail_waiters(const backend::ConnectResult& result);
  void value_changed(const Message& signal);
  void mtu_changed(const Message& signal);
  void reason_told(const Message& signal);
  [[nodiscard]] DisconnectReason reason_of_drop() const;
  [[nodiscard]] backend::ConnectResult failure_of(const Reply& reply);
  [[nodiscard]] backend::ConnectResult judged_by_bond(backend::ConnectResult result);
  /// @param in_vain for a success that comes when it does not count any more
  Bus::ReplyHandler guarded(void (Link::*next)(const Reply&), void (Link::*in_vain)() = nullptr);

  Daemon& daemon_;
  std::weak_ptr<Daemon> pin_;
  std::string path_;
  State state_ = State::down;
  bool ours_ = false;
  // The cache still holds the device, but no longer after this event.
  bool vanishing_ = false;
  // This program has it removed.
  bool removing_ = false;
  bool connect_pending_ = false;
  // The link was there before Connect was answered.
  bool seen_up_ = false;
  // How many links in a row ended like that, although there is a bond.
  unsigned ended_at_once_ = 0;
  // ConnectDevice is what was asked, and whoever wanted it has taken it back.
  bool by_adapter_ = false;
  bool abandoned_ = false;
  bool disconnect_pending_ = false;
  std::optional<Error> disconnect_error_;
  // Why those who wait get no link, once the rest of a failed one is gone.
  std::optional<backend::ConnectResult> failure_;
  Timer patience_;
  TimePoint settled_at_{};
  unsigned generation_ = 0;
  std::string told_reason_;
  std::vector<std::shared_ptr<Session>> waiters_;
  std::vector<std::shared_ptr<Session>> holders_;
  std::vector<Leaver> leavers_;
  std::vector<backend::Done<void>> removers_;
  Timer removal_limit_;
  std::shared_ptr<Notifications> notifications_;
  std::unique_ptr<Subscription> reasons_;
  std::unique_ptr<Subscription> values_;
  std::unique_ptr<Subscription> mtu_;
  std::string mtu_told_at_;
};

/// The links of one loop, by the path of their device.
class Links final : public Anchored<Links>, private ObjectsObserver, private DaemonObserver {
 public:
  explicit Links(Daemon& daemon);
  ~Links();
  [[nodiscard]] std::shared_ptr<Link> of_device(const std::string& path);
  /// Tells the session of the device's bond from now on, with or without a link.
  void tell_bond_to(const std::shared_ptr<Session>& session, const std::string& path);

 private:
  void tell_bond(const std::string& path, bool bonded) const;
  [[nodiscard]] std::shared_ptr<Link> find(std::string_view path) const;
  void device_changed(const DeviceObject& device, DeviceChange change) override;
  void device_removed(const DeviceObject& device) override;
  void attribute_added(const DeviceObject& device) override;
  void attribute_removed(const DeviceObject& device, const ObjectPath& path) override;
  void daemon_lost(const std::string& native) override;

  Daemon& daemon_;
  std::map<std::string, std::shared_ptr<Link>, std::less<>> links_;
  std::multimap<std::string, std::weak_ptr<Session>, std::less<>> bond_users_;
};

}  // namespace blau::detail::bluez
