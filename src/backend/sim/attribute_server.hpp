#pragma once

#include "attribute_pdu.hpp"
#include "attribute_table.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace blau::sim::detail {

/// One client's ATT bearer. Never given twice by one server; 0 is none.
using BearerId = std::uint64_t;

/// Names an answer that is still owed. Never given twice by one server.
using Ticket = std::uint64_t;

/// What a link offers. Core Vol 3 Part C 10.3.1 decides by it which error a demand gives.
struct LinkSecurity {
  bool encrypted = false;
  bool authenticated = false;  ///< encrypted with a key that was made with protection against a man in the middle
  bool has_keys = false;       ///< bonded, though the link may not be encrypted yet
};

/// Answer to a read: the value in the table.
struct Stored {};
/// Answer to a write: taken; the table keeps the value.
struct Accepted {};
/// Answer to either: comes later, by `finish_read` or `finish_write` with the ticket.
struct Deferred {};

using ReadAnswer = std::variant<Stored, Bytes, AttError, Deferred>;
using WriteAnswer = std::variant<Accepted, AttError, Deferred>;

/// A client's permitted read of a value or a descriptor.
struct ReadAttempt {
  BearerId bearer = 0;
  std::uint16_t handle = 0;
  std::uint16_t offset = 0;  ///< where the client reads on; the answer is the whole value all the same
  Ticket ticket = 0;
  std::optional<AttError>
      refused_with;  ///< the attribute's own error, which is the answer to the client whatever this call says
};

enum class WriteKind : std::uint8_t { request, command, prepared };

/// A client's permitted write of a value or a descriptor.
struct WriteAttempt {
  BearerId bearer = 0;
  std::uint16_t handle = 0;
  ByteView value;  ///< whole, also of prepared writes; valid during the call
  WriteKind kind = WriteKind::request;
  Ticket ticket = 0;
  std::optional<AttError> refused_with;  ///< as in `ReadAttempt`
};

/// What the owner of a server decides. Each may be empty. They are called inside `handle_pdu` and `finish_…` and may
/// call every
/// function of the server but these; they may close bearers and change the table, not destroy the server.
struct ServerHooks {
  std::function<ReadAnswer(const ReadAttempt&)> on_read;
  std::function<WriteAnswer(const WriteAttempt&)> on_write;
  /// A client is about to turn notifications or indications on. The handle is that of the configuration.
  std::function<WriteAnswer(const WriteAttempt&)> on_configure;
  /// A client configured a characteristic: 0 nothing, 1 notifications, 2 indications, 3 both. Closing a bearer gives 0.
  std::function<void(BearerId, std::uint16_t value_handle, std::uint16_t bits)> on_subscription_changed;
  /// A client confirmed an indication.
  std::function<void(BearerId, std::uint16_t value_handle)> on_confirmed;
};

/// What is to be sent to a client.
struct ServerOutput {
  BearerId bearer = 0;
  std::optional<Bytes> response;
  std::optional<Bytes> indication;  ///< one that waited for the confirmation which came
  bool violation = false;  ///< the client began a request before the last was answered: real stacks end the link
};

/// What became of an indication.
struct IndicationResult {
  bool accepted = false;     ///< false: the client is not subscribed, is gone, or its queue is full
  std::optional<Bytes> pdu;  ///< to be sent now; absent: it waits for a confirmation
};

struct ServerOptions {
  std::uint16_t mtu = max_mtu;           ///< the largest PDU that is taken
  std::size_t prepared_writes = 64;      ///< a client; more give Prepare Queue Full
  std::size_t waiting_indications = 64;  ///< a client
  std::size_t waiting_commands = 64;     ///< a client's Write Commands that are deferred; more are dropped
};

struct ServerInternals;

/// A GATT server without I/O: PDUs of the Attribute Protocol in, PDUs out (Core Vol 3 Part F and G).
///
/// Any number of clients share one table; what belongs to a client (MTU, subscriptions, prepared writes, security)
/// lives with its bearer. The caller carries PDUs and decides about time. Use from one thread at a time. Takes any
/// bytes.
class AttributeServer {
 public:
  explicit AttributeServer(AttributeTable table, ServerHooks hooks = ServerHooks(),
                           ServerOptions options = ServerOptions());
  AttributeServer(const AttributeServer&) = delete;
  AttributeServer& operator=(const AttributeServer&) = delete;
  ~AttributeServer();

  [[nodiscard]] AttributeTable& table() noexcept;
  [[nodiscard]] const AttributeTable& table() const noexcept;

  /// Takes a service away, as `AttributeTable::remove_service`, with what clients had configured in it: whatever has its handles later begins without.
  bool remove_service(std::uint16_t handle);

  /// A client came.
  BearerId open_bearer(LinkSecurity security = LinkSecurity());
  /// A client went: its prepared writes, deferred answers and subscriptions are forgotten.
  void close_bearer(BearerId bearer);
  void set_security(BearerId bearer, LinkSecurity security);
  /// The MTU that was agreed on; 0 for no such bearer.
  [[nodiscard]] std::uint16_t mtu(BearerId bearer) const;

  /// Takes what a client sent. Malformed requests give an Error Response, other malformed PDUs nothing.
  ServerOutput handle_pdu(BearerId bearer, ByteView pdu);

  /// Gives an answer that was deferred. Nothing happens if the bearer has been closed since.
  ServerOutput finish_read(Ticket ticket, ReadAnswer answer);
  ServerOutput finish_write(Ticket ticket, WriteAnswer answer);

  /// A notification PDU, its value cut to the MTU; empty if the client did not ask for notifications of this value.
  [[nodiscard]] std::optional<Bytes> notify(BearerId bearer, std::uint16_t value_handle, ByteView value) const;
  /// The same into a buffer that is used again. False if the client did not ask for notifications.
  bool notify_into(BearerId bearer, std::uint16_t value_handle, ByteView value, Bytes& pdu) const;
  /// An indication PDU; a client gets one at a time (Core Vol 3 Part F 3.3.2), the next one with its confirmation.
  IndicationResult indicate(BearerId bearer, std::uint16_t value_handle, ByteView value);

  /// What a client wrote into the configuration of a characteristic.
  [[nodiscard]] std::uint16_t subscription(BearerId bearer, std::uint16_t value_handle) const;
  /// All of a client's subscriptions by value handle: what a bonded peripheral remembers.
  [[nodiscard]] std::map<std::uint16_t, std::uint16_t> subscriptions(BearerId bearer) const;
  /// What a peripheral remembered of a bonded client.
  void restore_subscriptions(BearerId bearer, const std::map<std::uint16_t, std::uint16_t>& subscriptions);

 private:
  std::unique_ptr<ServerInternals> self_;
};

}  // namespace blau::sim::detail
