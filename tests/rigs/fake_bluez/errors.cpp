#include "errors.hpp"

#include <cstdio>
#include <utility>

namespace blau::fake::errors {

namespace {

DbusError bluez(const char* name, std::string text) {
  return {std::string("org.bluez.Error.") + name, std::move(text)};
}

}  // namespace

DbusError failed(std::string text) { return bluez("Failed", std::move(text)); }
DbusError not_ready() { return bluez("NotReady", "Resource Not Ready"); }
DbusError busy() { return bluez("InProgress", "Operation already in progress"); }
DbusError in_progress() { return bluez("InProgress", "In Progress"); }
DbusError invalid_arguments() { return bluez("InvalidArguments", "Invalid arguments in method call"); }
DbusError does_not_exist() { return bluez("DoesNotExist", "Does Not Exist"); }
DbusError already_exists() { return bluez("AlreadyExists", "Already Exists"); }
DbusError not_supported() { return bluez("NotSupported", "Operation is not supported"); }
DbusError not_authorized() { return bluez("NotAuthorized", "Operation Not Authorized"); }
DbusError not_permitted(std::string text) { return bluez("NotPermitted", std::move(text)); }

DbusError authentication_failed() { return bluez("AuthenticationFailed", "Authentication Failed"); }
DbusError authentication_canceled() { return bluez("AuthenticationCanceled", "Authentication Canceled"); }
DbusError connection_attempt_failed() { return bluez("ConnectionAttemptFailed", "Page Timeout"); }

DbusError of_attribute(AttError error) {
  const auto code = static_cast<unsigned>(error);
  switch (code) {
    case 0x02: return not_permitted("Read not permitted");
    case 0x03: return not_permitted("Write not permitted");
    case 0x05:
    case 0x0c:
    case 0x0f: return not_permitted("Not paired");
    case 0x06: return not_supported();
    case 0x07: return bluez("InvalidArguments", "Invalid offset");
    case 0x08: return not_authorized();
    case 0x0d: return bluez("InvalidArguments", "Invalid Length");
    default: break;
  }
  char text[48];
  std::snprintf(text, sizeof text, "Operation failed with ATT error: 0x%02x", code);
  return failed(text);
}

}  // namespace blau::fake::errors
