#include "support.hpp"

namespace blau::conformance {
namespace {

class Subscribe : public Case {};

BLAU_LINKED_CASE(Subscribe, ValuesComeAsAStream) {
  auto values = co_await client.subscribe(own(0x0301));
  EXPECT_EQ(values.characteristic().uuid(), own(0x0301));
  const auto first = co_await take(values, 5);
  EXPECT_EQ(first, counter(5));
  EXPECT_EQ(values.dropped(), 0U);
  EXPECT_FALSE(values.end_reason().has_value());
}

BLAU_LINKED_CASE(Subscribe, ABurstOf200IsWholeAndInOrder) {
  auto values = co_await client.subscribe(quiet);
  const auto sent = counter(200);
  (void)co_await rig.notify({gatt, quiet}, sent);
  const auto got = co_await take(values, 200);
  EXPECT_EQ(got, sent);
  EXPECT_EQ(values.dropped(), 0U);
}

BLAU_LINKED_CASE(Subscribe, NextIntoUsesTheBufferAgain) {
  auto values = co_await client.subscribe(quiet);
  const auto sent = counter(20);
  (void)co_await rig.notify({gatt, quiet}, sent);
  Bytes value;
  for (const auto& wanted : sent) {
    const bool more = co_await values.next_into(value);
    BLAU_REQUIRE(more);
    EXPECT_EQ(value, wanted);
  }
}

BLAU_LINKED_CASE(Subscribe, EndsWithTheLinkAndSaysWhy) {
  auto values = co_await client.subscribe(own(0x0301));
  (void)co_await take(values, 2);
  co_await rig.drop_link(gatt);
  co_await drain(values);
  BLAU_REQUIRE(values.end_reason().has_value());
  EXPECT_EQ(values.end_reason()->code(), ErrorCode::disconnected);
}

BLAU_LINKED_CASE(Subscribe, WhatIsQueuedCanBeReadAfterTheEnd) {
  auto values = co_await client.subscribe(quiet);
  const auto sent = counter(5);
  (void)co_await rig.notify({gatt, quiet}, sent);
  (void)co_await client.read_gatt_char(own(0x0102));
  co_await drop_and_await(rig, client);
  const auto got = co_await take(values, 5);
  EXPECT_EQ(got, sent);
  const auto end = co_await values.next();
  EXPECT_FALSE(end.has_value());
}

BLAU_LINKED_CASE(Subscribe, EndsWithTheOwnDisconnect) {
  auto values = co_await client.subscribe(own(0x0301));
  co_await client.disconnect();
  co_await drain(values);
  BLAU_REQUIRE(values.end_reason().has_value());
  EXPECT_EQ(values.end_reason()->code(), ErrorCode::disconnected);
}

BLAU_LINKED_CASE(Subscribe, StopEndsItWithoutAReason) {
  auto values = co_await client.subscribe(own(0x0301));
  (void)co_await take(values, 1);
  co_await values.stop();
  co_await drain(values);
  EXPECT_FALSE(values.end_reason().has_value());
  co_await values.stop();
  co_await rig.await_subscribers({gatt, own(0x0301)}, 0);
}

BLAU_LINKED_CASE(Subscribe, LettingItGoUnsubscribes) {
  {
    auto values = co_await client.subscribe(quiet);
    co_await rig.await_subscribers({gatt, quiet}, 1);
  }
  co_await rig.await_subscribers({gatt, quiet}, 0);
  auto again = co_await client.subscribe(quiet);
  const auto sent = counter(2);
  (void)co_await rig.notify({gatt, quiet}, sent);
  const auto got = co_await take(again, 2);
  EXPECT_EQ(got, sent);
}

BLAU_LINKED_CASE(Subscribe, MovesAndStaysAlive) {
  auto first = co_await client.subscribe(quiet);
  Subscription second = std::move(first);
  Subscription third;
  third = std::move(second);
  const auto sent = counter(3);
  (void)co_await rig.notify({gatt, quiet}, sent);
  const auto got = co_await take(third, 3);
  EXPECT_EQ(got, sent);
  EXPECT_THROW((void)Subscription().characteristic(), Error);
}

BLAU_LINKED_CASE(Subscribe, TwiceIsAnError) {
  auto values = co_await client.subscribe(quiet);
  const auto again = co_await client.subscribe(quiet).as_result();
  EXPECT_FALSE(again.has_value());
  if (!again) {
    EXPECT_EQ(again.error().code(), ErrorCode::already_subscribed);
  }
  auto ignore = [](const Characteristic&, ByteView) {};
  const auto started = co_await client.start_notify(quiet, ignore).as_result();
  expect_error(started, ErrorCode::already_subscribed);
}

BLAU_LINKED_CASE(Subscribe, ForcedIndicationsOfOneThatOnlyNotifies) {
  const auto values = co_await client.subscribe(quiet, NotifyOptions{.force_indicate = true}).as_result();
  BLAU_REQUIRE(!values.has_value());
  EXPECT_EQ(values.error().code(), ErrorCode::not_supported);
}

BLAU_LINKED_CASE(Subscribe, StopNotifyEndsTheStreamToo) {
  auto values = co_await client.subscribe(quiet);
  co_await client.stop_notify(quiet);
  co_await drain(values);
  EXPECT_FALSE(values.end_reason().has_value());
}

BLAU_LINKED_CASE(Subscribe, AfterAReconnect) {
  auto old = co_await client.subscribe(own(0x0301));
  (void)co_await take(old, 2);
  co_await drop_and_await(rig, client);
  co_await client.connect();
  auto values = co_await client.subscribe(own(0x0301));
  const auto got = co_await take(values, 3);
  EXPECT_EQ(got, counter(3)) << "a new subscription begins anew";
  co_await drain(old);
}

BLAU_LINKED_CASE(Subscribe, AnOldOnesStopLeavesTheNewOneAlone) {
  auto old = co_await client.subscribe(quiet);
  co_await drop_and_await(rig, client);
  co_await client.connect();
  auto values = co_await client.subscribe(quiet);
  co_await old.stop();
  {
    const Subscription gone = std::move(old);
  }
  const auto sent = counter(3);
  (void)co_await rig.notify({gatt, quiet}, sent);
  const auto got = co_await take(values, 3);
  EXPECT_EQ(got, sent);
}

BLAU_LINKED_CASE(Subscribe, AStreamBesideACallback) {
  Inbox<Bytes> called;
  auto on_value = [called](const Characteristic&, ByteView value) { called.push(Bytes(value.begin(), value.end())); };
  co_await client.start_notify(own(0x0302), on_value);
  auto values = co_await client.subscribe(own(0x0301));
  const auto got = co_await take(values, 4);
  EXPECT_EQ(got, counter(4));
  co_await called.reach(3);
  EXPECT_EQ(called.items()[0], bytes(0));
}

BLAU_LINKED_CASE(Subscribe, ASlowReaderLosesTheOldestAndIsTold) {
  NotifyOptions options;
  options.queue.capacity = 4;
  auto values = co_await client.subscribe(quiet, options);
  auto marks = co_await client.subscribe(own(0x0308));
  const auto sent = counter(10);
  (void)co_await rig.notify({gatt, quiet}, sent);
  const auto mark = counter(1);
  (void)co_await rig.notify({gatt, own(0x0308)}, mark);
  (void)co_await take(marks, 1);
  EXPECT_EQ(values.dropped(), 6U);
  const auto got = co_await take(values, 4);
  EXPECT_EQ(got, counter(4, 6));
}

BLAU_LINKED_CASE(Subscribe, ACanceledNextLosesNothing) {
  auto values = co_await client.subscribe(quiet);
  const auto nothing = co_await values.next().timeout(50ms).as_result();
  EXPECT_FALSE(nothing.has_value());
  const auto sent = counter(3);
  (void)co_await rig.notify({gatt, quiet}, sent);
  std::stop_source stop;
  stop.request_stop();
  const auto canceled = co_await values.next().cancel_with(stop.get_token()).as_result();
  EXPECT_FALSE(canceled.has_value());
  const auto got = co_await take(values, 3);
  EXPECT_EQ(got, sent);
}

BLAU_LINKED_CASE(Subscribe, CancelingTheSubscriptionLeavesNoneBehind) {
  std::stop_source stop;
  auto pending = client.subscribe(quiet).cancel_with(stop.get_token());
  Inbox<bool> ended;
  std::move(pending).start([&ended](const Result<Subscription>& result) { ended.push(result.has_value()); });
  stop.request_stop();
  co_await ended.reach(1);
  EXPECT_FALSE(ended.items()[0]);
  auto values = co_await client.subscribe(quiet);
  const auto sent = counter(2);
  (void)co_await rig.notify({gatt, quiet}, sent);
  const auto got = co_await take(values, 2);
  EXPECT_EQ(got, sent);
}

BLAU_LINKED_CASE(Subscribe, WhatABondedDeviceSendsUnaskedReachesNobody) {
  if (!can(rig, Ability::pairing)) co_return;
  co_await client.pair();
  const Place place(gatt, quiet);
  Inbox<Bytes> before;
  auto on_before = into(before);
  co_await client.start_notify(quiet, on_before);
  co_await drop_and_await(rig, client);
  co_await client.connect();
  // It has kept what was configured (Core Vol 3 Part G 2.4.4), and sends at once.
  co_await rig.await_subscribers(place, 1);
  const auto reached = co_await rig.notify(place, counter(5));
  EXPECT_EQ(reached, 1U);
  const auto behind = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(behind, bytes(0x2a));
  Inbox<Bytes> after;
  auto on_after = into(after);
  co_await client.start_notify(quiet, on_after);
  (void)co_await rig.notify(place, counter(3, 50));
  co_await after.reach(3);
  EXPECT_EQ(after.items(), counter(3, 50));
  EXPECT_TRUE(before.items().empty()) << "its link is over, and so is its subscription";
  co_await client.unpair();
}

}  // namespace
}  // namespace blau::conformance
