#ifdef BLAU_WITH_BLUEZ

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;

class BlueZGatt : public BlueZScene {};

TEST_F(BlueZGatt, ConnectsAndDiscovers) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  EXPECT_EQ(client->mtu(), 247);
  EXPECT_EQ(told.mtu, 247);
}

TEST_F(BlueZGatt, AnotherMtuIsTold) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  peer_.emit(rate_path, characteristic_interface, [](Message& m) { m.append("a{sv}as", 1, "MTU", "q", 100, 0); });
  EXPECT_TRUE(peer_.run_until([&] { return told.mtu == 100; }));
  EXPECT_EQ(client->mtu(), 100);
}

TEST_F(BlueZGatt, InventedErrorBeforeTheLossIsTheLoss) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  peer_.error(call, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e");
  Message look = peer_.next_call("Get");
  EXPECT_FALSE(answer.came());
  set_device("Connected", 0);
  peer_.reply(look, [](Message& m) { m.append("v", "b", 0); });
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::disconnected);
}

TEST_F(BlueZGatt, UnlikelyErrorOfThePeripheralStaysOne) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  peer_.error(call, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e");
  Message look = peer_.next_call("Get");
  peer_.reply(look, [](Message& m) { m.append("v", "b", 1); });
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::att);
}

TEST_F(BlueZGatt, RemovedCharacteristicFailsItsRead) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  peer_.emit_removed(rate_path, characteristic_interface);
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::attribute_gone);
  peer_.settle();
  EXPECT_THAT(told.log, ElementsAre("services changed"));
}

TEST_F(BlueZGatt, AnObjectOfTheSamePathIsNotReadBeforeItWasDiscovered) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  peer_.emit_removed(rate_path, characteristic_interface);
  peer_.emit_added(rate_path, [](Message& m) {
    m.append("a{sa{sv}}", 1, characteristic_interface, 2, "UUID", "s", "2a6e", "Flags", "as", 1, "read");
  });
  peer_.settle();
  Answer<Bytes> read;
  client->read_characteristic(rate, false, read.taker());
  EXPECT_EQ(read.code(), ErrorCode::attribute_gone);
  Answer<void> written;
  client->write_characteristic(rate, bytes(1), backend::WriteKind::with_response, written.taker());
  EXPECT_EQ(written.code(), ErrorCode::attribute_gone);
  Answer<void> subscribed;
  client->subscribe(rate, {backend::SubscribeKind::notify}, subscribed.taker());
  EXPECT_EQ(subscribed.code(), ErrorCode::attribute_gone);
  discover(*client);
  client->read_characteristic(rate, false, read.taker());
  Message call = peer_.next_call("ReadValue");
  reply_value(call, 7);
  expect(read);
}

TEST_F(BlueZGatt, EachKindOfWriteHasItsType) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  using Kind = backend::WriteKind;
  for (const auto& [kind, type] :
       {std::pair(Kind::with_response, "request"), std::pair(Kind::without_response, "command"),
        std::pair(Kind::reliable, "reliable")}) {
    Answer<void> answer;
    client->write_characteristic(rate, bytes(1), kind, answer.taker());
    Message call = peer_.next_call("WriteValue");
    Reader reader(call);
    reader.skip("ay");
    std::string told_type;
    reader.each_property([&](std::string_view name) {
      std::string_view text;
      if (name != "type" || !reader.variant(text)) return false;
      told_type = text;
      return true;
    });
    EXPECT_EQ(told_type, type);
    peer_.reply(call);
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
  }
}

TEST_F(BlueZGatt, EmptyTreeIsAFailedDiscovery) {
  has_gatt_ = false;
  Told told;
  const auto client = make_client(told);
  connect(*client);
  Answer<backend::GattDatabase> answer;
  client->discover({}, answer.taker());
  set_device("ServicesResolved", 1);
  Message look = peer_.next_call("Get");
  peer_.reply(look, [](Message& m) { m.append("v", "b", 1); });
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::failed);
  // After a change BlueZ may fill its list only then.
  peer_.emit_added(rate_path, [](Message& m) {
    m.append("a{sa{sv}}", 1, characteristic_interface, 2, "UUID", "s", "2a37", "Flags", "as", 1, "read");
  });
  peer_.settle();
  EXPECT_THAT(told.log, ElementsAre("services changed"));
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
