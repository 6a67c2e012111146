#pragma once

#include "rigs/fake_windows/fake_windows.hpp"
#include "rigs/fake_windows/platform.hpp"
#include "rigs/fake_windows/values.hpp"

#include <gtest/gtest.h>
#include <blau/sim.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace fake_windows {

using namespace std::chrono_literals;
using namespace winrt::Windows::Devices::Bluetooth;
using namespace winrt::Windows::Devices::Bluetooth::Advertisement;
using namespace winrt::Windows::Devices::Bluetooth::GenericAttributeProfile;
using namespace winrt::Windows::Devices::Enumeration;
using foundation::IAsyncOperation;

/// A program of Windows, which calls the fake's classes by C++/WinRT, and the world that they see. Each call of `wait` runs the world.
class FakeWindowsTest : public testing::Test {
 protected:
  static constexpr const char* gatt_address = "C4:B1:A0:00:00:01";
  static constexpr std::uint64_t gatt_number = 0xC4B1A0000001;

  [[nodiscard]] blau::sim::World& world() { return world_; }
  [[nodiscard]] blau::sim::Peripheral& peripheral() { return world_.peripheral(gatt_address); }
  void set_habits(const Habits& habits) { windows_.set_habits(habits); }

  /// Runs the world until `reached` says so, which any thread may bring about that calls `wake`.
  template <class Reached>
  void run_until(Reached reached) {
    world_.loop().loop()->run_until(std::move(reached));
  }
  /// An event: what only wakes the loop may come between its look and the finding that nothing is to come.
  void wake() {
    world_.loop().post([] {});
  }
  /// Runs the world for so much of its time.
  void pass(std::chrono::nanoseconds time) { world_.advance(time); }

  template <class T>
  T wait(const IAsyncOperation<T>& operation) {
    auto ended = std::make_shared<std::atomic<bool>>(false);
    operation.Completed([this, ended](const auto&, foundation::AsyncStatus) {
      *ended = true;
      wake();
    });
    run_until([ended] { return ended->load(); });
    return operation.GetResults();
  }

  /// Listens until the peripheral was heard: then the system knows it.
  void hear();
  [[nodiscard]] BluetoothLEDevice device() { return wait(BluetoothLEDevice::FromBluetoothAddressAsync(gatt_number)); }
  [[nodiscard]] GattSession session(const BluetoothLEDevice& device) {
    return wait(GattSession::FromDeviceIdAsync(device.BluetoothDeviceId()));
  }
  [[nodiscard]] GattDeviceServicesResult services(const BluetoothLEDevice& device) {
    return wait(device.GetGattServicesAsync(BluetoothCacheMode::Uncached));
  }
  /// Of the service b1a0SS00 the characteristic b1a0SSCC.
  [[nodiscard]] GattCharacteristic characteristic(const BluetoothLEDevice& device, std::uint16_t number);

  [[nodiscard]] static winrt::guid own(std::uint16_t number) {
    char text[37];
    std::snprintf(text, sizeof text, "b1a0%04x-0000-4000-8000-00b1a0b1a0b1", static_cast<unsigned>(number));
    return guid_of(blau::Uuid(std::string_view(text)));
  }

 private:
  blau::sim::World world_ = blau::sim::World::load(BLAU_CONFORMANCE_WORLD);
  FakeWindows windows_{world_};
};

inline void FakeWindowsTest::hear() {
  const BluetoothLEAdvertisementWatcher watcher;
  std::atomic<bool> heard = false;
  watcher.Received([this, &heard](const auto&, const BluetoothLEAdvertisementReceivedEventArgs& args) {
    if (args.BluetoothAddress() != gatt_number) return;
    heard = true;
    wake();
  });
  watcher.Start();
  run_until([&heard] { return heard.load(); });
  watcher.Stop();
  run_until([&watcher] { return watcher.Status() == BluetoothLEAdvertisementWatcherStatus::Stopped; });
}

inline GattCharacteristic FakeWindowsTest::characteristic(const BluetoothLEDevice& device, std::uint16_t number) {
  const auto service = own(number & 0xff00);
  const auto found = wait(device.GetGattServicesForUuidAsync(service, BluetoothCacheMode::Uncached));
  const auto inside = wait(found.Services().GetAt(0).GetCharacteristicsAsync(BluetoothCacheMode::Uncached));
  for (const auto& characteristic : inside.Characteristics())
    if (characteristic.Uuid() == own(number)) return characteristic;
  throw winrt::hresult_out_of_bounds();
}

}  // namespace fake_windows
