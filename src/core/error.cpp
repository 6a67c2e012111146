#include <blau/error.hpp>

#include "hex.hpp"

namespace blau {

namespace {

std::string_view name_of(AttError error) noexcept {
  switch (error) {
    case AttError::invalid_handle: return "invalid_handle";
    case AttError::read_not_permitted: return "read_not_permitted";
    case AttError::write_not_permitted: return "write_not_permitted";
    case AttError::invalid_pdu: return "invalid_pdu";
    case AttError::insufficient_authentication: return "insufficient_authentication";
    case AttError::request_not_supported: return "request_not_supported";
    case AttError::invalid_offset: return "invalid_offset";
    case AttError::insufficient_authorization: return "insufficient_authorization";
    case AttError::prepare_queue_full: return "prepare_queue_full";
    case AttError::attribute_not_found: return "attribute_not_found";
    case AttError::attribute_not_long: return "attribute_not_long";
    case AttError::encryption_key_size_too_short: return "encryption_key_size_too_short";
    case AttError::invalid_attribute_value_length: return "invalid_attribute_value_length";
    case AttError::unlikely_error: return "unlikely_error";
    case AttError::insufficient_encryption: return "insufficient_encryption";
    case AttError::unsupported_group_type: return "unsupported_group_type";
    case AttError::insufficient_resources: return "insufficient_resources";
    case AttError::database_out_of_sync: return "database_out_of_sync";
    case AttError::value_not_allowed: return "value_not_allowed";
    case AttError::write_request_rejected: return "write_request_rejected";
    case AttError::cccd_improperly_configured: return "cccd_improperly_configured";
    case AttError::procedure_already_in_progress: return "procedure_already_in_progress";
    case AttError::out_of_range: return "out_of_range";
  }
  return {};
}

/// The generic conditions of the standard library, for code that handles errors of many sources.
std::errc condition_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument: return std::errc::invalid_argument;
    case ErrorCode::not_supported: return std::errc::not_supported;
    case ErrorCode::access_denied: return std::errc::permission_denied;
    case ErrorCode::device_not_found: return std::errc::no_such_device;
    case ErrorCode::not_connected: return std::errc::not_connected;
    case ErrorCode::not_permitted: return std::errc::operation_not_permitted;
    case ErrorCode::busy: return std::errc::device_or_resource_busy;
    case ErrorCode::timed_out: return std::errc::timed_out;
    case ErrorCode::canceled: return std::errc::operation_canceled;
    case ErrorCode::would_deadlock: return std::errc::resource_deadlock_would_occur;
    default: return std::errc();
  }
}

class Category : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "blau"; }

  [[nodiscard]] std::string message(int value) const override {
    return std::string(to_string(static_cast<ErrorCode>(value)));
  }

  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    const std::errc condition = condition_of(static_cast<ErrorCode>(value));
    if (condition != std::errc()) return std::make_error_condition(condition);
    return std::error_condition(value, *this);
  }
};

std::shared_ptr<const std::string> shared_if_any(const std::string& native) {
  return native.empty() ? nullptr : std::make_shared<const std::string>(native);
}

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::not_supported: return "not_supported";
    case ErrorCode::bluetooth_not_available: return "bluetooth_not_available";
    case ErrorCode::access_denied: return "access_denied";
    case ErrorCode::device_not_found: return "device_not_found";
    case ErrorCode::connection_failed: return "connection_failed";
    case ErrorCode::too_many_connections: return "too_many_connections";
    case ErrorCode::not_connected: return "not_connected";
    case ErrorCode::disconnected: return "disconnected";
    case ErrorCode::services_not_discovered: return "services_not_discovered";
    case ErrorCode::attribute_not_found: return "attribute_not_found";
    case ErrorCode::attribute_ambiguous: return "attribute_ambiguous";
    case ErrorCode::attribute_gone: return "attribute_gone";
    case ErrorCode::not_permitted: return "not_permitted";
    case ErrorCode::att: return "att";
    case ErrorCode::already_subscribed: return "already_subscribed";
    case ErrorCode::not_subscribed: return "not_subscribed";
    case ErrorCode::pairing_failed: return "pairing_failed";
    case ErrorCode::pairing_rejected: return "pairing_rejected";
    case ErrorCode::pairing_canceled: return "pairing_canceled";
    case ErrorCode::pairing_timed_out: return "pairing_timed_out";
    case ErrorCode::bond_lost: return "bond_lost";
    case ErrorCode::busy: return "busy";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::canceled: return "canceled";
    case ErrorCode::would_deadlock: return "would_deadlock";
    case ErrorCode::loop_closed: return "loop_closed";
    case ErrorCode::stalled: return "stalled";
    case ErrorCode::wrong_apartment: return "wrong_apartment";
    case ErrorCode::backend_lost: return "backend_lost";
    case ErrorCode::failed: return "failed";
  }
  return "unknown";
}

std::string to_string(AttError error) {
  const auto number = static_cast<std::uint8_t>(error);
  std::string text = "0x";
  detail::append_hex(text, number);
  if (const std::string_view name = name_of(error); !name.empty()) return std::string(name) + " (" + text + ")";
  // Core Vol 3 Part F 3.4.1.1: 0x80 to 0x9F mean what the service's specification says.
  if (number >= 0x80 && number <= 0x9f) return "application error " + text;
  return text;
}

std::string_view to_string(UnavailableReason reason) noexcept {
  switch (reason) {
    case UnavailableReason::unknown: return "unknown";
    case UnavailableReason::no_service: return "no_service";
    case UnavailableReason::no_adapter: return "no_adapter";
    case UnavailableReason::powered_off: return "powered_off";
    case UnavailableReason::blocked: return "blocked";
    case UnavailableReason::denied: return "denied";
    case UnavailableReason::no_central_role: return "no_central_role";
  }
  return "unknown";
}

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(ErrorCode code) noexcept { return {static_cast<int>(code), error_category()}; }

Error::Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

Error::Error(ErrorCode code, const std::string& message, const std::string& native)
    : std::runtime_error(message), code_(code), native_(shared_if_any(native)) {}

Error::Error(AttError att, const std::string& message, const std::string& native)
    : std::runtime_error(message), code_(ErrorCode::att), att_(att), native_(shared_if_any(native)) {}

Error::Error(UnavailableReason reason, const std::string& message, const std::string& native)
    : std::runtime_error(message),
      code_(ErrorCode::bluetooth_not_available),
      reason_(reason),
      native_(shared_if_any(native)) {}

Error::Error(const Error&) noexcept = default;
Error& Error::operator=(const Error&) noexcept = default;
Error::~Error() = default;

const std::string& Error::native() const noexcept {
  static const std::string none;
  return native_ ? *native_ : none;
}

}  // namespace blau
