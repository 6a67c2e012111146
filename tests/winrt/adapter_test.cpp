// What Windows tells of its adapter, and why Bluetooth cannot be used.

#include "support.hpp"

namespace blau::test {
namespace {

class WinRtAdapter : public OnWindows {
 protected:
  /// Why nothing can be scanned.
  UnavailableReason reason() {
    return run([]() -> Task<UnavailableReason> {
      Scanner scanner;
      const auto started = co_await scanner.start().as_result();
      const auto error = error_of(started);
      EXPECT_EQ(error.code(), ErrorCode::bluetooth_not_available);
      co_return error.unavailable_reason();
    });
  }
};

TEST_F(WinRtAdapter, IsFoundByItsIdAndItsAddressAndNoOtherCanBeChosen) {
  run([]() -> Task<> {
    const auto adapter = co_await Adapter::get_default();
    EXPECT_TRUE(adapter.powered());
    for (const auto& name : {adapter.id(), adapter.address().to_string()}) {
      ScannerOptions options;
      options.adapter = name;
      Scanner scanner{options};
      co_await scanner.start();
      co_await scanner.stop();
    }
    ScannerOptions options;
    options.adapter = "another";
    Scanner scanner{options};
    const auto started = co_await scanner.start().as_result();
    EXPECT_EQ(error_of(started).code(), ErrorCode::not_supported);
  });
}

TEST_F(WinRtAdapter, OffIsOffAndDisabledIsBlocked) {
  world().adapter().set_powered(false);
  EXPECT_EQ(reason(), UnavailableReason::powered_off);
  world().adapter().set_powered(true);
  world().adapter().set_blocked(true);
  EXPECT_EQ(reason(), UnavailableReason::blocked);
}

TEST_F(WinRtAdapter, WithoutOneTheReasonSaysSo) {
  world().adapter().unplug();
  EXPECT_EQ(reason(), UnavailableReason::no_adapter);
  run([]() -> Task<> {
    const auto all = co_await Adapter::all();
    EXPECT_TRUE(all.empty());
  });
}

// A 32-bit program on 64-bit Windows gets no radio.
TEST_F(WinRtAdapter, WhoseRadioIsHiddenIsNotCalledOff) {
  fake_windows::Habits habits;
  habits.hides_radio = true;
  set_habits(habits);
  run([]() -> Task<> {
    const auto adapter = co_await Adapter::get_default();
    EXPECT_TRUE(adapter.powered());
    EXPECT_FALSE(adapter.unusable());
  });
}

TEST_F(WinRtAdapter, TellsEachChangeOnce) {
  run([this]() -> Task<> {
    const auto adapter = co_await Adapter::get_default();
    auto states = adapter.state_changes();
    co_await sleep_for(1s);
    world().adapter().set_powered(false);
    const auto off = co_await states.next();
    EXPECT_FALSE(off.value().powered);
    world().adapter().set_powered(true);
    const auto on = co_await states.next();
    EXPECT_TRUE(on.value().powered);
    const auto more = co_await states.next().timeout(10s).as_result();
    EXPECT_EQ(error_of(more).code(), ErrorCode::timed_out);
  });
}

}  // namespace
}  // namespace blau::test
