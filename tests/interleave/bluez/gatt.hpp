#pragma once

#include "host.hpp"

#include "backend/bluez/paths.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace blau::interleave::imitation {

/// The attributes of a device as objects, and what a program does with them over its link.
class Gatt {
 public:
  /// @param port of the device; it outlives this
  Gatt(Host& host, backend::ClientPort& port, std::string device);
  ~Gatt();
  Gatt(const Gatt&) = delete;
  Gatt& operator=(const Gatt&) = delete;

  // Objects.

  /// As entries of GetManagedObjects.
  void append_all(Message& to) const;
  /// Tells what came and what went.
  void become(const backend::GattDatabase& found);
  /// All objects go and come again, as when a peripheral says that all of its services changed.
  void renew();
  /// The device goes, and all of them before it.
  void withdraw();
  /// A method of a characteristic.
  void take(const Message& call, const detail::bluez::ObjectPath& at);
  /// A characteristic's property.
  void get(const Message& call, const std::string& property);
  void tell_mtu();

  // The link.

  void link_up();
  /// The services are resolved: what was subscribed to without a link is now.
  void arm();
  /// Answers what waits for the peripheral.
  void link_down();
  void value_came(std::uint16_t handle, ByteView value);

  void check();

 private:
  struct Object {
    const char* interface;
    std::string uuid;
    Property properties = Property::none;
    friend bool operator==(const Object&, const Object&) = default;
  };
  /// A subscription of the program's: by signals it outlives the link.
  struct Session {
    unsigned number = 0;
    Message call;  // that is not answered yet
    bool by_socket = false;
    int socket = -1;
  };
  using Objects = std::map<std::string, Object>;

  static void append_interfaces(Message& to, const Object& object);
  static Objects objects_of(const std::string& device, const backend::GattDatabase& found);
  void add(const std::string& path, const Object& object);
  void remove(const std::string& path);
  void read(const Message& call, std::uint16_t handle);
  void read_done(const std::string& path, std::uint16_t handle, const Result<Bytes>& result);
  void write(const Message& call, std::uint16_t handle);
  [[nodiscard]] bool take_write(std::uint16_t handle, const Message& call);
  void start_notify(const Message& call, std::uint16_t handle);
  void acquire_notify(const Message& call, std::uint16_t handle);
  void stop_notify(const Message& call, std::uint16_t handle);
  Session& make_session(std::uint16_t handle, const Message& call);
  void enlist(std::uint16_t handle);
  void configured(std::uint16_t handle, unsigned number, const Result<void>& result);
  void give_socket(Session& session, const Message& call);
  void end_session(std::uint16_t handle);

  Host& host_;
  backend::ClientPort& port_;
  const std::string device_;
  Objects objects_;  // parents before what is below them
  std::map<std::uint16_t, std::string> paths_;
  bool linked_ = false;
  // What the peripheral answers counts as long as this has not changed.
  unsigned epoch_ = 0;
  std::map<std::uint16_t, std::vector<Message>> reads_;
  std::map<std::uint16_t, Message> writes_;
  std::map<std::uint16_t, Session> sessions_;
  unsigned last_session_ = 0;
  std::shared_ptr<void> life_ = std::make_shared<char>();
};

}  // namespace blau::interleave::imitation
