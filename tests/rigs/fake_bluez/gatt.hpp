#pragma once

#include "notify.hpp"
#include "object.hpp"

#include "backend/sim/gatt_client_discovery.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::fake {

class Characteristic;
class Device;
class Service;

/// A request of one kind that is under way on an attribute, and who waits for it.
struct Operation {
  std::uint16_t offset = 0;
  std::vector<Call> calls;
  std::function<std::unique_ptr<sim::Procedure>()> make;
  bool reliable = false;
  bool encrypted = false;  ///< the link was when it was sent
  bool refused = false;    ///< until the link is secure
};

/// The peripheral wants security for what was asked over a link without any: the daemon asks again once it is encrypted. Without a pairing that never comes.
[[nodiscard]] bool wants_encryption(const Device& device, const sim::Procedure& procedure, bool was_encrypted);
[[nodiscard]] bool is_encrypted(const Device& device);

/// What characteristics and descriptors share: a value behind a handle.
class Attribute {
 public:
  Attribute(Device& device, std::uint16_t handle) : device_(device), handle_(handle) {}
  [[nodiscard]] Device& device() const noexcept { return device_; }
  [[nodiscard]] std::uint16_t handle() const noexcept { return handle_; }
  [[nodiscard]] const std::optional<Bytes>& value() const noexcept { return value_; }

 protected:
  ~Attribute() = default;
  /// Answers every call that waits for the same read.
  void read(const Call& call);
  void write(const Call& call, std::function<std::unique_ptr<sim::Procedure>()> make, bool reliable);
  [[nodiscard]] bool is_writing() const noexcept { return write_.has_value(); }
  /// The object goes: what was asked of it is never answered.
  void abandon();
  /// What waits for security that never comes is answered now.
  void link_lost();
  /// What waits for security is asked again.
  void link_secured();
  /// The answer to a read, or a value that came by itself.
  virtual void keep(Bytes value) = 0;

  std::optional<Bytes> value_;
  std::shared_ptr<void> life_ = std::make_shared<int>(0);

 private:
  void start_read();
  void start_write();
  void read_done(const sim::Procedure& procedure, const Bytes& value);
  void write_done(const sim::Procedure& procedure);

  Device& device_;
  std::uint16_t handle_;
  std::optional<Operation> read_;
  std::optional<Operation> write_;
};

/// What WriteValue and ReadValue take as options; empty for what the daemon refuses.
struct ValueOptions {
  std::uint16_t offset = 0;
  std::string type;
  static std::optional<ValueOptions> read(Reader& reader);
};

/// org.bluez.GattDescriptor1.
class Descriptor final : public InterfaceOf<Descriptor>, public Attribute {
 public:
  Descriptor(Characteristic& characteristic, const sim::DiscoveredDescriptor& from);
  ~Descriptor() override;
  [[nodiscard]] static const Description<Descriptor>& description();
  [[nodiscard]] const Uuid& uuid() const noexcept { return uuid_; }
  void unexport();
  void link_lost_here() { link_lost(); }
  void link_secured_here() { link_secured(); }

 private:
  void keep(Bytes value) override;
  void read_value(const Call& call);
  void write_value(const Call& call);

  Characteristic& characteristic_;
  Uuid uuid_;
};

/// org.bluez.GattCharacteristic1.
class Characteristic final : public InterfaceOf<Characteristic>, public Attribute {
 public:
  Characteristic(Service& service, const sim::DiscoveredCharacteristic& from);
  ~Characteristic() override;
  [[nodiscard]] static const Description<Characteristic>& description();

  [[nodiscard]] const Uuid& uuid() const noexcept { return uuid_; }
  [[nodiscard]] std::uint16_t declaration() const noexcept { return declaration_; }
  [[nodiscard]] std::uint16_t configuration() const noexcept { return configuration_; }
  [[nodiscard]] std::uint16_t properties_bits() const noexcept { return properties_; }
  [[nodiscard]] bool has(std::uint16_t property) const noexcept { return (properties_ & property) != 0; }
  void set_extended(std::uint16_t bits) { properties_ |= static_cast<std::uint16_t>(bits << 8); }
  [[nodiscard]] Service& service() const noexcept { return service_; }
  [[nodiscard]] Notifier& notifier() noexcept { return notifier_; }
  [[nodiscard]] const Notifier& notifier() const noexcept { return notifier_; }

