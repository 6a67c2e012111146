// BluetoothLEAdvertisementWatcher, the adapter and its radio.

#include "support.hpp"

#include <mutex>
#include <vector>

namespace fake_windows {
namespace {

using Status = BluetoothLEAdvertisementWatcherStatus;
using Args = BluetoothLEAdvertisementReceivedEventArgs;

class Watcher : public FakeWindowsTest {
 protected:
  /// What comes of the peripheral Gatt, until so much has come.
  std::vector<Args> receive(const BluetoothLEAdvertisementWatcher& watcher, std::size_t count) {
    std::mutex mutex;
    std::vector<Args> received;
    const auto token = watcher.Received([&](const auto&, const Args& args) {
      const std::lock_guard lock(mutex);
      if (args.BluetoothAddress() == gatt_number) received.push_back(args);
      wake();
    });
    watcher.Start();
    run_until([&] {
      const std::lock_guard lock(mutex);
      return received.size() >= count;
    });
    watcher.Received(token);
    watcher.Stop();
    run_until([&] { return watcher.Status() == Status::Stopped; });
    return received;
  }
};

TEST_F(Watcher, TellsTheScanResponseApartFromTheAdvertisement) {
  const BluetoothLEAdvertisementWatcher watcher;
  watcher.ScanningMode(BluetoothLEScanningMode::Active);
  const auto received = receive(watcher, 2);
  EXPECT_EQ(received[0].AdvertisementType(), BluetoothLEAdvertisementType::ConnectableUndirected);
  EXPECT_FALSE(received[0].IsScanResponse());
  EXPECT_TRUE(received[0].IsConnectable());
  EXPECT_EQ(received[0].Advertisement().LocalName(), L"");
  EXPECT_EQ(received[0].Advertisement().ServiceUuids().Size(), 2U);
  EXPECT_EQ(received[1].AdvertisementType(), BluetoothLEAdvertisementType::ScanResponse);
  EXPECT_TRUE(received[1].IsScanResponse());
  EXPECT_EQ(received[1].Advertisement().LocalName(), L"Blau Gatt");
}

TEST_F(Watcher, AsksForNoScanResponseWhenPassive) {
  const BluetoothLEAdvertisementWatcher watcher;
  for (const auto& args : receive(watcher, 3)) EXPECT_FALSE(args.IsScanResponse());
}

TEST_F(Watcher, HasNoSecondInterfaceOnAnOldBuild) {
  Habits old;
  old.old_build = true;
  set_habits(old);
  const BluetoothLEAdvertisementWatcher watcher;
  EXPECT_FALSE(watcher.try_as<IBluetoothLEAdvertisementWatcher2>());
  const auto received = receive(watcher, 1);
  EXPECT_FALSE(received[0].try_as<IBluetoothLEAdvertisementReceivedEventArgs2>());
}

TEST_F(Watcher, FiltersHalfOfWhatTheDeviceSays) {
  const BluetoothLEAdvertisementWatcher watcher;
  watcher.ScanningMode(BluetoothLEScanningMode::Active);
  watcher.AdvertisementFilter().Advertisement().LocalName(L"Blau Gatt");
  for (const auto& args : receive(watcher, 2)) EXPECT_TRUE(args.IsScanResponse());
}

TEST_F(Watcher, ThrowsAtStartForAStrengthOutOfRange) {
  const BluetoothLEAdvertisementWatcher watcher;
  const BluetoothSignalStrengthFilter filter;
  filter.InRangeThresholdInDBm(winrt::make<Reference<std::int16_t>>(std::int16_t{-128}));
  watcher.SignalStrengthFilter(filter);
  EXPECT_THROW(watcher.Start(), winrt::hresult_invalid_argument);
}

TEST_F(Watcher, IsAbortedWhenTheRadioGoesOff) {
  const BluetoothLEAdvertisementWatcher watcher;
  std::optional<BluetoothError> error;
  watcher.Stopped([&](const auto&, const BluetoothLEAdvertisementWatcherStoppedEventArgs& args) {
    error = args.Error();
    wake();
  });
  watcher.Start();
  run_until([&] { return watcher.Status() == Status::Started; });
  world().adapter().set_powered(false);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error, BluetoothError::RadioNotAvailable);
  EXPECT_EQ(watcher.Status(), Status::Aborted);
}

TEST_F(Watcher, StaysInCreatedForAWhile) {
  Habits slow;
  slow.slow_watcher = 300ms;
  set_habits(slow);
  const BluetoothLEAdvertisementWatcher watcher;
  watcher.Start();
  pass(200ms);
  EXPECT_EQ(watcher.Status(), Status::Created);
  pass(200ms);
  EXPECT_EQ(watcher.Status(), Status::Started);
}

TEST_F(Watcher, IsDeniedByThePrivacySettings) {
  Habits denied;
  denied.denied_by_user = true;
  set_habits(denied);
  const BluetoothLEAdvertisementWatcher watcher;
  std::optional<BluetoothError> error;
  watcher.Stopped([&](const auto&, const BluetoothLEAdvertisementWatcherStoppedEventArgs& args) {
    error = args.Error();
    wake();
  });
  watcher.Start();
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error, BluetoothError::DisabledByUser);
}

TEST_F(Watcher, TheRadioTellsThatItWentOff) {
  const auto adapter = wait(BluetoothAdapter::GetDefaultAsync());
  EXPECT_TRUE(adapter.IsCentralRoleSupported());
  const auto radio = wait(adapter.GetRadioAsync());
  EXPECT_EQ(radio.State(), radios::RadioState::On);
  std::atomic<bool> told = false;
  radio.StateChanged([&](const auto&, const auto&) {
    told = true;
    wake();
  });
  world().adapter().set_powered(false);
  run_until([&] { return told.load(); });
  EXPECT_EQ(radio.State(), radios::RadioState::Off);
}

TEST_F(Watcher, NoRadioForAProgramOf32Bits) {
  Habits habits;
  habits.hides_radio = true;
  set_habits(habits);
  EXPECT_FALSE(wait(wait(BluetoothAdapter::GetDefaultAsync()).GetRadioAsync()));
}

}  // namespace
}  // namespace fake_windows
