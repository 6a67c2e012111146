#pragma once

#include "../stack.hpp"
#include "device.hpp"
#include "discovery.hpp"
#include "host.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace blau::interleave::imitation {

/// An imitation of bluetoothd: translates between the BlueZ backend, at the other end of its connection, and the backend of the world.
///
/// What bluetoothd leaves open the seed decides, within what real ones do: the order of an answer and of signals that do not wait for each other, when an
/// answer comes, errors, and what other programs, the bus and bluetoothd itself do.
class Bluetoothd final : public Stack, private backend::AdapterEvents {
 public:
  Bluetoothd(sim::World& world, const std::shared_ptr<Log>& log, std::uint64_t seed);
  ~Bluetoothd() override;

  [[nodiscard]] BackendRef backend() override;
  void act() override;
  void calm() override;
  void check() override;

 private:
  void on_adapter_changed(const backend::AdapterState& state) override;
  void on_adapter_removed(const std::string&) override {}

  int open(sd_bus** theirs);
  void take(const Message& call);
  void take_for_adapter(const Message& call);
  void introspect(const Message& call);
  void connect_device(const Message& call);
  void tell_objects(const Message& call);
  void tell_owner(const char* before, const char* now);
  void tell_powered();

  void begin();
  void answer_waiting();
  void end();
  void restart();
  void hand_over();
  void hang_up();
  void act_on_device();
  Device& know(const Address& address);
  void heard(const Address& address, int rssi);

  std::shared_ptr<Log> log_;
  Host host_;
  bool runs_ = false;
  bool bus_is_there_ = true;
  bool powered_ = true;
  bool is_experimental_ = false;  // runs with -E
  std::vector<Message> waiting_;  // for it to be started
  std::vector<Address> stored_;
  std::unique_ptr<Discovery> discovery_;
  std::map<std::string, std::unique_ptr<Device>, std::less<>> devices_;  // by path
  std::unique_ptr<backend::AdapterWatch> watch_;
  std::shared_ptr<void> life_ = std::make_shared<char>();
};

/// As a `StackMaker`.
[[nodiscard]] std::unique_ptr<Stack> make_bluetoothd(sim::World& world, const std::shared_ptr<Log>& log,
                                                     std::uint64_t seed);

}  // namespace blau::interleave::imitation
