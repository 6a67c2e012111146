#pragma once

#include "attribute_server.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

/// @file
/// The inside of AttributeServer: what it keeps, and the work on one request.

namespace blau::sim::detail {

/// A part of a value that waits for Execute Write.
struct PreparedWrite {
  std::uint16_t handle = 0;
  std::uint16_t offset = 0;
  Bytes part;
  bool orphaned = false;  ///< its attribute was taken away; another one may be there
};

/// A request that is being worked on. It is worked on again from its start when a deferred answer comes, with the
/// answers so far.
struct Transaction {
  Bytes pdu;
  std::map<std::uint16_t, ReadAnswer> reads;
  std::map<std::uint16_t, WriteAnswer> writes;
  std::vector<std::uint16_t> written;   ///< handles whose write is done
  std::vector<PreparedWrite> prepared;  ///< of Execute Write
  Ticket waits_for = 0;
  std::uint16_t handle = 0;  ///< what it waits for
  bool orphaned = false;     ///< that was taken away meanwhile; another attribute may be there

  /// The attributes in there were taken away.
  void orphan(HandleRange gone);
};

/// A long value between its first part and the last, so that the parts fit together.
struct LongRead {
  std::uint16_t handle = 0;
  std::size_t next_offset = 0;
  Bytes value;
};

struct Bearer {
  BearerId id = 0;
  bool open = true;
  LinkSecurity security;
  std::uint16_t mtu = default_mtu;
  std::map<std::uint16_t, std::uint16_t> subscriptions;  ///< by value handle
  std::vector<PreparedWrite> prepared;
  std::deque<std::pair<std::uint16_t, Bytes>> indications;
  std::uint16_t unconfirmed = 0;  ///< the value whose indication awaits its confirmation
  bool busy = false;              ///< a request awaits a deferred answer
  std::size_t deferred_commands = 0;
  std::optional<LongRead> long_read;

  /// The attributes in there were taken away.
  void orphan(HandleRange gone);
};

struct Parked {
  std::shared_ptr<Bearer> bearer;
  Transaction transaction;
};

struct ServerInternals {
  AttributeTable table;
  ServerHooks hooks;
  ServerOptions options;
  std::map<BearerId, std::shared_ptr<Bearer>> bearers;
  std::unordered_map<Ticket, Parked> parked;
  BearerId last_bearer = 0;
  Ticket last_ticket = 0;

  [[nodiscard]] std::shared_ptr<Bearer> find(BearerId id) const;
  ServerOutput work_on(std::shared_ptr<Bearer> bearer, Transaction transaction);
  ServerOutput resume(Ticket ticket);
  ServerOutput confirm(Bearer& bearer);
  void set_subscription(Bearer& bearer, std::uint16_t value_handle, std::uint16_t bits);
  /// Decides by permissions, security and length whether a write may be tried.
  [[nodiscard]] std::optional<AttError> refuse_write(const Bearer& bearer, const Attribute& attribute,
                                                     WriteKind kind) const;
};

/// The work on one request or command. A response that is absent means: deferred (or a command).
class AttributeRequest {
 public:
  AttributeRequest(ServerInternals& server, Bearer& bearer, Transaction& transaction)
      : server_(server), bearer_(bearer), transaction_(transaction), in_(transaction.pdu) {
    opcode_ = in_.u8();
  }

  std::optional<Bytes> run();

 private:
  using Response = std::optional<Bytes>;

  /// A value that was read, or why not.
  struct Fetched {
    Bytes value;
    std::optional<AttError> error;
    bool waits = false;
  };
  /// How a write ended.
  struct Put {
    std::optional<AttError> error;
    bool waits = false;
  };

  Response exchange_mtu();
  Response find_information();
  Response find_by_type_value();
  Response read_by_type();
  Response read_by_group_type();
  Response read();
  Response read_blob();
  Response read_multiple(bool with_lengths);
  Response write();
  Response prepare_write();
  Response execute_write();
  Response put_prepared();
  void command();

  [[nodiscard]] Response fail(AttError error, std::uint16_t handle = 0) const {
    return error_response(opcode_, handle, error);
  }
  [[nodiscard]] Response invalid() const { return fail(AttError::invalid_pdu); }

  HandleRange range();
  [[nodiscard]] static bool is_valid(HandleRange range) { return range.first != 0 && range.first <= range.last; }
  [[nodiscard]] const Attribute* next_of_type(std::uint32_t from, std::uint16_t last, const Uuid& type) const;
  Response answer_part(std::uint16_t handle, std::uint16_t offset, Opcode opcode);
  Fetched fetch(std::uint16_t handle, std::uint16_t offset = 0);
  Fetched ask_for_value(const Attribute& attribute, std::uint16_t offset);
  [[nodiscard]] std::optional<AttError> refuse_read(const Attribute& attribute) const;
  Put put(std::uint16_t handle, ByteView value, WriteKind kind);
  Put put_configuration(std::uint16_t handle, ByteView value);
  Put store(std::uint16_t handle, ByteView value);
  std::optional<AttError> assemble(std::uint16_t handle, Bytes& value) const;

  ServerInternals& server_;
  Bearer& bearer_;
  Transaction& transaction_;
  PduReader in_;
  std::uint8_t opcode_ = 0;
};

/// What a demand gives on a link (Core Vol 3 Part C 10.3.1); empty if the link satisfies it.
[[nodiscard]] std::optional<AttError> unmet(Security demand, const LinkSecurity& link);

}  // namespace blau::sim::detail
