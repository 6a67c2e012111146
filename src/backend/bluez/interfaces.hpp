#pragma once

/// @file
/// The D-Bus interfaces of BlueZ, and those of D-Bus that it has.

namespace blau::detail::bluez {

inline constexpr const char* adapter_interface = "org.bluez.Adapter1";
inline constexpr const char* device_interface = "org.bluez.Device1";
inline constexpr const char* service_interface = "org.bluez.GattService1";
inline constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";
inline constexpr const char* descriptor_interface = "org.bluez.GattDescriptor1";
inline constexpr const char* agent_interface = "org.bluez.Agent1";
inline constexpr const char* agent_manager_interface = "org.bluez.AgentManager1";
inline constexpr const char* monitor_interface = "org.bluez.AdvertisementMonitor1";
inline constexpr const char* monitor_manager_interface = "org.bluez.AdvertisementMonitorManager1";
inline constexpr const char* object_manager_interface = "org.freedesktop.DBus.ObjectManager";
inline constexpr const char* introspectable_interface = "org.freedesktop.DBus.Introspectable";
inline constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";

}  // namespace blau::detail::bluez