  /// Tells that a property has changed; `at_once` for each value.
  void tell(const char* property, bool at_once = false);
  void value_came(ByteView value);
  void export_all();
  void unexport();
  [[nodiscard]] bool is_exported() const noexcept { return exported_; }
  void link_lost_here();
  void link_secured_here();

 private:
  void keep(Bytes value) override;
  void read_value(const Call& call);
  void write_value(const Call& call);
  void start_notify(const Call& call) { notifier_.start(call); }
  void stop_notify(const Call& call) { notifier_.stop(call); }
  void acquire_notify(const Call& call) { notifier_.acquire(call); }
  void acquire_write(const Call& call) { notifier_.acquire_write(call); }
  [[nodiscard]] std::unique_ptr<sim::Procedure> procedure_for(const ValueOptions& options, Bytes value, bool& command);
  void append_flags(Message& to) const;

  Service& service_;
  std::uint16_t declaration_;
  std::uint16_t properties_;
  std::uint16_t configuration_ = 0;
  Uuid uuid_;
  bool exported_ = false;
  std::vector<std::unique_ptr<Descriptor>> descriptors_;
  Notifier notifier_;
};

/// org.bluez.GattService1.
class Service final : public InterfaceOf<Service> {
 public:
  Service(Device& device, const sim::DiscoveredService& from);
  [[nodiscard]] static const Description<Service>& description();

  [[nodiscard]] Device& device() const noexcept { return device_; }
  [[nodiscard]] const sim::DiscoveredService& found() const noexcept { return found_; }
  /// A plugin of the daemon uses it: others may only read.
  [[nodiscard]] bool is_claimed() const noexcept { return claimed_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Characteristic>>& characteristics() const { return characteristics_; }
  void export_all(bool claimed);
  void unexport();

 private:
  Device& device_;
  sim::DiscoveredService found_;
  bool claimed_ = false;
  std::vector<std::unique_ptr<Characteristic>> characteristics_;
};

/// What a device has, as far as it was discovered.
class Database {
 public:
  explicit Database(Device& device) : device_(device) {}

  /// The state of the peripheral's table that this is; 0: nothing was discovered.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  void set_generation(std::uint64_t generation) noexcept { generation_ = generation; }
  /// Exports what is new, takes back what is gone or different.
  void become(const std::vector<sim::DiscoveredService>& services);
  /// Reads 0x2900 where there is one, then calls back: a part of the discovery, so that objects have all their flags from the beginning.
  void read_extended_properties(const std::vector<sim::DiscoveredService>& services, std::function<void()> done);
  [[nodiscard]] std::vector<Uuid> service_uuids() const;
  void clear();
  void forget() noexcept;

  void disconnected();
  /// The link is encrypted from now on.
  void link_secured();
  void arm_notifications();
  void program_gone(const std::string& name);
  void value_came(std::uint16_t value_handle, ByteView value);

  /// Service Changed came: what lies there cannot be subscribed to until `end_change`.
  void begin_change(std::uint16_t first, std::uint16_t last);
  void end_change() { change_.reset(); }
  [[nodiscard]] bool is_changing(std::uint16_t handle) const;

  [[nodiscard]] Characteristic* find_by_uuid(const Uuid& uuid) const;
  [[nodiscard]] Characteristic* find(std::uint16_t value_handle) const;
  /// Of everything that was discovered, exported or not; 0: none.
  [[nodiscard]] std::uint16_t raw_value_handle(const Uuid& uuid) const;
  [[nodiscard]] std::uint16_t raw_configuration_handle(const Uuid& uuid) const;
  [[nodiscard]] std::string path_of(std::uint16_t service_handle) const;
  /// Takes one object away in the middle of everything; false if there is none of that path.
  bool remove(const std::string& path);

 private:
  [[nodiscard]] std::vector<Characteristic*> all() const;
  void index();
  /// @param left pairs of value handle and the handle of its 0x2900
  void read_next_extended(std::shared_ptr<std::vector<std::pair<std::uint16_t, std::uint16_t>>> left,
                          std::function<void()> done);

  Device& device_;
  std::uint64_t generation_ = 0;
  std::vector<sim::DiscoveredService> discovered_;
  std::map<std::uint16_t, std::unique_ptr<Service>> services_;
  std::map<std::uint16_t, Characteristic*> by_value_;
  std::map<std::uint16_t, std::uint16_t> extended_;  // by value handle
  std::optional<std::pair<std::uint16_t, std::uint16_t>> change_;
};

}  // namespace blau::fake
