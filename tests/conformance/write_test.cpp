#include "support.hpp"

namespace blau::conformance {
namespace {

class Write : public Case {};

const Uuid with_response = own(0x0201);
const Uuid without_response = own(0x0202);
const Uuid both_ways = own(0x0203);

BLAU_LINKED_CASE(Write, WithResponseArrives) {
  co_await client.write_gatt_char(with_response, bytes(1, 2, 3));
  const auto got = co_await rig.writes({gatt, with_response}, 1);
  const std::vector<Written> expected{{bytes(1, 2, 3), true}};
  EXPECT_EQ(got, expected);
  const auto value = co_await client.read_gatt_char(with_response);
  EXPECT_EQ(value, bytes(1, 2, 3));
}

BLAU_LINKED_CASE(Write, WithoutResponseArrives) {
  co_await client.write_gatt_char(without_response, bytes(4, 5), WriteOptions{.response = false});
  const auto got = co_await rig.writes({gatt, without_response}, 1);
  const std::vector<Written> expected{{bytes(4, 5), false}};
  EXPECT_EQ(got, expected);
}

BLAU_LINKED_CASE(Write, UnsetMeansWithResponseWherePossible) {
  co_await client.write_gatt_char(both_ways, bytes(1));
  const auto by_request = co_await rig.writes({gatt, both_ways}, 1);
  EXPECT_TRUE(by_request.at(0).with_response);
  co_await client.write_gatt_char(without_response, bytes(2));
  const auto by_command = co_await rig.writes({gatt, without_response}, 1);
  EXPECT_FALSE(by_command.at(0).with_response);
}

BLAU_LINKED_CASE(Write, BothWaysOnOneCharacteristic) {
  co_await client.write_gatt_char(both_ways, bytes(1), WriteOptions{.response = true});
  co_await client.write_gatt_char(both_ways, bytes(2), WriteOptions{.response = false});
  co_await client.write_gatt_char(both_ways, bytes(3), WriteOptions{.response = true});
  const auto got = co_await rig.writes({gatt, both_ways}, 3);
  const std::vector<Written> expected{{bytes(1), true}, {bytes(2), false}, {bytes(3), true}};
  EXPECT_EQ(got, expected);
}

BLAU_LINKED_CASE(Write, AnEmptyValue) {
  co_await client.write_gatt_char(with_response, Bytes());
  const auto got = co_await rig.writes({gatt, with_response}, 1);
  EXPECT_EQ(got.at(0).value, Bytes());
  const auto value = co_await client.read_gatt_char(with_response);
  EXPECT_EQ(value, Bytes());
}

BLAU_LINKED_CASE(Write, SizesUpTo512) {
  for (const std::size_t size : {1, 20, 21, 244, 245, 511, 512}) {
    const auto value = pattern(size);
    co_await client.write_gatt_char(both_ways, value);
    const auto read = co_await client.read_gatt_char(both_ways);
    EXPECT_EQ(read, value) << size;
  }
}

BLAU_CASE(Write, LongValuesOverASmallMtu) {
  Client client{tag};
  co_await client.connect();
  for (const std::size_t size : {45, 46, 100, 512}) {
    const auto value = pattern(size);
    co_await client.write_gatt_char(own(0x0901), value);
    const auto read = co_await client.read_gatt_char(own(0x0901));
    EXPECT_EQ(read, value) << size;
  }
  const auto got = co_await rig.writes({tag, own(0x0901)}, 4);
  EXPECT_EQ(got.size(), 4U);
  EXPECT_EQ(got.back().value, pattern(512)) << "one write, however many packets it took";
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Write, MoreThan512IsRefusedUnsent) {
  const auto written = co_await client.write_gatt_char(both_ways, pattern(513)).as_result();
  expect_error(written, ErrorCode::invalid_argument);
  // What is sent later arrives, and nothing came before it.
  co_await client.write_gatt_char(both_ways, bytes(9));
  const auto got = co_await rig.writes({gatt, both_ways}, 1);
  EXPECT_EQ(got.size(), 1U);
}

BLAU_CASE(Write, WithoutResponseFillsOnePacketAndNoMore) {
  Client client{tag};
  co_await client.connect();
  const auto found = client.services().get_characteristic(own(0x0901));
  BLAU_REQUIRE(found.has_value());
  const auto most = found->max_write_without_response_size();
  const auto too_long =
      co_await client.write_gatt_char(*found, pattern(most + 1), WriteOptions{.response = false}).as_result();
  expect_error(too_long, ErrorCode::invalid_argument);
  co_await client.write_gatt_char(*found, pattern(most), WriteOptions{.response = false});
  const auto got = co_await rig.writes({tag, own(0x0901)}, 1);
  const std::vector<Written> expected{{pattern(most), false}};
  EXPECT_EQ(got, expected);
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Write, NotPermittedWithoutTheProperty) {
  const auto read_only = co_await client.write_gatt_char(own(0x0102), bytes(1)).as_result();
  expect_error(read_only, ErrorCode::not_permitted);
  const auto no_command =
      co_await client.write_gatt_char(with_response, bytes(1), WriteOptions{.response = false}).as_result();
  expect_error(no_command, ErrorCode::not_permitted);
  const auto no_request =
      co_await client.write_gatt_char(without_response, bytes(1), WriteOptions{.response = true}).as_result();
  expect_error(no_request, ErrorCode::not_permitted);
  const auto got = co_await rig.writes({gatt, with_response}, 0);
  EXPECT_TRUE(got.empty());
}

BLAU_LINKED_CASE(Write, TheDataIsCopied) {
  Bytes value = pattern(100);
  auto written = client.write_gatt_char(both_ways, value);
  value.assign(100, 0xee);
  co_await std::move(written);
  const auto read = co_await client.read_gatt_char(both_ways);
  EXPECT_EQ(read, pattern(100));
}

BLAU_LINKED_CASE(Write, OrderIsKept) {
  std::vector<Operation<void>> all;
  for (int i = 0; i < 20; ++i) all.push_back(client.write_gatt_char(both_ways, bytes(i)));
  co_await when_all(std::move(all));
  const auto got = co_await rig.writes({gatt, both_ways}, 20);
  BLAU_REQUIRE(got.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(got[i].value, bytes(i));
}

BLAU_LINKED_CASE(Write, OrderIsKeptWithoutResponse) {
  std::vector<Operation<void>> all;
  for (int i = 0; i < 50; ++i)
    all.push_back(client.write_gatt_char(without_response, bytes(i), WriteOptions{.response = false}));
  co_await when_all(std::move(all));
  const auto got = co_await rig.writes({gatt, without_response}, 50);
  BLAU_REQUIRE(got.size() == 50);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(got[i].value, bytes(i));
}

BLAU_LINKED_CASE(Write, ACommandIsThereBeforeTheNextRequestIsAnswered) {
  co_await client.write_gatt_char(both_ways, bytes(7), WriteOptions{.response = false});
  const auto value = co_await client.read_gatt_char(both_ways);
  EXPECT_EQ(value, bytes(7));
}

BLAU_LINKED_CASE(Write, ASlowOneTimesOutAndTheNextWaitsForIt) {
  const Uuid slow = own(0x0206);
  const auto first = co_await client.write_gatt_char(slow, bytes(1)).timeout(100ms).as_result();
  expect_error(first, ErrorCode::timed_out);
  co_await client.write_gatt_char(slow, bytes(2));
  const auto got = co_await rig.writes({gatt, slow}, 2);
  EXPECT_EQ(got.back().value, bytes(2));
}

BLAU_LINKED_CASE(Write, MoreThanTheAttributeHolds) {
  const auto written = co_await client.write_gatt_char(own(0x0205), bytes(1, 2, 3, 4, 5)).as_result();
  expect_att_error(written, 0x0d);
  co_await client.write_gatt_char(own(0x0205), bytes(4, 3, 2, 1));
  const auto value = co_await client.read_gatt_char(own(0x0205));
  EXPECT_EQ(value, bytes(4, 3, 2, 1));
}

}  // namespace
}  // namespace blau::conformance
