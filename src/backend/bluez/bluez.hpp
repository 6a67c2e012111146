#pragma once

#include "bus.hpp"

#include <blau/backend.hpp>

#include <memory>

namespace blau::detail::bluez {

/// The backend on the system's BlueZ. DBUS_SYSTEM_BUS_ADDRESS names another bus. Nothing is opened before the first use.
[[nodiscard]] backend::Factory bluez_factory();

/// The backend on any bus, or on a peer that plays bluetoothd.
[[nodiscard]] std::shared_ptr<backend::Backend> make_backend(Loop& loop, BusOpener opener);

}  // namespace blau::detail::bluez
