// What the work takes without a library: sd-bus, the calls and signals of BlueZ that it needs, and a loop that waits for nothing else.

#include "bare_bluez.hpp"
#include "measured.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace {

using namespace peers;

constexpr const char* service = "org.bluez";
constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";

/// Connects to `address`. @return the path of the characteristic `uuid`
std::string connected(Bare& bare, const Arguments& arguments) {
  bare.start_discovery();
  const std::string path = bare.wait_for_device(arguments.text("address"));
  bare.connect(path);
  bare.stop_discovery();
  return bare.characteristic(arguments.text("uuid"));
}

// Notifications by signals.

struct Listener {
  Values& values;
  bool done = false;
};

int value_changed(sd_bus_message* message, void* context, sd_bus_error*) {
  Listener& listener = *static_cast<Listener*>(context);
  check(sd_bus_message_skip(message, "s"), "an interface");
  for_each_property(message, [&](const char* name) {
    if (std::strcmp(name, "Value") != 0) return false;
    check(sd_bus_message_enter_container(message, 'v', "ay"), "a value");
    const BareBytes bytes = read_bytes(message);
    if (listener.values.take(bytes.data, bytes.size)) listener.done = true;
    return sd_bus_message_exit_container(message) > 0;
  });
  return 0;
}

void listen_to_signals(Bare& bare, const std::string& path, Values& values) {
  Listener listener{values};
  const std::string rule = "type='signal',sender='org.bluez',path='" + path +
                           "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',arg0='" +
                           characteristic_interface + "'";
  check(sd_bus_add_match(bare.bus(), nullptr, rule.c_str(), &value_changed, &listener), "a match rule");
  check(sd_bus_call_method(bare.bus(), service, path.c_str(), characteristic_interface, "StartNotify", nullptr, nullptr,
                           ""),
        "StartNotify");
  say_ready();
  bare.run_until(listener.done);
}

// Notifications by a socket.

int acquire(Bare& bare, const std::string& path) {
  sd_bus_message* reply = nullptr;
  check(sd_bus_call_method(bare.bus(), service, path.c_str(), characteristic_interface, "AcquireNotify", nullptr,
                           &reply, "a{sv}", 0),
        "AcquireNotify");
  int borrowed = -1;
  check(sd_bus_message_read_basic(reply, 'h', &borrowed), "a socket");
  const int socket = ::fcntl(borrowed, F_DUPFD_CLOEXEC, 3);
  sd_bus_message_unref(reply);
  return socket;
}

