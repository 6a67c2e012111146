#include "attribute_server_fixture.hpp"

namespace blau::sim::detail {
namespace {

// Deferred answers

TEST_F(AttributeServerTest, AnswersAReadLater) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  EXPECT_EQ(ask("0a 0300"), no_answer);
  const Ticket ticket = reads_.at(0).ticket;
  EXPECT_FALSE(server_.finish_read(ticket, Deferred{}).response) << "still owed";
  const ServerOutput output = server_.finish_read(ticket, bytes(0x55));
  EXPECT_EQ(output.bearer, client_);
  EXPECT_EQ(hex(output.response), "0b55");
  EXPECT_FALSE(server_.finish_read(ticket, bytes(0x55)).response) << "once";
  EXPECT_EQ(reads_.size(), 1u);
}

TEST_F(AttributeServerTest, AnswersLaterWithAnErrorOrTheStoredValue) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  EXPECT_EQ(hex(server_.finish_read(reads_.at(0).ticket, AttError::unlikely_error).response), "010a03000e");
  ask("0a 0300");
  EXPECT_EQ(hex(server_.finish_read(reads_.at(1).ticket, Stored{}).response), "0b0102");
  ask("0a 1600");
  EXPECT_EQ(hex(server_.finish_read(reads_.at(2).ticket, Stored{}).response), "010a160080") << "its own error, late";
}

TEST_F(AttributeServerTest, CollectsSeveralDeferredValuesForOneResponse) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  EXPECT_EQ(ask("0e 0300 0500"), no_answer);
  EXPECT_FALSE(server_.finish_read(reads_.at(0).ticket, bytes(0xaa)).response);
  EXPECT_EQ(hex(server_.finish_read(reads_.at(1).ticket, bytes(0xbb)).response), "0faabb");
  EXPECT_EQ(reads_.size(), 2u) << "no value is asked for twice";
}

TEST_F(AttributeServerTest, AnswersAWriteLater) {
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  EXPECT_EQ(ask("12 0700 01"), no_answer);
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
  EXPECT_EQ(hex(server_.finish_write(writes_.at(0).first.ticket, Accepted{}).response), "13");
  EXPECT_EQ(server_.table().find(7)->value, bytes(1));
  ask("12 0700 02");
  EXPECT_EQ(hex(server_.finish_write(writes_.at(1).first.ticket, static_cast<AttError>(0x9f)).response), "011207009f");
  EXPECT_EQ(server_.table().find(7)->value, bytes(1));
}

TEST_F(AttributeServerTest, ExecutesPreparedWritesOneDeferredAnswerAfterTheOther) {
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  ask("16 0700 0000 aa");
  ask("16 1300 0000 bb");
  EXPECT_EQ(ask("18 01"), no_answer);
  EXPECT_FALSE(server_.finish_write(writes_.at(0).first.ticket, Accepted{}).response);
  EXPECT_EQ(server_.table().find(7)->value, bytes(0xaa));
  EXPECT_TRUE(server_.table().find(19)->value.empty());
  EXPECT_EQ(hex(server_.finish_write(writes_.at(1).first.ticket, Accepted{}).response), "19");
  EXPECT_EQ(server_.table().find(19)->value, bytes(0xbb));
  EXPECT_EQ(writes_.size(), 2u);
}

TEST_F(AttributeServerTest, ACommandCanBeTakenLater) {
  server_.set_security(client_, {true, true, true});
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  EXPECT_EQ(ask("52 0f00 77"), no_answer);
  EXPECT_EQ(ask("0a 0300"), "0b0102") << "a command does not hold back requests";
  EXPECT_FALSE(server_.finish_write(writes_.at(0).first.ticket, Accepted{}).response);
  EXPECT_EQ(server_.table().find(15)->value, bytes(0x77));
}

