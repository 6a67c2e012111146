#pragma once

#include "bus.hpp"
#include "sim.hpp"

#include "backend/sim/gatt_client_procedures.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::fake {

class Characteristic;

/// The daemon's end of a socket that AcquireNotify or AcquireWrite gave.
class Socket {
 public:
  /// @param came each message of the other end, until an empty one; `hung_up` when it closes
  Socket(Loop& loop, int fd, std::function<void(ByteView)> came, std::function<void()> hung_up);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  /// False if there was no room: the value is lost.
  bool send(ByteView value);
  /// Sending fails from now on as if nobody read; or nothing is read here any more.
  void pretend_full(bool on) noexcept { full_ = on; }
  void shut_one_way() noexcept;
  /// Calls back once there is room again.
  void when_writable(std::function<void()> done);
  [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

 private:
  void ready(std::uint32_t events);

  Loop& loop_;
  int fd_;
  std::function<void(ByteView)> came_;
  std::function<void()> hung_up_;
  std::unique_ptr<Watch> watch_;
  std::function<void()> room_;
  bool full_ = false;
  std::size_t dropped_ = 0;
};

/// Who wants a characteristic's values, and how they get them.
class Notifier {
 public:
  explicit Notifier(Characteristic& owner) : owner_(owner) {}
  ~Notifier();

  void start(const Call& call);
  void stop(const Call& call);
  void acquire(const Call& call);
  void acquire_write(const Call& call);

  [[nodiscard]] bool notifying() const noexcept { return notifying_; }
  [[nodiscard]] bool notify_acquired() const noexcept { return notify_socket_ != nullptr || acquiring_; }
  [[nodiscard]] bool write_acquired() const noexcept { return write_socket_ != nullptr; }

  void value_came(ByteView value);
  void disconnected();
  /// A configuration that waits for security is written again.
  void link_secured();
  /// Subscriptions outlive links: they are made anew.
  void arm();
  void program_gone(const std::string& name);
  void unexport();

  /// Values go out that often.
  void repeat(unsigned times) noexcept { repeat_ = times; }
  /// Somebody else subscribes, without a call of his own. The daemon's own plugins as well.
  void add_foreign(const std::string& name);
  [[nodiscard]] Socket* notify_socket() const noexcept { return notify_socket_.get(); }
  [[nodiscard]] Socket* write_socket() const noexcept { return write_socket_.get(); }
  [[nodiscard]] std::vector<std::string> owners() const;

 private:
  struct Client {
    std::string owner;
    std::optional<Call> call;  ///< waits for the configuration to be written
    bool registered = false;   ///< at this link
    bool by_socket = false;
    bool silent = false;  ///< the daemon's own
  };
  using Clients = std::list<Client>;

  [[nodiscard]] Clients::iterator find(const std::string& owner);
  void enlist(Client& client);
  void configure();
  void configured(const sim::Procedure& procedure);
  void settle(Client& client);
  void fail(Clients::iterator client, const DbusError& error);
  void write_configuration(std::uint16_t bits, std::function<void(sim::Procedure&)> done);
  void release(Clients::iterator client);
  void update_notifying();
  void close_notify();
  void close_write();
  [[nodiscard]] int make_socket(std::unique_ptr<Socket>& socket, std::function<void(ByteView)> came,
                                std::function<void()> hung_up);
  void give_notify_socket(Client& client);

  Characteristic& owner_;
  Clients clients_;
  bool notifying_ = false;
  bool armed_ = false;      ///< the peripheral's configuration is written
  bool writing_ = false;    ///< it is being written
  bool encrypted_ = false;  ///< the link was when that was sent
  bool refused_ = false;    ///< until the link is secure
  bool acquiring_ = false;
  unsigned repeat_ = 1;
  std::unique_ptr<Socket> notify_socket_;
  std::unique_ptr<Socket> write_socket_;
  std::shared_ptr<void> life_ = std::make_shared<int>(0);
};

}  // namespace blau::fake
