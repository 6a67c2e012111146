#include "attribute_server_fixture.hpp"

namespace blau::sim::detail {
namespace {

// Write Request, 3.4.5.1

TEST_F(AttributeServerTest, Writes) {
  EXPECT_EQ(ask("12 0700 aabb"), "13");
  EXPECT_EQ(server_.table().find(7)->value, bytes(0xaa, 0xbb));
  ASSERT_EQ(writes_.size(), 1u);
  EXPECT_EQ(writes_[0].first.kind, WriteKind::request);
  EXPECT_EQ(writes_[0].second, bytes(0xaa, 0xbb));
  EXPECT_EQ(ask("12 0700"), "13");
  EXPECT_TRUE(server_.table().find(7)->value.empty());
  EXPECT_EQ(ask("12 1300 cc"), "13") << "a descriptor";
}

TEST_F(AttributeServerTest, RefusesToWrite) {
  EXPECT_EQ(ask("12 6300 00"), "0112630001");
  EXPECT_EQ(ask("12 0300 00"), "0112030003");
  EXPECT_EQ(ask("12 0100 00"), "0112010003");
  EXPECT_EQ(ask("12 0500 00"), "0112050003");
  EXPECT_EQ(ask("12 0f00 00"), "01120f0003") << "only without response";
  EXPECT_EQ(ask("12 0900 0102030405"), "011209000d");
  EXPECT_EQ(ask("12 1600 00"), "0112160081");
  EXPECT_EQ(ask("12 16"), "0112000004");
  EXPECT_EQ(writes_.size(), 1u) << "only the attribute that has an error of its own was offered";
  EXPECT_EQ(writes_[0].first.refused_with, static_cast<AttError>(0x81));
  EXPECT_EQ(server_.table().find(22)->value, bytes(1));
}

TEST_F(AttributeServerTest, RefusesMoreThan512Bytes) {
  set_mtu("0502");
  EXPECT_EQ(ask("12 0700" + to_hex(Bytes(513))), "011207000d");
  EXPECT_EQ(ask("12 0700" + to_hex(Bytes(512))), "13");
}

TEST_F(AttributeServerTest, AnswersTheHooksError) {
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(AttError::value_not_allowed); };
  EXPECT_EQ(ask("12 0700 01"), "0112070013");
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(AttError::insufficient_authorization); };
  EXPECT_EQ(ask("0a 0700"), "010a070008");
}

TEST_F(AttributeServerTest, TakesTheHooksValue) {
  on_read_ = [](const ReadAttempt& attempt) { return ReadAnswer(bytes(attempt.handle, attempt.offset)); };
  EXPECT_EQ(ask("0a 0300"), "0b0300");
  EXPECT_EQ(ask("08 0100 ffff 372a"),
            "0904"
            "03000300");
  EXPECT_EQ(ask("0a 0100"), "0b0d18") << "declarations are never asked for";
  EXPECT_EQ(ask("0a 0400"), "0b0000") << "nor is a configuration";
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Bytes(600)); };
  set_mtu("0502");
  EXPECT_EQ(ask("0a 0300").size(), 2u + 2 * 512);
}

// Write Command, 3.4.5.3

TEST_F(AttributeServerTest, TakesCommands) {
  server_.set_security(client_, {true, true, true});
  EXPECT_EQ(ask("52 0f00 77"), no_answer);
  EXPECT_EQ(server_.table().find(15)->value, bytes(0x77));
  EXPECT_EQ(writes_.at(0).first.kind, WriteKind::command);
}

TEST_F(AttributeServerTest, IgnoresWrongCommands) {
  EXPECT_EQ(ask("52 0f00 77"), no_answer) << "the link is not secure";
  EXPECT_EQ(ask("52 0700 77"), no_answer) << "only with response";
  EXPECT_EQ(ask("52 6300 77"), no_answer);
  EXPECT_EQ(ask("52 63"), no_answer);
  EXPECT_EQ(ask("52"), no_answer);
  EXPECT_EQ(ask("d2 0f00 77 000000000000000000000000"), no_answer) << "signed writes are not known";
  EXPECT_EQ(ask("7f 0102"), no_answer);
  EXPECT_TRUE(writes_.empty());
  EXPECT_EQ(server_.table().find(15)->value, bytes(9));
}

// Prepare and Execute Write, 3.4.6

