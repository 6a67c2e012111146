#pragma once

#include <blau/export.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace blau {

/// What went wrong, as far as a program may want to tell cases apart. Also a `std::error_code` category.
enum class ErrorCode {
  invalid_argument = 1,     ///< an argument is malformed or out of range; nothing was sent
  not_supported,            ///< this platform, device or attribute cannot do it
  bluetooth_not_available,  ///< no usable adapter: see `Error::unavailable_reason()`
  access_denied,            ///< the system refuses this program
  device_not_found,         ///< no such device in reach
  connection_failed,        ///< the link did not come up
  too_many_connections,     ///< the adapter has no free connection
  not_connected,            ///< there was no link when the call was made
  disconnected,             ///< the link ended during the call
  services_not_discovered,  ///< no discovery has been done in this connection
  attribute_not_found,      ///< no such service, characteristic or descriptor
  attribute_ambiguous,      ///< several attributes have that UUID: use a handle
  attribute_gone,           ///< it existed, and the peripheral took it away
  not_permitted,            ///< the characteristic's properties do not allow it
  att,                      ///< the peripheral answered with an ATT error: see `Error::att()`
  already_subscribed,       ///< the characteristic already notifies this client
  not_subscribed,           ///< the characteristic does not notify this client
  pairing_failed,           ///< pairing ended without a bond
  pairing_rejected,         ///< one side refused
  pairing_canceled,         ///< one side called it off
  pairing_timed_out,        ///< nobody answered in time
  bond_lost,                ///< the peripheral has forgotten the bond that this system still holds
  busy,                     ///< something else is under way that excludes it
  timed_out,                ///< the deadline passed
  canceled,                 ///< the caller took it back
  would_deadlock,           ///< waiting here would block the thread that has to do the work
  loop_closed,              ///< the event loop of this object has ended
  stalled,                  ///< virtual time: nothing is ready and nothing is scheduled
  wrong_apartment,          ///< Windows: this thread's COM apartment cannot be used
  backend_lost,             ///< the Bluetooth service or the connection to it is gone
  failed,                   ///< anything else: see `Error::native()`
};

/// The name of a code as it is written here.
[[nodiscard]] BLAU_API std::string_view to_string(ErrorCode code) noexcept;

/// The error codes of the Attribute Protocol (Core Vol 3 Part F 3.4.1.1). Any byte fits: 0x80–0x9F belong to the application.
enum class AttError : std::uint8_t {
  invalid_handle = 0x01,
  read_not_permitted = 0x02,
  write_not_permitted = 0x03,
  invalid_pdu = 0x04,
  insufficient_authentication = 0x05,
  request_not_supported = 0x06,
  invalid_offset = 0x07,
  insufficient_authorization = 0x08,
  prepare_queue_full = 0x09,
  attribute_not_found = 0x0a,
  attribute_not_long = 0x0b,
  encryption_key_size_too_short = 0x0c,
  invalid_attribute_value_length = 0x0d,
  unlikely_error = 0x0e,
  insufficient_encryption = 0x0f,
  unsupported_group_type = 0x10,
  insufficient_resources = 0x11,
  database_out_of_sync = 0x12,
  value_not_allowed = 0x13,
  write_request_rejected = 0xfc,
  cccd_improperly_configured = 0xfd,
  procedure_already_in_progress = 0xfe,
  out_of_range = 0xff,
};

/// `insufficient_encryption (0x0f)`, `application error 0x80`, `0x42`.
[[nodiscard]] BLAU_API std::string to_string(AttError error);

/// Why Bluetooth cannot be used.
enum class UnavailableReason {
  unknown,          ///< the system does not say
  no_service,       ///< the Bluetooth service (bluetoothd) does not run, or there is no way to it
  no_adapter,       ///< the machine has no adapter
  powered_off,      ///< the adapter is switched off
  blocked,          ///< a radio switch (rfkill) blocks it
  denied,           ///< the user or the system's policy denies it
  no_central_role,  ///< the adapter cannot be a central
};

/// `no_adapter` and so on.
[[nodiscard]] BLAU_API std::string_view to_string(UnavailableReason reason) noexcept;

/// The category of `ErrorCode`, named "blau". Codes that the standard library has a condition for compare equal to it:
/// `make_error_code(ErrorCode::timed_out) == std::errc::timed_out`.
[[nodiscard]] BLAU_API const std::error_category& error_category() noexcept;

/// Lets `std::error_code` be made of an `ErrorCode`.
[[nodiscard]] BLAU_API std::error_code make_error_code(ErrorCode code) noexcept;

/// The one exception of the library. Its message says what to do. A value: copies are cheap and do not throw.
class BLAU_API Error : public std::runtime_error {
 public:
  /// @param code what happened; @param message what to do about it, one sentence without a full stop
  Error(ErrorCode code, const std::string& message);
  /// With the native code: a D-Bus error name, or an HRESULT as text.
  Error(ErrorCode code, const std::string& message, const std::string& native);
  /// The peripheral's answer: `ErrorCode::att`.
  Error(AttError att, const std::string& message, const std::string& native = std::string());
  /// Bluetooth cannot be used: `ErrorCode::bluetooth_not_available`.
  Error(UnavailableReason reason, const std::string& message, const std::string& native = std::string());
  /// Shares the texts.
  Error(const Error&) noexcept;
  /// Shares the texts.
  Error& operator=(const Error&) noexcept;
  ~Error() override;

  /// What happened.
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// The ATT error, where the peer answered with one.
  [[nodiscard]] std::optional<AttError> att() const noexcept { return att_; }
  /// The system's own code, verbatim; empty where there is none.
  [[nodiscard]] const std::string& native() const noexcept;
  /// With `bluetooth_not_available`: why.
  [[nodiscard]] UnavailableReason unavailable_reason() const noexcept { return reason_; }

 private:
  ErrorCode code_;
  std::optional<AttError> att_;
  UnavailableReason reason_ = UnavailableReason::unknown;
  std::shared_ptr<const std::string> native_;
};

}  // namespace blau

/// @cond specialisations
template <>
struct std::is_error_code_enum<blau::ErrorCode> : std::true_type {};
/// @endcond
