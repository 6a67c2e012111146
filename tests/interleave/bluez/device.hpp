#pragma once

#include "gatt.hpp"
#include "host.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::interleave::imitation {

/// org.bluez.Device1 on a client's port of the world's own backend.
class Device final : private backend::ClientEvents {
 public:
  Device(Host& host, const Address& address, std::string path);

  // The object.

  /// It and what is below it, as entries of GetManagedObjects.
  void append_all(Message& to) const;
  void announce();
  /// Nobody knows it yet: a ConnectDevice wants a link to it.
  [[nodiscard]] bool is_hidden() const noexcept { return hidden_; }
  /// That came to nothing.
  [[nodiscard]] bool is_forgotten() const noexcept { return hidden_ && is_idle(); }
  /// @param vanish called when that came to nothing, and nobody has heard it meanwhile
  void connect_hidden(const Message& call, std::function<void()> vanish);
  void withdraw();
  void heard(int rssi);
  /// The discovery has ended.
  void forget_strength();
  /// A call to it or to one of its attributes.
  void take(const Message& call, const detail::bluez::ObjectPath& at);

  [[nodiscard]] const Address& address() const noexcept { return address_; }

  // What the seed does.

  [[nodiscard]] bool is_idle() const noexcept { return state_ == State::down && !connect_call_; }
  /// Another program calls Connect; it calls Disconnect when the run comes to its end.
  void connect_for_another();
  void disconnect_for_another();
  void renew_services();
  void tell_mtu() { gatt_.tell_mtu(); }
  /// Other programs end what they began.
  void calm();
  void check();

 private:
  enum class State : std::uint8_t { down, connecting, up };

  void on_disconnected(DisconnectReason reason, const std::string& native) override;
  void on_value(std::uint16_t handle, ByteView value) override { gatt_.value_came(handle, value); }
  void on_mtu_changed(std::uint16_t) override { gatt_.tell_mtu(); }
  void on_services_changed() override;
  void on_pairing_question(const backend::PairingQuestion&, backend::Done<backend::PairingAnswer>) override {}

  void append_interfaces(Message& to) const;
  void get(const Message& call);
  void connect(const Message& call);
  void begin_attempt();
  void refuse_unseen();
  void attempt_ended(const backend::ConnectResult& result);
  void disconnect(const Message& call);
  void begin_disconnect();
  void discover();
  void discovered(const Result<backend::GattDatabase>& found);
  void tell_resolved();
  void tell_down(DisconnectReason reason);

  Host& host_;
  const Address address_;
  const std::string path_;
  State state_ = State::down;
  bool is_foreign_ = false;
  bool hidden_ = false;
  bool by_adapter_ = false;  // the attempt is a ConnectDevice, which nothing takes back
  std::function<void()> vanish_;
  bool resolved_ = false;
  std::optional<int> rssi_;
  Message connect_call_;
  std::vector<Message> disconnect_calls_;
  bool disconnecting_ = false;
  // The end that the program asked for last, and told it: the kernel is still at it for a while.
  std::optional<std::chrono::nanoseconds> taken_down_at_;
  unsigned link_ = 0;
  bool discovering_ = false;
  bool discovers_again_ = false;
  std::shared_ptr<void> life_ = std::make_shared<char>();
  std::unique_ptr<backend::ClientPort> port_;
  Gatt gatt_;
};

}  // namespace blau::interleave::imitation
