#include "support.hpp"

#include <future>
#include <thread>

namespace blau::conformance {
namespace {

class Concurrency : public Case {};

const Uuid slow = own(0x0107);

BLAU_LINKED_CASE(Concurrency, TwoReadsOfOneCharacteristic) {
  const auto [a, b] = co_await when_all(client.read_gatt_char(slow), client.read_gatt_char(slow));
  EXPECT_EQ(a, bytes(0x51, 0x07));
  EXPECT_EQ(b, a);
}

BLAU_LINKED_CASE(Concurrency, ReadAndWriteOfOneCharacteristicOverlap) {
  for (int i = 0; i < 5; ++i) {
    const auto [before, written, after] = co_await when_all(
        client.read_gatt_char(own(0x0201)).as_result(), client.write_gatt_char(own(0x0201), bytes(i, i)).as_result(),
        client.read_gatt_char(own(0x0201)).as_result());
    expect_success(before);
    expect_success(written);
    expect_success(after);
    if (after) {
      EXPECT_EQ(*after, bytes(i, i)) << "what was asked for later sees the write";
    }
  }
}

BLAU_LINKED_CASE(Concurrency, ManyReadsOfManyCharacteristics) {
  std::vector<Operation<Bytes>> reads;
  for (int round = 0; round < 5; ++round)
    for (const std::uint16_t number : {0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0106})
      reads.push_back(client.read_gatt_char(own(number)));
  const auto values = co_await when_all(std::move(reads));
  BLAU_REQUIRE(values.size() == 30);
  const std::vector<std::size_t> sizes{0, 1, 20, 22, 244, 512};
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i].size(), sizes[i % 6]) << i;
}

BLAU_LINKED_CASE(Concurrency, DifferentRequestsAtOnce) {
  Inbox<Bytes> notified;
  auto on_value = [notified](const Characteristic&, ByteView value) {
    notified.push(Bytes(value.begin(), value.end()));
  };
  auto services = client.services();
  const auto descriptor = services.get_characteristic(own(0x0501))->descriptor(Uuid{0x2901});
  BLAU_REQUIRE(descriptor.has_value());
  const auto [read, written, described] = co_await when_all(
      client.read_gatt_char(own(0x0106)).as_result(), client.write_gatt_char(own(0x0203), pattern(300)).as_result(),
      client.read_gatt_descriptor(*descriptor).as_result());
  expect_success(read);
  expect_success(written);
  expect_success(described);
  co_await client.start_notify(own(0x0301), on_value);
  co_await notified.reach(1);
}

Task<> read_from(Client& client, Uuid characteristic) {
  for (int i = 0; i < 10; ++i) {
    const auto value = co_await client.read_gatt_char(characteristic);
    EXPECT_FALSE(value.empty());
  }
}

BLAU_CASE(Concurrency, FiveClientsAtOnceOnOneLoop) {
  Client a{gatt};
  Client b{tag};
  Client c{spare};
  Client d{north};
  Client e{south};
  co_await when_all(a.connect(), b.connect(), c.connect(), d.connect(), e.connect());
  co_await when_all(read_from(a, own(0x0102)), read_from(b, own(0x0901)), read_from(c, own(0x0d01)),
                    read_from(d, own(0x0e01)), read_from(e, own(0x0f01)));
  const auto adapter = co_await Adapter::get_default();
  const auto connected = co_await adapter.connected_devices();
  EXPECT_EQ(connected.size(), 5U);
  for (auto* client : {&a, &b, &c, &d, &e}) EXPECT_TRUE(client->is_connected());
  co_await when_all(drop_and_await(rig, a), drop_and_await(rig, b), drop_and_await(rig, c), drop_and_await(rig, d),
                    drop_and_await(rig, e));
}

