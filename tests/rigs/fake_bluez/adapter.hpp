#pragma once

#include "discovery.hpp"
#include "monitors.hpp"
#include "object.hpp"
#include "unseen.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace blau::fake {

class Daemon;
class Device;

/// org.bluez.Adapter1.
class Adapter final : public InterfaceOf<Adapter>, public Listener {
 public:
  Adapter(Daemon& daemon, const sim::AdapterSpec& spec, std::size_t number);
  ~Adapter() override;
  [[nodiscard]] static const Description<Adapter>& description();

  [[nodiscard]] Daemon& daemon() const noexcept { return daemon_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  [[nodiscard]] sim::AdapterSpec spec() const;
  [[nodiscard]] bool powered() const noexcept { return powered_; }
  /// Switches it by the kernel, at once.
  void set_powered(bool on);
  void set_blocked(bool on) { blocked_ = on; }
  void program_gone(const std::string& name);

  [[nodiscard]] bool listens() const override;
  /// How many discoveries, and how many applications with monitors, programs have here.
  [[nodiscard]] std::size_t discoveries() const noexcept { return discovery_.sessions(); }
  [[nodiscard]] std::size_t monitors() const noexcept { return monitors_ ? monitors_->applications() : 0; }
  void heard(Peripheral& peripheral, int rssi) override;
  void discovering_changed();

  /// The device of a peripheral; made if it is new.
  Device& device_for(Peripheral& peripheral);
  Device& add_device(const Address& address);
  [[nodiscard]] Device* find(const Address& address) const;
  [[nodiscard]] const std::map<std::uint64_t, std::unique_ptr<Device>>& devices() const noexcept { return devices_; }
  /// The object goes; soon the device, too.
  void remove(Device& device);
  /// Goes with everything that is below it.
  void unexport();
  /// The end of the process: nothing is told.
  void forget() noexcept;
  /// The last discovery ended: temporary devices that take no connections go with it.
  void forget_unconnectable();

 private:
  void start_discovery(const Call& call) { discovery_.start(call); }
  void stop_discovery(const Call& call) { discovery_.stop(call); }
  void set_discovery_filter(const Call& call) { discovery_.set_filter(call); }
  void get_discovery_filters(const Call& call);
  void remove_device(const Call& call);
  void connect_device(const Call& call);
  static void get_address_type(const Adapter& adapter, Message& to);
  static void get_power_state(const Adapter& adapter, Message& to);
  static void get_roles(const Adapter& adapter, Message& to);
  static void put_powered(Adapter& adapter, Reader& value, const Call& call);
  static void put_alias(Adapter& adapter, Reader& value, const Call& call);
  static void put_discoverable(Adapter& adapter, Reader& value, const Call& call);
  static void put_pairable(Adapter& adapter, Reader& value, const Call& call);

  Daemon& daemon_;
  std::string id_;
  Address address_;
  std::string alias_;
  bool powered_;
  bool blocked_;
  bool central_;
  bool switching_ = false;  ///< the kernel was asked to
  bool discoverable_ = false;
  bool pairable_ = false;
  bool exported_ = true;
  Discovery discovery_;
  UnseenConnects unseen_{*this};
  std::unique_ptr<Monitors> monitors_;  ///< null where the daemon has none
  std::map<std::uint64_t, std::unique_ptr<Device>> devices_;
  std::vector<std::unique_ptr<Timer>> power_timers_;
};

/// A boolean that a client sent as a property's new value.
[[nodiscard]] bool read_flag(const Call& call);

}  // namespace blau::fake
