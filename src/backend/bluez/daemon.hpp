#pragma once

#include "anchored.hpp"
#include "bus.hpp"
#include "objects.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// Takes the coming and going of bluetoothd.
class DaemonObserver {
 public:
  /// Its objects have been read: the cache is whole.
  virtual void daemon_ready() {}
  /// It is gone, or the bus is. The cache still holds what was there, and is emptied afterwards.
  virtual void daemon_lost(const std::string& native) = 0;
  /// It could not be reached.
  virtual void daemon_absent() {}

 protected:
  ~DaemonObserver() = default;
};

/// bluetoothd as one loop sees it: the connection to the bus, who owns the name org.bluez, and the cache of its objects.
///
/// Opens the connection at the first use, and anew at the first use after a loss. A bluetoothd that returns is read again at once.
class Daemon : public Anchored<Daemon> {
 public:
  Daemon(Loop& loop, BusOpener opener);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Whoever came first is told first.
  void add_observer(DaemonObserver& observer) { observers_.push_back(&observer); }

  /// Calls `done` when the cache is whole; at once if it is.
  void when_ready(backend::Done<void> done);
  [[nodiscard]] bool ready() const noexcept { return state_ == State::ready; }
  /// There is no connection to the bus: nothing tells when it is back.
  [[nodiscard]] bool closed() const noexcept { return state_ == State::closed; }
  [[nodiscard]] Objects& objects() noexcept { return objects_; }
  [[nodiscard]] Loop& loop() noexcept { return loop_; }

  // Calls to bluetoothd. Without a connection they fail.

  [[nodiscard]] Message new_call(const std::string& path, const char* interface, const char* member);
  void call(Message message, Bus::ReplyHandler handler);
  /// A call without arguments.
  void call(const std::string& path, const char* interface, const char* member, Bus::ReplyHandler handler);
  void send(Message message) noexcept;
  void flush() noexcept;
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(const std::string& rule, Bus::MessageHandler handler);
  /// An object of this program, for bluetoothd alone: others' calls are refused. Null without a connection.
  [[nodiscard]] std::unique_ptr<Subscription> serve(const std::string& path, const char* interface,
                                                    Bus::MessageHandler handler);

 private:
  enum class State { closed, absent, loading, ready };

  void open();
  void subscribe_all();
  void load();
  void loaded(const Reply& reply);
  void owner_changed(const Message& signal);
  void lost(const std::string& native, State next);
  void finish(const Result<void>& result);
  std::unique_ptr<Subscription> watch(const std::string& rule, bool (Objects::*apply)(const Message&));

  Loop& loop_;
  BusOpener opener_;
  State state_ = State::closed;
  std::shared_ptr<Bus> bus_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
  Objects objects_;
  // Its unique name on the bus.
  std::string owner_;
  std::vector<DaemonObserver*> observers_;
  std::vector<backend::Done<void>> waiting_;
  // Answers to older questions are of no interest.
  unsigned generation_ = 0;
};

}  // namespace blau::detail::bluez
