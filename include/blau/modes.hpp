#pragma once

#include <cstdint>

namespace blau {

/// Where discovered attributes come from, on systems that let one choose (Windows). Other systems ignore it.
enum class CacheMode : std::uint8_t {
  cached,    ///< what the system remembers
  uncached,  ///< the device itself
};

/// What a bond must give (Windows' DevicePairingProtectionLevel). Unset is not `none`.
enum class ProtectionLevel : std::uint8_t {
  none = 1,
  encryption = 2,
  encryption_and_authentication = 3,
};

/// Which way values take from bluetoothd to the program. Other systems have one way, and ignore it.
enum class NotifyPath : std::uint8_t {
  /// The best one, as measured: see docs/adr/0007-notification-paths.md.
  automatic,
  /// D-Bus signals (BlueZ's StartNotify): no value is lost while the subscription begins, and a refusal gives its ATT error. But every program that subscribes
  /// to the characteristic in this way makes bluetoothd send each value once more, to all of them; and in overload, where values come faster than bluetoothd
  /// and the bus pass them on, some were seen to be lost (most likely by the kernel, before bluetoothd).
  signals,
  /// A socket of its own (BlueZ's AcquireNotify): takes the least time. But bluetoothd drops values while the socket is full (some hundred of them), those that come before the
  /// peripheral's answer to the subscription are lost, and before BlueZ 5.84 a refusal of the peripheral is never answered: the operation times out, and the characteristic stays busy until the link ends. Where BlueZ cannot give the socket, or takes it away, it becomes `signals`; where these are refused then, the subscription ends with that error.
  socket,
};

}  // namespace blau
