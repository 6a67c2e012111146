#include "support.hpp"

#include <algorithm>

namespace blau::conformance {
namespace {

class Notify : public Case {};

const Uuid echo = own(0x0306);

BLAU_LINKED_CASE(Notify, FiveValuesOnSchedule) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0301), on_value);
  co_await values.reach(5);
  co_await client.stop_notify(own(0x0301));
  EXPECT_TRUE(std::equal(values.items().begin(), values.items().begin() + 5, counter(5).begin()));
}

BLAU_LINKED_CASE(Notify, TheCallbackIsToldWhichOne) {
  Inbox<Characteristic> seen;
  auto on_value = [seen](const Characteristic& characteristic, ByteView) { seen.push(characteristic); };
  co_await client.start_notify("heart_rate_measurement", on_value);
  co_await seen.reach(1);
  EXPECT_EQ(seen.items()[0].uuid(), Uuid{0x2a37});
  EXPECT_EQ(seen.items()[0], client.services().get_characteristic("2a37"));
}

BLAU_LINKED_CASE(Notify, ABurstOf200IsWholeAndInOrder) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  const auto sent = counter(200);
  const auto subscribers = co_await rig.notify({gatt, quiet}, sent);
  EXPECT_EQ(subscribers, 1U);
  co_await values.reach(200);
  EXPECT_EQ(values.items(), sent);
}

BLAU_LINKED_CASE(Notify, AFastScheduleLosesNothing) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0304), on_value);
  co_await values.reach(200);
  const auto& all = values.items();
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(all[i], bytes(i % 20)) << i;
}

BLAU_LINKED_CASE(Notify, RepeatedValuesAreEachDelivered) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  const std::vector<Bytes> sent(20, bytes(0x55));
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(20);
  EXPECT_EQ(values.items(), sent);
}

BLAU_LINKED_CASE(Notify, EmptyAndLongValues) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0307), on_value);
  co_await values.reach(4);
  EXPECT_EQ(values.items()[0], Bytes());
  EXPECT_EQ(values.items()[1], Bytes(200, 0xa5));
  EXPECT_EQ(values.items()[2], Bytes());
}

BLAU_LINKED_CASE(Notify, ValuesAsLongAsTheMtuAllows) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  const std::vector<Bytes> sent{pattern(1), pattern(512), pattern(244), pattern(2)};
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(4);
  EXPECT_EQ(values.items(), sent);
}

BLAU_CASE(Notify, ValuesAsLongAsASmallMtuAllows) {
  Client client{tag};
  co_await client.connect();
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0902), on_value);
  const auto whole = pattern(45);
  const std::vector<Bytes> sent{whole};
  (void)co_await rig.notify({tag, own(0x0902)}, sent);
  while (std::find(values.items().begin(), values.items().end(), whole) == values.items().end())
    co_await values.reach(values.size() + 1);
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Notify, Indications) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0302), on_value);
  co_await values.reach(5);
  co_await client.stop_notify(own(0x0302));
  EXPECT_TRUE(std::equal(values.items().begin(), values.items().begin() + 5, counter(5).begin()));
}

BLAU_CASE(Notify, IndicationsOnCommand) {
  Client client{spare};
  co_await client.connect();
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(Uuid{0x2a1c}, on_value);
  const std::vector<Bytes> sent{bytes(1, 1), bytes(2, 2), bytes(3, 3)};
  const auto subscribers = co_await rig.indicate({spare, Uuid{0x2a1c}}, sent);
  EXPECT_EQ(subscribers, 1U);
  std::vector<Bytes> got;
  for (std::size_t i = 0; got.size() < 3; ++i) {
    co_await values.reach(i + 1);
    if (values.items()[i].size() == 2) got.push_back(values.items()[i]);
  }
  EXPECT_EQ(got, sent);
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Notify, NotificationsAreChosenBeforeIndications) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0303), on_value);
  co_await values.reach(2);
  const auto owner = client.services().get_characteristic(own(0x0303));
  BLAU_REQUIRE(owner.has_value());
  const auto configuration = owner->descriptor(Uuid{0x2902});
  BLAU_REQUIRE(configuration.has_value());
  const auto bits = co_await client.read_gatt_descriptor(*configuration);
  EXPECT_EQ(bits, bytes(1, 0));
}

BLAU_LINKED_CASE(Notify, ForcedIndicationsOrNotSupported) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  const auto started =
      co_await client.start_notify(own(0x0303), on_value, NotifyOptions{.force_indicate = true}).as_result();
  if (!rig.is_simulated()) {
    expect_error(started, ErrorCode::not_supported);
  } else {
    expect_success(started);
    co_await values.reach(2);
  }
  const auto notify_only =
      co_await client.start_notify(quiet, on_value, NotifyOptions{.force_indicate = true}).as_result();
  expect_error(notify_only, ErrorCode::not_supported);
}

