#include "errors.hpp"

#include "values.hpp"

#include "core/hex.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <string_view>

namespace blau::detail::windows {

using ::winrt::Windows::Devices::Bluetooth::BluetoothError;
using ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile::GattCommunicationStatus;
using ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile::GattOpenStatus;
using ::winrt::Windows::Devices::Enumeration::DevicePairingResultStatus;
using ::winrt::Windows::Devices::Enumeration::DeviceUnpairingResultStatus;

namespace {

/// What a number of the system's means. `available` counts where the code is `bluetooth_not_available`.
struct Meaning {
  std::uint32_t number;
  ErrorCode code;
  std::string_view words;
  UnavailableReason reason = UnavailableReason::unknown;
};

constexpr std::string_view gone_words = "the device is not connected any more; connect again";
constexpr std::string_view closed_words = "Windows has closed this object with its connection; connect again";
constexpr std::string_view denied_words =
    "Windows refuses this program; allow it Bluetooth in the privacy settings, or close the program that uses the "
    "device";
constexpr std::string_view canceled_words = "the operation was called off";
constexpr std::string_view unsupported_words = "this Windows or this device cannot do it";
constexpr std::string_view argument_words = "Windows does not take this argument";
constexpr std::string_view lost_words = "the Bluetooth service of Windows went away; ask again";
constexpr std::string_view timed_out_words = "Windows gave up waiting for the device; bring it nearer or wake it up";
constexpr std::string_view busy_words = "the device or the radio is in use; try again when that has ended";
constexpr std::string_view no_classes_words =
    "this Windows has no Bluetooth Low Energy for programs; it takes Windows 10, version 1703, or newer";
constexpr std::string_view no_com_words = "COM is not initialised on the thread that calls Windows";
constexpr std::string_view no_service_words = "the Bluetooth service of Windows does not run; start it";
constexpr std::string_view not_ready_words = "the Bluetooth radio is not ready; switch it on";

constexpr auto no_bluetooth = ErrorCode::bluetooth_not_available;

/// HRESULTs by number. 0x8007xxxx are Win32's.
constexpr Meaning hresults[] = {
    {0x80000013, ErrorCode::not_connected, closed_words},       // RO_E_CLOSED
    {0x80070005, ErrorCode::access_denied, denied_words},       // E_ACCESSDENIED
    {0x800704c7, ErrorCode::canceled, canceled_words},          // ERROR_CANCELLED
    {0x800703e3, ErrorCode::canceled, canceled_words},          // ERROR_OPERATION_ABORTED
    {0x80004004, ErrorCode::canceled, canceled_words},          // E_ABORT
    {0x8007071a, ErrorCode::canceled, canceled_words},          // RPC_S_CALL_CANCELLED
    {0x80004001, ErrorCode::not_supported, unsupported_words},  // E_NOTIMPL
    {0x80004002, ErrorCode::not_supported, unsupported_words},  // E_NOINTERFACE
    {0x80070032, ErrorCode::not_supported, unsupported_words},  // ERROR_NOT_SUPPORTED
    {0x80070057, ErrorCode::invalid_argument, argument_words},  // E_INVALIDARG
    {0x8000000b, ErrorCode::invalid_argument, argument_words},  // E_BOUNDS
    {0x80070490, ErrorCode::device_not_found, "Windows does not know this device; scan for it"},  // ERROR_NOT_FOUND
    {0x80070002, ErrorCode::device_not_found,
     "Windows does not know this device; scan for it"},                           // ERROR_FILE_NOT_FOUND
    {0x8007048f, ErrorCode::disconnected, gone_words},                            // ERROR_DEVICE_NOT_CONNECTED
    {0x800700aa, ErrorCode::busy, busy_words},                                    // ERROR_BUSY
    {0x80070020, ErrorCode::busy, busy_words},                                    // ERROR_SHARING_VIOLATION
    {0x80070079, ErrorCode::timed_out, timed_out_words},                          // ERROR_SEM_TIMEOUT
    {0x800705b4, ErrorCode::timed_out, timed_out_words},                          // ERROR_TIMEOUT
    {0x8001011f, ErrorCode::timed_out, timed_out_words},                          // RPC_E_TIMEOUT
    {0x80010007, ErrorCode::backend_lost, lost_words},                            // RPC_E_SERVER_DIED
    {0x80010012, ErrorCode::backend_lost, lost_words},                            // RPC_E_SERVER_DIED_DNE
    {0x80010108, ErrorCode::backend_lost, lost_words},                            // RPC_E_DISCONNECTED
    {0x800706ba, ErrorCode::backend_lost, lost_words},                            // RPC_S_SERVER_UNAVAILABLE
    {0x800706be, ErrorCode::backend_lost, lost_words},                            // RPC_S_CALL_FAILED
    {0x80040154, no_bluetooth, no_classes_words, UnavailableReason::no_service},  // REGDB_E_CLASSNOTREG
    {0x8007007e, no_bluetooth, no_classes_words, UnavailableReason::no_service},  // ERROR_MOD_NOT_FOUND
    {0x8000000f, no_bluetooth, no_classes_words, UnavailableReason::no_service},  // RO_E_METADATA_NAME_NOT_FOUND
    {0x800401f0, no_bluetooth, no_com_words, UnavailableReason::no_service},      // CO_E_NOTINITIALIZED
    {0x80070422, no_bluetooth, no_service_words, UnavailableReason::no_service},  // ERROR_SERVICE_DISABLED
    {0x80070426, no_bluetooth, no_service_words, UnavailableReason::no_service},  // ERROR_SERVICE_NOT_ACTIVE
    {0x800710df, no_bluetooth, not_ready_words, UnavailableReason::powered_off},  // ERROR_DEVICE_NOT_AVAILABLE
    {0x800704ec, no_bluetooth, denied_words, UnavailableReason::denied},          // ERROR_ACCESS_DISABLED_BY_POLICY
};

Error made(const Meaning& meaning, const std::string& native) {
  const std::string words(meaning.words);
  if (meaning.code == no_bluetooth) return {meaning.reason, words, native};
  return {meaning.code, words, native};
}

/// A status of the system's: its name and what it means.
template <class Status>
struct Named {
  Status status;
  std::string_view name;
  ErrorCode code;
  std::string_view words;
  UnavailableReason reason = UnavailableReason::unknown;
};

template <class Status, std::size_t size>
Error status_error(std::string_view type, Status status, const Named<Status> (&known)[size]) {
  const auto* found =
      std::find_if(std::begin(known), std::end(known), [&](const auto& one) { return one.status == status; });
  if (found == std::end(known)) {
    const auto native = std::string(type) + " " + std::to_string(static_cast<std::int32_t>(status));
    return {ErrorCode::failed, "Windows answered with a status that Blau does not know: " + native, native};
  }
  return made({0, found->code, found->words, found->reason}, std::string(type) + "::" + std::string(found->name));
}

constexpr std::string_view radio_words = "there is no Bluetooth radio that can be used; switch it on or plug one in";
constexpr std::string_view allow_words = "Bluetooth is denied to this program; allow it in Windows' privacy settings";

constexpr Named<BluetoothError> bluetooth_errors[] = {
    {BluetoothError::RadioNotAvailable, "RadioNotAvailable", no_bluetooth, radio_words, UnavailableReason::powered_off},
    {BluetoothError::ResourceInUse, "ResourceInUse", ErrorCode::busy, busy_words},
    {BluetoothError::DeviceNotConnected, "DeviceNotConnected", ErrorCode::disconnected, gone_words},
    {BluetoothError::OtherError, "OtherError", ErrorCode::failed, "Windows' Bluetooth failed and does not say why"},
    {BluetoothError::DisabledByPolicy, "DisabledByPolicy", no_bluetooth,
     "a policy of this machine denies Bluetooth; ask who administers it", UnavailableReason::denied},
    {BluetoothError::NotSupported, "NotSupported", ErrorCode::not_supported, unsupported_words},
    {BluetoothError::DisabledByUser, "DisabledByUser", no_bluetooth, allow_words, UnavailableReason::denied},
    {BluetoothError::ConsentRequired, "ConsentRequired", no_bluetooth, allow_words, UnavailableReason::denied},
    {BluetoothError::TransportNotSupported, "TransportNotSupported", ErrorCode::not_supported, unsupported_words},
};

constexpr Named<GattCommunicationStatus> communication_errors[] = {
    {GattCommunicationStatus::Unreachable, "Unreachable", ErrorCode::disconnected,
     "the device cannot be reached; bring it nearer and connect again"},
    {GattCommunicationStatus::ProtocolError, "ProtocolError", ErrorCode::failed,
     "the device refused, and Windows does not tell with which ATT error"},
    {GattCommunicationStatus::AccessDenied, "AccessDenied", ErrorCode::access_denied,
     "Windows keeps this attribute to itself, or another program uses it alone"},
};

constexpr Named<GattOpenStatus> open_errors[] = {
    {GattOpenStatus::Unspecified, "Unspecified", ErrorCode::failed, "Windows did not open the service"},
    {GattOpenStatus::NotFound, "NotFound", ErrorCode::attribute_gone,
     "the service is not there any more; get the services again"},
    {GattOpenStatus::SharingViolation, "SharingViolation", ErrorCode::busy,
     "another program uses this service alone; close it"},
    {GattOpenStatus::AccessDenied, "AccessDenied", ErrorCode::access_denied, "Windows keeps this service to itself"},
};

constexpr std::string_view again_words = "pairing did not succeed; make the device pairable and try again";

using Pairing = DevicePairingResultStatus;
constexpr Named<Pairing> pairing_errors[] = {
    {Pairing::NotReadyToPair, "NotReadyToPair", ErrorCode::pairing_failed,
     "the device is not ready to pair; make it pairable"},
    {Pairing::NotPaired, "NotPaired", ErrorCode::pairing_failed, again_words},
    {Pairing::ConnectionRejected, "ConnectionRejected", ErrorCode::pairing_rejected,
     "the device refused the connection"},
    {Pairing::TooManyConnections, "TooManyConnections", ErrorCode::pairing_failed,
     "the device has no free connection; disconnect it elsewhere"},
    {Pairing::HardwareFailure, "HardwareFailure", ErrorCode::pairing_failed, "the radio failed; try again"},
    {Pairing::AuthenticationTimeout, "AuthenticationTimeout", ErrorCode::pairing_timed_out,
     "nobody answered in time; try again"},
    {Pairing::AuthenticationNotAllowed, "AuthenticationNotAllowed", ErrorCode::pairing_rejected,
     "the device or the system does not allow this way of pairing"},
    {Pairing::AuthenticationFailure, "AuthenticationFailure", ErrorCode::pairing_failed,
     "authentication failed: the passkey was wrong, or the device knows another bond; remove it on both sides"},
    {Pairing::NoSupportedProfiles, "NoSupportedProfiles", ErrorCode::pairing_failed,
     "Windows supports no profile of this device"},
    {Pairing::ProtectionLevelCouldNotBeMet, "ProtectionLevelCouldNotBeMet", ErrorCode::pairing_failed,
     "the device cannot do this protection level; ask for a lower one"},
    {Pairing::AccessDenied, "AccessDenied", ErrorCode::access_denied, denied_words},
    {Pairing::InvalidCeremonyData, "InvalidCeremonyData", ErrorCode::pairing_failed,
     "the passkey has not the form that the device wants"},
    {Pairing::PairingCanceled, "PairingCanceled", ErrorCode::pairing_canceled, "pairing was called off"},
    {Pairing::OperationAlreadyInProgress, "OperationAlreadyInProgress", ErrorCode::busy,
     "the device pairs or unpairs already; wait for the end of that"},
    {Pairing::RequiredHandlerNotRegistered, "RequiredHandlerNotRegistered", ErrorCode::pairing_rejected,
     "the device asks for something that no callback of the agent answers; add it"},
    {Pairing::RejectedByHandler, "RejectedByHandler", ErrorCode::pairing_rejected, "the agent refused"},
    {Pairing::RemoteDeviceHasAssociation, "RemoteDeviceHasAssociation", ErrorCode::pairing_failed,
     "the device still holds a bond with this system; remove it there"},
    {Pairing::Failed, "Failed", ErrorCode::pairing_failed, again_words},
};

using Unpairing = DeviceUnpairingResultStatus;
constexpr Named<Unpairing> unpairing_errors[] = {
    {Unpairing::OperationAlreadyInProgress, "OperationAlreadyInProgress", ErrorCode::busy,
     "the device pairs or unpairs already; wait for the end of that"},
    {Unpairing::AccessDenied, "AccessDenied", ErrorCode::access_denied, denied_words},
    {Unpairing::Failed, "Failed", ErrorCode::failed, "Windows did not remove the bond; remove it in its settings"},
};

/// E_BLUETOOTH_ATT_*: the facility's low byte is the ATT error; 0x80651000 is one that Windows does not know.
std::optional<Error> att_error_of(std::uint32_t number, const std::string& native) {
  if (number >> 16 != 0x8065) return std::nullopt;
  const auto att = number & 0xffff;
  if (att != 0 && att <= 0xff) {
    const auto code = static_cast<AttError>(att);
    return Error(code, "the device answered: " + to_string(code), native);
  }
  return Error(ErrorCode::failed, "the device answered with an error that Windows does not know", native);
}

}  // namespace

std::string hresult_text(std::int32_t code) { return hex_number(static_cast<std::uint32_t>(code), 8); }

Error error_of(std::int32_t code, const std::string& system_text) {
  const auto number = static_cast<std::uint32_t>(code);
  const auto native = hresult_text(code);
  if (auto att = att_error_of(number, native)) return *std::move(att);
  const auto* found = std::find_if(std::begin(hresults), std::end(hresults),
                                   [number](const Meaning& meaning) { return meaning.number == number; });
  if (found != std::end(hresults)) return made(*found, native);
  const auto words = "Windows failed with " + native;
  return {ErrorCode::failed, system_text.empty() ? words : words + ": " + system_text, native};
}

Error error_of(const ::winrt::hresult_error& error) { return error_of(error.code(), to_text(error.message())); }

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const ::winrt::hresult_error& error) {
    return error_of(error);
  } catch (const std::exception& error) {
    return {ErrorCode::failed, error.what()};
  } catch (...) {
    return {ErrorCode::failed, "a call of Windows failed with an unknown exception"};
  }
}