TEST_F(AttributeServerTest, HoldsABoundedNumberOfCommands) {
  server_.set_security(client_, {true, true, true});
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  for (int i = 0; i < 70; ++i) ask("52 0f00 77");
  EXPECT_EQ(writes_.size(), 64u);
  server_.finish_write(writes_.at(0).first.ticket, Accepted{});
  ask("52 0f00 77");
  EXPECT_EQ(writes_.size(), 65u);
}

TEST_F(AttributeServerTest, ASecondRequestBeforeTheResponseIsAViolation) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  const ServerOutput second = server_.handle_pdu(client_, bytes(0x0a, 5, 0));
  EXPECT_TRUE(second.violation);
  EXPECT_FALSE(second.response);
  server_.set_security(client_, {true, true, true});
  EXPECT_FALSE(server_.handle_pdu(client_, *from_hex("52 0f00 77")).violation);
  EXPECT_EQ(server_.table().find(15)->value, bytes(0x77)) << "commands need not wait";
  EXPECT_EQ(hex(server_.finish_read(reads_.at(0).ticket, bytes(1)).response), "0b01");
  const BearerId other = server_.open_bearer();
  EXPECT_FALSE(server_.handle_pdu(other, bytes(0x0a, 1, 0)).violation);
}

TEST_F(AttributeServerTest, ADeferredAnswerDiesWithTheBearer) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  server_.close_bearer(client_);
  const ServerOutput output = server_.finish_read(reads_.at(0).ticket, bytes(1));
  EXPECT_FALSE(output.response);
}

TEST_F(AttributeServerTest, ADeferredReadOfAnAttributeThatIsGone) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  server_.table().remove_service(1);
  EXPECT_EQ(hex(server_.finish_read(reads_.at(0).ticket, bytes(1)).response), "010a030001");
}

TEST_F(AttributeServerTest, WhatTakesTheHandlesOfARemovedServiceInheritsNothing) {
  ask("12 0400 0100");
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  ask("12 0700 aa");
  changes_.clear();
  EXPECT_FALSE(server_.remove_service(2));
  EXPECT_TRUE(server_.remove_service(1));
  EXPECT_EQ(changes_, std::to_string(client_) + ":3=0 ");
  auto again = make_services().front();
  again.handle = 1;
  ASSERT_TRUE(server_.table().append(std::vector{again}).has_value());
  EXPECT_EQ(server_.subscription(client_, 3), 0);
  EXPECT_EQ(hex(server_.finish_write(writes_.at(0).first.ticket, Accepted{}).response), "0112070001");
  EXPECT_EQ(server_.table().find(7)->value, counted(40)) << "what was meant for the other one";
}

// Hooks that do more than answer

TEST_F(AttributeServerTest, AHookMayCloseTheBearer) {
  on_write_ = [&](const WriteAttempt& attempt) {
    server_.close_bearer(attempt.bearer);
    return WriteAnswer(Accepted{});
  };
  EXPECT_EQ(ask("12 0700 01"), no_answer);
  EXPECT_EQ(server_.table().find(7)->value, bytes(1));
}

TEST_F(AttributeServerTest, AHookMayTakeTheAttributeAway) {
  on_read_ = [&](const ReadAttempt&) {
    server_.table().remove_service(1);
    return ReadAnswer(Stored{});
  };
  EXPECT_EQ(ask("0a 0300"), "010a030001");
  on_write_ = [&](const WriteAttempt&) {
    server_.table().remove_service(16);
    return WriteAnswer(Accepted{});
  };
  EXPECT_EQ(ask("12 1300 01"), "0112130001");
}

TEST_F(AttributeServerTest, AHookMayNotify) {
  ask("12 0400 0100");
  std::string heard;
  on_write_ = [&](const WriteAttempt& attempt) {
    heard = hex(server_.notify(attempt.bearer, 3, attempt.value));
    return WriteAnswer(Accepted{});
  };
  EXPECT_EQ(ask("12 0700 abcd"), "13");
  EXPECT_EQ(heard, "1b0300abcd");
}

}  // namespace
}  // namespace blau::sim::detail
