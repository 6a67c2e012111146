#pragma once

#include "errors.hpp"
#include "loop.hpp"

#include "backend/bluez/message.hpp"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace blau::fake {

using blau::detail::bluez::Message;
using blau::detail::bluez::Reader;

class Bus;

/// What is to become of an answer, where a fault says so.
struct ReplyPlan {
  std::optional<DbusError> error;
  bool never = false;
  nanoseconds delay{0};
};

/// A method call that is owed an answer. Copies are the same call; the first answer counts, a second is reported as this program's own fault.
class Call {
 public:
  using Fill = std::function<void(Message&)>;

  Call(Bus& bus, Message message);

  [[nodiscard]] const Message& message() const noexcept;
  [[nodiscard]] Reader reader() const;  ///< from the first argument
  [[nodiscard]] std::string sender() const;
  [[nodiscard]] std::string_view path() const noexcept;
  [[nodiscard]] std::string_view interface() const noexcept;
  [[nodiscard]] std::string_view member() const noexcept;
  [[nodiscard]] std::string_view signature() const noexcept;
  [[nodiscard]] bool answered() const noexcept;

  void reply(const Fill& fill = Fill()) const;
  void error(const DbusError& error) const;
  /// No answer will come: its object is gone.
  void abandon() const noexcept;
  void plan(ReplyPlan plan) const;

 private:
  struct State;
  void send(Message answer) const;
  std::shared_ptr<State> state_;
};

/// The connection to the private bus.
class Bus {
 public:
  explicit Bus(Loop& loop);
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  ~Bus();

  /// For each method call but those of org.freedesktop.DBus.Peer.
  void on_call(std::function<void(const Call&)> handler) { on_call_ = std::move(handler); }
  /// A program's connection ended; its unique name.
  void on_gone(std::function<void(const std::string&)> handler) { on_gone_ = std::move(handler); }
  /// Before anything is sent.
  void before_send(std::function<void()> handler) { before_send_ = std::move(handler); }

  /// Connects, as the daemon does when it starts. @throws std::runtime_error
  void open();
  /// The connection ends, with everything that is owed.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return bus_ != nullptr; }
  /// @throws std::runtime_error
  void own_name();
  void release_name();

  [[nodiscard]] Message signal(const std::string& path, const char* interface, const char* member);
  /// A call of a program's method.
  [[nodiscard]] Message method(const std::string& program, const std::string& path, const char* interface,
                               const char* member);
  /// Sends a call whose answer somebody awaits, as `sd_bus_call_async`; null where that cannot be. What is pending goes first.
  [[nodiscard]] sd_bus_slot* ask(const Message& call, nanoseconds limit, sd_bus_message_handler_t answered, void* data);
  /// What is pending goes first.
  void send(const Message& message);
  void send_now(const Message& message);
  void send_later(Message message, nanoseconds delay);
  /// Calls back when a program has handled everything that was sent to it before, or is gone.
  void when_read_by(const std::string& name, std::function<void()> done);

 private:
  struct Delayed {
    Message message;
    Timer timer;
  };
  static int on_message(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
  static int on_owner_changed(sd_bus_message* message, void* self, sd_bus_error*) noexcept;

  Loop& loop_;
  sd_bus* bus_ = nullptr;
  std::list<Delayed> delayed_;
  std::function<void(const Call&)> on_call_;
  std::function<void(const std::string&)> on_gone_;
  std::function<void()> before_send_;
};

/// Says on standard error what went wrong here, or what a client sent that cannot be understood.
void complain(const std::string& what);

}  // namespace blau::fake
