#pragma once

#include "event.hpp"
#include "platform.hpp"

#include <blau/backend.hpp>
#include <blau/uuid.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace fake_windows {

// What a device's objects share with the device itself: their events, and whether somebody closed them. Objects are let go on any thread, so the device holds them weakly.

using Nothing = foundation::IInspectable;

/// Of a BluetoothLEDevice.
struct DeviceState {
  template <class Args>
  using Handler = foundation::TypedEventHandler<bluetooth::BluetoothLEDevice, Args>;
  std::atomic<bool> closed = false;
  winrt::weak_ref<bluetooth::BluetoothLEDevice> self = nullptr;
  Event<Handler<Nothing>> connection_changed;
  Event<Handler<Nothing>> services_changed;
  Event<Handler<Nothing>> name_changed;
};

/// Of a GattSession.
struct SessionState {
  template <class Args>
  using Handler = foundation::TypedEventHandler<gatt::GattSession, Args>;
  std::atomic<bool> closed = false;
  winrt::weak_ref<gatt::GattSession> self = nullptr;
  Event<Handler<gatt::GattSessionStatusChangedEventArgs>> status_changed;
  Event<Handler<Nothing>> pdu_size_changed;
};

/// Of a GattDeviceService, shared with what is below it.
struct ServiceState {
  std::atomic<bool> closed = false;
  blau::backend::ServiceRecord record;
  /// The link over which it was discovered.
  unsigned link = 0;
};

/// Of a GattCharacteristic.
struct CharacteristicState {
  using Handler = foundation::TypedEventHandler<gatt::GattCharacteristic, gatt::GattValueChangedEventArgs>;
  std::shared_ptr<ServiceState> service;
  blau::backend::CharacteristicRecord record;
  winrt::weak_ref<gatt::GattCharacteristic> self = nullptr;
  Event<Handler> value_changed;
};

}  // namespace fake_windows