BLAU_LINKED_CASE(Notify, StartTwiceIsAnError) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  const auto again = co_await client.start_notify(quiet, on_value).as_result();
  expect_error(again, ErrorCode::already_subscribed);
  const auto as_stream = co_await client.subscribe(quiet).as_result();
  EXPECT_FALSE(as_stream.has_value());
  // The first one goes on.
  const std::vector<Bytes> sent{bytes(1)};
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(1);
}

BLAU_LINKED_CASE(Notify, StopMeansNoMore) {
  Inbox<Bytes> stopped;
  Inbox<Bytes> other;
  auto on_stopped = into(stopped);
  auto on_other = into(other);
  co_await client.start_notify(own(0x0301), on_stopped);
  co_await client.start_notify(own(0x0304), on_other);
  co_await stopped.reach(3);
  co_await client.stop_notify(own(0x0301));
  const auto at_stop = stopped.size();
  co_await rig.await_subscribers({gatt, own(0x0301)}, 0);
  co_await other.reach(other.size() + 60);
  EXPECT_EQ(stopped.size(), at_stop);
}

BLAU_LINKED_CASE(Notify, StopOfWhatWasNotStarted) {
  const auto never = co_await client.stop_notify(quiet).as_result();
  expect_error(never, ErrorCode::not_subscribed);
  auto ignore = [](const Characteristic&, ByteView) {};
  co_await client.start_notify(quiet, ignore);
  co_await client.stop_notify(quiet);
  const auto again = co_await client.stop_notify(quiet).as_result();
  expect_error(again, ErrorCode::not_subscribed);
}

BLAU_LINKED_CASE(Notify, StartAgainAfterStop) {
  for (int i = 0; i < 3; ++i) {
    Inbox<Bytes> values;
    auto on_value = into(values);
    co_await client.start_notify(quiet, on_value);
    const std::vector<Bytes> sent{bytes(i), bytes(i + 1)};
    (void)co_await rig.notify({gatt, quiet}, sent);
    co_await values.reach(2);
    EXPECT_EQ(values.items(), sent);
    co_await client.stop_notify(quiet);
  }
}

BLAU_LINKED_CASE(Notify, NotPermittedWithoutTheProperty) {
  auto ignore = [](const Characteristic&, ByteView) {};
  const auto started = co_await client.start_notify(own(0x0102), ignore).as_result();
  expect_error(started, ErrorCode::not_permitted);
  const auto subscribed = co_await client.subscribe(own(0x0204)).as_result();
  EXPECT_FALSE(subscribed.has_value());
}

BLAU_LINKED_CASE(Notify, ARefusalOfThePeripheral) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  for (int i = 0; i < 2; ++i) {
    const auto started = co_await client.start_notify(own(0x040b), on_value).as_result();
    expect_att_error(started, 0x84);
    const auto subscribed = co_await client.subscribe(own(0x040b)).as_result();
    BLAU_REQUIRE(!subscribed.has_value());
    EXPECT_EQ(subscribed.error().att(), static_cast<AttError>(0x84)) << subscribed.error().what();
  }
  const auto stopped = co_await client.stop_notify(own(0x040b)).as_result();
  expect_error(stopped, ErrorCode::not_subscribed);
  // Another one is not harmed.
  co_await client.start_notify(own(0x0301), on_value);
  co_await values.reach(1);
}

BLAU_LINKED_CASE(Notify, ACoroutineCallbackHoldsBackTheNext) {
  int inside = 0;
  int most_inside = 0;
  Inbox<Bytes> values;
  auto on_value = [&](const Characteristic&, ByteView value) -> Task<> {
    most_inside = std::max(most_inside, ++inside);
    const auto first = value[0];
    co_await sleep_for(2ms);
    EXPECT_EQ(value[0], first) << "the value is kept";
    --inside;
    values.push(Bytes(value.begin(), value.end()));
  };
  co_await client.start_notify(quiet, on_value);
  const auto sent = counter(30);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(30);
  EXPECT_EQ(values.items(), sent);
  EXPECT_EQ(most_inside, 1);
  EXPECT_EQ(client.dropped_values(quiet), 0U);
}

/// Waits until values that were sent before have been handed over: on one link they come in order.
Task<> await_arrival(Rig& rig, Client& client) {
  Inbox<Bytes> marks;
  auto on_mark = into(marks);
  co_await client.start_notify(own(0x0308), on_mark);
  const std::vector<Bytes> mark{bytes(0xff)};
  (void)co_await rig.notify({gatt, own(0x0308)}, mark);
  co_await marks.reach(1);
  co_await client.stop_notify(own(0x0308));
}

