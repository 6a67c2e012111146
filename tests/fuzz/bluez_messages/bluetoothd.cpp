#include "bluetoothd.hpp"

#include "backend/bluez/interfaces.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace blau::fuzz {

using namespace detail::bluez;

namespace {

constexpr const char* adapter_path = "/org/bluez/hci0";
constexpr const char* rate_path = "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a/char000b";
constexpr const char* location_path = "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a/char000e";

bool is(const Message& call, const char* member) {
  return sd_bus_message_is_method_call(call.get(), nullptr, member) > 0;
}

}  // namespace

int Bluetoothd::open(sd_bus** theirs) {
  waiting_.clear();
  return refuses_ ? -ECONNREFUSED : bus_.open(theirs);
}

void Bluetoothd::die() {
  refuses_ = true;
  waiting_.clear();
  close_descriptors();
  bus_.hang_up();
}

void Bluetoothd::answer_by_itself(bool on) {
  answers_ = on;
  while (answers_ && !waiting_.empty()) answer(take_waiting());
}

void Bluetoothd::take(Message call) {
  if (answers_) return answer(call);
  waiting_.push_back(std::move(call));
}

/// The one that the input chooses; empty if there is none.
Message Bluetoothd::take_waiting() {
  if (waiting_.empty()) return {};
  const auto place = waiting_.begin() + input_.byte() % static_cast<int>(waiting_.size());
  Message call = std::move(*place);
  waiting_.erase(place);
  return call;
}

void Bluetoothd::act(std::uint8_t choice) {
  switch (choice % 32) {
    case 0: return answer(take_waiting());
    case 1:
    case 2: return answer_anyhow(take_waiting());
    case 3: return refuse(take_waiting());
    case 4: return (void)take_waiting();  // is never answered
    case 5: return answer_by_itself(!answers_);
    case 6:
    case 7:
    case 8: return change_properties();
    case 9:
    case 10: return add_interfaces();
    case 11: return remove_interfaces();
    case 12: return change_owner();
    case 13: return tell_reason();
    case 14:
    case 15: return say_anything();
    case 16: return call_back();
    case 17: return write_raw();
    case 18: return bus_.hang_up();
    case 19: return (void)(refuses_ = !refuses_);
    case 20: return set_connected(first_device, true);
    case 21: return set_connected(first_device, false);
    case 22: return set_connected(second_device, (input_.byte() & 1) != 0);
    case 23:
    case 24: return advertise((input_.byte() & 1) != 0 ? second_device : first_device);
    case 25:
    case 26: return notify((input_.byte() & 1) != 0 ? location_path : rate_path);
    default: return use_descriptor();
  }
}

void Bluetoothd::answer(const Message& call) {
  if (!call) return;
  Message reply = PeerBus::reply_to(call);
  const char* path = sd_bus_message_get_path(call.get());
  if (is(call, "GetManagedObjects")) write_world(reply);
  if (is(call, "Connect")) set_connected(path, true);
  if (is(call, "Disconnect")) set_connected(path, false);
  if (is(call, "Get")) answer_get(call, reply);
  if (is(call, "ReadValue")) reply.append("ay", 2, 1, 2);
  if (is(call, "AcquireNotify")) values_.append(reply, "hq");
  send(reply);
}

void Bluetoothd::answer_get(const Message& call, Message& reply) {
  const char* interface = nullptr;
  const char* property = nullptr;
  if (sd_bus_message_read(call.get(), "ss", &interface, &property) < 0) return;
  const std::string name = property;
  if (name == "MTU") return (void)reply.append("v", "q", 247);
  if (name == "UUID") return (void)reply.append("v", "s", "2a37");
  reply.append("v", "b", static_cast<int>(connected_[sd_bus_message_get_path(call.get())]));
}

void Bluetoothd::write_device(Message& reply, const char* path, const char* address) {
  const int connected = connected_[path] ? 1 : 0;
  reply.append("{oa{sa{sv}}}", path, 1, device_interface, 5, "Address", "s", address, "AddressType", "s", "random",
               "Name", "s", "Strap", "Connected", "b", connected, "ServicesResolved", "b", connected);
}

void Bluetoothd::write_world(Message& reply) {
  reply.open('a', "{oa{sa{sv}}}");
  reply.append("{oa{sa{sv}}}", adapter_path, 1, adapter_interface, 3, "Address", "s", "00:11:22:33:44:55", "Powered",
               "b", 1, "Roles", "as", 1, "central");
  write_device(reply, first_device, "C0:FF:EE:00:00:01");
  write_device(reply, second_device, "C0:FF:EE:00:00:02");
  const std::string service = std::string(first_device) + "/service000a";
  const std::string descriptor = std::string(rate_path) + "/desc000d";
  reply.append("{oa{sa{sv}}}", service.c_str(), 1, service_interface, 1, "UUID", "s", "180d");
  for (const char* path : {rate_path, location_path})
    reply.append("{oa{sa{sv}}}", path, 1, characteristic_interface, 2, "UUID", "s", "2a37", "Flags", "as", 2, "read",
                 "notify");
  reply.append("{oa{sa{sv}}}", descriptor.c_str(), 1, descriptor_interface, 1, "UUID", "s", "2902");
  reply.close();
}