/// Takes what has come, many values with one system call if there are many.
class Inbox {
 public:
  explicit Inbox(int socket) : socket_(socket) {
    for (std::size_t i = 0; i < size; ++i) {
      places_[i] = {values_[i].data(), values_[i].size()};
      messages_[i].msg_hdr.msg_iov = &places_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  /// @return true if the last value was there
  bool drain(Values& values) {
    bool last = false;
    int count = size;
    while (count == size) {
      count = ::recvmmsg(socket_, messages_.data(), size, MSG_DONTWAIT, nullptr);
      if (count < 0 && errno != EAGAIN) check(-errno, "the socket");
      for (int i = 0; i < count; ++i)
        last |=
            values.take(values_[static_cast<std::size_t>(i)].data(), messages_[static_cast<std::size_t>(i)].msg_len);
    }
    return last;
  }

 private:
  static constexpr int size = 16;
  int socket_;
  std::array<std::array<std::uint8_t, 517>, size> values_;
  std::array<iovec, size> places_{};
  std::array<mmsghdr, size> messages_{};
};

void listen_to_socket(Bare& bare, const std::string& path, Values& values) {
  const int socket = acquire(bare, path);
  Inbox inbox(socket);
  while (check(sd_bus_process(bare.bus(), nullptr), "messages") > 0) continue;
  say_ready();
  std::array<pollfd, 2> watched{{{socket, POLLIN, 0}, {check(sd_bus_get_fd(bare.bus()), "the bus"), POLLIN, 0}}};
  while (true) {
    check(::poll(watched.data(), watched.size(), -1), "poll");
    if (watched[0].revents != 0 && inbox.drain(values)) break;
    while (watched[1].revents != 0 && check(sd_bus_process(bare.bus(), nullptr), "messages") > 0) continue;
  }
  ::close(socket);
}

void notify(const Arguments& arguments) {
  Bare bare;
  const std::string path = connected(bare, arguments);
  Values values(arguments);
  const auto listen = arguments.has("path", "socket") ? &listen_to_socket : &listen_to_signals;
  listen(bare, path, values);
  values.print();
}

// Reads and writes, each from the answer to the one before.

struct Requests {
  Bare& bare;
  std::string path;
  const char* type;  ///< of a write; null: a read
  Repetitions repetitions;
  bool done = false;

  void next();
};

int answered(sd_bus_message* message, void* context, sd_bus_error*) {
  if (const sd_bus_error* error = sd_bus_message_get_error(message)) refuse(error->message);
  Requests& requests = *static_cast<Requests*>(context);
  if (!requests.type && read_bytes(message).size == 0) refuse("an empty value");
  requests.next();
  return 0;
}

void Requests::next() {
  if (!repetitions.next()) {
    done = true;
    return;
  }
  static constexpr std::array<std::uint8_t, 20> payload{0x5a};
  sd_bus_message* call = nullptr;
  check(sd_bus_message_new_method_call(bare.bus(), &call, service, path.c_str(), characteristic_interface,
                                       type ? "WriteValue" : "ReadValue"),
        "a call");
  if (type) check(sd_bus_message_append_array(call, 'y', payload.data(), payload.size()), "a value");
  check(type ? sd_bus_message_append(call, "a{sv}", 1, "type", "s", type) : sd_bus_message_append(call, "a{sv}", 0),
        "options");
  check(sd_bus_call_async(bare.bus(), nullptr, call, &answered, this, UINT64_MAX), "a call");
  sd_bus_message_unref(call);
}

void request(const Arguments& arguments) {
  Bare bare;
  const std::string path = connected(bare, arguments);
  const char* type = arguments.workload() == "write" ? "request" : "command";
  Requests requests{bare, path, arguments.workload() == "read" ? nullptr : type, Repetitions(arguments)};
  requests.next();
  bare.run_until(requests.done);
  requests.repetitions.print();
}

// Advertisements.

struct Sightings {
  Repetitions repetitions;
  bool done = false;
};

void advertise(const Arguments& arguments) {
  Bare bare;
  Sightings sightings{Repetitions(arguments)};
  bare.context = &sightings;
  bare.on_advertisement = [](Bare&, const BareDevice&, void* context) {
    Sightings& all = *static_cast<Sightings*>(context);
    if (!all.done && !all.repetitions.next()) all.done = true;
  };
  bare.start_discovery();
  say_ready();
  bare.run_until(sightings.done);
  sightings.repetitions.print();
}

void connect(const Arguments& arguments) {
  Bare bare;
  bare.start_discovery();
  bare.run_for(1000000);
  bare.stop_discovery();
  std::vector<std::string> paths;
  for (const auto& [path, device] : bare.devices()) paths.push_back(path);
  if (paths.size() != arguments.number("devices")) refuse("saw " + std::to_string(paths.size()) + " devices");
  Measurement measurement;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::size_t before = bare.characteristics().size();
    const bool measured = i >= arguments.number("warm");
    if (measured) measurement.begin();
    bare.connect(paths[i]);
    if (measured) measurement.end(), measurement.count(1);
    if (bare.characteristics().size() < before + 100) refuse("not all characteristics were found");
  }
  measurement.print();
}

}  // namespace

int main(int count, char** words) {
  const Arguments arguments(count, words);
  const std::map<std::string, void (*)(const Arguments&)> workloads{
      {"notify", notify},         {"read", request},        {"write", request},
      {"write_command", request}, {"advertise", advertise}, {"connect", connect}};
  const auto found = workloads.find(arguments.workload());
  if (found == workloads.end()) refuse("no workload " + arguments.workload());
  found->second(arguments);
  return 0;
}
