#pragma once

#include "attribute_pdu.hpp"
#include "gatt_client_procedures.hpp"

#include <blau/error.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace blau::sim::detail {

/// The client's end of one ATT bearer without I/O: runs procedures one after the other, since ATT allows one request
/// at a time (Core Vol 3 Part F 3.3.2).
///
/// The caller sends what `next_pdu` gives, feeds `receive` with what comes, and decides about time in between.
/// Callbacks are called inside `receive`, `next_pdu` and
/// `fail`; they may start procedures, not destroy the client. Use from one thread at a time. Takes any bytes.
class GattClient {
 public:
  using Done = std::function<void(Procedure&)>;

  /// A value came by itself. An indication is confirmed by the client.
  using OnValue = std::function<void(std::uint16_t value_handle, ByteView value, bool is_indication)>;

  /// @param mtu the largest PDU that this end takes
  explicit GattClient(std::uint16_t mtu = max_mtu) { context_.own_mtu = mtu; }
  GattClient(const GattClient&) = delete;
  GattClient& operator=(const GattClient&) = delete;

  void set_on_value(OnValue on_value) { on_value_ = std::move(on_value); }

  /// Puts a procedure at the end of the queue. `done` is called once, with its outcome inside.
  void start(std::unique_ptr<Procedure> procedure, Done done = Done());

  /// What is to be sent now, if anything: a confirmation, a command or the next request. Call until it gives nothing,
  /// after each `start` and `receive`.
  [[nodiscard]] std::optional<Bytes> next_pdu();

  /// Takes what the server sent. What nobody waits for is passed over.
  void receive(ByteView pdu);

  /// Ends the running procedure and all that wait: the link is lost, or the server did not answer in time.
  void fail(const Error& error);

  /// The attributes in there are not what they were: what waits to be sent to one of them ends with this error, and so
  /// does what is under way, as soon as it is answered.
  void give_up(HandleRange gone, const Error& error);

  /// The MTU that was agreed on: 23 until an `ExchangeMtu` ended.
  [[nodiscard]] std::uint16_t mtu() const noexcept { return context_.mtu; }

  /// True while a request awaits its response.
  [[nodiscard]] bool waiting() const noexcept { return waiting_; }
  [[nodiscard]] bool idle() const noexcept { return queue_.empty() && confirmations_ == 0; }

 private:
  struct Entry {
    std::unique_ptr<Procedure> procedure;
    Done done;
  };
  void finish_first();
  void on_notifications(PduReader in);

  ProcedureContext context_;
  OnValue on_value_;
  std::deque<Entry> queue_;
  std::size_t confirmations_ = 0;
  bool begun_ = false;    ///< the first of the queue gave its first PDU
  bool waiting_ = false;  ///< a request is out
  std::optional<Bytes> follow_up_;
};

}  // namespace blau::sim::detail
