// Blau's client on what only Windows does: docs/windows.md names these tests.

#include "rigs/fake_windows/fake_windows.hpp"

#include <gtest/gtest.h>
#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

namespace fake_windows {
namespace {

using namespace std::chrono_literals;
using blau::Client;
using blau::ClientOptions;
using blau::ErrorCode;
using blau::Task;

blau::Uuid own(std::uint16_t number) {
  char text[37];
  std::snprintf(text, sizeof text, "b1a0%04x-0000-4000-8000-00b1a0b1a0b1", static_cast<unsigned>(number));
  return blau::Uuid(std::string_view(text));
}

class WinRtClient : public testing::Test {
 protected:
  static constexpr const char* address = "C4:B1:A0:00:00:01";  // random

  [[nodiscard]] blau::sim::World& world() { return world_; }
  [[nodiscard]] blau::sim::Peripheral& peripheral() { return world_.peripheral(address); }
  void set_habits() { windows_.set_habits(habits); }
  [[nodiscard]] ClientOptions options() {
    ClientOptions options;
    options.backend = blau::backend_from("winrt");
    options.loop = &world_.loop();
    return options;
  }
  /// What came of it, on the world's clock.
  template <class T>
  blau::Result<T> outcome(blau::Operation<T> operation) {
    std::optional<blau::Result<T>> result;
    world_.run([&]() -> Task<> { result.emplace(co_await std::move(operation).as_result()); });
    return *std::move(result);
  }
  template <class T>
  T get(blau::Operation<T> operation) {
    return outcome(std::move(operation)).value();
  }
  void expect_no_link() {
    world_.advance(5s);
    EXPECT_EQ(world_.adapter().connections(), 0U);
  }

  Habits habits;

 private:
  blau::sim::World world_ = blau::sim::World::load(BLAU_CONFORMANCE_WORLD);
  FakeWindows windows_{world_};
};

TEST_F(WinRtClient, OptionAddressTypeChoosesTheOverload) {
  auto wrong = options();
  wrong.winrt.address_type = blau::AddressType::public_;
  const auto missed = outcome(Client(address, wrong).connect());
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error().code(), ErrorCode::device_not_found);
  auto right = options();
  right.winrt.address_type = blau::AddressType::random;
  Client client(address, right);
  EXPECT_TRUE(outcome(client.connect()));
}

TEST_F(WinRtClient, AddressThatIsWrittenWithItsTypeChoosesTheOverload) {
  const auto number = blau::Address::parse(address)->number();
  const auto missed =
      outcome(Client(blau::Device(blau::Address(number, blau::AddressType::public_)), options()).connect());
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error().code(), ErrorCode::device_not_found);
  Client client(blau::Device(blau::Address(number, blau::AddressType::random)), options());
  EXPECT_TRUE(outcome(client.connect()));
}

TEST_F(WinRtClient, DeviceThatTheSystemDoesNotKnowIsScannedForAndTriedAgain) {
  habits.unknown = 2;
  set_habits();
  Client client(address, options());
  EXPECT_TRUE(outcome(client.connect()));
}

TEST_F(WinRtClient, UnreachableWhileServicesAreDiscoveredIsTriedAgainEachSecond) {
  habits.unreachable = 3;
  set_habits();
  Client client(address, options());
  EXPECT_TRUE(outcome(client.connect()));
  EXPECT_GE(world().elapsed(), 2s);
  EXPECT_EQ(get(client.read_gatt_char(own(0x0102))), blau::bytes(0x2a));
}

TEST_F(WinRtClient, DeviceThatCannotBeMaintainedIsRefused) {
  habits.cannot_maintain = true;
  set_habits();
  Client client(address, options());
  const auto refused = outcome(client.connect());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::not_supported);
  expect_no_link();
}

TEST_F(WinRtClient, StepThatNeverEndsIsTakenBackAtTheDeadline) {
  habits.never.insert("GattSession.FromDeviceIdAsync");
  set_habits();
  Client client(address, options());
  const auto missed = outcome(client.connect());
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error().code(), ErrorCode::timed_out);
  habits.never.clear();
  set_habits();
  EXPECT_TRUE(outcome(client.connect()));
}

TEST_F(WinRtClient, ResultThatComesAfterItsCancelIsClosed) {
  habits.late["BluetoothLEDevice.FromBluetoothAddressAsync"] = 3000ms;
  habits.cancels_too_late = true;
  set_habits();
  Client client(address, options());
  EXPECT_FALSE(outcome(client.connect().timeout(2s)));
  expect_no_link();
  habits.late.clear();
  set_habits();
  EXPECT_TRUE(outcome(client.connect()));
}

