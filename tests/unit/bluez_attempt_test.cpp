#ifdef BLAU_WITH_BLUEZ

// What the BlueZ backend tells of an attempt: which adapter it takes, and whether another one is worth it. And the types of writes.

#include "bluez_scene.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace blau::detail::bluez {
namespace {

using backend::Retry;

class BlueZAttempt : public BlueZScene {
 protected:
  std::unique_ptr<backend::ClientPort> client_of(Device device, const std::string& adapter = std::string()) {
    backend::ClientRequest request;
    request.device = std::move(device);
    request.adapter = adapter;
    return backend_->make_client(request, told_);
  }
  /// BlueZ refuses a Connect like this.
  backend::ConnectResult refused(const char* name, const char* text) {
    std::optional<backend::ConnectResult> end;
    const auto client = make_client(told_);
    client->connect([&end](backend::ConnectResult result) { end.emplace(std::move(result)); });
    Message call = peer_.next_call("Connect");
    peer_.error(call, name, text);
    EXPECT_TRUE(peer_.run_until([&end] { return end.has_value(); }));
    return end.value_or(Error(ErrorCode::failed, "no answer"));
  }

  Told told_;
};

TEST_F(BlueZAttempt, TellsTheAdapterThatItWouldUse) {
  const Device by_path(Address("C0:FF:EE:00:00:01"), std::nullopt, device_path);
  const Device by_address(Address("C0:FF:EE:00:00:01"));
  EXPECT_EQ(client_of(by_path)->adapter(), "hci0") << "in the path";
  EXPECT_EQ(client_of(by_address, "hci3")->adapter(), "hci3") << "as the user says";
  EXPECT_EQ(client_of(by_address, "00:11:22:33:44:55")->adapter(), "") << "not known yet";
  EXPECT_EQ(client_of(by_address)->adapter(), "");
  std::optional<Result<std::vector<backend::AdapterState>>> adapters;
  backend_->list_adapters([&adapters](auto states) { adapters.emplace(std::move(states)); });
  EXPECT_TRUE(peer_.run_until([&adapters] { return adapters.has_value(); }));
  EXPECT_EQ(client_of(by_address, "00:11:22:33:44:55")->adapter(), "hci0");
  EXPECT_EQ(client_of(by_address)->adapter(), "hci0") << "the default one";
}

TEST_F(BlueZAttempt, SaysWhetherAnotherOneIsWorthIt) {
  constexpr const char* failed = "org.bluez.Error.Failed";
  EXPECT_EQ(refused(failed, "le-connection-abort-by-local").retry(), Retry::transient);
  EXPECT_EQ(refused(failed, "le-connection-timeout").retry(), Retry::again);
  EXPECT_EQ(refused(failed, "le-connection-concurrent-connection-limit").retry(), Retry::out_of_slots);
  EXPECT_EQ(refused("org.freedesktop.DBus.Error.UnknownObject", "").retry(), Retry::vanished);
  EXPECT_EQ(refused(failed, "br-connection-key-missing").retry(), Retry::never);
  set_adapter_powered(0);
  peer_.settle();
  const auto client = make_client(told_);
  Answer<void> off;
  client->connect([&](backend::ConnectResult result) {
    EXPECT_EQ(result.retry(), Retry::never);
    off.taker()(std::move(result));
  });
  expect(off);
  EXPECT_EQ(off.code(), ErrorCode::bluetooth_not_available);
}

TEST_F(BlueZAttempt, EachKindOfWriteHasItsType) {
  const auto client = make_client(told_);
  connect(*client);
  discover(*client);
  const std::pair<backend::WriteKind, std::string> kinds[] = {{backend::WriteKind::with_response, "request"},
                                                              {backend::WriteKind::without_response, "command"},
                                                              {backend::WriteKind::reliable, "reliable"}};
  for (const auto& [kind, type] : kinds) {
    Answer<void> answer;
    client->write_characteristic(rate, bytes(1), kind, answer.taker());
    Message call = peer_.next_call("WriteValue");
    Reader reader(call);
    (void)reader.bytes();
    std::string told;
    reader.each_property([&](std::string_view name) {
      std::string_view text;
      if (name != "type" || !reader.variant(text)) return false;
      told = text;
      return true;
    });
    EXPECT_EQ(told, type);
    peer_.reply(call);
    expect(answer);
  }
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
