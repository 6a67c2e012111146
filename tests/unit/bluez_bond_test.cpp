#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What becomes of a device's bond.
class BlueZBond : public BlueZScene {
 protected:
  BlueZBond() {
    client_ = make_client(told_);
    connect(*client_);
  }
  Message begin_pair() {
    client_->pair({}, answer_.taker());
    Message agent = peer_.next_call("RegisterAgent");
    peer_.reply(agent);
    return peer_.next_call("Pair");
  }
  void expect_end(ErrorCode code) {
    expect(answer_);
    EXPECT_EQ(answer_.code(), code);
  }
  void expect_success() {
    expect(answer_);
    EXPECT_TRUE(answer_.succeeded());
  }

  Told told_;
  std::unique_ptr<backend::ClientPort> client_;
  Answer<void> answer_;
};

TEST_F(BlueZBond, BondIsTold) {
  Message call = begin_pair();
  set_device("Paired", 1);
  set_device("Bonded", 1);
  peer_.reply(call);
  expect_success();
  EXPECT_THAT(told_.log, ElementsAre("bonded"));
  set_device("Bonded", 0);
  peer_.settle();
  EXPECT_THAT(told_.log, ElementsAre("bonded", "not bonded"));
}

TEST_F(BlueZBond, OfABondedDeviceSucceedsAtOnce) {
  set_device("Paired", 1);
  peer_.settle();
  client_->pair({}, answer_.taker());
  expect_success();
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZBond, UnpairRemovesTheDeviceAndEndsTheLink) {
  set_device("Paired", 1);
  peer_.settle();
  client_->unpair(answer_.taker());
  Message call = peer_.next_call("RemoveDevice");
  EXPECT_EQ(Reader(call).object_path(), device_path);
  set_device("Connected", 0);
  peer_.emit_removed(device_path, device_interface);
  peer_.reply(call);
  expect_success();
  EXPECT_THAT(told_.ends, ElementsAre(DisconnectReason::local));
  EXPECT_THAT(told_.log, ElementsAre("bonded", "disconnected", "not bonded"));
}

TEST_F(BlueZBond, UnpairIsOverWhenTheDeviceIsGone) {
  set_device("Paired", 1);
  peer_.settle();
  client_->unpair(answer_.taker());
  Message call = peer_.next_call("RemoveDevice");
  peer_.reply(call);
  peer_.settle();
  EXPECT_FALSE(answer_.came());
  set_device("Connected", 0);
  peer_.emit_removed(device_path, device_interface);
  expect_success();
  EXPECT_THAT(told_.ends, ElementsAre(DisconnectReason::local));
}

TEST_F(BlueZBond, UnpairEndsWithBluetoothd) {
  set_device("Paired", 1);
  peer_.settle();
  client_->unpair(answer_.taker());
  Message call = peer_.next_call("RemoveDevice");
  peer_.reply(call);
  peer_.settle();
  peer_.emit_owner(":1.1", "");
  expect_end(ErrorCode::backend_lost);
}

TEST_F(BlueZBond, UnpairWithoutABondEndsOnlyTheLink) {
  client_->unpair(answer_.taker());
  Message call = peer_.next_call("Disconnect");
  set_device("Connected", 0);
  peer_.reply(call);
  expect_success();
  EXPECT_THAT(told_.ends, ElementsAre(DisconnectReason::local));
}

TEST_F(BlueZBond, UnpairNeedsNoLink) {
  set_device("Paired", 1);
  set_device("Connected", 0);
  peer_.settle();
  client_->unpair(answer_.taker());
  Message call = peer_.next_call("RemoveDevice");
  peer_.emit_removed(device_path, device_interface);
  peer_.reply(call);
  expect_success();
}

TEST_F(BlueZBond, UnpairOfWhatIsGoneAlreadySucceeds) {
  set_device("Paired", 1);
  peer_.settle();
  client_->unpair(answer_.taker());
  Message call = peer_.next_call("RemoveDevice");
  peer_.error(call, "org.bluez.Error.DoesNotExist", "Does Not Exist");
  expect_success();
}

TEST_F(BlueZBond, UnpairTellsWhatFailed) {
  set_device("Paired", 1);
  peer_.settle();
  client_->unpair(answer_.taker());
  Message call = peer_.next_call("RemoveDevice");
  peer_.error(call, "org.bluez.Error.NotReady", "Resource Not Ready");
  expect_end(ErrorCode::bluetooth_not_available);
  EXPECT_THAT(told_.ends, IsEmpty());
}

TEST_F(BlueZBond, UnpairCallsAPairingOff) {
  Message call = begin_pair();
  Answer<void> removed;
  client_->unpair(removed.taker());
  peer_.next_call("CancelPairing");
  Message disconnect = peer_.next_call("Disconnect");
  peer_.error(call, "org.bluez.Error.AuthenticationCanceled", "Authentication Canceled");
  set_device("Connected", 0);
  peer_.reply(disconnect);
  expect(removed);
  EXPECT_TRUE(removed.succeeded());
  EXPECT_TRUE(answer_.came());
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
