#include "attribute_server_request.hpp"

#include <algorithm>

namespace blau::sim::detail {

std::optional<Bytes> AttributeRequest::run() {
  const auto opcode = static_cast<Opcode>(opcode_);
  if (opcode != Opcode::read_blob_request) bearer_.long_read.reset();
  switch (opcode) {
    case Opcode::exchange_mtu_request: return exchange_mtu();
    case Opcode::find_information_request: return find_information();
    case Opcode::find_by_type_value_request: return find_by_type_value();
    case Opcode::read_by_type_request: return read_by_type();
    case Opcode::read_request: return read();
    case Opcode::read_blob_request: return read_blob();
    case Opcode::read_multiple_request: return read_multiple(false);
    case Opcode::read_multiple_variable_request: return read_multiple(true);
    case Opcode::read_by_group_type_request: return read_by_group_type();
    case Opcode::write_request: return write();
    case Opcode::prepare_write_request: return prepare_write();
    case Opcode::execute_write_request: return execute_write();
    case Opcode::write_command: command(); return std::nullopt;
    default: break;
  }
  // Core Vol 3 Part F 3.3: an unknown command is ignored, an unknown request is answered. A Signed Write Command is
  // as good as
  // unknown here, since no client has a signature key.
  if ((opcode_ & command_flag) != 0) return std::nullopt;
  return fail(AttError::request_not_supported);
}

/// Core Vol 3 Part F 3.4.2.
AttributeRequest::Response AttributeRequest::exchange_mtu() {
  const std::uint16_t client = in_.u16();
  if (!in_.complete()) return invalid();
  const std::uint16_t own = server_.options.mtu;
  bearer_.mtu = std::max(default_mtu, std::min(client, own));
  return PduWriter(Opcode::exchange_mtu_response).u16(own).done();
}

/// Core Vol 3 Part F 3.4.3.1: a response holds UUIDs of one size.
AttributeRequest::Response AttributeRequest::find_information() {
  const HandleRange handles = range();
  if (!in_.complete()) return invalid();
  if (!is_valid(handles)) return fail(AttError::invalid_handle, handles.first);
  const auto found = server_.table.range(handles.first, handles.last);
  if (found.empty()) return fail(AttError::attribute_not_found, handles.first);
  const bool is_short = found.front().type.short_number().has_value();
  const std::size_t entry = is_short ? 4 : 18;
  PduWriter out(Opcode::find_information_response);
  out.u8(is_short ? 1 : 2);
  for (const Attribute& attribute : found) {
    if (attribute.type.short_number().has_value() != is_short || out.size() + entry > bearer_.mtu) break;
    out.u16(attribute.handle).uuid(attribute.type);
  }
  return out.done();
}

/// Core Vol 3 Part F 3.4.3.3. Values that belong to a hook or to a client are compared as the table has them.
AttributeRequest::Response AttributeRequest::find_by_type_value() {
  const HandleRange handles = range();
  const Uuid type{in_.u16()};
  if (!in_.ok()) return invalid();
  const ByteView wanted = in_.rest();
  if (!is_valid(handles)) return fail(AttError::invalid_handle, handles.first);
  PduWriter out(Opcode::find_by_type_value_response);
  for (const Attribute& attribute : server_.table.range(handles.first, handles.last)) {
    if (attribute.type != type || refuse_read(attribute) || !std::ranges::equal(attribute.value, wanted)) continue;
    if (out.size() + 4 > bearer_.mtu) break;
    out.u16(attribute.handle).u16(attribute.group_end);
  }
  if (out.size() == 1) return fail(AttError::attribute_not_found, handles.first);
  return out.done();
}

/// Core Vol 3 Part F 3.4.4.1: the first value decides the length, and an error of the first is the answer.
AttributeRequest::Response AttributeRequest::read_by_type() {
  const HandleRange handles = range();
  const auto type = in_.uuid();
  if (!in_.ok() || !type) return invalid();
  if (!is_valid(handles)) return fail(AttError::invalid_handle, handles.first);
  PduWriter out(Opcode::read_by_type_response);
  std::size_t length = 0;
  std::uint32_t from = handles.first;
  while (const Attribute* attribute = next_of_type(from, handles.last, *type)) {
    if (length != 0 && out.size() + length > bearer_.mtu) break;
    const std::uint16_t handle = attribute->handle;
    const Fetched fetched = fetch(handle);
    if (fetched.waits) return std::nullopt;
    if (fetched.error && length == 0) return fail(*fetched.error, handle);
    const ByteView value = cut(fetched.value, std::min<std::size_t>(bearer_.mtu - 4u, 253));
    if (fetched.error || (length != 0 && value.size() + 2 != length)) break;
    if (length == 0) out.u8(static_cast<std::uint8_t>(length = value.size() + 2));
    out.u16(handle).bytes(value);
    from = std::uint32_t{handle} + 1;
  }
  if (length == 0) return fail(AttError::attribute_not_found, handles.first);
  return out.done();
}

/// Core Vol 3 Part F 3.4.4.9; only services are groups that may be asked for (Part G 2.5.3).
AttributeRequest::Response AttributeRequest::read_by_group_type() {
  const HandleRange handles = range();
  const auto type = in_.uuid();
  if (!in_.ok() || !type) return invalid();
  if (!is_valid(handles)) return fail(AttError::invalid_handle, handles.first);
  if (*type != attribute_type::primary_service && *type != attribute_type::secondary_service)
    return fail(AttError::unsupported_group_type, handles.first);
  PduWriter out(Opcode::read_by_group_type_response);
  std::size_t length = 0;
  for (const Attribute& attribute : server_.table.range(handles.first, handles.last)) {
    if (attribute.type != *type || attribute.kind != AttributeKind::service) continue;
    const std::size_t entry = attribute.value.size() + 4;
    if (length == 0) out.u8(static_cast<std::uint8_t>(length = entry));
    if (entry != length || out.size() + entry > bearer_.mtu) break;
    out.u16(attribute.handle).u16(attribute.group_end).bytes(attribute.value);
  }
  if (length == 0) return fail(AttError::attribute_not_found, handles.first);
  return out.done();
}

/// Core Vol 3 Part F 3.4.4.3.
AttributeRequest::Response AttributeRequest::read() {
  const std::uint16_t handle = in_.u16();
  if (!in_.complete()) return invalid();
  return answer_part(handle, 0, Opcode::read_response);
}

/// Core Vol 3 Part F 3.4.4.5.
AttributeRequest::Response AttributeRequest::read_blob() {
  const std::uint16_t handle = in_.u16();
  const std::uint16_t offset = in_.u16();
  if (!in_.complete()) return invalid();
  return answer_part(handle, offset, Opcode::read_blob_response);
}

AttributeRequest::Response AttributeRequest::answer_part(std::uint16_t handle, std::uint16_t offset, Opcode opcode) {
  auto& long_read = bearer_.long_read;
  if (offset == 0 || !long_read || long_read->handle != handle || long_read->next_offset != offset) long_read.reset();
  Fetched fetched = fetch(handle, offset);
  if (fetched.waits) return std::nullopt;
  if (fetched.error) return fail(*fetched.error, handle);
  const Attribute* attribute = server_.table.find(handle);
  const bool fixed = attribute != nullptr && attribute->fixed_length;
  if (opcode == Opcode::read_blob_response && fixed && fetched.value.size() < bearer_.mtu)
    return fail(AttError::attribute_not_long, handle);
  if (offset > fetched.value.size()) return fail(AttError::invalid_offset, handle);
  const ByteView part = cut(ByteView(fetched.value).subspan(offset), bearer_.mtu - 1u);
  Bytes response = PduWriter(opcode).bytes(part).done();
  const std::size_t next = offset + part.size();
  const bool more = part.size() == bearer_.mtu - 1u;
  long_read.reset();
  if (more) long_read = LongRead{handle, next, std::move(fetched.value)};
  return response;
}

/// Core Vol 3 Part F 3.4.4.7 and 3.4.4.11.
AttributeRequest::Response AttributeRequest::read_multiple(bool with_lengths) {
  if (in_.left() < 4 || in_.left() % 2 != 0) return invalid();
  PduWriter out(with_lengths ? Opcode::read_multiple_variable_response : Opcode::read_multiple_response);
  while (in_.left() > 0) {
    const std::uint16_t handle = in_.u16();
    const Fetched fetched = fetch(handle);
    if (fetched.waits) return std::nullopt;
    if (fetched.error) return fail(*fetched.error, handle);
    if (with_lengths) out.u16(static_cast<std::uint16_t>(fetched.value.size()));
    // More than a response can hold is not collected: 250 handles of 512 bytes would be 125 kB.
    if (out.size() < bearer_.mtu) out.bytes(cut(fetched.value, bearer_.mtu - out.size()));
  }
  Bytes response = out.done();
  response.resize(std::min<std::size_t>(response.size(), bearer_.mtu));
  return response;
}

HandleRange AttributeRequest::range() {
  HandleRange handles;
  handles.first = in_.u16();
  handles.last = in_.u16();
  return handles;
}

const Attribute* AttributeRequest::next_of_type(std::uint32_t from, std::uint16_t last, const Uuid& type) const {
  if (from > last) return nullptr;
  const auto candidates = server_.table.range(static_cast<std::uint16_t>(from), last);
  const auto found = std::ranges::find(candidates, type, &Attribute::type);
  return found == candidates.end() ? nullptr : &*found;
}

std::optional<AttError> AttributeRequest::refuse_read(const Attribute& attribute) const {
  if (!attribute.readable) return AttError::read_not_permitted;
  return unmet(attribute.read_security, bearer_.security);
}

AttributeRequest::Fetched AttributeRequest::fetch(std::uint16_t handle, std::uint16_t offset) {
  const Attribute* attribute = server_.table.find(handle);
  if (attribute == nullptr) return {{}, AttError::invalid_handle};
  if (const auto refused = refuse_read(*attribute)) return {{}, refused};
  if (attribute->kind == AttributeKind::client_configuration) {
    if (attribute->read_error) return {{}, static_cast<AttError>(*attribute->read_error)};
    const auto bits = bearer_.subscriptions.find(attribute->value_handle);
    const unsigned value = bits == bearer_.subscriptions.end() ? 0 : bits->second;
    return {bytes(value, value >> 8), std::nullopt};
  }
  const bool asks = attribute->kind == AttributeKind::value || attribute->kind == AttributeKind::descriptor;
  if (!asks) return {attribute->value, std::nullopt};
  // The parts of a long value come from one reading of it.
  const auto& long_read = bearer_.long_read;
  if (offset != 0 && long_read && long_read->handle == handle) return {long_read->value, std::nullopt};
  return ask_for_value(*attribute, offset);
}

AttributeRequest::Fetched AttributeRequest::ask_for_value(const Attribute& attribute, std::uint16_t offset) {
  const std::uint16_t handle = attribute.handle;
  std::optional<AttError> own_error;
  if (attribute.read_error) own_error = static_cast<AttError>(*attribute.read_error);
  auto known = transaction_.reads.find(handle);
  if (known == transaction_.reads.end()) {
    ReadAnswer answer;
    ReadAttempt attempt{bearer_.id, handle, offset, ++server_.last_ticket, own_error};
    if (server_.hooks.on_read) answer = server_.hooks.on_read(attempt);
    if (std::holds_alternative<Deferred>(answer)) {
      transaction_.waits_for = attempt.ticket;
      transaction_.handle = handle;
      return {{}, std::nullopt, true};
    }
    known = transaction_.reads.emplace(handle, std::move(answer)).first;
  }
  if (own_error) return {{}, own_error};
  if (const auto* error = std::get_if<AttError>(&known->second)) return {{}, *error};
  if (const auto* value = std::get_if<Bytes>(&known->second)) {
    const ByteView whole = cut(*value, max_value_length);
    return {Bytes(whole.begin(), whole.end()), std::nullopt};
  }
  const Attribute* still = server_.table.find(handle);  // a hook may have taken it away
  if (still == nullptr) return {{}, AttError::invalid_handle};
  return {still->value, std::nullopt};
}

}  // namespace blau::sim::detail
