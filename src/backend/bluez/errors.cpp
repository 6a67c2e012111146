#include "errors.hpp"

#include "core/hex.hpp"

#include <cerrno>
#include <optional>
#include <system_error>

namespace blau::detail::bluez {

namespace {

constexpr std::string_view bluez_prefix = "org.bluez.Error.";
constexpr std::string_view dbus_prefix = "org.freedesktop.DBus.Error.";

constexpr const char* join_group =
    "the system's D-Bus policy refuses this program: add its user to the group bluetooth "
    "(sudo usermod -aG bluetooth USER) and log in again, or run it as root";

struct Fault {
  Request request;
  std::string_view name;  // without its prefix
  std::string_view text;
  std::string native;

  [[nodiscard]] bool says(std::string_view words) const noexcept { return text.find(words) != std::string_view::npos; }
  [[nodiscard]] bool is_gatt() const noexcept {
    return request == Request::read || request == Request::write || request == Request::subscribe;
  }
  /// `what to do (BlueZ's words)`.
  [[nodiscard]] std::string message(std::string_view advice) const {
    std::string made(advice);
    const std::string_view words = text.empty() ? std::string_view(native) : text;
    return made.append(" (").append(words).append(")");
  }
  [[nodiscard]] Error error(ErrorCode code, std::string_view advice) const { return {code, message(advice), native}; }
  [[nodiscard]] Error error(UnavailableReason reason, std::string_view advice) const {
    return {reason, message(advice), native};
  }
  [[nodiscard]] Error att(AttError code) const {
    return {code, "the peripheral answered with the ATT error " + to_string(code), native};
  }
};

constexpr std::string_view verb_of(Request request) noexcept {
  switch (request) {
    case Request::objects: return "bluetoothd did not tell its objects";
    case Request::scan: return "the scan did not start";
    case Request::connect: return "the link did not come up";
    case Request::disconnect: return "the link was not taken down";
    case Request::read: return "the value was not read";
    case Request::write: return "the value was not written";
    case Request::subscribe: return "notifications were not turned on";
    case Request::pair: return "the pairing did not begin";
    case Request::unpair: return "the bond was not removed";
  }
  return "BlueZ failed";
}

/// The number in "Operation failed with ATT error: 0x80".
std::optional<AttError> att_code_in(std::string_view text) noexcept {
  constexpr std::string_view lead = "ATT error: 0x";
  const std::size_t at = text.find(lead);
  if (at == std::string_view::npos) return std::nullopt;
  const auto code = hex_byte(text, at + lead.size());
  if (!code) return std::nullopt;
  return static_cast<AttError>(*code);
}

Error link_ended_error(const Fault& fault) {
  return fault.error(ErrorCode::disconnected, "the link ended: connect again");
}

/// BlueZ's own translation of ATT codes (`create_gatt_dbus_error`), turned back.
std::optional<Error> gatt_error(const Fault& fault) {
  if (fault.name == "NotPermitted") {
    if (fault.says("Read not permitted")) return fault.att(AttError::read_not_permitted);
    if (fault.says("Write not permitted")) return fault.att(AttError::write_not_permitted);
    // 0x05, 0x0c or 0x0f: BlueZ does not tell which.
    if (fault.says("Not paired"))
      return Error(AttError::insufficient_encryption,
                   "the peripheral wants an encrypted link: pair with it first (BlueZ says only \"Not paired\")",
                   fault.native);
    if (fault.says("acquired")) return fault.error(ErrorCode::busy, "another program holds this characteristic");
    return fault.error(ErrorCode::failed, verb_of(fault.request));
  }
  if (fault.name == "NotAuthorized") return fault.att(AttError::insufficient_authorization);
  if (fault.name == "InvalidOffset") return fault.att(AttError::invalid_offset);
  if (fault.name == "InvalidValueLength") return fault.att(AttError::invalid_attribute_value_length);
  if (fault.name == "InvalidArguments") {
    if (fault.says("Invalid offset")) return fault.att(AttError::invalid_offset);
    if (fault.says("Invalid Length")) return fault.att(AttError::invalid_attribute_value_length);
    return fault.error(ErrorCode::failed, verb_of(fault.request));
  }
  if (fault.name == "NotSupported") {
    if (fault.request != Request::subscribe) return fault.att(AttError::request_not_supported);
    return fault.error(ErrorCode::not_supported, "BlueZ cannot subscribe to this characteristic");
  }
  if (fault.name == "NotConnected" || (fault.name == "Failed" && fault.says("Not connected")))
    return link_ended_error(fault);
  if (fault.name == "DoesNotExist")
    return fault.error(ErrorCode::attribute_gone, "the peripheral took this attribute away: discover again");
  return std::nullopt;
}

/// `le-connection-abort-by-local` and its relatives: the part after `connection-`, or strerror text.
Error connect_error(const Fault& fault) {
  if (fault.says("key-missing"))
    return fault.error(ErrorCode::bond_lost, "the peripheral has forgotten the bond: unpair and pair again");
  if (fault.says("concurrent-connection") || fault.says("Too many links") || fault.says("Cannot allocate memory"))
    return fault.error(ErrorCode::too_many_connections,
                       "the adapter has no free connection: disconnect another device");
  if (fault.says("already in progress"))
    return fault.error(ErrorCode::busy, "another connect to this device is under way");
  if (fault.says("adapter-not-powered"))
    return fault.error(UnavailableReason::powered_off, "the adapter is switched off: bluetoothctl power on");
  if (fault.says("not-supported")) return fault.error(ErrorCode::not_supported, "BlueZ cannot connect to this device");
  if (fault.says("invalid-argument"))
    return fault.error(ErrorCode::not_supported, "BlueZ refuses to connect to this device");
  if (fault.says("canceled"))
    return fault.error(ErrorCode::connection_failed,
                       "the link did not come up: another program canceled it, or it was lost at once");
  return fault.error(ErrorCode::connection_failed,
                     "the link did not come up: is the device near, switched on and free of other links?");
}

Error failed_error(const Fault& fault) {
  if (const auto code = att_code_in(fault.text); code && fault.is_gatt()) return fault.att(*code);
  if (fault.request == Request::connect) return connect_error(fault);
  return fault.error(ErrorCode::failed, verb_of(fault.request));
}

std::optional<Error> pairing_error(const Fault& fault) {
  if (fault.name == "Failed" && fault.says("busy"))
    return fault.error(ErrorCode::busy, "the adapter is busy with another pairing: try again");
  if (fault.name == "AuthenticationCanceled")
    return fault.error(ErrorCode::pairing_canceled, "the pairing was called off: by the device, or by another program");
  if (fault.name == "AuthenticationRejected")
    return fault.error(ErrorCode::pairing_rejected, "the device refuses to pair: is it in its pairing mode?");
  if (fault.name == "AuthenticationTimeout")
    return fault.error(ErrorCode::pairing_timed_out, "the pairing took too long: is the device waiting for its user?");
  if (fault.name == "AuthenticationFailed" || fault.name == "ConnectionAttemptFailed" || fault.name == "Failed")
    return fault.error(ErrorCode::pairing_failed,
                       "the pairing failed: was the passkey right, and is the device in its pairing mode?");
  // It was asked over a link: the adapter went off, or the device was removed.
  if (fault.name == "NotReady" || fault.name == "NotConnected" || fault.name == "DoesNotExist")
    return link_ended_error(fault);
  return std::nullopt;
}

Error bluez_error(const Fault& fault) {
  if (fault.request == Request::pair) {
    if (auto known = pairing_error(fault)) return *known;
  }
  if (fault.is_gatt()) {
    if (auto known = gatt_error(fault)) return *known;
  }
  if (fault.name == "Failed") return failed_error(fault);
  if (fault.name == "NotReady")
    return fault.error(UnavailableReason::powered_off, "the adapter is switched off: bluetoothctl power on");
  if (fault.name == "Blocked")
    return fault.error(UnavailableReason::blocked, "a radio switch blocks the adapter: rfkill unblock bluetooth");
  if (fault.name == "InProgress" || fault.name == "Busy")
    return fault.error(ErrorCode::busy, "BlueZ is busy with the same thing for somebody else");
  if (fault.name == "NotAuthorized" || fault.name == "NotPermitted")
    return fault.error(ErrorCode::access_denied, "BlueZ refuses this program");
  if (fault.name == "NotSupported") return fault.error(ErrorCode::not_supported, verb_of(fault.request));
  if (fault.name == "InvalidArguments" && fault.request == Request::scan)
    return fault.error(ErrorCode::invalid_argument, "BlueZ does not take this discovery filter");
  if (fault.name == "DoesNotExist") return fault.error(ErrorCode::device_not_found, "BlueZ does not know this device");
  // NotAvailable, NotConnected, ConnectionAttemptFailed, the Authentication… family.
  if (fault.request == Request::connect) return connect_error(fault);
  return fault.error(ErrorCode::failed, verb_of(fault.request));
}

Error missing_object_error(const Fault& fault) {
  if (fault.request == Request::connect)
    return fault.error(ErrorCode::device_not_found, "BlueZ has forgotten the device: scan for it again");
  if (fault.is_gatt())
    return fault.error(ErrorCode::attribute_gone, "the peripheral took this attribute away: discover again");
  if (fault.request == Request::pair) return link_ended_error(fault);
  return fault.error(ErrorCode::failed, verb_of(fault.request));
}

Error no_service_error(const Fault& fault) {
  // With a request on its way the service was there a moment ago.
  const bool was_there = fault.is_gatt() || fault.request == Request::disconnect || fault.request == Request::pair;
  if (was_there) return lost_error(fault.native);
  return fault.error(UnavailableReason::no_service,
                     "bluetoothd does not run: install the package bluez and start it (systemctl start bluetooth)");
}

Error dbus_error(const Fault& fault) {
  if (fault.name == "AccessDenied" || fault.name == "AuthFailed" || fault.name == "InteractiveAuthorizationRequired")
    return fault.error(ErrorCode::access_denied, join_group);
  if (fault.name == "ServiceUnknown" || fault.name == "NameHasNoOwner" || fault.name.substr(0, 6) == "Spawn.")
    return no_service_error(fault);
  // The bus waited for the service to start.
  if (fault.name == "TimedOut" && fault.request == Request::objects) return no_service_error(fault);
  if (fault.name == "NoReply" || fault.name == "Disconnected" || fault.name == "Timeout" || fault.name == "TimedOut" ||
      fault.name == "NoServer")
    return lost_error(fault.native);
  if (fault.name == "UnknownObject" || fault.name == "UnknownMethod" || fault.name == "UnknownInterface")
    return missing_object_error(fault);
  if (fault.name == "LimitsExceeded")
    return fault.error(ErrorCode::busy, "the message bus takes no more calls of this program for now");
  if (fault.name == "InvalidArgs" && fault.request == Request::connect) return missing_object_error(fault);
  return fault.error(ErrorCode::failed, verb_of(fault.request));
}

}  // namespace

Error to_error(Request request, std::string_view name, std::string_view text) {
  Fault fault{request, name, text, std::string(name)};
  if (name.substr(0, bluez_prefix.size()) == bluez_prefix) {
    fault.name.remove_prefix(bluez_prefix.size());
    return bluez_error(fault);
  }
  if (name.substr(0, dbus_prefix.size()) == dbus_prefix) {
    fault.name.remove_prefix(dbus_prefix.size());
    return dbus_error(fault);
  }
  // Adapter1.ConnectDevice says it so (adapter.c, device_connect_cb).
  if (name == "org.bluez.Failed") {
    fault.name = "Failed";
    return bluez_error(fault);
  }
  // systemd answers for a service that the bus was to start: NoSuchUnit, UnitMasked, LoadFailed.
  if (name.substr(0, 24) == "org.freedesktop.systemd1") return no_service_error(fault);
  return fault.error(ErrorCode::failed, verb_of(request));
}

backend::ConnectResult to_connect_result(std::string_view name, std::string_view text) {
  const Error error = to_error(Request::connect, name, text);
  const auto says = [text](std::string_view words) { return text.find(words) != std::string_view::npos; };
  // A link that was given up or lost is a hitch; nobody answered, a refusal and BlueZ's other words are attempts that failed.
  const bool is_hitch = says("abort") || says("canceled") || says("terminated-by") || says("reset");
  if (error.code() == ErrorCode::connection_failed && !is_hitch) return {error, backend::Retry::again};
  return error;
}

Error bus_error(int error) {
  const std::string words = std::generic_category().message(error);
  const std::string native = "errno " + std::to_string(error) + ": " + words;
  if (error == EACCES || error == EPERM)
    return {ErrorCode::access_denied, "this program may not open the system's D-Bus socket (" + words + ")", native};
  return {UnavailableReason::no_service,
          "there is no D-Bus system bus (" + words +
              "): start dbus, or in a container mount the host's /run/dbus, or set DBUS_SYSTEM_BUS_ADDRESS",
          native};
}

Error lost_error(std::string_view native) {
  return {ErrorCode::backend_lost, "bluetoothd or the message bus ended: the next call tries anew",
          std::string(native)};
}

Error unavailable_error(UnavailableReason reason, const std::string& adapter) {
  const std::string which = adapter.empty() ? "the adapter" : "the adapter " + adapter;
  switch (reason) {
    case UnavailableReason::no_adapter:
      if (!adapter.empty()) return {reason, which + " is gone: plug it in again or choose another one"};
      return {reason, "there is no Bluetooth adapter: plug one in, and see dmesg if it is there"};
    case UnavailableReason::powered_off: return {reason, which + " is switched off: bluetoothctl power on"};
    case UnavailableReason::blocked: return {reason, "a radio switch blocks " + which + ": rfkill unblock bluetooth"};
    case UnavailableReason::no_central_role: return {reason, which + " cannot be a Bluetooth Low Energy central"};
    case UnavailableReason::no_service:
      return {reason, "bluetoothd does not run: start it (systemctl start bluetooth)"};
    default: return {reason, which + " cannot be used"};
  }
}

}  // namespace blau::detail::bluez
