#pragma once

#include "figures.hpp"

namespace blau::soak {

/// What the bus of DBUS_SYSTEM_BUS_ADDRESS keeps for this process, and what the owner of org.bluez has open. On a connection of its own, which does not count.
void measure_bus(Figures& figures);

}  // namespace blau::soak
