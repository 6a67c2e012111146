#include "support.hpp"

namespace blau::faults {
namespace {

/// A link that is lost, or not what it seems.
class LinkFaults : public FaultCase {};

/// Connects although the link is lost once, at that step.
Task<> connect_through(const char* step) {
  arm({{"fault", "link"}, {"address", tag}, {"step", step}});
  Client client{tag};
  co_await client.connect();
  EXPECT_GT(client.connect_attempts(), 1U) << step;
  const auto value = co_await client.read_gatt_char(own(0x0901));
  EXPECT_FALSE(value.empty()) << step;
  co_await client.disconnect();
}

BLAU_CASE(LinkFaults, LostBeforeItIsThereItIsTriedAgain) { co_await connect_through("before_link"); }
BLAU_CASE(LinkFaults, LostBeforeConnectIsAnsweredItIsTriedAgain) { co_await connect_through("before_reply"); }
BLAU_CASE(LinkFaults, LostBeforeTheMtuIsKnownItIsTriedAgain) { co_await connect_through("before_mtu"); }
BLAU_CASE(LinkFaults, LostInDiscoveryItIsTriedAgain) { co_await connect_through("in_discovery"); }
BLAU_CASE(LinkFaults, LostBeforeTheServicesAreResolvedItIsTriedAgain) { co_await connect_through("before_resolved"); }

BLAU_CASE(LinkFaults, LostRightAfterItCameUpIsToldOnce) {
  Inbox<DisconnectReason> ends;
  ClientOptions options;
  options.on_disconnected = [ends](const Disconnection& end) { ends.push(end.reason); };
  Client client{tag, options};
  arm({{"fault", "link"}, {"address", tag}, {"step", "after_resolved"}});
  const auto connected = co_await client.connect().as_result();
  // Either the connect saw the end and made another link, or it was over before.
  if (connected && client.connect_attempts() == 1) co_await ends.reach(1);
  if (client.is_connected()) co_await client.disconnect();
  EXPECT_LE(ends.size(), 2U);
}

BLAU_CASE(LinkFaults, LostEachTimeItGivesUpInsideItsDeadline) {
  arm({{"fault", "link"}, {"address", tag}, {"step", "before_reply"}, {"count", 1000}});
  Client client{tag};
  const auto begun = std::chrono::steady_clock::now();
  const auto connected = co_await client.connect().as_result();
  BLAU_REQUIRE(!connected);
  EXPECT_GT(client.connect_attempts(), 1U);
  EXPECT_NE(std::string(connected.error().what()).find("attempt"), std::string::npos) << connected.error().what();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s) << "its deadline is ten seconds";
}

BLAU_CASE(LinkFaults, ConnectIsNotAnsweredInTime) {
  arm({{"fault", "reply"}, {"method", "Connect"}, {"never", true}, {"count", 1000}});
  ConnectOptions hasty;
  hasty.timeout = 1s;
  Client client{tag};
  const auto connected = co_await client.connect(hasty).as_result();
  expect_error(connected, ErrorCode::timed_out);
  clear_faults();
  co_await client.connect();
  EXPECT_TRUE(client.is_connected());
  co_await client.disconnect();
}

BLAU_CASE(LinkFaults, ATreeThatIsEmptyIsTriedAgain) {
  arm({{"fault", "tree"}, {"address", tag}, {"empty", true}});
  Client client{tag};
  co_await client.connect();
  EXPECT_GT(client.connect_attempts(), 1U);
  const auto value = co_await client.read_gatt_char(own(0x0901));
  EXPECT_FALSE(value.empty());
  co_await client.disconnect();
}

BLAU_CASE(LinkFaults, ATreeThatIsLateIsComplete) {
  arm({{"fault", "tree"}, {"address", tag}, {"late_ms", 200}});
  Client client{tag};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(own(0x0901));
  EXPECT_FALSE(value.empty());
  co_await client.disconnect();
}

BLAU_LINKED_CASE(LinkFaults, AnotherProgramDisconnects) {
  Inbox<DisconnectReason> ends;
  client.set_disconnected_callback([ends](const Disconnection& end) { ends.push(end.reason); });
  arm({{"fault", "disconnect"}, {"address", gatt}});
  co_await ends.reach(1);
  EXPECT_EQ(ends.items()[0], as_told(DisconnectReason::other_program));
  client.set_disconnected_callback(nullptr);
}

BLAU_CASE(LinkFaults, ServicesThatChangeInMidDiscoveryAreWhole) {
  const json characteristic{{"uuid", "fff1"}, {"properties", {"read"}}, {"value", "aa"}};
  const json service{{"uuid", "fff0"}, {"characteristics", json::array({characteristic})}};
  arm({{"fault", "services"}, {"address", tag}, {"add", service}, {"step", "in_discovery"}});
  Client client{tag};
  co_await client.connect();
  (void)co_await client.get_services();
  const auto value = co_await client.read_gatt_char(Uuid{0xfff1});
  EXPECT_EQ(value, bytes(0xaa));
  co_await client.disconnect();
}

}  // namespace
}  // namespace blau::faults
