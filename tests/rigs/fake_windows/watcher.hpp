#pragma once

#include "platform.hpp"

namespace fake_windows {

/// The factory of BluetoothLEAdvertisementWatcher.
[[nodiscard]] foundation::IInspectable watcher_factory();

}  // namespace fake_windows
