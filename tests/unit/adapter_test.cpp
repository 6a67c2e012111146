// Adapters, against a backend that answers when the test says.

#include "support/scanner_scene.hpp"

#include <blau/adapter.hpp>
#include <blau/stream.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;

class AdapterTest : public ScannerScene {};

TEST_F(AdapterTest, DefaultAdapterAndItsReasons) {
  run_virtually([this]() -> Task<> {
    AdapterOptions own;
    own.backend = backend.ref();
    auto none = co_await Adapter::get_default(own).as_result();
    EXPECT_EQ(none.error().unavailable_reason(), UnavailableReason::no_adapter);
    backend::AdapterState off;
    off.id = "hci0";
    off.unusable = UnavailableReason::powered_off;
    backend.state().adapters = {off};
    auto unusable = co_await Adapter::get_default(own).as_result();
    EXPECT_EQ(unusable.error().unavailable_reason(), UnavailableReason::powered_off);
    backend::AdapterState on;
    on.id = "hci1";
    on.powered = true;
    on.is_default = true;
    backend.state().adapters = {off, on};
    auto chosen = co_await Adapter::get_default(own);
    EXPECT_EQ(chosen.id(), "hci1");
    auto all = co_await Adapter::all(own);
    EXPECT_EQ(all.size(), 2U);
  });
}

TEST_F(AdapterTest, DevicesOfAnAdapterThatIsGone) {
  run_virtually([this]() -> Task<> {
    backend::AdapterState state;
    state.id = "hci0";
    state.is_default = true;
    backend.state().adapters = {state};
    AdapterOptions own;
    own.backend = backend.ref();
    const auto adapter = co_await Adapter::get_default(own);
    backend.state().device_lists = Error(ErrorCode::invalid_argument, "there is no adapter hci0; there is: hci1");
    const auto connected = co_await adapter.connected_devices().as_result();
    EXPECT_EQ(connected.error().unavailable_reason(), UnavailableReason::no_adapter);
    const auto bonded = co_await adapter.bonded_devices().as_result();
    EXPECT_EQ(bonded.error().unavailable_reason(), UnavailableReason::no_adapter);
    backend.state().device_lists = Error(ErrorCode::access_denied, "no");
    const auto refused = co_await adapter.connected_devices().as_result();
    EXPECT_EQ(refused.error().code(), ErrorCode::access_denied);
    backend.state().device_lists = std::vector<Device>{known_device()};
    const auto devices = co_await adapter.bonded_devices();
    EXPECT_EQ(devices.size(), 1U);
  });
}

TEST_F(AdapterTest, AdapterStateStreamFollowsOneAdapter) {
  run_virtually([this]() -> Task<> {
    backend::AdapterState state;
    state.id = "hci0";
    state.is_default = true;
    backend.state().adapters = {state};
    AdapterOptions own;
    own.backend = backend.ref();
    auto adapter = co_await Adapter::get_default(own);
    {
      auto changes = adapter.state_changes();
      backend::AdapterState other = state;
      other.id = "hci1";
      backend.state().adapter_events->on_adapter_changed(other);
      state.powered = true;
      backend.state().adapter_events->on_adapter_changed(state);
      auto change = co_await changes.next();
      EXPECT_TRUE(change->powered);
      backend.state().adapter_events->on_adapter_removed("hci0");
      auto end = co_await changes.next();
      EXPECT_FALSE(end);
      EXPECT_EQ(changes.end_reason()->code(), ErrorCode::bluetooth_not_available);
    }
    EXPECT_EQ(backend.state().adapter_events, nullptr) << "letting the stream go ends the watch";
  });
}

TEST_F(AdapterTest, AdapterStateStreamEndsWithItsLoop) {
  std::optional<Stream<backend::AdapterState>> changes;
  run_virtually([&]() -> Task<> {
    backend::AdapterState state;
    state.id = "hci0";
    state.is_default = true;
    backend.state().adapters = {state};
    AdapterOptions own;
    own.backend = backend.ref();
    const auto adapter = co_await Adapter::get_default(own);
    changes = adapter.state_changes();
  });
  EXPECT_EQ(changes->end_reason()->code(), ErrorCode::loop_closed);
}

}  // namespace
}  // namespace blau::test