BLAU_LINKED_CASE(Notify, ASlowCoroutineLosesTheOldest) {
  Event go_on;
  Inbox<Bytes> values;
  auto on_value = [&](const Characteristic&, ByteView value) -> Task<> {
    co_await go_on.wait();
    values.push(Bytes(value.begin(), value.end()));
  };
  NotifyOptions options;
  options.queue.capacity = 2;
  co_await client.start_notify(quiet, on_value, options);
  const auto sent = counter(10);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await await_arrival(rig, client);
  EXPECT_EQ(client.dropped_values(quiet), 7U);
  go_on.set();
  co_await values.reach(3);
  const std::vector<Bytes> kept{bytes(0), bytes(8), bytes(9)};
  EXPECT_EQ(values.items(), kept);
}

BLAU_LINKED_CASE(Notify, ASlowCoroutineLosesTheNewestIfAskedTo) {
  Event go_on;
  Inbox<Bytes> values;
  auto on_value = [&](const Characteristic&, ByteView value) -> Task<> {
    co_await go_on.wait();
    values.push(Bytes(value.begin(), value.end()));
  };
  NotifyOptions options;
  options.queue.capacity = 2;
  options.queue.overflow = Overflow::drop_newest;
  co_await client.start_notify(quiet, on_value, options);
  const auto sent = counter(10);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await await_arrival(rig, client);
  EXPECT_EQ(client.dropped_values(quiet), 7U);
  go_on.set();
  co_await values.reach(3);
  EXPECT_EQ(values.items(), counter(3));
}

BLAU_LINKED_CASE(Notify, StopDoesNotWaitForACoroutine) {
  Event go_on;
  Inbox<int> ended;
  auto on_value = [&](const Characteristic&, ByteView) -> Task<> {
    co_await go_on.wait();
    ended.push(0);
  };
  co_await client.start_notify(quiet, on_value);
  const auto sent = counter(3);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await await_arrival(rig, client);
  co_await client.stop_notify(quiet);
  EXPECT_EQ(ended.size(), 0U);
  go_on.set();
  co_await ended.reach(1);
  (void)co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(ended.size(), 1U) << "what waited is not delivered after stop_notify";
}

BLAU_LINKED_CASE(Notify, Echo) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  for (int i = 0; i < 10; ++i) {
    co_await client.write_gatt_char(echo, bytes(i, 0xec), WriteOptions{.response = i % 2 == 0});
    co_await values.reach(static_cast<std::size_t>(i) + 1);
    EXPECT_EQ(values.items().back(), bytes(i, 0xec));
  }
}

BLAU_LINKED_CASE(Notify, SeveralCharacteristicsAtOnce) {
  Inbox<Bytes> notified;
  Inbox<Bytes> indicated;
  Inbox<Bytes> beats;
  auto on_notified = into(notified);
  auto on_indicated = into(indicated);
  auto on_beat = into(beats);
  co_await when_all(client.start_notify(own(0x0301), on_notified), client.start_notify(own(0x0302), on_indicated),
                    client.start_notify(Uuid{0x2a37}, on_beat));
  co_await notified.reach(3);
  co_await indicated.reach(3);
  co_await beats.reach(2);
  EXPECT_EQ(beats.items()[0].size(), 2U);
}

BLAU_LINKED_CASE(Notify, AReadIsNoNotification) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0308), on_value);
  for (int i = 0; i < 3; ++i) (void)co_await client.read_gatt_char(own(0x0308));
  const std::vector<Bytes> mark{bytes(0xff)};
  (void)co_await rig.notify({gatt, own(0x0308)}, mark);
  co_await values.reach(1);
  EXPECT_EQ(values.items().back(), bytes(0xff));
  EXPECT_EQ(values.size(), 1U) << "what was read came as a notification, too";
}

BLAU_LINKED_CASE(Notify, ReadsAndWritesGoOnMeanwhile) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0304), on_value);
  for (int i = 0; i < 20; ++i) {
    co_await client.write_gatt_char(own(0x0201), bytes(i));
    const auto value = co_await client.read_gatt_char(own(0x0201));
    EXPECT_EQ(value, bytes(i));
  }
  co_await values.reach(50);
  const auto& all = values.items();
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(all[i], bytes(i % 20)) << i;
}

BLAU_LINKED_CASE(Notify, EndsWithTheLinkAndBeginsAnewOnlyByCall) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0301), on_value);
  co_await values.reach(2);
  co_await drop_and_await(rig, client);
  const auto at_end = values.size();
  co_await client.connect();
  const auto stopped = co_await client.stop_notify(own(0x0301)).as_result();
  expect_error(stopped, ErrorCode::not_subscribed);
  Inbox<Bytes> others;
  auto on_other = into(others);
  co_await client.start_notify(own(0x0304), on_other);
  co_await others.reach(60);
  EXPECT_EQ(values.size(), at_end) << "the subscription of the last link is still alive";
  co_await client.start_notify(own(0x0301), on_value);
  co_await values.reach(at_end + 2);
}

}  // namespace
}  // namespace blau::conformance