TEST_F(AttributeServerTest, WritesInParts) {
  EXPECT_EQ(ask("16 0700 0000 0102"), "17070000000102");
  EXPECT_EQ(ask("16 0700 0200 0304"), "17070002000304");
  EXPECT_EQ(server_.table().find(7)->value, counted(40)) << "not yet";
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.table().find(7)->value, bytes(1, 2, 3, 4));
  ASSERT_EQ(writes_.size(), 1u);
  EXPECT_EQ(writes_[0].first.kind, WriteKind::prepared);
  EXPECT_EQ(writes_[0].second, bytes(1, 2, 3, 4));
}

TEST_F(AttributeServerTest, WhatIsOnlyWrittenReliablyIsNotWrittenByARequest) {
  ServiceSpec reliable;
  reliable.uuid = Uuid(0x1811);
  reliable.characteristics = {characteristic(0x2a46, property::read | property::reliable_write, bytes(1))};
  const auto placed = server_.table().append(std::vector{reliable});
  ASSERT_TRUE(placed.has_value());
  ASSERT_EQ((*placed)[0].characteristics[0].value, 25);
  EXPECT_EQ(ask("12 1900 02"), "0112190003");
  EXPECT_EQ(ask("16 1900 0000 02"), "171900000002");
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.table().find(25)->value, bytes(2));
}

TEST_F(AttributeServerTest, WritesSeveralValuesAtOnce) {
  ask("16 0700 0000 aa");
  ask("16 1300 0000 bb");
  ask("16 0700 0100 cc");
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.table().find(7)->value, bytes(0xaa, 0xcc));
  EXPECT_EQ(server_.table().find(19)->value, bytes(0xbb));
}

TEST_F(AttributeServerTest, PartsCanBeginInsideTheOldValueAndOverlap) {
  ask("16 0700 0200 aabbcc");
  ask("16 0700 0300 dd");
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.table().find(7)->value, bytes(0, 1, 0xaa, 0xdd, 0xcc));
}

TEST_F(AttributeServerTest, CancelsPreparedWrites) {
  ask("16 0700 0000 0102");
  EXPECT_EQ(ask("18 00"), "19");
  EXPECT_EQ(ask("18 01"), "19") << "nothing is left to execute";
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
}

TEST_F(AttributeServerTest, RefusesToPrepare) {
  EXPECT_EQ(ask("16 6300 0000 00"), "0116630001");
  EXPECT_EQ(ask("16 0300 0000 00"), "0116030003");
  EXPECT_EQ(ask("16 0d00 0000 0100"), "01160d0005");
  EXPECT_EQ(ask("16 0700 00"), "0116000004");
}

TEST_F(AttributeServerTest, LooksAtOffsetAndLengthOnlyWhenItExecutes) {
  EXPECT_EQ(ask("16 0700 2900 00"), "170700290000");
  EXPECT_EQ(ask("18 01"), "0118070007");
  EXPECT_EQ(ask("18 01"), "19") << "the queue was emptied";
  EXPECT_EQ(ask("16 0900 0000 0102030405"), "17090000000102030405");
  EXPECT_EQ(ask("18 01"), "011809000d");
  EXPECT_EQ(ask("16 1600 0000 01"), "171600000001");
  EXPECT_EQ(ask("18 01"), "0118160081");
}

TEST_F(AttributeServerTest, RefusesAPreparedValueOfMoreThan512Bytes) {
  server_.table().find(7)->value = counted(512);
  ask("16 0700 fe01 010203");
  EXPECT_EQ(ask("18 01"), "011807000d");
}

TEST_F(AttributeServerTest, RefusesMalformedExecuteWrite) {
  EXPECT_EQ(ask("18"), "0118000004");
  EXPECT_EQ(ask("18 02"), "0118000004");
  EXPECT_EQ(ask("18 0100"), "0118000004");
}

TEST_F(AttributeServerTest, PreparesNoMoreThanItsQueueHolds) {
  for (int i = 0; i < 64; ++i) ASSERT_EQ(ask("16 0700 0000 00"), "170700000000");
  EXPECT_EQ(ask("16 0700 0000 00"), "0116070009");
  EXPECT_EQ(ask("18 00"), "19");
  EXPECT_EQ(ask("16 0700 0000 00"), "170700000000");
}

TEST_F(AttributeServerTest, KeepsPreparedWritesOfClientsApart) {
  const BearerId other = server_.open_bearer();
  ask("16 0700 0000 01");
  EXPECT_EQ(hex(server_.handle_pdu(other, bytes(0x18, 1)).response), "19");
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
}

TEST_F(AttributeServerTest, ForgetsAnAttributeThatIsGoneBeforeItIsWritten) {
  ask("16 0700 0000 01");
  server_.table().remove_service(1);
  EXPECT_EQ(ask("18 01"), "0118070001");
}

}  // namespace
}  // namespace blau::sim::detail
