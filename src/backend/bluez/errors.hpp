#pragma once

#include <blau/backend.hpp>
#include <blau/error.hpp>

#include <string>
#include <string_view>

namespace blau::detail::bluez {

/// What was asked of BlueZ when it answered with an error: the same name means different things.
enum class Request {
  objects,     ///< the first question to bluetoothd
  scan,        ///< SetDiscoveryFilter, StartDiscovery
  connect,     ///< Device1.Connect
  disconnect,  ///< Device1.Disconnect
  read,        ///< ReadValue
  write,       ///< WriteValue
  subscribe,   ///< StartNotify
  pair,        ///< RegisterAgent, Device1.Pair
  unpair,      ///< Adapter1.RemoveDevice
};

/// The error that a D-Bus error means. `name` goes to `native()` verbatim, `text` (BlueZ's own words) into the message.
[[nodiscard]] Error to_error(Request request, std::string_view name, std::string_view text);

/// The same for Device1.Connect, with what BlueZ's words say of another attempt.
[[nodiscard]] backend::ConnectResult to_connect_result(std::string_view name, std::string_view text);

/// The system bus could not be opened. @param error a positive errno
[[nodiscard]] Error bus_error(int error);

/// bluetoothd or the bus went away.
[[nodiscard]] Error lost_error(std::string_view native = std::string_view());

/// The adapter that was to be used cannot be. @param adapter its id; may be empty
[[nodiscard]] Error unavailable_error(UnavailableReason reason, const std::string& adapter);

}  // namespace blau::detail::bluez
