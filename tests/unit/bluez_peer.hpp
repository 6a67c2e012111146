#pragma once

#include "backend/bluez/bus.hpp"
#include "core/fd_watch.hpp"

#include <blau/detail/loop.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// Plays bluetoothd at the other end of a socket, on the loop of the test: tests see each call and answer when they like.
class BlueZPeer {
 public:
  using Fill = std::function<void(Message&)>;

  BlueZPeer() : loop_(Loop::make({})) {}
  ~BlueZPeer() { hang_up(); }
  BlueZPeer(const BlueZPeer&) = delete;
  BlueZPeer& operator=(const BlueZPeer&) = delete;

  [[nodiscard]] Loop& loop() { return *loop_; }
  /// How the backend reaches this; each connection ends the one before.
  [[nodiscard]] BusOpener opener() {
    return [this](sd_bus** bus) {
      std::array<int, 2> sockets{};
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) < 0) return -errno;
      serve(sockets[0]);
      return peer(sockets[1])(bus);
    };
  }
  /// What GetManagedObjects is answered with, by itself.
  void answer_objects(Fill fill) { objects_ = std::move(fill); }

  /// Runs the loop until `done`; false if nothing made it true in ten seconds.
  bool run_until(const std::function<bool()>& done) {
    bool late = false;
    Timer limit(*loop_);
    limit.start_after(*loop_, std::chrono::seconds(10), [&] { late = true; });
    loop_->run_until([&] { return late || done(); });
    return !late;
  }
  /// Runs the loop until everything that was sent before has been handled by the backend and what it sent then is here.
  void settle() {
    // A call to nobody goes to the backend, which answers it after everything before.
    for (int round = 0; round < 2; ++round) {
      bool answered = false;
      const auto on_answer = [](sd_bus_message*, void* flag, sd_bus_error*) {
        *static_cast<bool*>(flag) = true;
        return 0;
      };
      sd_bus_slot* slot = nullptr;
      ASSERT_GE(sd_bus_call_method_async(bus_, &slot, nullptr, "/", "org.freedesktop.DBus.Peer", "Ping", on_answer,
                                         &answered, ""),
                0);
      process();
      EXPECT_TRUE(run_until([&] { return answered; }));
      sd_bus_slot_unref(slot);
    }
  }
  /// The next call, which must be of this member.
  Message next_call(const std::string& member) {
    EXPECT_TRUE(run_until([this] { return !calls_.empty(); })) << "no call of " << member;
    if (calls_.empty()) return {};
    Message call = calls_.front();
    calls_.pop_front();
    EXPECT_EQ(sd_bus_message_get_member(call.get()), member);
    return call;
  }
  /// The members of calls that nobody took.
  [[nodiscard]] std::vector<std::string> calls() const {
    std::vector<std::string> members;
    for (const Message& call : calls_) members.emplace_back(sd_bus_message_get_member(call.get()));
    return members;
  }

  void reply(const Message& call, const Fill& fill = Fill()) {
    sd_bus_message* made = nullptr;
    ASSERT_GE(sd_bus_message_new_method_return(call.get(), &made), 0);
    Message message = Message::adopt(made);
    if (fill) fill(message);
    send(message);
  }
  void error(const Message& call, const char* name, const char* text) {
    const sd_bus_error error{name, text, 0};
    sd_bus_message* made = nullptr;
    ASSERT_GE(sd_bus_message_new_method_error(call.get(), &made, &error), 0);
    send(Message::adopt(made));
  }
  /// PropertiesChanged; `fill` appends a{sv}as.
  void emit(const std::string& path, const char* interface, const Fill& fill) {
    Message message = signal(path.c_str(), "org.freedesktop.DBus.Properties", "PropertiesChanged");
    message.append("s", interface);
    fill(message);
    send(message);
  }
  /// InterfacesAdded; `fill` appends a{sa{sv}}.
  void emit_added(const std::string& path, const Fill& fill) {
    Message message = signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded");
    message.append("o", path.c_str());
    fill(message);
    send(message);
  }
  void emit_removed(const std::string& path, const char* interface) {
    Message message = signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");
    message.append("oas", path.c_str(), 1, interface);
    send(message);
  }
  /// The connection is lost.
  void hang_up() {
    watch_.reset();
    calls_.clear();
    if (sd_bus* bus = std::exchange(bus_, nullptr)) sd_bus_close_unref(bus);
  }

 private:
  void serve(int socket) {
    hang_up();
    ASSERT_GE(sd_bus_new(&bus_), 0);
    ASSERT_GE(sd_bus_set_fd(bus_, socket, socket), 0);
    sd_id128_t id{};
    id.bytes[0] = 1;
    ASSERT_GE(sd_bus_set_server(bus_, 1, id), 0);
    // What a bus would write into each message.
    ASSERT_GE(sd_bus_set_sender(bus_, "org.bluez"), 0);
    ASSERT_GE(sd_bus_add_filter(bus_, nullptr, &BlueZPeer::on_message, this), 0);
    ASSERT_GE(sd_bus_start(bus_), 0);
    watch_ = std::make_unique<FdWatch>(*loop_, socket);
    watch_->on_readable([this] { process(); });
    process();
  }
  void process() {
    while (bus_ && sd_bus_process(bus_, nullptr) > 0) {
    }
  }
  static int on_message(sd_bus_message* message, void* self, sd_bus_error*) {
    return static_cast<BlueZPeer*>(self)->take(Message::share(message));
  }
  int take(Message message) {
    std::uint8_t type = 0;
    sd_bus_message_get_type(message.get(), &type);
    if (type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
    if (sd_bus_message_is_method_call(message.get(), nullptr, "GetManagedObjects") > 0)
      reply(message, objects_);
    else
      calls_.push_back(std::move(message));
    return 1;
  }
  Message signal(const char* path, const char* interface, const char* member) {
    sd_bus_message* made = nullptr;
    EXPECT_GE(sd_bus_message_new_signal(bus_, &made, path, interface, member), 0);
    return Message::adopt(made);
  }
  void send(const Message& message) {
    ASSERT_TRUE(message);
    ASSERT_GE(sd_bus_send(bus_, message.get(), nullptr), 0);
    ASSERT_GE(sd_bus_flush(bus_), 0);
  }

  std::shared_ptr<Loop> loop_;
  sd_bus* bus_ = nullptr;
  std::unique_ptr<FdWatch> watch_;
  std::deque<Message> calls_;
  Fill objects_;
};

}  // namespace blau::detail::bluez
