#include "support.hpp"

namespace blau::conformance {
namespace {

class Read : public Case {};

const Uuid slow = own(0x0107);

BLAU_LINKED_CASE(Read, ValuesOfEachLength) {
  const auto empty = co_await client.read_gatt_char(own(0x0101));
  EXPECT_EQ(empty, Bytes());
  const auto one = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(one, bytes(0x2a));
  const auto twenty = co_await client.read_gatt_char(own(0x0103));
  EXPECT_EQ(twenty.size(), 20U);
  EXPECT_EQ(twenty[19], 0x13);
  const auto twenty_two = co_await client.read_gatt_char(own(0x0104));
  EXPECT_EQ(twenty_two.size(), 22U);
  EXPECT_EQ(twenty_two[21], 0x15);
}

BLAU_LINKED_CASE(Read, LongValues) {
  const auto value = co_await client.read_gatt_char(own(0x0105));
  BLAU_REQUIRE(value.size() == 244);
  for (std::size_t i = 0; i < value.size(); ++i) EXPECT_EQ(value[i], 0x11 * (i % 4)) << i;
  const auto longest = co_await client.read_gatt_char(own(0x0106));
  BLAU_REQUIRE(longest.size() == 512);
  for (std::size_t i = 0; i < longest.size(); ++i) EXPECT_EQ(longest[i], 0x11 * (i % 8)) << i;
}

BLAU_CASE(Read, LongValuesOverASmallMtu) {
  Client client{tag};
  co_await client.connect();
  for (const std::size_t size : {46, 47, 48, 94, 100, 512}) {
    const auto value = pattern(size);
    co_await rig.set_value({tag, own(0x0901)}, value);
    const auto read = co_await client.read_gatt_char(own(0x0901));
    EXPECT_EQ(read, value) << size;
  }
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Read, SizesAroundTheMtu) {
  for (const std::size_t size : {21, 22, 23, 24, 246, 247, 511, 512}) {
    const auto value = pattern(size);
    co_await rig.set_value({gatt, own(0x0203)}, value);
    const auto read = co_await client.read_gatt_char(own(0x0203));
    EXPECT_EQ(read, value) << size;
  }
}

BLAU_LINKED_CASE(Read, Text) {
  const auto value = co_await client.read_gatt_char(own(0x0108));
  EXPECT_EQ(std::string(value.begin(), value.end()), "Blau – grün");
}

BLAU_LINKED_CASE(Read, SeesWhatThePeripheralHasNow) {
  for (std::uint8_t i = 1; i <= 3; ++i) {
    co_await rig.set_value({gatt, own(0x0201)}, bytes(i, i));
    const auto value = co_await client.read_gatt_char(own(0x0201));
    EXPECT_EQ(value, bytes(i, i));
  }
}

BLAU_LINKED_CASE(Read, CachedValuesAreWindowsAndIgnoredElsewhere) {
  const auto value = co_await client.read_gatt_char(own(0x0102), ReadOptions{.use_cached = true});
  EXPECT_EQ(value, bytes(0x2a));
}

BLAU_LINKED_CASE(Read, NotPermittedWithoutTheProperty) {
  const auto write_only = co_await client.read_gatt_char(own(0x0204)).as_result();
  expect_error(write_only, ErrorCode::not_permitted);
  const auto notify_only = co_await client.read_gatt_char(own(0x0301)).as_result();
  expect_error(notify_only, ErrorCode::not_permitted);
}

BLAU_LINKED_CASE(Read, ASlowOneTimesOutAndTheNextWaitsForIt) {
  const auto first = co_await client.read_gatt_char(slow).timeout(100ms).as_result();
  expect_error(first, ErrorCode::timed_out);
  const auto next = co_await client.read_gatt_char(slow);
  EXPECT_EQ(next, bytes(0x51, 0x07));
  EXPECT_TRUE(client.is_connected());
}

BLAU_CASE(Read, TheClientsOwnLimitHolds) {
  ClientOptions options;
  options.operation_timeout = 100ms;
  Client client{gatt, options};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(slow).as_result();
  expect_error(value, ErrorCode::timed_out);
  const auto with_time = co_await client.read_gatt_char(slow).timeout(patience);
  EXPECT_EQ(with_time, bytes(0x51, 0x07));
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Read, CancelAnswersAtOnceAndFreesTheAttributeLater) {
  std::stop_source stop;
  Inbox<Result<Bytes>> reads;
  auto note = [&reads](Result<Bytes> value) { reads.push(std::move(value)); };
  client.read_gatt_char(slow).cancel_with(stop.get_token()).start(note);
  co_await sleep_for(50ms);  // it is on its way: half a second is what it takes
  const auto asked = EventLoop::current()->now();
  stop.request_stop();
  co_await reads.reach(1);
  expect_error(reads.items()[0], ErrorCode::canceled);
  EXPECT_LT(EventLoop::current()->now() - asked, 200ms);
  // Another attribute need not wait for that in the library; the same one does.
  const auto next = co_await client.read_gatt_char(slow);
  EXPECT_EQ(next, bytes(0x51, 0x07));
}

BLAU_LINKED_CASE(Read, ACanceledOneInTheQueueIsNeverSent) {
  std::stop_source stop;
  auto first = client.read_gatt_char(slow).as_result();
  auto second = client.read_gatt_char(slow).cancel_with(stop.get_token()).as_result();
  auto third = client.read_gatt_char(slow).as_result();
  stop.request_stop();
  const auto [a, b, c] = co_await when_all(std::move(first), std::move(second), std::move(third));
  expect_success(a);
  expect_error(b, ErrorCode::canceled);
  expect_success(c);
}

BLAU_LINKED_CASE(Read, TheFirstOfTwoWinsAndTheOtherIsTakenBack) {
  auto winner = co_await when_any(client.read_gatt_char(slow), client.read_gatt_char(own(0x0102)));
  EXPECT_TRUE(winner.index() == 0 || winner.index() == 1);
  const auto still = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(still, bytes(0x2a));
}

BLAU_LINKED_CASE(Read, ManyInARow) {
  for (int i = 0; i < 50; ++i) {
    const auto value = co_await client.read_gatt_char(own(0x0103));
    EXPECT_EQ(value.size(), 20U);
  }
}

}  // namespace
}  // namespace blau::conformance
