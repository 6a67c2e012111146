#pragma once

#include "backend/bluez/bus.hpp"
#include "core/fd_watch.hpp"

#include <blau/detail/loop.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <utility>

namespace blau::detail::bluez {

/// The other end of the backend's connection, on the same loop: takes its calls, and says what its owner wants said. Nothing blocks.
class PeerBus {
 public:
  PeerBus(Loop& loop, std::function<void(Message)> on_call) : loop_(loop), on_call_(std::move(on_call)) {}
  ~PeerBus() { hang_up(); }
  PeerBus(const PeerBus&) = delete;
  PeerBus& operator=(const PeerBus&) = delete;

  /// As a `BusOpener`. Each connection ends the one before.
  int open(sd_bus** theirs) {
    std::array<int, 2> sockets{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) < 0) return -errno;
    const int result = serve(sockets[0]);
    if (result < 0) return ::close(sockets[1]), result;
    return peer(sockets[1])(theirs);
  }
  /// The connection is lost.
  void hang_up() {
    watch_.reset();
    if (sd_bus* bus = std::exchange(bus_, nullptr)) sd_bus_close_unref(bus);
  }
  /// Null if there is none.
  [[nodiscard]] sd_bus* bus() const noexcept { return bus_; }
  [[nodiscard]] int descriptor() const noexcept { return socket_; }

  // Messages to be filled; empty where they cannot be made.

  [[nodiscard]] Message signal(const char* path, const char* interface, const char* member) const {
    sd_bus_message* made = nullptr;
    if (!bus_ || sd_bus_message_new_signal(bus_, &made, path, interface, member) < 0) return {};
    return Message::adopt(made);
  }
  [[nodiscard]] static Message reply_to(const Message& call) {
    sd_bus_message* made = nullptr;
    if (sd_bus_message_new_method_return(call.get(), &made) < 0) return {};
    return Message::adopt(made);
  }
  [[nodiscard]] static Message error_to(const Message& call, const char* name, const char* text) {
    const sd_bus_error error{name, text, 0};
    sd_bus_message* made = nullptr;
    if (sd_bus_message_new_method_error(call.get(), &made, &error) < 0) return {};
    return Message::adopt(made);
  }
  /// @return what sd-bus says
  int send(const Message& message) {
    if (!bus_ || !message) return -EINVAL;
    const int result = sd_bus_send(bus_, message.get(), nullptr);
    arm();
    return result;
  }
  /// Handles what has come.
  void process() {
    int result = 1;
    while (bus_ && result > 0) result = sd_bus_process(bus_, nullptr);
    if (result < 0) return hang_up();
    arm();
  }

 private:
  int serve(int socket) {
    hang_up();
    socket_ = socket;
    int result = sd_bus_new(&bus_);
    if (result >= 0) result = sd_bus_set_fd(bus_, socket, socket);
    if (result < 0) return ::close(socket), result;
    sd_id128_t id{};
    id.bytes[0] = 1;
    result = sd_bus_set_server(bus_, 1, id);
    // What a bus would write into each message.
    if (result >= 0) result = sd_bus_set_sender(bus_, "org.bluez");
    if (result >= 0) result = sd_bus_add_filter(bus_, nullptr, &PeerBus::on_message, this);
    if (result >= 0) result = sd_bus_start(bus_);
    if (result < 0) return result;
    watch_ = std::make_unique<FdWatch>(loop_, socket);
    waits_for_room_ = false;
    watch_->on_readable([this] { process(); });
    process();
    return 0;
  }
  /// What the socket had no room for goes out when it has.
  void arm() {
    if (!bus_ || waits_for_room_ || (sd_bus_get_events(bus_) & POLLOUT) == 0) return;
    waits_for_room_ = true;
    watch_->once_writable([this] {
      waits_for_room_ = false;
      process();
    });
  }
  static int on_message(sd_bus_message* message, void* self, sd_bus_error*) {
    std::uint8_t type = 0;
    sd_bus_message_get_type(message, &type);
    if (type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
    static_cast<PeerBus*>(self)->on_call_(Message::share(message));
    return 1;
  }

  Loop& loop_;
  std::function<void(Message)> on_call_;
  sd_bus* bus_ = nullptr;
  int socket_ = -1;
  std::unique_ptr<FdWatch> watch_;
  bool waits_for_room_ = false;
};

}  // namespace blau::detail::bluez
