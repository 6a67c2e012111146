// A service that takes the handles of another one has nothing of it.

#include "attribute_server_fixture.hpp"

namespace blau::sim::detail {
namespace {

class AttributeServerChanges : public AttributeServerTest {
 protected:
  /// Puts a service in the place of another one.
  void replace(std::uint16_t handle, std::vector<CharacteristicSpec> characteristics) {
    ASSERT_TRUE(server_.remove_service(handle));
    ServiceSpec successor;
    successor.uuid = Uuid(0x1811);
    successor.handle = handle;
    successor.characteristics = std::move(characteristics);
    ASSERT_TRUE(server_.table().append(std::vector{successor}).has_value());
  }

  /// Its last value has handle 7, as that of 2a38.
  void replace_first() {
    const auto small = characteristic(0x2b01, property::read);
    replace(1, {small, small, characteristic(0x2b02, property::read | property::write, Bytes(40, 0x77))});
  }
};

TEST_F(AttributeServerChanges, PreparedPartsAreRefused) {
  EXPECT_EQ(ask("16 0700 0000 0102"), "17070000000102");
  replace_first();
  EXPECT_EQ(ask("18 01"), "0118070001");
  EXPECT_EQ(server_.table().find(7)->value, Bytes(40, 0x77));
  EXPECT_TRUE(writes_.empty());
}

TEST_F(AttributeServerChanges, PreparedPartsAreRefusedBehindADeferredAnswer) {
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  ask("16 1300 0000 bb");
  ask("16 0700 0000 0102");
  EXPECT_EQ(ask("18 01"), no_answer);
  replace_first();
  on_write_ = nullptr;
  const auto output = server_.finish_write(writes_.at(0).first.ticket, Accepted{});
  EXPECT_EQ(hex(output.response), "0118070001");
  EXPECT_EQ(server_.table().find(7)->value, Bytes(40, 0x77));
}

TEST_F(AttributeServerChanges, ALongReadGoesOnInItsValue) {
  ask("0a 0700");
  replace_first();
  EXPECT_EQ(ask_start("0c 0700 1600", 6), "0d7777");
}

TEST_F(AttributeServerChanges, WaitingIndicationsAreDropped) {
  server_.set_security(client_, {true, true, true});
  ask("12 0d00 0200");
  ASSERT_TRUE(server_.indicate(client_, 12, bytes(1)).pdu.has_value());
  ASSERT_TRUE(server_.indicate(client_, 12, bytes(2)).accepted);
  replace(10, {characteristic(0x2b01, property::indicate)});
  EXPECT_EQ(ask("12 0d00 0200"), "13");
  EXPECT_FALSE(server_.handle_pdu(client_, bytes(0x1e)).indication.has_value());
}

}  // namespace
}  // namespace blau::sim::detail