BLAU_CASE(Concurrency, FiveClientsDisconnectAtOnce) {
  Client a{gatt};
  Client b{tag};
  Client c{spare};
  Client d{north};
  Client e{south};
  co_await when_all(a.connect(), b.connect(), c.connect(), d.connect(), e.connect());
  co_await when_all(a.disconnect(), b.disconnect(), c.disconnect(), d.disconnect(), e.disconnect());
  for (auto* client : {&a, &b, &c, &d, &e}) EXPECT_FALSE(client->is_connected());
}

BLAU_CASE(Concurrency, TheSecondClientOfADeviceAdoptsItsLink) {
  Client first{gatt};
  Client second{gatt};
  co_await first.connect();
  co_await second.connect();
  co_await rig.await_links(gatt, 1);
  const auto [a, b] = co_await when_all(first.read_gatt_char(own(0x0102)), second.read_gatt_char(own(0x0106)));
  EXPECT_EQ(a.size(), 1U);
  EXPECT_EQ(b.size(), 512U);
  // Only the last one takes the link down.
  co_await first.disconnect();
  EXPECT_FALSE(first.is_connected());
  EXPECT_TRUE(second.is_connected());
  const auto still = co_await second.read_gatt_char(own(0x0102));
  EXPECT_EQ(still, bytes(0x2a));
  co_await second.disconnect();
  co_await rig.await_links(gatt, 0);
}

BLAU_CASE(Concurrency, TwoClientsOfADeviceAtOnce) {
  Client first{gatt};
  Client second{gatt};
  co_await when_all(first.connect(), second.connect());
  EXPECT_TRUE(first.is_connected() && second.is_connected());
  co_await rig.await_links(gatt, 1);
  Inbox<int> ends;
  auto on_end = [&ends](const Disconnection&) { ends.push(0); };
  first.set_disconnected_callback(on_end);
  second.set_disconnected_callback(on_end);
  co_await rig.drop_link(gatt);
  co_await ends.reach(2);
  EXPECT_FALSE(first.is_connected() || second.is_connected());
}

BLAU_CASE(Concurrency, TwoClientsOfADeviceSubscribeApart) {
  Client first{gatt};
  Client second{gatt};
  co_await when_all(first.connect(), second.connect());
  auto of_first = co_await first.subscribe(quiet);
  auto of_second = co_await second.subscribe(quiet);
  const auto sent = counter(5);
  (void)co_await rig.notify({gatt, quiet}, sent);
  const auto got_first = co_await take(of_first, 5);
  const auto got_second = co_await take(of_second, 5);
  EXPECT_EQ(got_first, sent);
  EXPECT_EQ(got_second, sent);
  // The end of one is not the end of the other.
  co_await of_first.stop();
  const auto more = counter(3, 50);
  (void)co_await rig.notify({gatt, quiet}, more);
  const auto rest = co_await take(of_second, 3);
  EXPECT_EQ(rest, more);
  co_await drop_and_await(rig, first);
}

BLAU_LINKED_CASE(Concurrency, WhenAllCancelsTheOthersOnAFailure) {
  const auto both = co_await when_all(client.read_gatt_char(slow), client.read_gatt_char(own(0x0401))).as_result();
  EXPECT_FALSE(both.has_value());
  if (!both) {
    EXPECT_EQ(both.error().code(), ErrorCode::att);
  }
  const auto value = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(value, bytes(0x2a));
}

/// Cases for plain threads: objects live on the background loop.
class Threads : public Case {
 protected:
  static ClientOptions options() {
    ClientOptions made;
    made.backend = rig().threaded_backend();
    return made;
  }
};

TEST_F(Threads, BlockingCallsOnAPlainThread) {
  Client client{gatt, options()};
  client.connect().timeout(patience).get();
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(client.read_gatt_char(own(0x0102)).get(), bytes(0x2a));
  client.write_gatt_char(own(0x0201), bytes(1, 2)).get();
  EXPECT_EQ(client.read_gatt_char(own(0x0201)).get(), bytes(1, 2));
  const auto failed = client.read_gatt_char(own(0x0401)).as_result().get();
  expect_att_error(failed, 0x80);
  EXPECT_THROW((void)client.read_gatt_char(own(0x0401)).get(), Error);
  client.disconnect().get();
  EXPECT_FALSE(client.is_connected());
}

