#pragma once

#include "async.hpp"
#include "closing.hpp"

#include <blau/backend.hpp>

#include <winrt/Windows.Devices.Bluetooth.GenericAttributeProfile.h>
#include <winrt/Windows.Devices.Bluetooth.h>
#include <winrt/Windows.Foundation.Collections.h>
#include <winrt/Windows.Storage.Streams.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace blau::detail::windows {

namespace bluetooth = ::winrt::Windows::Devices::Bluetooth;
namespace profile = ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile;

/// A characteristic, and the handler of its values.
struct NativeCharacteristic {
  profile::GattCharacteristic object{nullptr};
  std::optional<::winrt::event_token> values;

  /// Nobody listens any more. Throws nothing.
  void deafen() noexcept;
};

/// The objects of one discovery.
struct NativeTree {
  std::vector<profile::GattDeviceService> services;
  std::vector<profile::GattDeviceService> spare;                  // that only told of an inclusion
  std::map<std::uint16_t, NativeCharacteristic> characteristics;  // by the declaration's handle
  std::map<std::uint16_t, profile::GattDescriptor> descriptors;   // by their own

  /// In the order that Windows needs: handlers, characteristics and descriptors, services.
  void add_closing_to(Closing::Steps& steps);
};

/// The system's objects of one link. The loop only holds them together; they are called on the apartment, and let go there or by a `Closing`.
///
/// They keep the link up, and nothing of them serves another link.
struct Natives {
  bluetooth::BluetoothLEDevice device{nullptr};
  profile::GattSession session{nullptr};
  std::vector<unique_function<void()>> revokers;  // of the handlers of device and session
  NativeTree tree;

  /// @throws Error `disconnected` once they are closed
  [[nodiscard]] const bluetooth::BluetoothLEDevice& open_device() const;
  [[nodiscard]] const profile::GattSession& open_session() const;
  /// @throws Error `attribute_gone`
  [[nodiscard]] NativeCharacteristic& characteristic(std::uint16_t handle);
  [[nodiscard]] const profile::GattDescriptor& descriptor(std::uint16_t handle) const;

  /// All of it: handlers, characteristics and descriptors, services, session, device.
  [[nodiscard]] Closing::Steps take_closing();
};

/// The error of a request to an attribute that is not there any more.
[[nodiscard]] Error gone_error();

/// What a read or a write gives, on the apartment. @throws Error
[[nodiscard]] Bytes value_of(const profile::GattReadResult& result);
void check(const profile::GattWriteResult& result);

/// Starts a write that compares what the peripheral took. @throws Error `not_supported` where this Windows lacks it
[[nodiscard]] ::winrt::Windows::Foundation::IAsyncOperation<profile::GattWriteResult> start_reliable_write(
    const profile::GattCharacteristic& characteristic, const Bytes& value);

/// Closes the services of a result that nobody wants any more, on a thread of its own: that may hang.
void close_unwanted_services(const profile::GattDeviceServicesResult& result);

/// An operation of the system whose result is looked at on the apartment: `read` turns it into what the loop can hold.
template <class R, class T>
[[nodiscard]] Asked ask_for(const std::shared_ptr<System>& system,
                            unique_function<::winrt::Windows::Foundation::IAsyncOperation<T>()> start,
                            unique_function<R(const T&)> read, unique_function<void(Result<R>)> then,
                            void (*discard)(const T&) = nullptr) {
  auto look = [weak = std::weak_ptr<System>(system), read = std::move(read),
               then = std::move(then)](Result<T> result) mutable {
    if (!result) return then(result.error());
    const auto held = weak.lock();
    if (!held) return;
    held->template call<R>([object = std::move(*result), read = std::move(read)]() mutable { return read(object); },
                           std::move(then));
  };
  return system->ask<T>(std::move(start), std::move(look), discard);
}

}  // namespace blau::detail::windows
