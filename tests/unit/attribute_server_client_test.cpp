#include "attribute_server_fixture.hpp"

namespace blau::sim::detail {
namespace {

// Security, Part C 10.3.1

TEST_F(AttributeServerTest, DemandsASecureLink) {
  const auto read = [&](LinkSecurity link) {
    server_.set_security(client_, link);
    return ask("0a 0f00");
  };
  EXPECT_EQ(read({false, false, false}), "010a0f0005") << "no keys: pair";
  EXPECT_EQ(read({false, false, true}), "010a0f000f") << "keys: encrypt";
  EXPECT_EQ(read({true, false, true}), "010a0f0005") << "keys of the wrong kind: pair better";
  EXPECT_EQ(read({true, true, true}), "0b09");
}

TEST_F(AttributeServerTest, DemandsAnEncryptedLinkForASubscription) {
  EXPECT_EQ(ask("0a 0d00"), "0b0000") << "a configuration can always be read";
  EXPECT_EQ(ask("12 0d00 0200"), "01120d0005");
  server_.set_security(client_, {false, false, true});
  EXPECT_EQ(ask("12 0d00 0200"), "01120d000f");
  server_.set_security(client_, {true, false, true});
  EXPECT_EQ(ask("12 0d00 0200"), "13");
}

// Client Characteristic Configuration, Part G 3.3.3.3

TEST_F(AttributeServerTest, KeepsASubscriptionForEachClient) {
  const BearerId other = server_.open_bearer();
  EXPECT_EQ(ask("12 0400 0100"), "13");
  EXPECT_EQ(ask("0a 0400"), "0b0100");
  EXPECT_EQ(hex(server_.handle_pdu(other, bytes(0x0a, 4, 0)).response), "0b0000");
  EXPECT_EQ(server_.subscription(client_, 3), 1);
  EXPECT_EQ(server_.subscription(other, 3), 0);
  EXPECT_EQ(changes_, "1:3=1 ");
  EXPECT_EQ(ask("12 0400 0100"), "13");
  EXPECT_EQ(changes_, "1:3=1 ") << "written again, not changed";
  EXPECT_EQ(ask("12 0400 0000"), "13");
  EXPECT_EQ(changes_, "1:3=1 1:3=0 ");
}

TEST_F(AttributeServerTest, RefusesWrongConfigurations) {
  EXPECT_EQ(ask("12 0400 0200"), "01120400fd") << "it cannot indicate";
  EXPECT_EQ(ask("12 0400 01"), "011204000d");
  EXPECT_EQ(ask("12 0400 010000"), "011204000d");
  EXPECT_EQ(ask("12 0400 fcff"), "13") << "reserved bits mean nothing";
  EXPECT_EQ(server_.subscription(client_, 3), 0);
  server_.table().find(4)->write_error = 0x80;
  EXPECT_EQ(ask("12 0400 0100"), "0112040080");
}

TEST_F(AttributeServerTest, ASubscriptionCanBePrepared) {
  EXPECT_EQ(ask("16 0400 0000 0100"), "17040000000100");
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.subscription(client_, 3), 1);
}

TEST_F(AttributeServerTest, EndsSubscriptionsWithTheBearer) {
  ask("12 0400 0100");
  server_.close_bearer(client_);
  EXPECT_EQ(changes_, "1:3=1 1:3=0 ");
  EXPECT_FALSE(server_.notify(client_, 3, bytes(1)));
  EXPECT_EQ(server_.open_bearer(), client_ + 1);
}

TEST_F(AttributeServerTest, RestoresSubscriptionsOfABondedClient) {
  ask("12 0400 0100");
  const auto remembered = server_.subscriptions(client_);
  server_.close_bearer(client_);
  client_ = server_.open_bearer();
  server_.restore_subscriptions(client_, remembered);
  EXPECT_EQ(hex(server_.notify(client_, 3, bytes(5))), "1b030005");
  EXPECT_EQ(changes_, "1:3=1 1:3=0 2:3=1 ");
}

// Notifications and indications, 3.4.7

TEST_F(AttributeServerTest, NotifiesOnlyWhoAskedForIt) {
  EXPECT_FALSE(server_.notify(client_, 3, bytes(1)));
  ask("12 0400 0100");
  EXPECT_EQ(hex(server_.notify(client_, 3, bytes(1, 2))), "1b03000102");
  EXPECT_EQ(hex(server_.notify(client_, 3, {})), "1b0300");
  EXPECT_FALSE(server_.indicate(client_, 3, bytes(1)).accepted);
  Bytes again;
  ASSERT_TRUE(server_.notify_into(client_, 3, bytes(7), again));
  EXPECT_EQ(to_hex(again), "1b030007");
}

TEST_F(AttributeServerTest, CutsNotificationsToTheMtu) {
  ask("12 0400 0100");
  EXPECT_EQ(hex(server_.notify(client_, 3, counted(30))), "1b0300" + to_hex(counted(20)));
  set_mtu("1e00");
  EXPECT_EQ(hex(server_.notify(client_, 3, counted(30))), "1b0300" + to_hex(counted(27)));
}

TEST_F(AttributeServerTest, IndicatesOneAtATime) {
  server_.set_security(client_, {true, false, true});
  ask("12 0d00 0200");
  EXPECT_EQ(hex(server_.indicate(client_, 12, bytes(1)).pdu), "1d0c0001");
  const IndicationResult second = server_.indicate(client_, 12, bytes(2));
  EXPECT_TRUE(second.accepted);
  EXPECT_FALSE(second.pdu);
  server_.indicate(client_, 12, bytes(3));
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e, 0)).indication), no_answer) << "malformed";
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), "1d0c0002");
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), "1d0c0003");
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), no_answer);
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), no_answer) << "nothing to confirm";
  EXPECT_EQ(confirmed_, (std::vector<std::uint16_t>{12, 12, 12}));
}

TEST_F(AttributeServerTest, DropsIndicationsThatNobodyWantsAnyMore) {
  server_.set_security(client_, {true, false, true});
  ask("12 0d00 0200");
  server_.indicate(client_, 12, bytes(1));
  server_.indicate(client_, 12, bytes(2));
  ask("12 0d00 0000");
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), no_answer);
}

TEST_F(AttributeServerTest, HoldsABoundedNumberOfIndications) {
  server_.set_security(client_, {true, false, true});
  ask("12 0d00 0200");
  for (int i = 0; i < 65; ++i) EXPECT_TRUE(server_.indicate(client_, 12, {}).accepted);
  EXPECT_FALSE(server_.indicate(client_, 12, {}).accepted);
}

}  // namespace
}  // namespace blau::sim::detail
