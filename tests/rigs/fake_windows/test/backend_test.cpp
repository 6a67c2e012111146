// What a program of Blau's sees of each habit: the Windows backend on the fake, by the public API.

#include "core/backends.hpp"
#include "rigs/fake_windows/fake_windows.hpp"

#include <gtest/gtest.h>
#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <functional>
#include <string>

namespace blau {
namespace {

using namespace std::chrono_literals;
using fake_windows::FakeWindows;
using fake_windows::Habits;

constexpr const char* gatt = "C4:B1:A0:00:00:01";

Uuid own(std::uint16_t number) {
  char text[37];
  std::snprintf(text, sizeof text, "b1a0%04x-0000-4000-8000-00b1a0b1a0b1", static_cast<unsigned>(number));
  return Uuid(std::string_view(text));
}

class WinRtHabits : public testing::Test {
 protected:
  WinRtHabits() {
    auto& loop = world_.loop();
    loop.loop()->add_service(detail::default_backend_service, backend_from("winrt").factory()(loop));
  }
  void run(const std::function<Task<>()>& body) {
    windows_.set_habits(habits);
    world_.run(body(), RunOptions{.limit = 10min});
  }
  /// Everything that was made is closed.
  void expect_no_link() {
    world_.advance(30s);
    EXPECT_EQ(world_.adapter().connections(), 0U);
  }
  sim::Peripheral& peripheral() { return world_.peripheral(gatt); }
  sim::World& world() { return world_; }

  Habits habits;

 private:
  sim::World world_ = sim::World::load(BLAU_CONFORMANCE_WORLD);
  FakeWindows windows_{world_};
};

/// A whole life of a client.
Task<> connect_and_read(int times) {
  Client client{gatt};
  for (int i = 0; i < times; ++i) {
    co_await client.connect();
    const auto value = co_await client.read_gatt_char(own(0x0102));
    EXPECT_EQ(value, bytes(0x2a));
    co_await client.disconnect();
  }
}

Task<> connect_fails(ErrorCode code) {
  Client client{gatt};
  const auto connected = co_await client.connect().as_result();
  EXPECT_FALSE(connected);
  if (!connected) {
    EXPECT_EQ(connected.error().code(), code) << connected.error().what();
  }
}

/// Two lives of a client under each habit that it should not notice.
struct Unnoticed {
  const char* name;
  void (*set)(Habits&);
};
void PrintTo(const Unnoticed& habit, std::ostream* out) { *out << habit.name; }

class WinRtUnnoticed : public WinRtHabits, public testing::WithParamInterface<Unnoticed> {};

TEST_P(WinRtUnnoticed, ConnectsReadsAndDisconnectsTwice) {
  GetParam().set(habits);
  run([] { return connect_and_read(2); });
  expect_no_link();
}

INSTANTIATE_TEST_SUITE_P(
    Habit, WinRtUnnoticed,
    testing::Values(Unnoticed{"None", [](Habits&) {}},
                    Unnoticed{"CompletesInSetter", [](Habits& habits) { habits.completes_in_setter = true; }},
                    Unnoticed{"LateSession",
                              [](Habits& habits) { habits.late["GattSession.FromDeviceIdAsync"] = 2000ms; }},
                    Unnoticed{"HidesClosed", [](Habits& habits) { habits.hides_closed = true; }},
                    Unnoticed{"CloseHangs", [](Habits& habits) { habits.close_hangs = true; }},
                    Unnoticed{"UnreachableThrice", [](Habits& habits) { habits.unreachable = 3; }},
                    Unnoticed{"UnknownOnce", [](Habits& habits) { habits.unknown = 1; }},
                    Unnoticed{"ObjectsDie", [](Habits& habits) { habits.objects_die_with_link = true; }},
                    Unnoticed{"ServicesOneByOne", [](Habits& habits) { habits.tells_services_one_by_one = true; }},
                    Unnoticed{"LatePduSize", [](Habits& habits) { habits.late_pdu_size = 2000ms; }},
                    Unnoticed{"OldBuild", [](Habits& habits) { habits.old_build = true; }},
                    Unnoticed{"HidesRadio", [](Habits& habits) { habits.hides_radio = true; }},
                    Unnoticed{"PlaceholderNames", [](Habits& habits) { habits.placeholder_names = true; }},
                    Unnoticed{"SlowWatcher", [](Habits& habits) { habits.slow_watcher = 300ms; }}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(WinRtHabits, AnOperationThatNeverEndsMeetsTheDeadline) {
  habits.never.insert("GattSession.FromDeviceIdAsync");
  run([] { return connect_fails(ErrorCode::timed_out); });
  habits = Habits();
  run([] { return connect_and_read(1); });
  expect_no_link();
}

TEST_F(WinRtHabits, WhatComesAfterTheDeadlineIsClosed) {
  habits.late["GattSession.FromDeviceIdAsync"] = 20000ms;
  habits.late["BluetoothLEDevice.GetGattServicesAsync"] = 20000ms;
  habits.cancels_too_late = true;
  run([] { return connect_fails(ErrorCode::timed_out); });
  expect_no_link();
}

TEST_F(WinRtHabits, AServiceThatWindowsKeepsIsListedAsSuch) {
  habits.denied.insert(own(0x0200));
  run([]() -> Task<> {
    Client client{gatt};
    co_await client.connect();
    const auto service = client.services().get_service(own(0x0200));
    EXPECT_TRUE(service && service->access_denied());
    const auto value = co_await client.read_gatt_char(own(0x0102));
    EXPECT_EQ(value, bytes(0x2a));
    co_await client.disconnect();
  });
  expect_no_link();
}

TEST_F(WinRtHabits, AnMtuThatComesLaterIsTold) {
  habits.late_pdu_size = 2000ms;
  run([]() -> Task<> {
    Client client{gatt};
    co_await client.connect();
    EXPECT_EQ(client.mtu_size(), 23);
    auto changes = client.mtu_changes();
    const auto mtu = co_await changes.next();
    EXPECT_TRUE(mtu && *mtu > 23);
    co_await client.disconnect();
  });
}

TEST_F(WinRtHabits, ALossThatIsToldToNobodyIsFoundByTheNextRequest) {
  habits.hides_closed = true;
  run([this]() -> Task<> {
    Client client{gatt};
    co_await client.connect();
    peripheral().drop_link();
    co_await sleep_for(100ms);
    peripheral().advertise(false);
    const auto value = co_await client.read_gatt_char(own(0x0102)).as_result();
    EXPECT_FALSE(value);
    co_await client.disconnect();
  });
  expect_no_link();
}

TEST_F(WinRtHabits, ADeviceThatCannotBeMaintained) {
  habits.cannot_maintain = true;
  run([] { return connect_fails(ErrorCode::not_supported); });
  expect_no_link();
}

TEST_F(WinRtHabits, AScanThatThePrivacySettingsForbid) {
  habits.denied_by_user = true;
  run([]() -> Task<> {
    Scanner scanner;
    const auto started = co_await scanner.start().as_result();
    EXPECT_FALSE(started);
    if (!started) {
      EXPECT_EQ(started.error().code(), ErrorCode::bluetooth_not_available);
      EXPECT_EQ(started.error().unavailable_reason(), UnavailableReason::denied);
    }
  });
}

}  // namespace
}  // namespace blau