TEST_F(WinRtClient, CloseThatHangsHoldsUpNeitherTheLoopNorTheRest) {
  Client client(address, options());
  get(client.connect());
  habits.close_hangs = true;
  set_habits();
  get(client.disconnect());
  expect_no_link();
}

TEST_F(WinRtClient, DisconnectIsToldThoughTheSystemTellsNothing) {
  habits.hides_closed = true;
  set_habits();
  std::vector<blau::DisconnectReason> told;
  auto with = options();
  with.on_disconnected = [&told](const blau::Disconnection& end) { told.push_back(end.reason); };
  Client client(address, with);
  get(client.connect());
  get(client.disconnect());
  world().advance(1s);
  EXPECT_EQ(told, std::vector{blau::DisconnectReason::local});
  expect_no_link();
}

TEST_F(WinRtClient, EachConnectHasFreshObjects) {
  habits.objects_die_with_link = true;
  set_habits();
  Client client(address, options());
  for (int i = 0; i < 3; ++i) {
    get(client.connect());
    EXPECT_EQ(get(client.read_gatt_char(own(0x0102))), blau::bytes(0x2a)) << i;
    peripheral().drop_link();
    world().advance(5s);
    EXPECT_FALSE(client.is_connected());
  }
}

TEST_F(WinRtClient, LinkThatIsLostIsNotBroughtBackByTheSystem) {
  Client client(address, options());
  get(client.connect());
  peripheral().drop_link();
  world().advance(10s);
  EXPECT_FALSE(client.is_connected());
  expect_no_link();
}

TEST_F(WinRtClient, ServicesChangedInDiscoveryIsOneMoreWalkAndNoMore) {
  habits.tells_services_one_by_one = true;
  set_habits();
  Client client(address, options());
  get(client.connect());
  int told = 0;
  auto changes = client.service_changes();
  world().run([&]() -> Task<> {
    while (co_await changes.next().timeout(10s).as_result()) ++told;
  });
  EXPECT_LE(told, 1);
  EXPECT_EQ(get(client.read_gatt_char(own(0x0102))), blau::bytes(0x2a));
  get(client.disconnect());
}

TEST_F(WinRtClient, MaxPduSizeThatComesLateIsTold) {
  habits.late_pdu_size = 3000ms;
  set_habits();
  Client client(address, options());
  get(client.connect());
  EXPECT_EQ(client.mtu_size(), 23);
  world().advance(5s);
  EXPECT_GT(client.mtu_size(), 23);
}

TEST_F(WinRtClient, ServiceThatIsDeniedIsListedAndTheOthersServe) {
  habits.denied.insert(own(0x0100));
  set_habits();
  Client client(address, options());
  get(client.connect());
  const auto refused = outcome(client.read_gatt_char(own(0x0102)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::attribute_not_found);
  EXPECT_TRUE(client.services().get_service(own(0x0100)));
  const auto write = outcome(client.write_gatt_char(own(0x0201), blau::bytes(1)));
  EXPECT_TRUE(write);
}

TEST_F(WinRtClient, UseCachedReadsWhatTheSystemRemembers) {
  Client client(address, options());
  get(client.connect());
  const auto before = get(client.read_gatt_char(own(0x0201)));
  peripheral().characteristic(own(0x0201)).set_value(blau::bytes(7, 7));
  EXPECT_EQ(get(client.read_gatt_char(own(0x0201), {.use_cached = true})), before);
  EXPECT_EQ(get(client.read_gatt_char(own(0x0201))), blau::bytes(7, 7));
}

TEST_F(WinRtClient, CacheModesOfServicesChooseTheOverload) {
  Client client(address, options());
  get(client.connect());
  const auto time_of = [&](blau::DiscoveryOptions modes) {
    const auto before = world().elapsed();
    (void)get(client.get_services(modes));
    return world().elapsed() - before;
  };
  const auto cached = time_of({.service_cache_mode = blau::CacheMode::cached, .cache_mode = blau::CacheMode::cached});
  const auto asked = time_of({.service_cache_mode = blau::CacheMode::uncached, .cache_mode = std::nullopt});
  EXPECT_EQ(cached, 0s);
  EXPECT_GT(asked, 0s);
}

TEST_F(WinRtClient, UnpairNeedsNoLink) {
  auto with = options();
  with.pairing.confirm = [](const blau::Device&) { return true; };
  Client client(address, with);
  get(client.connect());
  get(client.pair());
  EXPECT_TRUE(client.is_bonded());
  get(client.disconnect());
  get(client.unpair());
  EXPECT_FALSE(client.is_bonded());
  get(client.unpair());
}

}  // namespace
}  // namespace fake_windows
