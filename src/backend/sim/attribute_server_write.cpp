#include "attribute_server_request.hpp"

#include <algorithm>

namespace blau::sim::detail {

/// Core Vol 3 Part F 3.4.5.1.
AttributeRequest::Response AttributeRequest::write() {
  const std::uint16_t handle = in_.u16();
  if (!in_.ok()) return invalid();
  const Put done = put(handle, in_.rest(), WriteKind::request);
  if (done.waits) return std::nullopt;
  if (done.error) return fail(*done.error, handle);
  return PduWriter(Opcode::write_response).done();
}

/// Core Vol 3 Part F 3.4.5.3: whatever is wrong with it, there is no answer.
void AttributeRequest::command() {
  const std::uint16_t handle = in_.u16();
  if (in_.ok()) put(handle, in_.rest(), WriteKind::command);
}

/// Core Vol 3 Part F 3.4.6.1: offset and length are looked at when the writes are executed.
AttributeRequest::Response AttributeRequest::prepare_write() {
  PreparedWrite prepared;
  prepared.handle = in_.u16();
  prepared.offset = in_.u16();
  if (!in_.ok()) return invalid();
  const ByteView part = in_.rest();
  const Attribute* attribute = server_.table.find(prepared.handle);
  if (attribute == nullptr) return fail(AttError::invalid_handle, prepared.handle);
  if (const auto refused = server_.refuse_write(bearer_, *attribute, WriteKind::prepared))
    return fail(*refused, prepared.handle);
  if (bearer_.prepared.size() >= server_.options.prepared_writes)
    return fail(AttError::prepare_queue_full, prepared.handle);
  prepared.part.assign(part.begin(), part.end());
  bearer_.prepared.push_back(std::move(prepared));
  Bytes response = transaction_.pdu;
  response[0] = static_cast<std::uint8_t>(Opcode::prepare_write_response);
  return response;
}

/// Core Vol 3 Part F 3.4.6.3: whether the writes succeed or not, the queue is empty afterwards.
AttributeRequest::Response AttributeRequest::execute_write() {
  const std::uint8_t flags = in_.u8();
  if (!in_.complete() || flags > 1) return invalid();
  if (!bearer_.prepared.empty()) transaction_.prepared = std::exchange(bearer_.prepared, {});
  if (flags == 0) return PduWriter(Opcode::execute_write_response).done();
  return put_prepared();
}

AttributeRequest::Response AttributeRequest::put_prepared() {
  std::vector<std::pair<std::uint16_t, Bytes>> values;
  for (const PreparedWrite& prepared : transaction_.prepared) {
    const auto same_handle = [&](const auto& entry) { return entry.first == prepared.handle; };
    if (std::ranges::any_of(values, same_handle)) continue;
    Bytes value;
    if (const auto error = assemble(prepared.handle, value)) return fail(*error, prepared.handle);
    values.emplace_back(prepared.handle, std::move(value));
  }
  for (const auto& [handle, value] : values) {
    const Put done = put(handle, value, WriteKind::prepared);
    if (done.waits) return std::nullopt;
    if (done.error) return fail(*done.error, handle);
  }
  return PduWriter(Opcode::execute_write_response).done();
}

/// Puts the parts for one attribute together. The first part ends the value that was there; later ones lay over it.
std::optional<AttError> AttributeRequest::assemble(std::uint16_t handle, Bytes& value) const {
  const Attribute* attribute = server_.table.find(handle);
  if (attribute == nullptr) return AttError::invalid_handle;
  bool first = true;
  for (const PreparedWrite& prepared : transaction_.prepared) {
    if (prepared.handle != handle) continue;
    if (prepared.orphaned) return AttError::invalid_handle;
    if (first) value = attribute->value;
    if (prepared.offset > value.size()) return AttError::invalid_offset;
    if (first) value.resize(prepared.offset);
    const std::size_t end = prepared.offset + prepared.part.size();
    if (end > max_value_length) return AttError::invalid_attribute_value_length;
    if (end > value.size()) value.resize(end);
    std::ranges::copy(prepared.part, value.begin() + prepared.offset);
    first = false;
  }
  return std::nullopt;
}

AttributeRequest::Put AttributeRequest::put(std::uint16_t handle, ByteView value, WriteKind kind) {
  if (std::ranges::find(transaction_.written, handle) != transaction_.written.end()) return {};
  const Attribute* attribute = server_.table.find(handle);
  if (attribute == nullptr) return {AttError::invalid_handle};
  if (const auto refused = server_.refuse_write(bearer_, *attribute, kind)) return {refused};
  const bool configures = attribute->kind == AttributeKind::client_configuration;
  if (value.size() > attribute->max_length || (configures && value.size() != 2))
    return {AttError::invalid_attribute_value_length};
  std::optional<AttError> own_error;
  if (attribute->write_error) own_error = static_cast<AttError>(*attribute->write_error);
  auto known = transaction_.writes.find(handle);
  if (known == transaction_.writes.end()) {
    WriteAnswer answer;
    WriteAttempt attempt{bearer_.id, handle, value, kind, ++server_.last_ticket, own_error};
    const bool turns_on = configures && (value[0] & 0x03) != 0;
    const auto& hook = configures ? server_.hooks.on_configure : server_.hooks.on_write;
    if (hook && (turns_on || !configures)) answer = hook(attempt);
    if (std::holds_alternative<Deferred>(answer)) {
      transaction_.waits_for = attempt.ticket;
      transaction_.handle = handle;
      return {std::nullopt, true};
    }
    known = transaction_.writes.emplace(handle, answer).first;
  }
  if (own_error) return {own_error};
  if (const auto* error = std::get_if<AttError>(&known->second)) return {*error};
  return configures ? put_configuration(handle, value) : store(handle, value);
}

/// Core Vol 3 Part G 3.3.3.3; 0xFD stands in the Core Specification Supplement, Part B.
AttributeRequest::Put AttributeRequest::put_configuration(std::uint16_t handle, ByteView value) {
  const Attribute* found = server_.table.find(handle);  // a hook may have taken it away
  if (found == nullptr) return {AttError::invalid_handle};
  const Attribute& attribute = *found;
  const auto bits = static_cast<std::uint16_t>(value[0] & 0x03);
  const bool no_notify = (bits & 1) != 0 && (attribute.properties & property::notify) == 0;
  const bool no_indicate = (bits & 2) != 0 && (attribute.properties & property::indicate) == 0;
  if (no_notify || no_indicate) return {AttError::cccd_improperly_configured};
  transaction_.written.push_back(attribute.handle);
  server_.set_subscription(bearer_, attribute.value_handle, bits);
  return {};
}

AttributeRequest::Put AttributeRequest::store(std::uint16_t handle, ByteView value) {
  Attribute* attribute = server_.table.find(handle);  // a hook may have taken it away
  if (attribute == nullptr) return {AttError::invalid_handle};
  attribute->value.assign(value.begin(), value.end());
  transaction_.written.push_back(handle);
  return {};
}

}  // namespace blau::sim::detail
