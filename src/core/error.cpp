#include <blau/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "hex.hpp"

namespace blau {

namespace {

using namespace std::literals;

/// In the order of `ErrorCode`, which begins at 1.
constexpr std::array code_names{
    "invalid_argument"sv,
    "not_supported"sv,
    "bluetooth_not_available"sv,
    "access_denied"sv,
    "device_not_found"sv,
    "connection_failed"sv,
    "too_many_connections"sv,
    "not_connected"sv,
    "disconnected"sv,
    "services_not_discovered"sv,
    "attribute_not_found"sv,
    "attribute_ambiguous"sv,
    "attribute_gone"sv,
    "not_permitted"sv,
    "att"sv,
    "already_subscribed"sv,
    "not_subscribed"sv,
    "pairing_failed"sv,
    "pairing_rejected"sv,
    "pairing_canceled"sv,
    "pairing_timed_out"sv,
    "bond_lost"sv,
    "busy"sv,
    "timed_out"sv,
    "canceled"sv,
    "would_deadlock"sv,
    "loop_closed"sv,
    "stalled"sv,
    "wrong_apartment"sv,
    "backend_lost"sv,
    "failed"sv,
};
static_assert(code_names.size() == static_cast<std::size_t>(ErrorCode::failed));

/// In the order of `UnavailableReason`.
constexpr std::array reason_names{
    "unknown"sv, "no_service"sv, "no_adapter"sv, "powered_off"sv, "blocked"sv, "denied"sv, "no_central_role"sv,
};
static_assert(reason_names.size() == static_cast<std::size_t>(UnavailableReason::no_central_role) + 1);

constexpr std::pair<AttError, std::string_view> att_names[] = {
    {AttError::invalid_handle, "invalid_handle"sv},
    {AttError::read_not_permitted, "read_not_permitted"sv},
    {AttError::write_not_permitted, "write_not_permitted"sv},
    {AttError::invalid_pdu, "invalid_pdu"sv},
    {AttError::insufficient_authentication, "insufficient_authentication"sv},
    {AttError::request_not_supported, "request_not_supported"sv},
    {AttError::invalid_offset, "invalid_offset"sv},
    {AttError::insufficient_authorization, "insufficient_authorization"sv},
    {AttError::prepare_queue_full, "prepare_queue_full"sv},
    {AttError::attribute_not_found, "attribute_not_found"sv},
    {AttError::attribute_not_long, "attribute_not_long"sv},
    {AttError::encryption_key_size_too_short, "encryption_key_size_too_short"sv},
    {AttError::invalid_attribute_value_length, "invalid_attribute_value_length"sv},
    {AttError::unlikely_error, "unlikely_error"sv},
    {AttError::insufficient_encryption, "insufficient_encryption"sv},
    {AttError::unsupported_group_type, "unsupported_group_type"sv},
    {AttError::insufficient_resources, "insufficient_resources"sv},
    {AttError::database_out_of_sync, "database_out_of_sync"sv},
    {AttError::value_not_allowed, "value_not_allowed"sv},
    {AttError::write_request_rejected, "write_request_rejected"sv},
    {AttError::cccd_improperly_configured, "cccd_improperly_configured"sv},
    {AttError::procedure_already_in_progress, "procedure_already_in_progress"sv},
    {AttError::out_of_range, "out_of_range"sv},
};

std::string_view name_of(AttError error) noexcept {
  const auto* const found = std::ranges::find(att_names, error, &std::pair<AttError, std::string_view>::first);
  return found == std::end(att_names) ? std::string_view() : found->second;
}

/// The name at `index`; `unknown` for a number that is no enumerator.
template <std::size_t size>
std::string_view name_at(const std::array<std::string_view, size>& names, std::size_t index) noexcept {
  return index < size ? names[index] : "unknown"sv;
}

/// The generic conditions of the standard library, for code that handles errors of many sources.
constexpr std::pair<ErrorCode, std::errc> conditions[] = {
    {ErrorCode::invalid_argument, std::errc::invalid_argument},
    {ErrorCode::not_supported, std::errc::not_supported},
    {ErrorCode::access_denied, std::errc::permission_denied},
    {ErrorCode::device_not_found, std::errc::no_such_device},
    {ErrorCode::not_connected, std::errc::not_connected},
    {ErrorCode::not_permitted, std::errc::operation_not_permitted},
    {ErrorCode::busy, std::errc::device_or_resource_busy},
    {ErrorCode::timed_out, std::errc::timed_out},
    {ErrorCode::canceled, std::errc::operation_canceled},
    {ErrorCode::would_deadlock, std::errc::resource_deadlock_would_occur},
};

class Category : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "blau"; }

  [[nodiscard]] std::string message(int value) const override {
    return std::string(to_string(static_cast<ErrorCode>(value)));
  }

  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    for (const auto& [code, condition] : conditions)
      if (static_cast<int>(code) == value) return std::make_error_condition(condition);
    return std::error_condition(value, *this);
  }
};

/// An empty text that stays when static objects are destroyed: errors may outlive them.
union Undestroyed {
  Undestroyed() noexcept : text() {}
  Undestroyed(const Undestroyed&) = delete;
  Undestroyed& operator=(const Undestroyed&) = delete;
  ~Undestroyed() {}

  std::string text;
};

std::shared_ptr<const std::string> shared_if_any(const std::string& native) {
  return native.empty() ? nullptr : std::make_shared<const std::string>(native);
}

}  // namespace

std::string_view to_string(ErrorCode code) noexcept { return name_at(code_names, static_cast<std::size_t>(code) - 1); }

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
  return name_at(reason_names, static_cast<std::size_t>(reason));
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
  static const Undestroyed none;
  return native_ ? *native_ : none.text;
}

}  // namespace blau
