#pragma once

#include "daemon.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

class NotifySocket;
class Session;

/// Who gets the values of one device's characteristics. BlueZ knows one flag a characteristic and connection, so this counts the takers.
///
/// StartNotify belongs to the connection to the bus and outlives the link: whatever was started is stopped when the link ends.
class Notifications : public std::enable_shared_from_this<Notifications> {
 public:
  Notifications(Daemon& daemon, std::weak_ptr<Daemon> pin) : daemon_(daemon), pin_(std::move(pin)) {}

  /// What brings the values.
  struct Source {
    std::uint16_t handle;
    std::string path;
    Uuid uuid;
    Uuid service;  ///< its service's type
  };
  /// @param by_socket by AcquireNotify, where that is possible; whoever comes first decides
  void subscribe(const std::shared_ptr<Session>& taker, const Source& source, bool by_socket, backend::Done<void> done);
  void unsubscribe(const std::shared_ptr<Session>& taker, std::uint16_t handle, backend::Done<void> done);
  /// The taker leaves: as if it had unsubscribed from everything, without waiting.
  void leave(const std::shared_ptr<Session>& taker);
  /// The link is over. Sends, and waits for nothing.
  void end_all() noexcept;
  /// The backend is gone, and perhaps the loop: closes what is open, and tells nobody.
  void retire() noexcept;
  /// The characteristic is gone, and with it its subscription and its reads.
  void forget(std::uint16_t handle);
  /// The services were discovered again: what was subscribed to and came back is subscribed to again, for BlueZ has forgotten it.
  void restore(const DeviceObject& device);

  /// A changed Value: a notification, unless it is the echo of a read.
  void value_changed(std::uint16_t handle, ByteView value);

  // The echo: BlueZ announces what a ReadValue brought as a changed Value, and answers the call right after it. While a read is open, a
  // changed value is therefore held back until BlueZ has said something else.

  /// A read is sent. @return its number, for `read_ends`
  [[nodiscard]] std::uint64_t read_begins(std::uint16_t handle);
  void read_ends(std::uint64_t read, std::optional<ByteView> result);
  /// BlueZ has said something that it does not say between an echo and its answer: delivers what is held back.
  void release_held();
  /// Nothing will tell any more whether it is an echo: better a value less, as many are after that, than one that nobody notified.
  void drop_held() noexcept { held_.reset(); }
  /// Delivers everything that has come, in whatever way.
  void flush();

 private:
  struct Entry {
    std::string path;
    Uuid uuid;
    Uuid service;
    bool by_socket = false;
    bool started = false;
    bool asked = false;  // BlueZ has not answered yet
    int refusals = 0;    // that may pass, one after another
    std::shared_ptr<NotifySocket> socket;
    std::vector<std::shared_ptr<Session>> takers;
    std::vector<backend::Done<void>> starting;
    std::vector<backend::Done<void>> stopping;
  };
  struct OpenRead {
    std::uint64_t number;
    std::uint16_t handle;
  };
  struct Held {
    std::shared_ptr<Entry> entry;
    std::uint16_t handle;
    Bytes value;
  };

  void start(std::uint16_t handle, const std::shared_ptr<Entry>& entry);
  void restart(std::uint16_t handle, const Entry& lost);
  void forget(std::uint16_t handle, const std::shared_ptr<Entry>& entry);
  static void add_taker(Entry& entry, const std::shared_ptr<Session>& taker);
  void acquired(std::uint16_t handle, const std::shared_ptr<Entry>& entry, const Reply& reply);
  [[nodiscard]] std::shared_ptr<NotifySocket> open_socket(std::uint16_t handle, const std::shared_ptr<Entry>& entry,
                                                          int descriptor);
  void start_by_signals(std::uint16_t handle, const std::shared_ptr<Entry>& entry);
  void socket_ended(std::uint16_t handle, const std::shared_ptr<Entry>& entry);
  Bus::ReplyHandler guarded(std::uint16_t handle, const std::shared_ptr<Entry>& entry,
                            void (Notifications::*next)(std::uint16_t, const std::shared_ptr<Entry>&, const Reply&));
  void started(std::uint16_t handle, const std::shared_ptr<Entry>& entry, const Reply& reply);
  static void end_started(std::uint16_t handle, const std::shared_ptr<Entry>& entry, const Error& error);
  void stop(std::uint16_t handle, const std::shared_ptr<Entry>& entry);
  [[nodiscard]] bool is_current(std::uint16_t handle, const std::shared_ptr<Entry>& entry) const;
  [[nodiscard]] bool is_being_read(std::uint16_t handle) const;
  void ask(const std::string& path);
  static void deliver(const std::shared_ptr<Entry>& entry, std::uint16_t handle, ByteView value);

  Daemon& daemon_;
  std::weak_ptr<Daemon> pin_;
  std::map<std::uint16_t, std::shared_ptr<Entry>> entries_;
  // Of characteristics that went.
  std::map<std::uint16_t, std::shared_ptr<Entry>> lost_;
  std::vector<OpenRead> reads_;
  std::uint64_t last_read_ = 0;
  std::optional<Held> held_;
  // A question whose answer tells that no echo's answer is on its way.
  bool asked_ = false;
};

}  // namespace blau::detail::bluez
