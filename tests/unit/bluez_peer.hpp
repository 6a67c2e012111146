#pragma once

#include "support/peer_bus.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// What a call of bluetoothd's was answered with.
struct PeerAnswer {
  bool came = false;
  std::string error;  ///< its name; empty: none
  Message message;
};

/// Plays bluetoothd at the other end of a socket, on the loop of the test: tests see each call and answer when they like.
class BlueZPeer {
 public:
  using Fill = std::function<void(Message&)>;

  [[nodiscard]] Loop& loop() { return *loop_; }
  /// How the backend reaches this; each connection ends the one before.
  [[nodiscard]] BusOpener opener() {
    return [this](sd_bus** bus) {
      calls_.clear();
      return bus_.open(bus);
    };
  }
  /// What GetManagedObjects is answered with, by itself; without it the call is left to the test.
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
      ASSERT_GE(sd_bus_call_method_async(bus_.bus(), &slot, nullptr, "/", "org.freedesktop.DBus.Peer", "Ping",
                                         on_answer, &answered, ""),
                0);
      bus_.process();
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
    Message message = PeerBus::reply_to(call);
    if (fill) fill(message);
    send(message);
  }
  void error(const Message& call, const char* name, const char* text) { send(PeerBus::error_to(call, name, text)); }
  /// Calls a method of an object of the backend's; `answer` must outlive it.
  void ask(const std::string& path, const char* interface, const char* member, PeerAnswer& answer,
           const Fill& fill = Fill()) {
    const Message call = call_to(path, interface, member, fill);
    const auto on_answer = [](sd_bus_message* reply, void* to, sd_bus_error*) {
      auto& taken = *static_cast<PeerAnswer*>(to);
      taken.came = true;
      const sd_bus_error* error = sd_bus_message_get_error(reply);
      if (error) taken.error = error->name;
      taken.message = Message::share(reply);
      return 0;
    };
    ASSERT_GE(sd_bus_call_async(bus_.bus(), nullptr, call.get(), on_answer, &answer, UINT64_MAX), 0);
    bus_.process();
  }
  /// The same where no answer is wanted.
  void tell(const std::string& path, const char* interface, const char* member, const Fill& fill = Fill()) {
    const Message call = call_to(path, interface, member, fill);
    sd_bus_message_set_expect_reply(call.get(), 0);
    send(call);
  }
  void ask_agent(const char* member, PeerAnswer& answer, const Fill& fill) {
    ask("/blau/agent", "org.bluez.Agent1", member, answer, fill);
  }
  void tell_agent(const char* member, const Fill& fill) { tell("/blau/agent", "org.bluez.Agent1", member, fill); }
  /// PropertiesChanged; `fill` appends a{sv}as.
  void emit(const std::string& path, const char* interface, const Fill& fill) {
    Message message = bus_.signal(path.c_str(), "org.freedesktop.DBus.Properties", "PropertiesChanged");
    message.append("s", interface);
    fill(message);
    send(message);
  }
  /// Any other signal.
  void emit_signal(const std::string& path, const char* interface, const char* member, const Fill& fill) {
    Message message = bus_.signal(path.c_str(), interface, member);
    fill(message);
    send(message);
  }
  /// The socket at this end of the connection.
  [[nodiscard]] int descriptor() const { return bus_.descriptor(); }
  /// InterfacesAdded; `fill` appends a{sa{sv}}.
  void emit_added(const std::string& path, const Fill& fill) {
    Message message = bus_.signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded");
    message.append("o", path.c_str());
    fill(message);
    send(message);
  }
  void emit_removed(const std::string& path, const char* interface) {
    Message message = bus_.signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");
    message.append("oas", path.c_str(), 1, interface);
    send(message);
  }
  /// The bus says that the name org.bluez has another owner; empty: none.
  void emit_owner(const char* before, const char* now) {
    Message message = bus_.signal("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged");
    sd_bus_message_set_sender(message.get(), "org.freedesktop.DBus");
    message.append("sss", "org.bluez", before, now);
    send(message);
  }
  /// The connection is lost.
  void hang_up() {
    calls_.clear();
    bus_.hang_up();
  }

 private:
  void take(Message message) {
    if (sd_bus_message_is_method_call(message.get(), nullptr, "GetManagedObjects") > 0 && objects_)
      reply(message, objects_);
    else
      calls_.push_back(std::move(message));
  }
  [[nodiscard]] Message call_to(const std::string& path, const char* interface, const char* member, const Fill& fill) {
    sd_bus_message* made = nullptr;
    EXPECT_GE(sd_bus_message_new_method_call(bus_.bus(), &made, nullptr, path.c_str(), interface, member), 0);
    Message call = Message::adopt(made);
    if (fill) fill(call);
    return call;
  }
  void send(const Message& message) { EXPECT_GE(bus_.send(message), 0); }

  std::shared_ptr<Loop> loop_ = Loop::make({});
  std::deque<Message> calls_;
  Fill objects_;
  PeerBus bus_{*loop_, [this](Message call) { take(std::move(call)); }};
};

}  // namespace blau::detail::bluez
