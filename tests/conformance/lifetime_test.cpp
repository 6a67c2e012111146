#include "support.hpp"

#include <memory>
#include <optional>

namespace blau::conformance {
namespace {

class Lifetime : public Case {};

BLAU_CASE(Lifetime, DisconnectInsideANotificationCallback) {
  Client client{gatt};
  co_await client.connect();
  Inbox<bool> ended;
  int calls = 0;
  auto on_value = [&](const Characteristic&, ByteView) {
    if (++calls == 1)
      client.disconnect().start([&ended](const Result<void>& result) { ended.push(result.has_value()); });
  };
  co_await client.start_notify(own(0x0304), on_value);
  co_await ended.reach(1);
  EXPECT_TRUE(ended.items()[0]);
  EXPECT_FALSE(client.is_connected());
  const int at_end = calls;
  co_await rig.await_links(gatt, 0);
  EXPECT_EQ(calls, at_end);
}

BLAU_CASE(Lifetime, DestroyInsideANotificationCallback) {
  auto client = std::make_unique<Client>(gatt);
  co_await client->connect();
  Inbox<int> calls;
  auto on_value = [&](const Characteristic&, ByteView) {
    calls.push(0);
    client.reset();
  };
  co_await client->start_notify(own(0x0304), on_value);
  co_await calls.reach(1);
  co_await rig.await_links(gatt, 0);
  EXPECT_EQ(calls.size(), 1U);
}

BLAU_CASE(Lifetime, DestroyInsideACoroutineCallback) {
  auto client = std::make_unique<Client>(gatt);
  co_await client->connect();
  Inbox<int> calls;
  auto on_value = [&](const Characteristic&, ByteView) -> Task<> {
    calls.push(0);
    co_await sleep_for(1ms);
    client.reset();
  };
  co_await client->start_notify(own(0x0304), on_value);
  co_await calls.reach(1);
  co_await rig.await_links(gatt, 0);
  EXPECT_EQ(client, nullptr);
}

BLAU_CASE(Lifetime, DestroyInsideTheDisconnectedCallback) {
  std::optional<Client> client;
  Inbox<int> ends;
  ClientOptions options;
  options.on_disconnected = [&](const Disconnection&) {
    client.reset();
    ends.push(0);
  };
  client.emplace(gatt, options);
  co_await client->connect();
  co_await rig.drop_link(gatt);
  co_await ends.reach(1);
  EXPECT_FALSE(client.has_value());
}

BLAU_CASE(Lifetime, ConnectAgainInsideTheDisconnectedCallback) {
  std::optional<Client> client;
  Inbox<bool> connected;
  ClientOptions options;
  options.on_disconnected = [&](const Disconnection&) {
    client->connect().start([&connected](const Result<void>& result) { connected.push(result.has_value()); });
  };
  client.emplace(gatt, options);
  co_await client->connect();
  co_await rig.drop_link(gatt);
  co_await connected.reach(1);
  EXPECT_TRUE(connected.items()[0]);
  co_await drop_and_await(rig, *client);
}

BLAU_CASE(Lifetime, PendingOperationsAreCanceledByTheDestructor) {
  Inbox<ErrorCode> codes;
  auto note = [&codes](const auto& result) { codes.push(result ? ErrorCode::failed : result.error().code()); };
  {
    Client client{gatt};
    co_await client.connect();
    client.read_gatt_char(own(0x0107)).start(note);
    client.read_gatt_char(own(0x0107)).start(note);
    client.write_gatt_char(own(0x0206), bytes(1)).start(note);
    co_await sleep_for(50ms);  // they are on their way: half a second is what each takes
  }
  co_await codes.reach(3);
  for (const auto code : codes.items()) EXPECT_EQ(to_string(code), "canceled");
}

BLAU_CASE(Lifetime, APendingConnectIsCanceledByTheDestructor) {
  co_await rig.advertise(spare, false);
  Inbox<ErrorCode> codes;
  {
    Client client{spare};
    client.connect().start([&codes](const Result<void>& result) { codes.push(result.error().code()); });
    co_await sleep_for(20ms);
  }
  co_await codes.reach(1);
  EXPECT_EQ(to_string(codes.items()[0]), "canceled");
  co_await rig.advertise(spare, true);
  co_await rig.await_links(spare, 0);
}

BLAU_LINKED_CASE(Lifetime, AnOperationOutlivesItsClient) {
  std::optional<Operation<Bytes>> late;
  {
    Client other{gatt};
    late.emplace(other.read_gatt_char(own(0x0102)));
  }
  const auto value = co_await late->as_result();
  EXPECT_FALSE(value.has_value());
}

BLAU_LINKED_CASE(Lifetime, ASubscriptionOutlivesItsClient) {
  std::optional<Subscription> values;
  {
    Client other{gatt};
    co_await other.connect();
    values.emplace(co_await other.subscribe(own(0x0301)));
    (void)co_await take(*values, 1);
  }
  co_await drain(*values);
  EXPECT_TRUE(values->end_reason().has_value());
  values.reset();
  // The link is this client's still.
  const auto value = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(value, bytes(0x2a));
}

BLAU_LINKED_CASE(Lifetime, AClientMoves) {
  Client moved = std::move(client);
  EXPECT_TRUE(moved.is_connected());
  const auto value = co_await moved.read_gatt_char(own(0x0102));
  EXPECT_EQ(value, bytes(0x2a));
  Client target{spare};
  target = std::move(moved);
  EXPECT_EQ(target.address().to_string(), gatt);
  EXPECT_TRUE(target.is_connected());
  client = std::move(target);
}

BLAU_CASE(Lifetime, AScannerIsDestroyedInsideItsCallback) {
  std::unique_ptr<Scanner> scanner;
  Inbox<int> calls;
  ScannerOptions options;
  options.on_detection = [&](const Device&, const AdvertisementData&) {
    scanner.reset();
    calls.push(0);
  };
  scanner = std::make_unique<Scanner>(options);
  co_await scanner->start();
  co_await calls.reach(1);
  const auto found = co_await Scanner::find_device_by_address(gatt, patience);
  EXPECT_TRUE(found.has_value());
  EXPECT_EQ(calls.size(), 1U);
}

BLAU_CASE(Lifetime, AScannerIsStoppedInsideItsCallback) {
  Scanner* running = nullptr;
  Inbox<bool> stopped;
  ScannerOptions options;
  options.on_detection = [&](const Device&, const AdvertisementData&) {
    running->stop().start([&stopped](const Result<void>& result) { stopped.push(result.has_value()); });
  };
  Scanner scanner{options};
  running = &scanner;
  co_await scanner.start();
  co_await stopped.reach(1);
  EXPECT_TRUE(stopped.items()[0]);
  EXPECT_FALSE(scanner.is_scanning());
}

BLAU_CASE(Lifetime, ConnectInsideADetectionCallback) {
  std::optional<Client> client;
  Inbox<bool> connected;
  ScannerOptions options;
  options.service_uuids = {own(0x0d00)};
  options.on_detection = [&](const Device& device, const AdvertisementData&) {
    if (client) return;
    client.emplace(device);
    client->connect().start([&connected](const Result<void>& result) { connected.push(result.has_value()); });
  };
  Scanner scanner{options};
  co_await scanner.start();
  co_await connected.reach(1);
  EXPECT_TRUE(connected.items()[0]);
  co_await scanner.stop();
  co_await drop_and_await(rig, *client);
}

BLAU_LINKED_CASE(Lifetime, OperationsInsideCallbacks) {
  Inbox<Bytes> read;
  bool asked = false;
  auto on_value = [&](const Characteristic&, ByteView) {
    if (std::exchange(asked, true)) return;
    client.read_gatt_char(own(0x0102)).start([&](Result<Bytes> value) {
      client.stop_notify(own(0x0301)).start([&read, value = std::move(value)](const Result<void>& stopped) {
        expect_success(stopped);
        read.push(value.value());
      });
    });
  };
  co_await client.start_notify(own(0x0301), on_value);
  co_await read.reach(1);
  EXPECT_EQ(read.items()[0], bytes(0x2a));
}

BLAU_LINKED_CASE(Lifetime, AnUnusedOperationDoesNothing) {
  {
    const auto unused = client.write_gatt_char(own(0x0201), bytes(1));
  }
  co_await client.write_gatt_char(own(0x0201), bytes(2));
  const auto got = co_await rig.writes({gatt, own(0x0201)}, 1);
  const std::vector<Written> expected{{bytes(2), true}};
  EXPECT_EQ(got, expected);
}

TEST_F(Lifetime, AnExceptionOfACallbackEndsRun) {
  auto body = [](Rig&) -> Task<> {
    Client client{gatt};
    co_await client.connect();
    auto on_value = [](const Characteristic&, ByteView) { throw std::logic_error("the callback's own"); };
    co_await client.start_notify(own(0x0304), on_value);
    co_await sleep_for(patience);
    ADD_FAILURE() << "the exception did not end it";
  };
  EXPECT_THROW(rig().run(body(rig())), std::logic_error);
}

}  // namespace
}  // namespace blau::conformance