void Bluetoothd::set_connected(const std::string& path, bool connected) {
  connected_[path] = connected;
  Message signal = bus_.signal(path.c_str(), properties_interface, "PropertiesChanged");
  signal.append("sa{sv}as", device_interface, 2, "Connected", "b", connected ? 1 : 0, "ServicesResolved", "b",
                connected ? 1 : 0, 0);
  send(signal);
}

void Bluetoothd::advertise(const char* path) {
  Message signal = bus_.signal(path, properties_interface, "PropertiesChanged");
  signal.append("sa{sv}as", device_interface, 1, "RSSI", "n", -static_cast<int>(input_.byte()), 0);
  send(signal);
}

void Bluetoothd::notify(const char* path) {
  Message signal = bus_.signal(path, properties_interface, "PropertiesChanged");
  signal.append("sa{sv}as", characteristic_interface, 1, "Value", "ay", 2, 1, static_cast<int>(input_.byte()), 0);
  send(signal);
}

void Bluetoothd::answer_anyhow(const Message& call) {
  if (!call) return;
  Message reply = PeerBus::reply_to(call);
  const std::uint8_t how = input_.byte();
  if ((how & 0x80) != 0) {
    values_.append(reply, values_.signature());
  } else if (is(call, "GetManagedObjects")) {
    values_.append_objects(reply);
  } else if (is(call, "Get")) {
    values_.append_variant(reply, (how & 1) != 0 ? "q" : "b");
  } else if (is(call, "AcquireNotify")) {
    values_.append(reply, "hq");
  } else {
    values_.append(reply, "ay");
  }
  send(reply);
}

void Bluetoothd::refuse(const Message& call) {
  if (!call) return;
  const std::string name = values_.error_name();
  const std::string text = values_.text();
  send(PeerBus::error_to(call, name.c_str(), text.c_str()));
}

void Bluetoothd::change_properties() {
  const std::string path = values_.path();
  Message signal = bus_.signal(path.c_str(), properties_interface, "PropertiesChanged");
  signal.append("s", values_.interface());
  values_.append_properties(signal);
  values_.append(signal, "as");
  send(signal);
}

void Bluetoothd::add_interfaces() {
  Message signal = bus_.signal("/", object_manager_interface, "InterfacesAdded");
  signal.append("o", values_.path().c_str());
  values_.append_interfaces(signal);
  send(signal);
}

void Bluetoothd::remove_interfaces() {
  Message signal = bus_.signal("/", object_manager_interface, "InterfacesRemoved");
  signal.append("o", values_.path().c_str());
  const int count = input_.byte() & 3;
  signal.open('a', "s");
  for (int i = 0; i < count; ++i) signal.append("s", values_.interface());
  signal.close();
  send(signal);
}

void Bluetoothd::change_owner() {
  Message signal = bus_.signal("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged");
  if (signal) sd_bus_message_set_sender(signal.get(), "org.freedesktop.DBus");
  const std::uint8_t how = input_.byte();
  if ((how & 0x80) != 0)
    values_.append(signal, values_.signature());
  else
    signal.append("sss", "org.bluez", (how & 1) != 0 ? ":1.7" : "", (how & 2) != 0 ? ":1.8" : "");
  send(signal);
}

void Bluetoothd::tell_reason() {
  Message signal = bus_.signal(first_device, device_interface, "Disconnected");
  const std::uint8_t how = input_.byte();
  values_.append(signal, (how & 0x80) != 0 ? values_.signature() : "ss");
  send(signal);
}

void Bluetoothd::say_anything() {
  static constexpr std::array<std::array<const char*, 2>, 4> signals = {{
      {properties_interface, "PropertiesChanged"},
      {object_manager_interface, "InterfacesAdded"},
      {object_manager_interface, "InterfacesRemoved"},
      {device_interface, "Disconnected"},
  }};
  const auto& chosen = signals.at(input_.byte() % signals.size());
  const std::string path = values_.path();
  Message signal = bus_.signal(path.c_str(), chosen[0], chosen[1]);
  // The match rules look at the first text.
  if ((input_.byte() & 1) != 0) signal.append("s", values_.interface());
  values_.append(signal, values_.signature());
  send(signal);
}

void Bluetoothd::call_back() {
  if (!bus_.bus()) return;
  sd_bus_message* made = nullptr;
  const std::string path = values_.path();
  if (sd_bus_message_new_method_call(bus_.bus(), &made, nullptr, path.c_str(), values_.interface(), "Ping") < 0) return;
  Message call = Message::adopt(made);
  values_.append(call, values_.signature());
  send(call);
}

/// In the middle of the stream of messages, so that nothing after it can be read.
void Bluetoothd::write_raw() {
  const Bytes raw = input_.piece();
  if (bus_.bus() && !raw.empty()) (void)::send(bus_.descriptor(), raw.data(), raw.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// One end goes with a message, the other one is used, or closed, by later acts.
int Bluetoothd::open_descriptor() {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) < 0) return -1;
  descriptors_.push_back(sockets[0]);
  return sockets[1];
}

void Bluetoothd::use_descriptor() {
  if (descriptors_.empty()) return;
  const std::uint8_t how = input_.byte();
  if ((how & 0x80) != 0) {
    ::close(descriptors_.back());
    return descriptors_.pop_back();
  }
  const Bytes value(how & 7, how);
  (void)::send(descriptors_.back(), value.data(), value.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Bluetoothd::close_descriptors() {
  for (const int descriptor : descriptors_) ::close(descriptor);
  descriptors_.clear();
}

}  // namespace blau::fuzz
