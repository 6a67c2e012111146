#pragma once

#include "message.hpp"

#include <blau/detail/loop.hpp>
#include <blau/result.hpp>
#include <blau/unique_function.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace blau::detail::bluez {

/// The answer to a method call.
class Reply {
 public:
  /// What the other side sent.
  explicit Reply(Message message) noexcept;
  /// None came: the connection is gone.
  [[nodiscard]] static Reply lost() noexcept { return Reply(); }
  /// The call could not be sent.
  [[nodiscard]] static Reply unsent(std::string_view name) noexcept;

  [[nodiscard]] bool ok() const noexcept { return error_name_.empty(); }
  [[nodiscard]] const Message& message() const noexcept { return message_; }
  [[nodiscard]] std::string_view error_name() const noexcept { return error_name_; }
  [[nodiscard]] std::string_view error_text() const noexcept { return error_text_; }

 private:
  Reply() noexcept;
  Message message_;
  std::string_view error_name_;
  std::string_view error_text_;
};

/// Keeps a match rule or an object; destroying it ends the signals or the calls, inside their handler too.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

/// Whom a call is for.
struct Target {
  const char* destination;
  const char* path;
  const char* interface;
  const char* member;
  /// Lets the bus start the service where it does not run.
  bool activates = false;
};

/// A connection to a message bus. The loop's thread only. Everything that the backend knows of D-Bus goes through here, and tests replace it.
class Bus {
 public:
  using ReplyHandler = unique_function<void(Reply)>;
  using MessageHandler = unique_function<void(const Message&)>;

  virtual ~Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// A message to append arguments to; empty if the target is malformed.
  [[nodiscard]] virtual Message new_call(const Target& target) = 0;
  /// Sends a call and waits for its answer without a limit. `handler` is called exactly once, never from inside, unless the bus is destroyed or closed before.
  virtual void call(Message message, ReplyHandler handler) = 0;
  /// Sends a call whose answer nobody wants, or an answer.
  virtual void send(Message message) noexcept = 0;
  /// Calls `handler` for each signal that fits a match rule. The rule holds for everything that is caused by later calls.
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(const std::string& rule, MessageHandler handler) = 0;
  /// Calls `handler` for each call of a method of that interface at that object path; it is to be answered by `send`, at any time. Other calls get the error UnknownMethod.
  [[nodiscard]] virtual std::unique_ptr<Subscription> serve(const std::string& path, const std::string& interface,
                                                            MessageHandler handler) = 0;
  /// Puts what is queued on its way now, since the process may end.
  virtual void flush() noexcept = 0;
  /// Ends the connection; no handler is called any more.
  virtual void close() noexcept = 0;
  /// Called once when the connection is lost, before the handlers of pending calls.
  virtual void on_lost(unique_function<void()> handler) = 0;

 protected:
  Bus() = default;
};

/// Makes the connection of a `SdBus`, started and without waiting: returns a negative errno where it cannot.
using BusOpener = std::function<int(sd_bus** bus)>;

/// The system bus, or what DBUS_SYSTEM_BUS_ADDRESS names.
[[nodiscard]] BusOpener system_bus();
/// A peer at the other end of a connected socket, without a bus between. Takes the descriptor over at its first use.
[[nodiscard]] BusOpener peer(int fd);

/// A bus on libsystemd's sd-bus. Opening waits for nothing: authentication and Hello are under way when it returns.
/// @return or the negative errno in `error`.
[[nodiscard]] std::shared_ptr<Bus> open_sd_bus(Loop& loop, const BusOpener& opener, int& error);

}  // namespace blau::detail::bluez