TEST_F(Threads, StreamsOnAPlainThread) {
  Client client{gatt, options()};
  client.connect().get();
  auto values = client.subscribe(own(0x0301)).get();
  for (std::uint8_t i = 0; i < 5; ++i) EXPECT_EQ(values.next().get(), bytes(i));
  client.disconnect().get();
  while (values.next().get()) continue;
  EXPECT_EQ(values.end_reason()->code(), ErrorCode::disconnected);
}

TEST_F(Threads, CallbacksOfTheBackgroundLoopComeOneAtATime) {
  Client client{gatt, options()};
  client.connect().get();
  std::promise<void> enough;
  std::atomic<int> inside{0};
  std::atomic<int> calls{0};
  auto on_value = [&](const Characteristic&, ByteView) {
    EXPECT_EQ(++inside, 1);
    EXPECT_EQ(EventLoop::current(), &EventLoop::background());
    if (++calls == 10) enough.set_value();
    --inside;
  };
  client.start_notify(own(0x0301), on_value).get();
  client.start_notify(own(0x0304), on_value).get();
  EXPECT_EQ(enough.get_future().wait_for(patience), std::future_status::ready);
  client.stop_notify(own(0x0301)).get();
  client.stop_notify(own(0x0304)).get();
  client.disconnect().get();
}

TEST_F(Threads, ManyThreadsUseOneClient) {
  Client client{gatt, options()};
  client.connect().get();
  std::vector<std::jthread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&client, &right, i] {
      for (int round = 0; round < 10; ++round) {
        if (i % 2 == 0) {
          if (client.read_gatt_char(own(0x0102)).get() == bytes(0x2a)) ++right;
        } else {
          client.write_gatt_char(own(0x0203), bytes(round)).get();
          ++right;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 40);
  client.disconnect().get();
}

TEST_F(Threads, CancelFromAnotherThread) {
  Client client{gatt, options()};
  client.connect().get();
  std::stop_source stop;
  auto read = client.read_gatt_char(slow).cancel_with(stop.get_token());
  const std::jthread canceler([&stop] { stop.request_stop(); });
  const auto value = std::move(read).as_result().get();
  expect_error(value, ErrorCode::canceled);
  client.disconnect().get();
}

TEST_F(Threads, TheDestructorMayRunOnAnotherThread) {
  std::atomic<int> calls{0};
  {
    Client client{gatt, options()};
    client.connect().get();
    std::promise<void> first;
    std::atomic<bool> told{false};
    auto on_value = [&](const Characteristic&, ByteView) {
      ++calls;
      if (!told.exchange(true)) first.set_value();
    };
    client.start_notify(own(0x0304), on_value).get();
    EXPECT_EQ(first.get_future().wait_for(patience), std::future_status::ready);
  }
  // Values still come to the system; for this client no more.
  const int at_end = calls;
  std::promise<void> turn;
  EventLoop::background().post([&turn] { turn.set_value(); });
  turn.get_future().wait();
  EXPECT_EQ(calls, at_end);
}

TEST_F(Threads, ALoopOfOnesOwn) {
  auto with_loop = options();
  EventLoop loop;
  with_loop.loop = &loop;
  auto on_own_loop = [&with_loop]() -> Task<Bytes> {
    Client client{gatt, with_loop};
    co_await client.connect();
    auto value = co_await client.read_gatt_char(own(0x0102));
    co_await client.disconnect();
    co_return value;
  };
  EXPECT_EQ(loop.run(on_own_loop()), bytes(0x2a));
}

}  // namespace
}  // namespace blau::conformance
