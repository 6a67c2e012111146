#pragma once

#include <blau/bytes.hpp>
#include <blau/error.hpp>
#include <blau/uuid.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

/// @file
/// The form of ATT PDUs (Core Vol 3 Part F 3.3, 3.4): opcodes, and reading and writing of their fields.

namespace blau::sim::detail {

/// The first byte of a PDU (Core Vol 3 Part F 3.4.8). Bit 6 marks a command, bit 7 a signature.
enum class Opcode : std::uint8_t {
  error_response = 0x01,
  exchange_mtu_request = 0x02,
  exchange_mtu_response = 0x03,
  find_information_request = 0x04,
  find_information_response = 0x05,
  find_by_type_value_request = 0x06,
  find_by_type_value_response = 0x07,
  read_by_type_request = 0x08,
  read_by_type_response = 0x09,
  read_request = 0x0a,
  read_response = 0x0b,
  read_blob_request = 0x0c,
  read_blob_response = 0x0d,
  read_multiple_request = 0x0e,
  read_multiple_response = 0x0f,
  read_by_group_type_request = 0x10,
  read_by_group_type_response = 0x11,
  write_request = 0x12,
  write_response = 0x13,
  prepare_write_request = 0x16,
  prepare_write_response = 0x17,
  execute_write_request = 0x18,
  execute_write_response = 0x19,
  handle_value_notification = 0x1b,
  handle_value_indication = 0x1d,
  handle_value_confirmation = 0x1e,
  read_multiple_variable_request = 0x20,
  read_multiple_variable_response = 0x21,
  multiple_handle_value_notification = 0x23,
  write_command = 0x52,
  signed_write_command = 0xd2,
};

inline constexpr std::uint8_t command_flag = 0x40;
inline constexpr std::uint16_t default_mtu = 23;  ///< of LE (Core Vol 3 Part G 5.2.1)
inline constexpr std::uint16_t max_mtu = 517;     ///< more serves no value

/// Attribute handles that stand side by side, both ends included.
struct HandleRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  [[nodiscard]] constexpr bool holds(std::uint16_t handle) const noexcept { return handle >= first && handle <= last; }
};

/// Reads the fields of a PDU in their order. Reading past the end gives zeros and makes `ok()` false.
class PduReader {
 public:
  explicit PduReader(ByteView pdu) noexcept : rest_(pdu) {}

  std::uint8_t u8() noexcept {
    if (rest_.empty()) return ok_ = false, std::uint8_t{0};
    const std::uint8_t value = rest_[0];
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t u16() noexcept {
    const unsigned low = u8();
    return static_cast<std::uint16_t>(low | static_cast<unsigned>(u8()) << 8);
  }
  ByteView take(std::size_t count) noexcept {
    if (count > rest_.size()) ok_ = false;
    const ByteView taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  ByteView rest() noexcept { return take(rest_.size()); }

  /// The rest as a UUID of 2 or 16 bytes.
  std::optional<Uuid> uuid() noexcept {
    const ByteView bytes = rest();
    if (bytes.size() != 2 && bytes.size() != 16) return std::nullopt;
    return Uuid::from_little_endian(bytes.data(), bytes.size());
  }

  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  /// True if every field was there and nothing is left.
  [[nodiscard]] bool complete() const noexcept { return ok_ && rest_.empty(); }

 private:
  ByteView rest_;
  bool ok_ = true;
};

/// Writes the fields of a PDU in their order.
class PduWriter {
 public:
  explicit PduWriter(Opcode opcode) { pdu_.push_back(static_cast<std::uint8_t>(opcode)); }

  PduWriter& u8(std::uint8_t value) { return pdu_.push_back(value), *this; }
  PduWriter& u16(std::uint16_t value) {
    return u8(static_cast<std::uint8_t>(value)).u8(static_cast<std::uint8_t>(value >> 8));
  }
  PduWriter& bytes(ByteView value) { return pdu_.insert(pdu_.end(), value.begin(), value.end()), *this; }
  PduWriter& uuid(const Uuid& uuid) {
    if (const auto number = uuid.short_number()) return u16(*number);
    return pdu_.insert(pdu_.end(), uuid.bytes().rbegin(), uuid.bytes().rend()), *this;
  }

  [[nodiscard]] std::size_t size() const noexcept { return pdu_.size(); }
  [[nodiscard]] Bytes done() { return std::move(pdu_); }

 private:
  Bytes pdu_;
};

/// `bytes` without what lies beyond `limit`.
[[nodiscard]] inline ByteView cut(ByteView bytes, std::size_t limit) noexcept {
  return bytes.first(std::min(bytes.size(), limit));
}

/// An Error Response (Core Vol 3 Part F 3.4.1.1).
[[nodiscard]] inline Bytes error_response(std::uint8_t request, std::uint16_t handle, AttError error) {
  return PduWriter(Opcode::error_response).u8(request).u16(handle).u8(static_cast<std::uint8_t>(error)).done();
}

}  // namespace blau::sim::detail
