#pragma once

#include "bonding.hpp"
#include "gatt.hpp"
#include "link.hpp"
#include "object.hpp"

#include <blau/advertisement.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::fake {

class Adapter;
class Battery;
class Daemon;

/// org.bluez.Device1, and the link to the device.
class Device final : public InterfaceOf<Device>, public LinkUser {
 public:
  Device(Adapter& adapter, const Address& address);
  ~Device() override;
  [[nodiscard]] static const Description<Device>& description();

  [[nodiscard]] Adapter& adapter() const noexcept { return adapter_; }
  [[nodiscard]] Daemon& daemon() const noexcept;
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  [[nodiscard]] const std::optional<std::string>& device_name() const noexcept { return name_; }
  [[nodiscard]] bool is_temporary() const noexcept { return temporary_; }
  [[nodiscard]] bool is_connectable() const noexcept { return connectable_; }
  [[nodiscard]] bool connected() const noexcept { return link_ != nullptr; }
  [[nodiscard]] Link* link() const noexcept { return link_.get(); }
  [[nodiscard]] Bonding& bonding() noexcept { return bonding_; }
  [[nodiscard]] Database& gatt() noexcept { return gatt_; }
  /// Expires with the device.
  [[nodiscard]] const std::shared_ptr<void>& life() const noexcept { return life_; }
  [[nodiscard]] bool services_resolved() const noexcept { return services_resolved_; }

  /// A property has a new value, or is no longer there.
  void changed(const char* property);

  // Advertisements.

  struct Sighting {
    bool duplicates = false;  ///< somebody wants each report, with its own data only
    bool filtered = false;    ///< the discovery has a filter: each RSSI is told, not only a change by 8
    bool connectable = true;
  };
  void seen(const AdvertisementData& data, int rssi, const Sighting& sighting);
  /// The discovery ended: RSSI and TxPower are no longer known.
  void forget_strength();
  /// It was connected or paired once, or trusted: it stays.
  void keep();
  void restore_name(const std::string& name) { name_ = name; }

  // Links.

  /// The link that a ConnectDevice has made: it was just made known for this.
  void establish_for(const Call& connect_device);
  /// A Connect is not answered yet.
  [[nodiscard]] bool is_connecting() const noexcept { return connect_call_.has_value(); }
  /// Begins to make the link, for a Connect or a Pair; nothing if that is under way.
  void attempt();
  /// Nobody wants the link any more that a Pair alone has asked for.
  void give_up_link();
  void disconnect();  ///< as if some program had called Disconnect
  void drop(LinkEnd how);
  void remove(const Call& call);
  /// Its objects go; it must not be used any more.
  void unexport();
  void program_gone(const std::string& name) {
    gatt_.program_gone(name);
    bonding_.program_gone(name);
  }
  /// The end of the process: nothing is told.
  void forget() noexcept;

  /// A request waits for encryption from now on: for so long as a transaction may take, and then the link ends.
  void want_security();

  void value_came(std::uint16_t value_handle, ByteView value) override;
  void link_ended(LinkEnd how) override;
  void reach_changed() override;
  void security_requested() override;

 private:
  void connect(const Call& call);
  void disconnect_call(const Call& call);
  void pair(const Call& call) { bonding_.pair(call); }
  void cancel_pairing(const Call& call) { bonding_.cancel(call); }
  static void get_address_type(const Device& device, Message& to);
  static void get_alias(const Device& device, Message& to);
  static void get_manufacturer_data(const Device& device, Message& to);
  static void get_service_data(const Device& device, Message& to);
  static void put_alias(Device& device, Reader& value, const Call& call);
  static void put_trusted(Device& device, Reader& value, const Call& call);
  static void put_blocked(Device& device, Reader& value, const Call& call);

  void set_data(const AdvertisementData& data, bool duplicates);
  void set_rssi(int rssi, int threshold);
  void set_name(const std::string& name);
  void arm_temporary();
  void append_uuids(Message& to) const;

  [[nodiscard]] bool wants_link() const noexcept { return connect_call_ || bonding_.wants_link(); }
  void try_to_link();
  void establish();
  void fail_attempt(const char* words);
  void encrypt();
  void key_answered();
  void key_missing();
  void linked();
  void answer_connect();
  void mtu_agreed();
  void discover();
  void discovered(const std::vector<sim::DiscoveredService>& services);
  void rediscovered(const std::vector<sim::DiscoveredService>& services);
  /// Goes on with the services that a discovery found when their extended properties are known, too.
  void with_extended_properties(sim::Procedure& discovery,
                                void (Device::*next)(const std::vector<sim::DiscoveredService>&));
  void resolved();
  void read_gap();
  void watch_services();
  void service_changed(ByteView range);
  void rediscover(std::uint16_t first, std::uint16_t last);
  void begin_disconnect();
  void answer_disconnects();
  [[nodiscard]] bool step(const char* name);
  void tell_reason(LinkEnd how);

  Adapter& adapter_;
  Address address_;
  std::optional<std::string> name_;
  std::optional<std::string> alias_;
  std::optional<std::int16_t> rssi_;
  std::optional<std::int16_t> tx_power_;
  std::optional<std::uint8_t> flags_;
  std::optional<std::uint16_t> appearance_;
  std::vector<Uuid> told_uuids_;  ///< advertised ones
  std::map<std::uint16_t, Bytes> manufacturer_data_;
  std::map<Uuid, Bytes> service_data_;
  bool temporary_ = true;
  bool connectable_ = false;
  bool trusted_ = false;
  bool blocked_ = false;
  bool exported_ = true;
  Timer temporary_timer_;

  std::shared_ptr<Link> link_;
  bool services_resolved_ = false;
  bool was_resolved_ = false;  ///< at any link: UUIDs are those of services from then on
  std::optional<Call> connect_call_;
  bool connects_for_adapter_ = false;
  Timer attempt_timer_;
  Timer establish_timer_;
  std::vector<Call> disconnect_calls_;
  std::optional<Call> remove_call_;
  Timer disconnect_timer_;
  Timer step_timer_;
  Timer security_timer_;
  Timer patience_timer_;     ///< of a request that waits for encryption
  bool encrypting_ = false;  ///< by the keys of a bond

  /// Outlived by nothing that this device has asked for.
  std::shared_ptr<void> life_ = std::make_shared<int>(0);
  Database gatt_;
  Bonding bonding_{*this};
  std::unique_ptr<Battery> battery_;
};

/// The daemon's words for an address in an object path.
[[nodiscard]] std::string device_path(const Adapter& adapter, const Address& address);

}  // namespace blau::fake
