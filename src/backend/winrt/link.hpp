#pragma once

#include "gatt.hpp"

#include <blau/address.hpp>
#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace blau::detail::windows {

/// FromBluetoothAddressAsync, by the overload that takes a type where there is one. It gives null where Windows does not know the device.
[[nodiscard]] ::winrt::Windows::Foundation::IAsyncOperation<bluetooth::BluetoothLEDevice> start_device(
    std::uint64_t address, std::optional<AddressType> type);
/// One that nobody wants any more.
void close_unwanted_device(const bluetooth::BluetoothLEDevice& device);

/// Takes what happens to a link; each function's `link` tells which one, since a client makes a new one for each connect.
class LinkOwner {
 public:
  virtual void link_up(const std::shared_ptr<class Link>& link) = 0;
  /// It did not come up. What is left of it is still to be closed.
  virtual void link_failed(const std::shared_ptr<Link>& link, const Error& error) = 0;
  /// It was up.
  virtual void link_lost(const std::shared_ptr<Link>& link, DisconnectReason reason, const std::string& native) = 0;
  virtual void mtu_told(const std::shared_ptr<Link>& link, std::uint16_t mtu) = 0;
  /// GattServicesChanged: perhaps once a service.
  virtual void services_changed(const std::shared_ptr<Link>& link) = 0;

 protected:
  ~LinkOwner() = default;
};

/// One link, from the attempt to its end: its own device, its own session, its own everything. Events of the system hold a weak reference to it, so that those of an earlier link reach nobody.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(const std::shared_ptr<System>& system, std::weak_ptr<LinkOwner> owner)
      : system_(system), owner_(std::move(owner)), natives_(std::make_shared<Natives>()) {}
  /// As `close`.
  ~Link();

  /// Makes the attempt; ends with `link_up` or `link_failed`, or by `close`.
  /// @param type chooses the overload of FromBluetoothAddressAsync
  void open(const Address& address, std::optional<AddressType> type);
  /// Takes the attempt back, or lets go of everything, in the order that Windows needs; once. Nothing is told of the link any more.
  /// @param then when that is over; a Close that hangs is left behind
  void close(unique_function<void()> then);
  /// Looks whether the session is still active, since something says that it may not be: tells its end before it calls `then`.
  void look(unique_function<void()> then);

  [[nodiscard]] const std::shared_ptr<Natives>& natives() const noexcept { return natives_; }
  [[nodiscard]] std::uint16_t mtu() const noexcept { return mtu_; }
  [[nodiscard]] bool bonded() const noexcept { return bonded_; }

 private:
  enum class State : std::uint8_t { idle, opening, up, ended };
  /// What the session says when its handlers are in place.
  struct Standing {
    bool active;
    std::uint16_t mtu;
  };

  template <class T>
  unique_function<void(Result<T>)> while_opening(void (Link::*next)(Result<T>));
  void got_device(Result<bluetooth::BluetoothLEDevice> device);
  void knows_bond(Result<bool> bonded);
  void ask_session();
  void got_session(Result<profile::GattSession> session);
  void stands(Result<Standing> standing);
  void call_device();
  void device_answered(Result<bool> answered);
  void status_told(profile::GattSessionStatus status, bluetooth::BluetoothError error);
  void mtu_changed(std::uint16_t mtu);
  void come_up();
  void fail(const Error& error);
  void lose(DisconnectReason reason, const std::string& native);
  [[nodiscard]] static bool watch_services(Natives& natives, const std::weak_ptr<Link>& link, const LoopHandle& loop);
  [[nodiscard]] static Standing watch_session(Natives& natives, const std::weak_ptr<Link>& link,
                                              const LoopHandle& loop);

  std::shared_ptr<System> system_;
  std::weak_ptr<LinkOwner> owner_;
  std::shared_ptr<Natives> natives_;
  State state_ = State::idle;
  bool closed_ = false;
  bool bonded_ = false;
  // Whether it is known how the session stood when its handlers were in place, and whether one of them has told since that it is active.
  bool stands_ = false;
  bool told_active_ = false;
  std::uint16_t mtu_ = default_mtu;
  Asked asked_;
  Timer pause_;

  static constexpr std::uint16_t default_mtu = 23;  // Core Vol 3 Part G 5.2.1
};

}  // namespace blau::detail::windows
