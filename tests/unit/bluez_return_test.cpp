#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What bluetoothd does late: after its adapter was off, after it was another one, after the bus was away.
class BlueZReturn : public BlueZScene {
 protected:
  /// bluetoothd ended, and another one has its name at once.
  void hand_over() { peer_.emit_owner(":1.1", ":1.2"); }
  void add_characteristic(const std::string& path, const char* uuid) {
    peer_.emit_added(path, [&](Message& m) {
      m.append("a{sa{sv}}", 1, characteristic_interface, 2, "UUID", "s", uuid, "Flags", "as", 2, "read", "notify");
    });
  }
};

struct Watched final : backend::AdapterEvents {
  int changes = 0;
  void on_adapter_changed(const backend::AdapterState&) override { ++changes; }
  void on_adapter_removed(const std::string&) override {}
};

TEST_F(BlueZReturn, DiscoveryThatBeginsAfterThePowerWasOffIsStopped) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  Answer<void> answer;
  scanner->start({}, answer.taker());
  Message filter = peer_.next_call("SetDiscoveryFilter");
  peer_.reply(filter);
  Message start = peer_.next_call("StartDiscovery");
  set_adapter_powered(0);
  expect(answer);
  EXPECT_FALSE(answer.succeeded());
  set_adapter_powered(1);
  peer_.reply(start);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), ElementsAre("StopDiscovery"));
}

TEST_F(BlueZReturn, DiscoveryThatBeginsLateIsLeftToTheNextAttempt) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  Answer<void> answer;
  scanner->start({}, answer.taker());
  Message filter = peer_.next_call("SetDiscoveryFilter");
  peer_.reply(filter);
  Message start = peer_.next_call("StartDiscovery");
  set_adapter_powered(0);
  expect(answer);
  set_adapter_powered(1);
  peer_.settle();
  Answer<void> again;
  scanner->start({}, again.taker());
  peer_.reply(start);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), ElementsAre("SetDiscoveryFilter"));
}

TEST_F(BlueZReturn, LinkThatAnotherBluetoothdMadeIsTakenDown) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  hand_over();
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::backend_lost);
  set_device("Connected", 1);
  peer_.reply(call);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), ElementsAre("Disconnect"));
}

TEST_F(BlueZReturn, LinkThatIsBeingTakenDownIsNotAdopted) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  hand_over();
  expect(answer);
  set_device("Connected", 1);
  peer_.reply(call);
  Message disconnect = peer_.next_call("Disconnect");
  Answer<void> again;
  client->connect(again.taker());
  peer_.settle();
  EXPECT_FALSE(again.came());
  set_device("Connected", 0);
  peer_.reply(disconnect);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty()) << "the controller is not through yet";
  Message connect = peer_.next_call("Connect");
  peer_.reply(connect);
}

TEST_F(BlueZReturn, ABluetoothdThatIsReplacedBeforeItListedItsObjectsDoesNotMatter) {
  Answer<std::vector<backend::AdapterState>> listed;
  backend_->list_adapters(listed.taker());
  expect(listed);
  peer_.answer_objects(nullptr);
  hand_over();
  Message of_second = peer_.next_call("GetManagedObjects");
  Answer<std::vector<backend::AdapterState>> answer;
  backend_->list_adapters(answer.taker());
  peer_.answer_objects([this](Message& reply) { write_objects(reply); });
  peer_.emit_owner(":1.2", ":1.3");
  peer_.error(of_second, "org.freedesktop.DBus.Error.NoReply", "Message recipient disconnected from message bus");
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

TEST_F(BlueZReturn, SubscriptionThatMayBeginOnAnotherObjectIsStopped) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<void> answer;
  client->subscribe(rate, {backend::SubscribeKind::notify}, answer.taker());
  Message call = peer_.next_call("StartNotify");
  peer_.emit_removed(rate_path, characteristic_interface);
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::attribute_gone);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), ElementsAre("StopNotify"));
}

TEST_F(BlueZReturn, SubscriptionOutlivesAnObjectThatComesBack) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  subscribe(*client);
  peer_.emit_removed(rate_path, characteristic_interface);
  add_characteristic(rate_path, "2a37");
  discover(*client);
  Message call = peer_.next_call("StartNotify");
  peer_.reply(call);
  notify(7);
  peer_.settle();
  EXPECT_THAT(told.log, ElementsAre("services changed", "value 07"));
}

TEST_F(BlueZReturn, SubscriptionIsAskedForAgainWhileBlueZIsBusy) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  subscribe(*client);
  peer_.emit_removed(rate_path, characteristic_interface);
  add_characteristic(rate_path, "2a37");
  discover(*client);
  for (int asked = 0; asked < 2; ++asked) {
    Message call = peer_.next_call("StartNotify");
    peer_.error(call, "org.bluez.Error.Failed", "Failed to register notify session");
  }
  Message busy = peer_.next_call("StartNotify");
  peer_.error(busy, "org.bluez.Error.InProgress", "Operation already in progress");
  Message call = peer_.next_call("StartNotify");
  peer_.reply(call);
  notify(7);
  peer_.settle();
  EXPECT_THAT(told.log, ElementsAre("services changed", "value 07"));
}

TEST_F(BlueZReturn, SubscriptionThatStaysRefusedIsToldOf) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  subscribe(*client);
  peer_.emit_removed(rate_path, characteristic_interface);
  add_characteristic(rate_path, "2a37");
  discover(*client);
  for (int asked = 0; asked < 4; ++asked) {
    Message call = peer_.next_call("StartNotify");
    peer_.error(call, "org.bluez.Error.InProgress", "Operation already in progress");
  }
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
  EXPECT_THAT(told.ended_subscriptions, ElementsAre(std::pair(rate, ErrorCode::busy)));
}

TEST_F(BlueZReturn, SubscriptionDoesNotPassToAnotherCharacteristic) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  subscribe(*client);
  peer_.emit_removed(rate_path, characteristic_interface);
  add_characteristic(rate_path, "2a39");
  discover(*client);
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZReturn, BusIsLookedForWhileSomebodyWaitsForAnAdapter) {
  bool is_there = true;
  const auto backend = make_backend(
      peer_.loop(), [&, open = peer_.opener()](sd_bus** bus) { return is_there ? open(bus) : -ECONNREFUSED; });
  Watched watched;
  const auto watch = backend->watch_adapters(watched);
  Answer<std::vector<backend::AdapterState>> answer;
  backend->list_adapters(answer.taker());
  expect(answer);
  is_there = false;
  peer_.hang_up();
  Answer<std::vector<backend::AdapterState>> refused;
  Timer early(peer_.loop());
  early.start_after(peer_.loop(), std::chrono::milliseconds(1), [&] { backend->list_adapters(refused.taker()); });
  expect(refused);
  EXPECT_EQ(refused.code(), ErrorCode::bluetooth_not_available);
  is_there = true;
  EXPECT_TRUE(peer_.run_until([&] { return watched.changes > 0; })) << "nobody was told that the adapter is back";
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