Error unavailable(const Error& error) {
  if (error.code() != ErrorCode::access_denied) return error;
  return {UnavailableReason::denied, error.what(), error.native()};
}

Result<void> result_of(BluetoothError status) {
  if (status == BluetoothError::Success) return {};
  return status_error("BluetoothError", status, bluetooth_errors);
}

Result<void> result_of(GattCommunicationStatus status, std::optional<std::uint8_t> att) {
  if (status == GattCommunicationStatus::Success) return {};
  if (status != GattCommunicationStatus::ProtocolError || !att)
    return status_error("GattCommunicationStatus", status, communication_errors);
  const auto code = static_cast<AttError>(*att);
  return Error(code, "the device answered: " + to_string(code), "GattCommunicationStatus::ProtocolError");
}

Result<void> result_of(GattOpenStatus status) {
  if (status == GattOpenStatus::Success || status == GattOpenStatus::AlreadyOpened) return {};
  return status_error("GattOpenStatus", status, open_errors);
}

Result<void> result_of(DevicePairingResultStatus status) {
  if (status == Pairing::Paired || status == Pairing::AlreadyPaired) return {};
  return status_error("DevicePairingResultStatus", status, pairing_errors);
}

Result<void> result_of(DeviceUnpairingResultStatus status) {
  if (status == Unpairing::Unpaired || status == Unpairing::AlreadyUnpaired) return {};
  return status_error("DeviceUnpairingResultStatus", status, unpairing_errors);
}

}  // namespace blau::detail::windows
