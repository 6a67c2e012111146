#pragma once

#include "ledger.hpp"
#include "pairing.hpp"

#include <blau/client.hpp>
#include <blau/scanner.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::interleave {

/// The values that one subscription got. The peripheral counts, so each must be greater than the one before.
class Receiver : public std::enable_shared_from_this<Receiver> {
 public:
  Receiver(std::shared_ptr<Log> log, std::string name) : log_(std::move(log)), name_(std::move(name)) {}
  void value(ByteView value);
  /// From here on nothing may come.
  void close() noexcept { closed_ = true; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  std::shared_ptr<Log> log_;
  std::string name_;
  std::optional<std::uint32_t> last_;
  bool closed_ = false;
  std::uint64_t count_ = 0;
};

/// What a client writes: its own number and the number of the write, so that the peripheral can tell their order.
[[nodiscard]] Bytes write_value(std::uint8_t client, std::uint32_t number);
[[nodiscard]] std::uint32_t number_in(ByteView value);

/// Who can pair, and with what.
struct Pairs {
  std::shared_ptr<User> user;
  std::shared_ptr<Bond> bond;
};

/// A client of the run, and what must hold for it.
class ClientActor {
 public:
  ClientActor(std::shared_ptr<Log> log, Ledger& ledger, std::uint8_t number, const Address& address, bool reconnects,
              const BackendRef& backend, Pairs pairs);
  ~ClientActor();
  ClientActor(const ClientActor&) = delete;
  ClientActor& operator=(const ClientActor&) = delete;

  void connect(std::chrono::milliseconds timeout);
  void disconnect();
  void read();
  void write(bool response);
  void start_notify();
  void stop_notify();
  void subscribe();
  void drop_subscription();
  void discover();
  void pair();
  void unpair();

  [[nodiscard]] bool is_connected() const noexcept { return client_->is_connected(); }
  /// Its link was lost, and it is to make it again by itself.
  [[nodiscard]] bool is_expected_back() const noexcept { return state_->is_expected_back; }
  /// Before a second in which a subscription that stands must bring values.
  void begin_check();
  void check() const;

 private:
  struct State {
    std::shared_ptr<Log> log;
    std::string name;
    bool reconnects = false;
    bool alive = true;
    bool reported = false;  // connect or the policy has told of a link that has not been told to be lost
    bool is_expected_back = false;
    bool is_overruled = false;  // by a connect or a disconnect since the link was lost, which has not been told yet
    int connects = 0;           // not ended yet
    bool ended_soon = false;    // the link was lost before `connect` was told to have ended
    std::shared_ptr<Receiver> receiver;
    // That nobody has stopped, and no lost link has ended.
    std::shared_ptr<Receiver> standing;
    unsigned stops = 0;
    void lost();
  };
  void overrule_policy() noexcept;
  static Task<> receive(Subscription values, std::shared_ptr<Receiver> receiver);
  [[nodiscard]] ClientOptions options(bool reconnects, const BackendRef& backend) const;
  [[nodiscard]] NotifyOptions notify_options() const noexcept;

  Ledger& ledger_;
  const std::uint8_t number_;
  std::shared_ptr<State> state_;
  const Pairs pairs_;
  std::optional<Client> client_;
  std::uint32_t writes_ = 0;
  int receivers_ = 0;
  std::uint64_t count_before_ = 0;
};

/// A scanner of the run.
class ScannerActor {
 public:
  ScannerActor(std::shared_ptr<Log> log, Ledger& ledger, std::string name, const BackendRef& backend);
  ~ScannerActor();
  ScannerActor(const ScannerActor&) = delete;
  ScannerActor& operator=(const ScannerActor&) = delete;

  void start();
  void stop();
  void check() const;

 private:
  struct State {
    std::shared_ptr<Log> log;
    std::string name;
    bool alive = true;
    bool may_hear = false;   // between a start and the end of the last stop
    bool must_scan = false;  // between the end of a start and the next stop
    int stops_ever = 0;
    int stops = 0;
  };
  Ledger& ledger_;
  std::shared_ptr<State> state_;
  std::optional<Scanner> scanner_;
};

}  // namespace blau::interleave
