#pragma once

#include "host.hpp"
#include "objects.hpp"
#include "pairing_session.hpp"
#include "remote_values.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fake_windows {

/// A device as the system knows it: the one link that all objects of it share. It is there as long as a session maintains it, objects below it are open or requests need it.
class Remote final : public std::enable_shared_from_this<Remote>, private blau::backend::ClientEvents {
 public:
  Remote(Host& host, const blau::Device& device);
  ~Remote();
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  // Any thread.

  struct Facts {
    bool connected = false;
    std::uint16_t mtu = 23;
    bool paired = false;
    std::string name;
  };
  [[nodiscard]] Facts facts();
  [[nodiscard]] const blau::Address& address() const noexcept { return address_; }
  [[nodiscard]] winrt::hstring id() const;

  // The air.

  void learn(const blau::Device& device);
  void system_ends();

  void add(const std::shared_ptr<DeviceState>& device) { devices_.push_back(device); }
  void add(const std::shared_ptr<SessionState>& session) { sessions_.push_back(session); }
  void add(const std::shared_ptr<ServiceState>& service) { services_.push_back(service); }

  /// A session begins to maintain the link, or ends it.
  void maintain(bool on);
  /// An object below the device is open, or a request goes over its link.
  void use() { ++users_; }
  void unuse();

  using Ready = blau::unique_function<void(const std::optional<blau::Error>&)>;
  using WaiterId = unsigned;
  /// Calls `ready` when the link is up, or when that failed. What it wants with the link it says by `use` there.
  WaiterId await_link(Ready ready);
  void forget(WaiterId waiter);

  using Found = blau::unique_function<void(const blau::Result<const blau::backend::GattDatabase*>&)>;
  /// What the device has: remembered, if that will do and is there.
  WaiterId discover(bool cached, Found found);
  /// What is known now; null: nothing.
  [[nodiscard]] const blau::backend::GattDatabase* database() const noexcept {
    return database_ ? &*database_ : nullptr;
  }
  /// How many links there were.
  [[nodiscard]] unsigned link() const noexcept { return link_; }
  [[nodiscard]] bool is_up() const noexcept { return state_ == State::up; }

  [[nodiscard]] blau::backend::ClientPort& port() noexcept { return *port_; }
  /// Unpaired by this system: not known as paired from now on, nor what it had.
  void forget_bond();
  [[nodiscard]] RemoteValues& values() noexcept { return values_; }
  [[nodiscard]] PairingSession& pairing() noexcept { return pairing_; }
  [[nodiscard]] Host& host() noexcept { return host_; }

 private:
  enum class State : std::uint8_t { down, connecting, up, leaving };
  struct Waiter {
    WaiterId id;
    Ready ready;
  };

  void on_disconnected(blau::DisconnectReason reason, const std::string& native) override;
  void on_value(std::uint16_t handle, blau::ByteView value) override { values_.came(handle, value); }
  void on_mtu_changed(std::uint16_t mtu) override;
  void on_services_changed() override;
  void on_pairing_question(const blau::backend::PairingQuestion& question,
                           blau::backend::Done<blau::backend::PairingAnswer> done) override;
  void on_pairing_question_withdrawn() override { pairing_.withdraw(); }
  void on_bond_changed(bool bonded) override;

  /// Begins or ends what is wanted, or not any more.
  void consider();
  void attempt();
  void attempt_ended(const blau::backend::ConnectResult& result);
  void came_up();
  void give_up(WaiterId waiter);
  void answer_waiters(const std::optional<blau::Error>& error);
  void set_mtu(std::uint16_t mtu);
  void tell_link(bool up, bluetooth::BluetoothError error);
  void tell_services_changed();
  void begin_discovery();
  void discovered(blau::Result<blau::backend::GattDatabase> found);
  void close_what_is_gone();

  Host& host_;
  const blau::Address address_;
  Facts facts_;  // guarded by the host
  std::vector<std::weak_ptr<DeviceState>> devices_;
  std::vector<std::weak_ptr<SessionState>> sessions_;
  std::vector<std::weak_ptr<ServiceState>> services_;
  State state_ = State::down;
  unsigned link_ = 0;
  unsigned attempt_ = 0;
  unsigned maintainers_ = 0;
  unsigned users_ = 0;
  WaiterId last_waiter_ = 0;
  std::list<Waiter> waiters_;
  std::vector<Found> discovery_waiters_;
  bool discovering_ = false;
  bool discovers_again_ = false;
  bool changed_ = false;
  std::optional<blau::backend::GattDatabase> database_;
  std::unique_ptr<blau::backend::ClientPort> port_;
  RemoteValues values_;
  PairingSession pairing_;
};

}  // namespace fake_windows
