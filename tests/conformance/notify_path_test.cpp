#include "support.hpp"

namespace blau::conformance {
namespace {

/// Values that take another way than the usual one, where the system has one.
class NotifyPaths : public Case {};

const NotifyOptions by_socket{.path = NotifyPath::socket};
const NotifyOptions by_signals{.path = NotifyPath::signals};

BLAU_LINKED_CASE(NotifyPaths, ABurstOf200ByASocketIsWholeAndInOrder) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value, by_socket);
  const auto sent = counter(200);
  const auto subscribers = co_await rig.notify({gatt, quiet}, sent);
  EXPECT_EQ(subscribers, 1U);
  co_await values.reach(200);
  EXPECT_EQ(values.items(), sent);
}

BLAU_LINKED_CASE(NotifyPaths, EmptyAndLongValuesByASocket) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value, by_socket);
  const std::vector<Bytes> sent{Bytes(), pattern(1), pattern(512), Bytes(), pattern(244), Bytes(), bytes(1)};
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(sent.size());
  EXPECT_EQ(values.items(), sent);
}

BLAU_LINKED_CASE(NotifyPaths, OneAfterTheOther) {
  for (const NotifyOptions& options : {by_socket, by_signals, by_socket, by_signals}) {
    Inbox<Bytes> values;
    auto on_value = into(values);
    co_await client.start_notify(quiet, on_value, options);
    const std::vector<Bytes> sent{bytes(1), bytes(2)};
    (void)co_await rig.notify({gatt, quiet}, sent);
    co_await values.reach(2);
    EXPECT_EQ(values.items(), sent);
    co_await client.stop_notify(quiet);
    co_await rig.await_subscribers({gatt, quiet}, 0);
  }
}

BLAU_LINKED_CASE(NotifyPaths, WhatIsReadDoesNotComeByTheSocket) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0308), on_value, by_socket);
  for (int i = 0; i < 3; ++i) (void)co_await client.read_gatt_char(own(0x0308));
  const std::vector<Bytes> mark{bytes(0xff)};
  (void)co_await rig.notify({gatt, own(0x0308)}, mark);
  co_await values.reach(1);
  EXPECT_EQ(values.items(), mark);
}

BLAU_LINKED_CASE(NotifyPaths, IndicationsByASocketOrBySignals) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(own(0x0302), on_value, by_socket);
  co_await values.reach(3);
}

BLAU_LINKED_CASE(NotifyPaths, ASocketEndsWithTheLink) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value, by_socket);
  const auto sent = counter(20);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(20);
  co_await drop_and_await(rig, client);
  co_await client.connect();
  Inbox<Bytes> others;
  auto on_other = into(others);
  co_await client.start_notify(quiet, on_other, by_socket);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await others.reach(20);
  EXPECT_EQ(values.size(), 20U);
  EXPECT_EQ(others.items(), sent);
}

}  // namespace
}  // namespace blau::conformance
