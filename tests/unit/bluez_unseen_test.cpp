#ifdef BLAU_WITH_BLUEZ

// Connecting to an address that bluetoothd does not know, by Adapter1.ConnectDevice.

#include "bluez_scene.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace blau::detail::bluez {
namespace {

const Address stranger("C0:FF:EE:00:00:09", AddressType::random);
const std::string stranger_path = "/org/bluez/hci0/dev_C0_FF_EE_00_00_09";

class BlueZUnseen : public BlueZScene {
 protected:
  std::unique_ptr<backend::ClientPort> client_of(const Address& address) {
    backend::ClientRequest request;
    request.device = Device(address);
    request.bluez_connect_device = true;
    return backend_->make_client(request, told_);
  }
  void appear(int connected) {
    peer_.emit_added(stranger_path, [&](Message& m) {
      m.append("a{sa{sv}}", 1, device_interface, 3, "Address", "s", "C0:FF:EE:00:00:09", "AddressType", "s", "random",
               "Connected", "b", connected);
    });
  }
  void reply_path(const Message& call) {
    peer_.reply(call, [](Message& m) { m.append("o", stranger_path.c_str()); });
  }
  /// The call that asks for the link.
  Message asked() {
    Message call = peer_.next_call("ConnectDevice");
    EXPECT_EQ(call.path(), adapter_path);
    return call;
  }
  bool can(const char* described, const Address& address = stranger) {
    Answer<bool> answer;
    backend_->can_connect_unseen("", address, answer.taker());
    if (described) {
      Message call = peer_.next_call("Introspect");
      peer_.reply(call, [&](Message& m) { m.append("s", described); });
    }
    expect(answer);
    return answer.succeeded() && **answer.result;
  }

  Told told_;
};

TEST_F(BlueZUnseen, WhetherItCanIsAskedOnceOfEachBluetoothd) {
  EXPECT_TRUE(can("<node><interface><method name=\"ConnectDevice\"/></interface></node>"));
  EXPECT_TRUE(can(nullptr));
  EXPECT_TRUE(peer_.calls().empty());
}

TEST_F(BlueZUnseen, OneWithoutExperimentsCannot) {
  EXPECT_FALSE(can("<node><interface><method name=\"StartDiscovery\"/></interface></node>"));
  EXPECT_FALSE(can(nullptr));
}

TEST_F(BlueZUnseen, AnAddressWithoutATypeCannotBe) {
  EXPECT_FALSE(can(nullptr, Address("C0:FF:EE:00:00:09")));
  EXPECT_TRUE(peer_.calls().empty());
}

TEST_F(BlueZUnseen, TellsAddressAndType) {
  const auto client = client_of(stranger);
  Answer<void> answer;
  client->connect(answer.taker());
  const Message call = asked();
  std::map<std::string, std::string> told;
  Reader reader(call);
  reader.each_property([&](std::string_view name) {
    std::string_view text;
    const bool is_text = reader.variant(text);
    told.emplace(name, text);
    return is_text;
  });
  const std::map<std::string, std::string> wanted{{"Address", "C0:FF:EE:00:00:09"}, {"AddressType", "random"}};
  EXPECT_EQ(told, wanted);
  appear(1);
  reply_path(call);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

TEST_F(BlueZUnseen, ItsLinkIsThisPrograms) {
  auto client = client_of(stranger);
  Answer<void> answer;
  client->connect(answer.taker());
  const Message call = asked();
  appear(1);
  reply_path(call);
  expect(answer);
  client.reset();
  const Message end = peer_.next_call("Disconnect");
  EXPECT_EQ(end.path(), stranger_path);
}

TEST_F(BlueZUnseen, ADeviceThatBlueZKnowsIsConnectedAsEver) {
  const auto client = client_of(Address("C0:FF:EE:00:00:01", AddressType::random));
  Answer<void> answer;
  client->connect(answer.taker());
  (void)peer_.next_call("Connect");
}

TEST_F(BlueZUnseen, FailuresAreWorthAnotherAttempt) {
  const auto client = client_of(stranger);
  std::optional<backend::ConnectResult> end;
  client->connect([&end](backend::ConnectResult result) { end.emplace(std::move(result)); });
  peer_.error(asked(), "org.bluez.Failed", "");
  EXPECT_TRUE(peer_.run_until([&end] { return end.has_value(); }));
  EXPECT_EQ(end->error().code(), ErrorCode::connection_failed);
  EXPECT_EQ(end->retry(), backend::Retry::again);
}

TEST_F(BlueZUnseen, WhereItIsGoneADeviceIsToBeLookedFor) {
  const auto client = client_of(stranger);
  std::optional<backend::ConnectResult> end;
  client->connect([&end](backend::ConnectResult result) { end.emplace(std::move(result)); });
  peer_.error(asked(), "org.freedesktop.DBus.Error.UnknownMethod", "");
  EXPECT_TRUE(peer_.run_until([&end] { return end.has_value(); }));
  EXPECT_EQ(end->retry(), backend::Retry::vanished) << "by a scan";
}

TEST_F(BlueZUnseen, AnObjectThatComesAndGoesMeanwhileDoesNotEndIt) {
  const auto client = client_of(stranger);
  Answer<void> answer;
  client->connect(answer.taker());
  const Message call = asked();
  appear(0);
  peer_.emit_removed(stranger_path, device_interface);
  peer_.settle();
  EXPECT_FALSE(answer.came()) << "a scan's, of another program";
  appear(1);
  reply_path(call);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

// adapter.c keeps nothing of it that a Disconnect could end.
TEST_F(BlueZUnseen, WhatComesOfAnAbandonedOneIsTakenDown) {
  auto client = client_of(stranger);
  Answer<void> answer;
  client->connect(answer.taker());
  const Message call = asked();
  client->abort_connect();
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::canceled);
  client.reset();
  peer_.settle();
  EXPECT_TRUE(peer_.calls().empty()) << "there is nothing to be disconnected yet";
  appear(1);
  const Message end = peer_.next_call("Disconnect");
  EXPECT_EQ(end.path(), stranger_path);
  reply_path(call);
  peer_.reply(end);
  peer_.settle();
  EXPECT_TRUE(peer_.calls().empty());
}

TEST_F(BlueZUnseen, TheAnswerAloneIsEnoughForThat) {
  const auto client = client_of(stranger);
  Answer<void> answer;
  client->connect(answer.taker());
  const Message call = asked();
  client->abort_connect();
  reply_path(call);
  answer_connected(1);
  EXPECT_EQ(peer_.next_call("Disconnect").path(), stranger_path);
}

TEST_F(BlueZUnseen, AnAbandonedOneThatFailsLeavesNothing) {
  const auto client = client_of(stranger);
  Answer<void> answer;
  client->connect(answer.taker());
  const Message call = asked();
  client->abort_connect();
  peer_.error(call, "org.bluez.Failed", "");
  peer_.settle();
  EXPECT_TRUE(peer_.calls().empty());
  Answer<void> again;
  client->connect(again.taker());
  (void)asked();
}

TEST_F(BlueZUnseen, WhoComesMeanwhileJoinsIt) {
  const auto first = client_of(stranger);
  Answer<void> taken_back;
  first->connect(taken_back.taker());
  const Message call = asked();
  first->abort_connect();
  const auto second = client_of(stranger);
  Answer<void> answer;
  second->connect(answer.taker());
  peer_.settle();
  EXPECT_TRUE(peer_.calls().empty()) << "one at a time";
  appear(1);
  reply_path(call);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
