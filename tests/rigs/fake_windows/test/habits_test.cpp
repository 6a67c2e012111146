// What Windows does now and then.

#include "support.hpp"

#include <functional>
#include <thread>

namespace fake_windows {
namespace {

class FakeHabits : public FakeWindowsTest {
 protected:
  FakeHabits() { hear(); }
  Habits habits;
  void expect_closed(const std::function<void()>& call) {
    try {
      call();
      FAIL() << "it answered";
    } catch (const winrt::hresult_error& error) {
      EXPECT_EQ(static_cast<std::uint32_t>(error.code()), 0x80000013U);
    }
  }
};

TEST_F(FakeHabits, CompletesInTheSetter) {
  habits.completes_in_setter = true;
  set_habits(habits);
  std::atomic<bool> ended = false;
  std::jthread program([&] {
    const auto operation = BluetoothAdapter::GetDefaultAsync();
    std::optional<std::thread::id> told_on;
    operation.Completed([&](const auto&, const auto&) { told_on = std::this_thread::get_id(); });
    EXPECT_EQ(told_on, std::this_thread::get_id());
    ended = true;
    wake();
  });
  const auto hold = world().hold();
  run_until([&] { return ended.load(); });
}

TEST_F(FakeHabits, EndsLate) {
  habits.late["GattSession.FromDeviceIdAsync"] = 3000ms;
  set_habits(habits);
  const auto device = this->device();
  const auto before = world().elapsed();
  EXPECT_TRUE(session(device));
  EXPECT_EQ(world().elapsed() - before, 3s);
}

TEST_F(FakeHabits, NeverEnds) {
  habits.never.insert("BluetoothAdapter.GetDefaultAsync");
  set_habits(habits);
  const auto operation = BluetoothAdapter::GetDefaultAsync();
  pass(1h);
  EXPECT_EQ(operation.Status(), foundation::AsyncStatus::Started);
}

TEST_F(FakeHabits, CancelEndsAnOperationOrComesTooLate) {
  habits.late["BluetoothAdapter.GetDefaultAsync"] = 1000ms;
  set_habits(habits);
  const auto canceled = BluetoothAdapter::GetDefaultAsync();
  canceled.Cancel();
  EXPECT_THROW(wait(canceled), winrt::hresult_canceled);
  habits.cancels_too_late = true;
  set_habits(habits);
  const auto late = BluetoothAdapter::GetDefaultAsync();
  late.Cancel();
  EXPECT_TRUE(wait(late));
}

TEST_F(FakeHabits, HidesTheEndOfALink) {
  habits.hides_closed = true;
  set_habits(habits);
  const auto device = this->device();
  (void)services(device);
  std::atomic<int> told = 0;
  device.ConnectionStatusChanged([&](const auto&, const auto&) { ++told; });
  peripheral().drop_link();
  pass(2s);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(device.ConnectionStatus(), BluetoothConnectionStatus::Disconnected);
}

TEST_F(FakeHabits, IsUnreachableOnce) {
  habits.unreachable = 1;
  set_habits(habits);
  const auto device = this->device();
  EXPECT_EQ(services(device).Status(), GattCommunicationStatus::Unreachable);
  EXPECT_EQ(services(device).Status(), GattCommunicationStatus::Success);
}

TEST_F(FakeHabits, DoesNotKnowTheDeviceOnce) {
  habits.unknown = 1;
  set_habits(habits);
  EXPECT_FALSE(device());
  EXPECT_TRUE(device());
}

TEST_F(FakeHabits, ObjectsDieWithTheirLink) {
  habits.objects_die_with_link = true;
  set_habits(habits);
  const auto device = this->device();
  const auto value = characteristic(device, 0x0102);
  peripheral().drop_link();
  pass(1s);
  expect_closed([&] { (void)value.ReadValueAsync(BluetoothCacheMode::Uncached); });
}

TEST_F(FakeHabits, TellsServicesOneByOne) {
  habits.tells_services_one_by_one = true;
  set_habits(habits);
  const auto device = this->device();
  std::atomic<unsigned> told = 0;
  device.GattServicesChanged([&](const auto&, const auto&) { ++told; });
  const auto found = services(device);
  EXPECT_GE(told, found.Services().Size());
}

TEST_F(FakeHabits, ThePduSizeComesLater) {
  habits.late_pdu_size = 2000ms;
  set_habits(habits);
  const auto device = this->device();
  const auto session = this->session(device);
  std::atomic<bool> told = false;
  session.MaxPduSizeChanged([&](const auto&, const auto&) {
    told = true;
    wake();
  });
  session.MaintainConnection(true);
  run_until([&] { return session.SessionStatus() == GattSessionStatus::Active; });
  EXPECT_EQ(session.MaxPduSize(), 23);
  run_until([&] { return told.load(); });
  EXPECT_GT(session.MaxPduSize(), 23);
}

TEST_F(FakeHabits, KeepsAServiceToItself) {
  habits.denied.insert(uuid_of(own(0x0200)));
  set_habits(habits);
  const auto device = this->device();
  const auto found = wait(device.GetGattServicesForUuidAsync(own(0x0200), BluetoothCacheMode::Uncached));
  const auto inside = wait(found.Services().GetAt(0).GetCharacteristicsAsync(BluetoothCacheMode::Uncached));
  EXPECT_EQ(inside.Status(), GattCommunicationStatus::AccessDenied);
}

TEST_F(FakeHabits, NamesArePlaceholders) {
  habits.placeholder_names = true;
  set_habits(habits);
  const auto device = this->device();
  EXPECT_EQ(device.Name(), L"Bluetooth c4:b1:a0:00:00:01");
}

TEST_F(FakeHabits, CannotMaintainAConnection) {
  habits.cannot_maintain = true;
  set_habits(habits);
  EXPECT_FALSE(session(device()).CanMaintainConnection());
}

}  // namespace
}  // namespace fake_windows
