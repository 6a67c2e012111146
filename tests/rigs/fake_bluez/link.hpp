#pragma once

#include "habits.hpp"
#include "loop.hpp"
#include "sim.hpp"

#include "backend/sim/attribute_server.hpp"
#include "backend/sim/gatt_client.hpp"
#include "backend/sim/gatt_client_discovery.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace blau::fake {

class Peripheral;

/// How a link ended.
enum class LinkEnd : std::uint8_t { local, remote, timeout, power_off, authentication };

/// The daemon's end of a link.
class LinkUser {
 public:
  virtual void value_came(std::uint16_t value_handle, ByteView value) = 0;
  /// Everything that was asked has been answered with an error before.
  virtual void link_ended(LinkEnd how) = 0;
  /// The peripheral is out of reach or frozen, or is no longer.
  virtual void reach_changed() = 0;
  /// The peripheral wants the link to be encrypted (Security Request).
  virtual void security_requested() = 0;

 protected:
  ~LinkUser() = default;
};

/// An ATT bearer between an adapter and a peripheral. Its answers take the peripheral's latency: a quarter there, a half in the peripheral, a quarter back, which is also what a
/// notification takes.
class Link : public std::enable_shared_from_this<Link> {
 public:
  /// @param central the adapter's address
  Link(Loop& loop, const Pace& pace, Peripheral& peripheral, LinkUser& user, std::string central);
  ~Link();

  void open();
  void end(LinkEnd how);
  [[nodiscard]] bool is_up() const noexcept { return up_; }
  [[nodiscard]] std::uint16_t mtu() const noexcept { return gatt_.mtu(); }
  [[nodiscard]] sim::BearerId bearer() const noexcept { return bearer_; }
  [[nodiscard]] Peripheral& peripheral() const noexcept { return peripheral_; }
  [[nodiscard]] const std::string& central() const noexcept { return central_; }

  // The daemon's side.

  /// Asks; `done` is called once, with the procedure's outcome inside.
  void start(std::unique_ptr<sim::Procedure> procedure, sim::GattClient::Done done = sim::GattClient::Done());

  // Its security.

  [[nodiscard]] const sim::LinkSecurity& security() const noexcept { return security_; }
  /// Both sides have the key, and use it from here on.
  void encrypt(const sim::LinkSecurity& security);

  // The peripheral's side.

  void respond(const Bytes& pdu) { push(down_, pdu, latency() * 3 / 4); }
  void send(ByteView pdu) { push(down_, pdu, latency() / 4); }
  /// The peripheral is out of reach, or back.
  void reach_changed();
  void request_security();

 private:
  struct Packet {
    std::chrono::steady_clock::time_point due;
    Bytes pdu;
  };
  struct Pipe {
    std::deque<Packet> packets;
    std::vector<Bytes> spare;  ///< buffers that are used again
    Timer timer;
    bool posted = false;
  };

  [[nodiscard]] nanoseconds latency() const;
  void push(Pipe& pipe, ByteView pdu, nanoseconds delay);
  [[nodiscard]] bool is_blocked(const Pipe& pipe) const;
  void arm(Pipe& pipe);
  void deliver(Pipe& pipe);
  void pump();
  void at_daemon(ByteView pdu);

  Loop& loop_;
  const Pace& pace_;
  Peripheral& peripheral_;
  LinkUser& user_;
  std::string central_;
  sim::GattClient gatt_;
  sim::BearerId bearer_ = 0;
  sim::LinkSecurity security_;
  bool up_ = false;
  bool pumping_ = false;
  Pipe there_;
  Pipe down_;
  Timer answer_timer_;
  Timer supervision_timer_;
  Timer drop_timer_;
};

/// Reads a value from an offset to its end, by Read and Read Blob.
class ReadFrom final : public sim::RequestProcedure {
 public:
  ReadFrom(std::uint16_t handle, std::uint16_t offset) : handle_(handle), offset_(offset) {}
  [[nodiscard]] const Bytes& value() const noexcept { return value_; }

 private:
  Next first() override;
  Next on_response(sim::PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;
  Next blob();

  std::uint16_t handle_;
  std::uint16_t offset_;
  Bytes value_;
};

/// Writes a value at an offset by prepared writes.
class WriteAt final : public sim::RequestProcedure {
 public:
  WriteAt(std::uint16_t handle, Bytes value, std::uint16_t offset)
      : handle_(handle), value_(std::move(value)), offset_(offset) {}

 private:
  Next first() override { return prepare(); }
  Next on_response(sim::PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;
  Next prepare();
  Next execute(bool keep);

  std::uint16_t handle_;
  Bytes value_;
  std::uint16_t offset_;
  std::size_t sent_ = 0;
  std::size_t part_ = 0;
  bool executing_ = false;
};

}  // namespace blau::fake
