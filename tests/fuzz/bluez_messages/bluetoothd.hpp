#pragma once

#include "../input.hpp"
#include "values.hpp"

#include "unit/support/peer_bus.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace blau::fuzz {

using detail::bluez::PeerBus;

/// What calls itself org.bluez: answers as the real one does, or says what the input makes it say.
class Bluetoothd {
 public:
  Bluetoothd(detail::Loop& loop, Input& input)
      : values_(input, [this] { return open_descriptor(); }),
        input_(input),
        bus_(loop, [this](Message call) { take(std::move(call)); }) {}
  ~Bluetoothd() { close_descriptors(); }

  /// As a `BusOpener`.
  int open(sd_bus** theirs);
  /// From now on each call is answered at once, and as it should be; or waits for `act`.
  void answer_by_itself(bool on);
  /// Whether the devices are connected at the beginning.
  void begin_connected() { connected_[first_device] = connected_[second_device] = true; }
  /// Says or does something.
  void act(std::uint8_t choice);
  /// The bus is gone, and does not come back.
  void die();

 private:
  static constexpr const char* first_device = "/org/bluez/hci0/dev_C0_FF_EE_00_00_01";
  static constexpr const char* second_device = "/org/bluez/hci0/dev_C0_FF_EE_00_00_02";

  void take(Message call);
  [[nodiscard]] Message take_waiting();
  void send(const Message& message) { (void)bus_.send(message); }

  // As the real one.
  void answer(const Message& call);
  void answer_get(const Message& call, Message& reply);
  void write_world(Message& reply);
  void write_device(Message& reply, const char* path, const char* address);
  void set_connected(const std::string& path, bool connected);
  void advertise(const char* path);
  void notify(const char* path);

  // As no real one.
  void answer_anyhow(const Message& call);
  void refuse(const Message& call);
  void change_properties();
  void add_interfaces();
  void remove_interfaces();
  void change_owner();
  void tell_reason();
  void say_anything();
  void call_back();
  void write_raw();
  void use_descriptor();

  [[nodiscard]] int open_descriptor();
  void close_descriptors();

  Values values_;
  Input& input_;
  std::deque<Message> waiting_;
  std::map<std::string, bool> connected_;
  std::vector<int> descriptors_;
  bool answers_ = true;
  bool refuses_ = false;
  PeerBus bus_;
};

}  // namespace blau::fuzz
