// Reliable writes, and writes without response in numbers and at their limits.

#include "support.hpp"

namespace blau::conformance {
namespace {

class ReliableWrite : public Case {};

const Uuid reliable_alone = own(0x1001);
const Uuid four_bytes = own(0x1002);
const Uuid not_reliable = own(0x0201);
const Uuid commanded = own(0x0202);
const Uuid written_both_ways = own(0x0203);

BLAU_LINKED_CASE(ReliableWrite, WritesValuesOfEachLength) {
  std::size_t count = 0;
  // The peripheral takes nothing else there: a Write Request is answered with Write Not Permitted.
  for (const std::size_t size : {1, 20, 244, 245, 512}) {
    co_await client.write_gatt_char(reliable_alone, pattern(size), WriteOptions{.reliable = true});
    const auto value = co_await client.read_gatt_char(reliable_alone);
    EXPECT_EQ(value, pattern(size)) << size;
    const Place place(gatt, reliable_alone);
    const auto got = co_await rig.writes(place, ++count);
    EXPECT_EQ(got.size(), count) << "one write, however many packets it took";
  }
}

BLAU_LINKED_CASE(ReliableWrite, AnEmptyValueOrNotSupported) {
  const Place place(gatt, reliable_alone);
  co_await rig.set_value(place, bytes(9));
  const auto written =
      co_await client.write_gatt_char(reliable_alone, Bytes(), WriteOptions{.reliable = true}).as_result();
  const auto value = co_await client.read_gatt_char(reliable_alone);
  if (written) {
    EXPECT_EQ(value, Bytes());
  } else {
    expect_error(written, ErrorCode::not_supported);
    EXPECT_EQ(value, bytes(9));
  }
}

BLAU_LINKED_CASE(ReliableWrite, OrderIsKept) {
  std::vector<Operation<void>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(client.write_gatt_char(reliable_alone, bytes(i), WriteOptions{.response = true, .reliable = true}));
  co_await when_all(std::move(all));
  const Place place(gatt, reliable_alone);
  const auto got = co_await rig.writes(place, 10);
  BLAU_REQUIRE(got.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(got[i].value, bytes(i));
}

BLAU_LINKED_CASE(ReliableWrite, IsRefusedWhereTheCharacteristicDoesNotOfferIt) {
  const auto refused =
      co_await client.write_gatt_char(not_reliable, bytes(1), WriteOptions{.reliable = true}).as_result();
  expect_error(refused, ErrorCode::not_permitted);
  // Nor does it take anything else where it takes reliable writes alone.
  const auto plain = co_await client.write_gatt_char(reliable_alone, bytes(1)).as_result();
  expect_error(plain, ErrorCode::not_permitted);
  const Place place(gatt, not_reliable);
  const auto got = co_await rig.writes(place, 0);
  EXPECT_TRUE(got.empty());
}

BLAU_LINKED_CASE(ReliableWrite, ExcludesWritesWithoutResponse) {
  const auto refused =
      co_await client.write_gatt_char(reliable_alone, bytes(1), WriteOptions{.response = false, .reliable = true})
          .as_result();
  expect_error(refused, ErrorCode::invalid_argument);
  const Place place(gatt, reliable_alone);
  const auto got = co_await rig.writes(place, 0);
  EXPECT_TRUE(got.empty());
}

BLAU_LINKED_CASE(ReliableWrite, TooLongAValueIsRefusedHereOrThere) {
  const Place place(gatt, four_bytes);
  co_await rig.set_value(place, bytes(1, 2, 3, 4));
  const auto unsent =
      co_await client.write_gatt_char(reliable_alone, pattern(513), WriteOptions{.reliable = true}).as_result();
  expect_error(unsent, ErrorCode::invalid_argument);
  const auto refused =
      co_await client.write_gatt_char(four_bytes, pattern(5), WriteOptions{.reliable = true}).as_result();
  expect_att_error(refused, 0x0d);
  const auto untouched = co_await client.read_gatt_char(four_bytes);
  EXPECT_EQ(untouched, bytes(1, 2, 3, 4));
  co_await client.write_gatt_char(four_bytes, bytes(4, 3, 2, 1), WriteOptions{.reliable = true});
  const auto value = co_await client.read_gatt_char(four_bytes);
  EXPECT_EQ(value, bytes(4, 3, 2, 1));
}

class WriteCommand : public Case {};

BLAU_LINKED_CASE(WriteCommand, AnEmptyValue) {
  co_await client.write_gatt_char(commanded, Bytes(), WriteOptions{.response = false});
  const Place place(gatt, commanded);
  const auto got = co_await rig.writes(place, 1);
  const std::vector<Written> expected{{Bytes(), false}};
  EXPECT_EQ(got, expected);
}

BLAU_LINKED_CASE(WriteCommand, AsLongAsTheLinkAllowsAndNotOneByteMore) {
  const auto found = client.services().get_characteristic(commanded);
  BLAU_REQUIRE(found.has_value());
  const auto most = found->max_write_without_response_size();
  EXPECT_EQ(most, std::min<std::size_t>(client.mtu_size() - 3U, 512));
  const auto refused =
      co_await client.write_gatt_char(*found, pattern(most + 1), WriteOptions{.response = false}).as_result();
  expect_error(refused, ErrorCode::invalid_argument);
  co_await client.write_gatt_char(*found, pattern(most), WriteOptions{.response = false});
  const Place place(gatt, commanded);
  const auto got = co_await rig.writes(place, 1);
  const std::vector<Written> expected{{pattern(most), false}};
  EXPECT_EQ(got, expected);
}

BLAU_LINKED_CASE(WriteCommand, ManyLongOnesAllArriveInOrder) {
  constexpr std::size_t many = 300;
  const auto found = client.services().get_characteristic(written_both_ways);
  BLAU_REQUIRE(found.has_value());
  std::vector<Bytes> sent;
  std::vector<Operation<void>> all;
  for (std::size_t i = 0; i < many; ++i) {
    auto value = pattern(found->max_write_without_response_size());
    value[0] = static_cast<std::uint8_t>(i);
    value[1] = static_cast<std::uint8_t>(i >> 8);
    sent.push_back(value);
    all.push_back(client.write_gatt_char(*found, std::move(value), WriteOptions{.response = false}));
  }
  co_await when_all(std::move(all));
  // Answered when they are there: the bearer keeps its order (Core Vol 3 Part F 3.3.1).
  const auto last = co_await client.read_gatt_char(*found);
  EXPECT_EQ(last, sent.back());
  const Place place(gatt, written_both_ways);
  const auto got = co_await rig.writes(place, 0);
  BLAU_REQUIRE(got.size() == many);
  for (std::size_t i = 0; i < many; ++i) BLAU_REQUIRE(got[i].value == sent[i]);
}

}  // namespace
}  // namespace blau::conformance
