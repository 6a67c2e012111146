#include "attribute_server.hpp"

#include "attribute_server_request.hpp"

#include <algorithm>

namespace blau::sim::detail {
namespace {

/// What a server receives only if its client is a server too, or by mistake: never answered (Core Vol 3 Part F 3.4.8).
bool is_no_request(std::uint8_t opcode) {
  const bool response = opcode % 2 == 1 && opcode <= 0x13;
  return response || opcode == 0x17 || opcode == 0x19 || opcode == 0x1b || opcode == 0x1d || opcode == 0x21 ||
         opcode == 0x23;
}

void orphan_parts(std::vector<PreparedWrite>& parts, HandleRange gone) {
  for (PreparedWrite& part : parts)
    if (gone.holds(part.handle)) part.orphaned = true;
}

}  // namespace

AttributeServer::AttributeServer(AttributeTable table, ServerHooks hooks, ServerOptions options)
    : self_(std::make_unique<ServerInternals>()) {
  self_->table = std::move(table);
  self_->hooks = std::move(hooks);
  self_->options = options;
  self_->options.mtu = std::clamp(options.mtu, default_mtu, max_mtu);
}

AttributeServer::~AttributeServer() = default;

AttributeTable& AttributeServer::table() noexcept { return self_->table; }
const AttributeTable& AttributeServer::table() const noexcept { return self_->table; }

BearerId AttributeServer::open_bearer(LinkSecurity security) {
  auto bearer = std::make_shared<Bearer>();
  bearer->id = ++self_->last_bearer;
  bearer->security = security;
  self_->bearers.emplace(bearer->id, bearer);
  return bearer->id;
}

void AttributeServer::close_bearer(BearerId id) {
  const auto bearer = self_->find(id);
  if (!bearer) return;
  bearer->open = false;
  self_->bearers.erase(id);
  std::erase_if(self_->parked, [&](const auto& entry) { return entry.second.bearer == bearer; });
  const auto subscriptions = std::exchange(bearer->subscriptions, {});
  if (!self_->hooks.on_subscription_changed) return;
  for (const auto& [value_handle, bits] : subscriptions) self_->hooks.on_subscription_changed(id, value_handle, 0);
}

void AttributeServer::set_security(BearerId id, LinkSecurity security) {
  if (const auto bearer = self_->find(id)) bearer->security = security;
}

std::uint16_t AttributeServer::mtu(BearerId id) const {
  const auto bearer = self_->find(id);
  return bearer ? bearer->mtu : std::uint16_t{0};
}

ServerOutput AttributeServer::handle_pdu(BearerId id, ByteView pdu) {
  ServerOutput nothing;
  nothing.bearer = id;
  auto bearer = self_->find(id);
  if (!bearer || pdu.empty()) return nothing;
  const std::uint8_t opcode = pdu[0];
  if (opcode == static_cast<std::uint8_t>(Opcode::handle_value_confirmation))
    return pdu.size() == 1 ? self_->confirm(*bearer) : nothing;
  const bool command = (opcode & command_flag) != 0;
  if (!command && is_no_request(opcode)) return nothing;
  if (!command && bearer->busy) {
    nothing.violation = true;
    return nothing;
  }
  if (pdu.size() > bearer->mtu) {
    if (!command) nothing.response = error_response(opcode, 0, AttError::invalid_pdu);
    return nothing;
  }
  if (command && bearer->deferred_commands >= self_->options.waiting_commands) return nothing;
  Transaction transaction;
  transaction.pdu.assign(pdu.begin(), pdu.end());
  return self_->work_on(std::move(bearer), std::move(transaction));
}

ServerOutput AttributeServer::finish_read(Ticket ticket, ReadAnswer answer) {
  const auto parked = self_->parked.find(ticket);
  if (parked == self_->parked.end() || std::holds_alternative<Deferred>(answer)) return {};
  Transaction& transaction = parked->second.transaction;
  if (transaction.orphaned) answer = AttError::invalid_handle;
  transaction.reads.insert_or_assign(transaction.handle, std::move(answer));
  return self_->resume(ticket);
}

ServerOutput AttributeServer::finish_write(Ticket ticket, WriteAnswer answer) {
  const auto parked = self_->parked.find(ticket);
  if (parked == self_->parked.end() || std::holds_alternative<Deferred>(answer)) return {};
  Transaction& transaction = parked->second.transaction;
  if (transaction.orphaned) answer = AttError::invalid_handle;
  transaction.writes.insert_or_assign(transaction.handle, answer);
  return self_->resume(ticket);
}

bool AttributeServer::remove_service(std::uint16_t handle) {
  const Attribute* service = self_->table.find(handle);
  if (service == nullptr) return false;
  const std::uint16_t end = service->group_end;
  if (!self_->table.remove_service(handle)) return false;
  const HandleRange gone{handle, end};
  for (auto& [ticket, waiting] : self_->parked) waiting.transaction.orphan(gone);
  const auto bearers = self_->bearers;
  for (const auto& [id, bearer] : bearers) {
    bearer->orphan(gone);
    const auto subscriptions = bearer->subscriptions;
    for (const auto& [value_handle, bits] : subscriptions)
      if (gone.holds(value_handle)) self_->set_subscription(*bearer, value_handle, 0);
  }
  return true;
}

void Transaction::orphan(HandleRange gone) {
  if (gone.holds(handle)) orphaned = true;
  orphan_parts(prepared, gone);
}

void Bearer::orphan(HandleRange gone) {
  orphan_parts(prepared, gone);
  std::erase_if(indications, [gone](const auto& waiting) { return gone.holds(waiting.first); });
  if (long_read && gone.holds(long_read->handle)) long_read.reset();
}

std::optional<Bytes> AttributeServer::notify(BearerId id, std::uint16_t value_handle, ByteView value) const {
  Bytes pdu;
  if (!notify_into(id, value_handle, value, pdu)) return std::nullopt;
  return pdu;
}

bool AttributeServer::notify_into(BearerId id, std::uint16_t value_handle, ByteView value, Bytes& pdu) const {
  const auto found = self_->bearers.find(id);
  if (found == self_->bearers.end()) return false;
  const Bearer& bearer = *found->second;
  const auto bits = bearer.subscriptions.find(value_handle);
  if (bits == bearer.subscriptions.end() || (bits->second & 1) == 0) return false;
  const ByteView part = cut(value, bearer.mtu - 3u);
  pdu.clear();
  pdu.reserve(part.size() + 3);
  pdu.push_back(static_cast<std::uint8_t>(Opcode::handle_value_notification));
  pdu.push_back(static_cast<std::uint8_t>(value_handle));
  pdu.push_back(static_cast<std::uint8_t>(value_handle >> 8));
  pdu.insert(pdu.end(), part.begin(), part.end());
  return true;
}

IndicationResult AttributeServer::indicate(BearerId id, std::uint16_t value_handle, ByteView value) {
  const auto bearer = self_->find(id);
  if (!bearer || (subscription(id, value_handle) & 2) == 0) return {};
  if (bearer->unconfirmed != 0) {
    if (bearer->indications.size() >= self_->options.waiting_indications) return {};
    bearer->indications.emplace_back(value_handle, Bytes(value.begin(), value.end()));
    return {true, std::nullopt};
  }
  bearer->unconfirmed = value_handle;
  return {true,
          PduWriter(Opcode::handle_value_indication).u16(value_handle).bytes(cut(value, bearer->mtu - 3u)).done()};
}

std::uint16_t AttributeServer::subscription(BearerId id, std::uint16_t value_handle) const {
  const auto bearer = self_->find(id);
  if (!bearer) return 0;
  const auto bits = bearer->subscriptions.find(value_handle);
  return bits == bearer->subscriptions.end() ? std::uint16_t{0} : bits->second;
}

std::map<std::uint16_t, std::uint16_t> AttributeServer::subscriptions(BearerId id) const {
  const auto bearer = self_->find(id);
  return bearer ? bearer->subscriptions : std::map<std::uint16_t, std::uint16_t>();
}

void AttributeServer::restore_subscriptions(BearerId id, const std::map<std::uint16_t, std::uint16_t>& subscriptions) {
  const auto bearer = self_->find(id);
  if (!bearer) return;
  for (const auto& [value_handle, bits] : subscriptions)
    if (bearer->open && self_->table.find(value_handle) != nullptr)
      self_->set_subscription(*bearer, value_handle, bits);
}

std::shared_ptr<Bearer> ServerInternals::find(BearerId id) const {
  const auto found = bearers.find(id);
  return found == bearers.end() ? nullptr : found->second;
}

ServerOutput ServerInternals::work_on(std::shared_ptr<Bearer> bearer, Transaction transaction) {
  const bool command = (transaction.pdu[0] & command_flag) != 0;
  transaction.waits_for = 0;
  ServerOutput output;
  output.bearer = bearer->id;
  // A client that talks over its own request, from inside a hook of it, is a violation as well.
  if (!command) bearer->busy = true;
  auto response = AttributeRequest(*this, *bearer, transaction).run();
  if (!bearer->open) return output;
  if (transaction.waits_for == 0) {
    if (!command) bearer->busy = false;
    output.response = std::move(response);
    return output;
  }
  if (command) ++bearer->deferred_commands;
  const Ticket ticket = transaction.waits_for;
  parked.emplace(ticket, Parked{std::move(bearer), std::move(transaction)});
  return output;
}

ServerOutput ServerInternals::resume(Ticket ticket) {
  Parked entry = std::move(parked.extract(ticket).mapped());
  if ((entry.transaction.pdu[0] & command_flag) != 0) --entry.bearer->deferred_commands;
  return work_on(std::move(entry.bearer), std::move(entry.transaction));
}

ServerOutput ServerInternals::confirm(Bearer& bearer) {
  ServerOutput output;
  output.bearer = bearer.id;
  const std::uint16_t confirmed = std::exchange(bearer.unconfirmed, std::uint16_t{0});
  if (confirmed == 0) return output;
  while (!bearer.indications.empty() && !output.indication) {
    const auto [value_handle, value] = std::move(bearer.indications.front());
    bearer.indications.pop_front();
    const auto bits = bearer.subscriptions.find(value_handle);
    if (bits == bearer.subscriptions.end() || (bits->second & 2) == 0) continue;  // unsubscribed since
    bearer.unconfirmed = value_handle;
    output.indication =
        PduWriter(Opcode::handle_value_indication).u16(value_handle).bytes(cut(value, bearer.mtu - 3u)).done();
  }
  if (hooks.on_confirmed) hooks.on_confirmed(output.bearer, confirmed);
  return output;
}

void ServerInternals::set_subscription(Bearer& bearer, std::uint16_t value_handle, std::uint16_t bits) {
  const auto known = bearer.subscriptions.find(value_handle);
  const std::uint16_t before = known == bearer.subscriptions.end() ? std::uint16_t{0} : known->second;
  if (before == bits) return;
  if (bits == 0)
    bearer.subscriptions.erase(value_handle);
  else
    bearer.subscriptions[value_handle] = bits;
  if (hooks.on_subscription_changed) hooks.on_subscription_changed(bearer.id, value_handle, bits);
}

std::optional<AttError> ServerInternals::refuse_write(const Bearer& bearer, const Attribute& attribute,
                                                      WriteKind kind) const {
  const bool by_request = kind == WriteKind::prepared ? attribute.preparable : attribute.writable;
  const bool permitted = kind == WriteKind::command ? attribute.commandable : by_request;
  if (!permitted) return AttError::write_not_permitted;
  return unmet(attribute.write_security, bearer.security);
}

std::optional<AttError> unmet(Security demand, const LinkSecurity& link) {
  if (demand == Security::none) return std::nullopt;
  if (!link.encrypted) return link.has_keys ? AttError::insufficient_encryption : AttError::insufficient_authentication;
  if (demand == Security::authenticated && !link.authenticated) return AttError::insufficient_authentication;
  return std::nullopt;
}

}  // namespace blau::sim::detail
