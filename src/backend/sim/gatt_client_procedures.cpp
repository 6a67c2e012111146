#include "gatt_client_procedures.hpp"

#include "attribute_spec.hpp"

#include "core/hex.hpp"

#include <algorithm>

namespace blau::sim::detail {

Procedure::Next RequestProcedure::begin(ProcedureContext& context) {
  context_ = &context;
  return first();
}

Procedure::Next RequestProcedure::consume(ByteView response) {
  PduReader in(response);
  const std::uint8_t opcode = in.u8();
  if (opcode == expected_) return on_response(in);
  if (opcode != static_cast<std::uint8_t>(Opcode::error_response)) return malformed("a response to another request");
  const std::uint8_t request = in.u8();
  const std::uint16_t handle = in.u16();
  const auto error = static_cast<AttError>(in.u8());
  if (!in.complete() || request != asked_) return malformed("an error response to another request");
  return on_error(error, handle);
}

Procedure::Next RequestProcedure::on_error(AttError error, std::uint16_t handle) { return failed(error, handle); }

Procedure::Next RequestProcedure::ask(Bytes request, Opcode expected) {
  asked_ = request[0];
  expected_ = static_cast<std::uint8_t>(expected);
  return request;
}

Procedure::Next RequestProcedure::malformed(const std::string& what) {
  stop(Error(ErrorCode::failed, "the peripheral sent " + what));
  return std::nullopt;
}

Procedure::Next RequestProcedure::failed(AttError error, std::uint16_t handle) {
  stop(Error(error,
             "the peripheral answered " + to_string(error) + " for handle " + blau::detail::hex_number(handle, 4)));
  return std::nullopt;
}

Procedure::Next ExchangeMtu::first() {
  return ask(PduWriter(Opcode::exchange_mtu_request).u16(context().own_mtu).done(), Opcode::exchange_mtu_response);
}

Procedure::Next ExchangeMtu::on_response(PduReader& in) {
  const std::uint16_t server = in.u16();
  if (!in.complete()) return malformed("a malformed MTU");
  context().mtu = std::max(default_mtu, std::min(context().own_mtu, server));
  return std::nullopt;
}

Procedure::Next ReadValue::first() {
  return ask(PduWriter(Opcode::read_request).u16(handle_).done(), Opcode::read_response);
}

Procedure::Next ReadValue::on_response(PduReader& in) {
  if (error()) return std::nullopt;  // the rest would be another attribute's
  const ByteView part = in.rest();
  if (part.size() + 1 > mtu()) return malformed("a response longer than the MTU");
  value_.insert(value_.end(), part.begin(), part.end());
  if (value_.size() > max_value_length) value_.resize(max_value_length);
  if (part.size() + 1 < mtu() || value_.size() == max_value_length) return std::nullopt;
  const auto offset = static_cast<std::uint16_t>(value_.size());
  return ask(PduWriter(Opcode::read_blob_request).u16(handle_).u16(offset).done(), Opcode::read_blob_response);
}

Procedure::Next ReadValue::on_error(AttError error, std::uint16_t handle) {
  // A value that just fills a response is complete: servers say so in either way (Core Vol 3 Part G 4.8.3).
  const bool at_end = error == AttError::attribute_not_long || error == AttError::invalid_offset;
  if (!value_.empty() && at_end) return std::nullopt;
  return failed(error, handle);
}

Procedure::Next ReadByType::first() {
  return ask(PduWriter(Opcode::read_by_type_request).u16(from_).u16(last_).uuid(type_).done(),
             Opcode::read_by_type_response);
}

Procedure::Next ReadByType::on_response(PduReader& in) {
  const std::size_t length = in.u8();
  if (length < 2 || in.left() == 0 || in.left() % length != 0) return malformed("a malformed list of values");
  while (in.left() > 0) {
    const std::uint16_t handle = in.u16();
    if (handle < from_ || handle > last_) return malformed("a handle that was not asked for");
    const ByteView value = in.take(length - 2);
    found_.push_back({handle, Bytes(value.begin(), value.end())});
    if (handle == last_) return std::nullopt;
    from_ = static_cast<std::uint16_t>(handle + 1);
  }
  return first();
}

Procedure::Next ReadByType::on_error(AttError error, std::uint16_t handle) {
  if (error == AttError::attribute_not_found && !found_.empty()) return std::nullopt;
  return failed(error, handle);
}

Procedure::Next WriteValue::first() {
  if (value_.size() > max_value_length) {
    stop(Error(ErrorCode::invalid_argument, "a value has 512 bytes at most"));
    return std::nullopt;
  }
  prepares_ = reliable_ || value_.size() + 3 > mtu();
  if (prepares_) return prepare();
  return ask(PduWriter(Opcode::write_request).u16(handle_).bytes(value_).done(), Opcode::write_response);
}

Procedure::Next WriteValue::prepare() {
  const ByteView part = cut(ByteView(value_).subspan(sent_), mtu() - 5u);
  part_ = part.size();
  return ask(
      PduWriter(Opcode::prepare_write_request).u16(handle_).u16(static_cast<std::uint16_t>(sent_)).bytes(part).done(),
      Opcode::prepare_write_response);
}

Procedure::Next WriteValue::execute(bool keep) {
  executing_ = true;
  return ask(PduWriter(Opcode::execute_write_request).u8(keep ? 1 : 0).done(), Opcode::execute_write_response);
}

Procedure::Next WriteValue::on_response(PduReader& in) {
  if (!prepares_ || executing_) return std::nullopt;
  if (error()) return execute(false);
  const std::uint16_t handle = in.u16();
  const std::uint16_t offset = in.u16();
  const bool same =
      handle == handle_ && offset == sent_ && std::ranges::equal(in.rest(), ByteView(value_).subspan(sent_, part_));
  if (!same) {
    malformed("another value than it was to prepare");
    return execute(false);
  }
  sent_ += part_;
  return sent_ < value_.size() ? prepare() : execute(true);
}

Procedure::Next WriteValue::on_error(AttError error, std::uint16_t handle) {
  failed(error, handle);
  // Parts that the server took would stay in its queue.
  if (sent_ > 0 && !executing_) return execute(false);
  return std::nullopt;
}

Procedure::Next WriteCommand::first() {
  if (value_.size() + 3 > mtu()) {
    stop(Error(ErrorCode::invalid_argument, "a write without response takes " + std::to_string(mtu() - 3) +
                                                " bytes on this link: write with response"));
    return std::nullopt;
  }
  return PduWriter(Opcode::write_command).u16(handle_).bytes(value_).done();
}

Procedure::Next WriteCommand::on_response(PduReader&) { return std::nullopt; }

}  // namespace blau::sim::detail
