#pragma once

#include <blau/error.hpp>

#include <string>

namespace blau::fake {

/// What a call is refused with.
struct DbusError {
  std::string name;
  std::string text;
};

/// The words of bluetoothd (src/error.c).
namespace errors {

DbusError failed(std::string text);
DbusError not_ready();
/// Of a second discovery.
DbusError busy();
/// Of a second operation on one object.
DbusError in_progress();
DbusError invalid_arguments();
DbusError does_not_exist();
DbusError already_exists();
DbusError not_supported();
DbusError not_authorized();
DbusError not_permitted(std::string text);
// Of Pair.
DbusError authentication_failed();
DbusError authentication_canceled();
DbusError connection_attempt_failed();
/// What becomes of a peripheral's answer (create_gatt_dbus_error): several codes share words, some are lost.
DbusError of_attribute(AttError error);

}  // namespace errors

}  // namespace blau::fake
