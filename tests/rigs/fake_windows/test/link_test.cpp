// A device's link and what goes over it.

#include "support.hpp"

namespace fake_windows {
namespace {

class FakeLink : public FakeWindowsTest {
 protected:
  /// A session that maintains the link, when it is there.
  GattSession maintained(const BluetoothLEDevice& device) {
    auto made = session(device);
    made.SessionStatusChanged([this](const auto&, const auto&) { wake(); });
    made.MaintainConnection(true);
    run_until([&] { return made.SessionStatus() == GattSessionStatus::Active; });
    return made;
  }
  void expect_no_link() {
    pass(1s);
    EXPECT_EQ(world().adapter().connections(), 0U);
  }
};

TEST_F(FakeLink, NothingIsKnownOfADeviceThatNobodyHeard) {
  EXPECT_FALSE(device());
  hear();
  EXPECT_TRUE(device());
}

TEST_F(FakeLink, ASessionMaintainsIt) {
  hear();
  const auto device = this->device();
  const auto session = maintained(device);
  EXPECT_EQ(world().adapter().connections(), 1U);
  EXPECT_EQ(device.ConnectionStatus(), BluetoothConnectionStatus::Connected);
  peripheral().drop_link();
  run_until([&] { return session.SessionStatus() == GattSessionStatus::Closed; });
  run_until([&] { return session.SessionStatus() == GattSessionStatus::Active; });
  session.Close();
  device.Close();
  expect_no_link();
}

TEST_F(FakeLink, AnOpenServiceKeepsIt) {
  hear();
  const auto device = this->device();
  {
    const auto found = services(device);
    EXPECT_EQ(found.Status(), GattCommunicationStatus::Success);
    EXPECT_GT(found.Services().Size(), 3U);
    device.Close();
    pass(5s);
    EXPECT_EQ(world().adapter().connections(), 1U);
    for (const auto& service : found.Services()) service.Close();
  }
  expect_no_link();
}

TEST_F(FakeLink, IsUnreachableAfterSevenSeconds) {
  hear();
  const auto device = this->device();
  peripheral().advertise(false);
  const auto before = world().elapsed();
  EXPECT_EQ(services(device).Status(), GattCommunicationStatus::Unreachable);
  EXPECT_EQ(world().elapsed() - before, 7s);
}

TEST_F(FakeLink, ReadsWritesAndRefuses) {
  hear();
  const auto device = this->device();
  const auto text = wait(characteristic(device, 0x0102).ReadValueAsync(BluetoothCacheMode::Uncached));
  EXPECT_EQ(bytes_of(text.Value()), blau::bytes(0x2a));
  const auto limited = characteristic(device, 0x0205);
  const auto taken = wait(limited.WriteValueWithResultAsync(buffer_of(blau::bytes(9, 9))));
  EXPECT_EQ(taken.Status(), GattCommunicationStatus::Success);
  EXPECT_FALSE(taken.ProtocolError());
  const auto refused = wait(limited.WriteValueWithResultAsync(buffer_of(blau::bytes(1, 2, 3, 4, 5))));
  EXPECT_EQ(refused.Status(), GattCommunicationStatus::ProtocolError);
  EXPECT_EQ(refused.ProtocolError().Value(), 0x0d);
}

TEST_F(FakeLink, ACachedReadDoesNotAskTheDevice) {
  hear();
  const auto device = this->device();
  const auto value = characteristic(device, 0x0201);
  EXPECT_EQ(bytes_of(wait(value.ReadValueAsync(BluetoothCacheMode::Uncached)).Value()), blau::bytes(0));
  peripheral().characteristic(uuid_of(own(0x0201))).set_value(blau::bytes(7));
  EXPECT_EQ(bytes_of(wait(value.ReadValueAsync()).Value()), blau::bytes(0));
  EXPECT_EQ(bytes_of(wait(value.ReadValueAsync(BluetoothCacheMode::Uncached)).Value()), blau::bytes(7));
}

TEST_F(FakeLink, NotifiesUntilTheConfigurationIsOff) {
  using Configuration = GattClientCharacteristicConfigurationDescriptorValue;
  hear();
  const auto device = this->device();
  const auto counter = characteristic(device, 0x0301);
  std::atomic<int> values = 0;
  counter.ValueChanged([&](const auto&, const auto&) {
    ++values;
    wake();
  });
  const auto on = counter.WriteClientCharacteristicConfigurationDescriptorWithResultAsync(Configuration::Notify);
  EXPECT_EQ(wait(on).Status(), GattCommunicationStatus::Success);
  run_until([&] { return values >= 3; });
  wait(counter.WriteClientCharacteristicConfigurationDescriptorWithResultAsync(Configuration::None));
  const int then = values;
  pass(1s);
  EXPECT_EQ(values, then);
}

TEST_F(FakeLink, TellsThatServicesChangedOnceItKnowsThem) {
  hear();
  const auto device = this->device();
  const auto before = services(device).Services().Size();
  std::atomic<int> told = 0;
  device.GattServicesChanged([&](const auto&, const auto&) {
    ++told;
    wake();
  });
  peripheral().remove_service(peripheral().service(uuid_of(own(0x0200))));
  run_until([&] { return told > 0; });
  EXPECT_EQ(told, 1);
  EXPECT_EQ(wait(device.GetGattServicesAsync(BluetoothCacheMode::Cached)).Services().Size(), before - 1);
}

TEST_F(FakeLink, AClosedSessionAnswersWithAnError) {
  hear();
  const auto session = this->session(device());
  session.Close();
  try {
    (void)session.MaxPduSize();
    FAIL() << "it answered";
  } catch (const winrt::hresult_error& error) {
    EXPECT_EQ(static_cast<std::uint32_t>(error.code()), 0x80000013U);
  }
}

TEST_F(FakeLink, PairsByComparingAndUnpairs) {
  hear();
  blau::sim::PairingOptions comparing;
  comparing.io = blau::sim::IoCapability::display_yes_no;
  peripheral().set_pairing(comparing);
  const auto device = this->device();
  const auto custom = device.DeviceInformation().Pairing().Custom();
  std::optional<DevicePairingKinds> asked;
  custom.PairingRequested([&](const auto&, const DevicePairingRequestedEventArgs& args) {
    asked = args.PairingKind();
    EXPECT_EQ(args.Pin().size(), 6U);
    args.Accept();
  });
  const auto kinds =
      DevicePairingKinds::ConfirmOnly | DevicePairingKinds::ConfirmPinMatch | DevicePairingKinds::ProvidePin;
  const auto level = DevicePairingProtectionLevel::EncryptionAndAuthentication;
  EXPECT_EQ(wait(custom.PairAsync(kinds, level)).Status(), DevicePairingResultStatus::Paired);
  EXPECT_EQ(asked, DevicePairingKinds::ConfirmPinMatch);
  EXPECT_TRUE(device.DeviceInformation().Pairing().IsPaired());
  EXPECT_EQ(wait(device.DeviceInformation().Pairing().UnpairAsync()).Status(), DeviceUnpairingResultStatus::Unpaired);
  EXPECT_FALSE(device.DeviceInformation().Pairing().IsPaired());
}

TEST_F(FakeLink, JustWorksDoesNotMeetTheHighestLevel) {
  hear();
  const auto custom = device().DeviceInformation().Pairing().Custom();
  custom.PairingRequested([&](const auto&, const DevicePairingRequestedEventArgs& args) { args.Accept(); });
  const auto kinds = DevicePairingKinds::ConfirmOnly;
  const auto high = DevicePairingProtectionLevel::EncryptionAndAuthentication;
  EXPECT_EQ(wait(custom.PairAsync(kinds, high)).Status(), DevicePairingResultStatus::ProtectionLevelCouldNotBeMet);
  EXPECT_EQ(wait(custom.PairAsync(kinds, DevicePairingProtectionLevel::Encryption)).Status(),
            DevicePairingResultStatus::Paired);
}

}  // namespace
}  // namespace fake_windows
