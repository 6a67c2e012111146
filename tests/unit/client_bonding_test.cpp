// Requests that a peripheral refuses until there is a bond.

#include "support/connected_client.hpp"

#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace blau::test {
namespace {

class ClientBonding : public ClientScene {
 protected:
  ClientOptions options() override {
    auto made = ClientScene::options();
    if (has_agent) made.pairing.confirm = [](const Device&) { return true; };
    return made;
  }
  static Error refusal() { return {AttError::insufficient_encryption, "encrypt first"}; }

  bool has_agent = true;
};

TEST_F(ClientBonding, ARequestIsMadeOnceMoreWithTheBond) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    port().reads.answer(refusal());
    co_await turns(3);
    EXPECT_EQ(port().pairs.count(), 1);
    EXPECT_TRUE(port().pair_requests.at(0).implied);
    port().pairs.answer(Result<void>());
    co_await turns(3);
    const Bytes value{1};
    port().reads.answer(value);
    co_await turns(3);
    EXPECT_TRUE(reading.succeeded());
  });
}

TEST_F(ClientBonding, ARequestIsNotMadeTwiceMore) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    port().reads.answer(refusal());
    co_await turns(3);
    port().pairs.answer(Result<void>());
    co_await turns(3);
    port().reads.answer(refusal());
    co_await turns(3);
    EXPECT_EQ(reading.failure(), ErrorCode::att);
    EXPECT_EQ(port().pair_requests.size(), 1U);
  });
}

TEST_F(ClientBonding, WhatEndsThePairingEndsTheRequest) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    port().reads.answer(refusal());
    co_await turns(3);
    port().pairs.answer(Error(ErrorCode::pairing_rejected, "no"));
    co_await turns(3);
    EXPECT_EQ(reading.failure(), ErrorCode::pairing_rejected);
  });
}

TEST_F(ClientBonding, ASystemThatCannotPairGivesThePeripheralsAnswer) {
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    port().reads.answer(refusal());
    co_await turns(3);
    port().pairs.answer(Error(ErrorCode::not_supported, "no pairing here"));
    co_await turns(3);
    EXPECT_EQ(reading.failure(), ErrorCode::att);
  });
}

TEST_F(ClientBonding, WithoutAnAgentNothingPairs) {
  has_agent = false;
  with_client([this](Client& client) -> Task<> {
    Started<Bytes> reading(client.read_gatt_char(Handle{10}));
    port().reads.answer(refusal());
    co_await turns(3);
    EXPECT_EQ(reading.failure(), ErrorCode::att);
    EXPECT_TRUE(port().pair_requests.empty());
  });
}

}  // namespace
}  // namespace blau::test
