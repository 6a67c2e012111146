#ifdef BLAU_WITH_BLUEZ

#include "backend/bluez/bluez.hpp"
#include "bluez_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blau::detail::bluez {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* adapter_path = "/org/bluez/hci0";
const std::string device_path = "/org/bluez/hci0/dev_C0_FF_EE_00_00_01";
const std::string service_path = device_path + "/service000a";
const std::string rate_path = service_path + "/char000b";
constexpr std::uint16_t rate = 0x0b;

constexpr const char* adapter_interface = "org.bluez.Adapter1";
constexpr const char* device_interface = "org.bluez.Device1";
constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";

/// What a `Done` was called with.
template <class T>
struct Answer {
  std::optional<Result<T>> result;
  int calls = 0;

  backend::Done<T> taker() {
    return [this](Result<T> given) {
      ++calls;
      result.emplace(std::move(given));
    };
  }
  [[nodiscard]] bool came() const { return calls != 0; }
  [[nodiscard]] bool succeeded() const { return result && result->has_value(); }
  [[nodiscard]] std::optional<ErrorCode> code() const {
    if (!result || *result) return std::nullopt;
    return result->error().code();
  }
};

struct Heard final : backend::ScannerEvents {
  std::vector<std::pair<Device, AdvertisementData>> seen;
  std::optional<Error> ended;
  void on_advertisement(const Device& device, const AdvertisementData& data) override {
    seen.emplace_back(device, data);
  }
  void on_scan_ended(const Error& error) override { ended = error; }
};

/// Writes down, in order, what happens to a client.
struct Told final : backend::ClientEvents {
  std::vector<std::string> log;
  std::vector<Bytes> values;
  std::vector<DisconnectReason> ends;
  int mtu = 0;
  void on_disconnected(DisconnectReason reason, const std::string&) override {
    log.emplace_back("disconnected");
    ends.push_back(reason);
  }
  void on_value(std::uint16_t, ByteView value) override { values.emplace_back(value.begin(), value.end()); }
  void on_mtu_changed(std::uint16_t now) override { mtu = now; }
  void on_services_changed() override { log.emplace_back("services changed"); }
  void on_pairing_question(const backend::PairingQuestion&, backend::Done<backend::PairingAnswer>) override {}
};

class BlueZBackend : public testing::Test {
 protected:
  BlueZBackend() {
    peer_.answer_objects([this](Message& reply) { write_objects(reply); });
    backend_ = make_backend(peer_.loop(), peer_.opener());
  }
  ~BlueZBackend() override {
    backend_.reset();
    peer_.loop().close();
  }

  void write_objects(Message& reply) {
    reply.open('a', "{oa{sa{sv}}}");
    reply.append("{oa{sa{sv}}}", adapter_path, 1, adapter_interface, 3, "Address", "s", "00:11:22:33:44:55", "Powered",
                 "b", powered_, "Roles", "as", 1, "central");
    reply.append("{oa{sa{sv}}}", device_path.c_str(), 1, device_interface, 5, "Address", "s", "C0:FF:EE:00:00:01",
                 "AddressType", "s", "random", "Name", "s", "Strap", "Connected", "b", connected_, "ServicesResolved",
                 "b", connected_);
    if (has_gatt_) {
      reply.append("{oa{sa{sv}}}", service_path.c_str(), 1, "org.bluez.GattService1", 1, "UUID", "s", "180d");
      reply.append("{oa{sa{sv}}}", rate_path.c_str(), 1, characteristic_interface, 2, "UUID", "s", "2a37", "Flags",
                   "as", 2, "read", "notify");
    }
    reply.close();
  }

  void set_device(const char* property, int value) {
    peer_.emit(device_path, device_interface, [&](Message& m) { m.append("a{sv}as", 1, property, "b", value, 0); });
  }
  void set_adapter_powered(int value) {
    peer_.emit(adapter_path, adapter_interface, [&](Message& m) { m.append("a{sv}as", 1, "Powered", "b", value, 0); });
  }
  void advertise(int rssi) {
    peer_.emit(device_path, device_interface, [&](Message& m) { m.append("a{sv}as", 1, "RSSI", "n", rssi, 0); });
  }
  void notify(std::uint8_t value) {
    peer_.emit(rate_path, characteristic_interface,
               [&](Message& m) { m.append("a{sv}as", 1, "Value", "ay", 1, static_cast<int>(value), 0); });
  }
  template <class T>
  void expect(const Answer<T>& answer) {
    EXPECT_TRUE(peer_.run_until([&] { return answer.came(); })) << "no answer";
  }
  std::unique_ptr<backend::ClientPort> make_client(Told& told) {
    backend::ClientRequest request;
    request.device = Device(Address("C0:FF:EE:00:00:01"), std::nullopt, device_path, "hci0");
    return backend_->make_client(request, told);
  }
  void connect(backend::ClientPort& client) {
    Answer<void> answer;
    client.connect(answer.taker());
    Message call = peer_.next_call("Connect");
    set_device("Connected", 1);
    peer_.reply(call);
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
  }
  void discover(backend::ClientPort& client) {
    Answer<backend::GattDatabase> answer;
    client.discover({}, answer.taker());
    set_device("ServicesResolved", 1);
    answer_mtu();
    expect(answer);
    ASSERT_TRUE(answer.succeeded());
    EXPECT_EQ((*answer.result)->services.size(), 1U);
  }
  void answer_mtu() {
    Message call = peer_.next_call("Get");
    peer_.reply(call, [](Message& m) { m.append("v", "q", 247); });
  }
  void start_scan(backend::ScannerPort& scanner) {
    Answer<void> answer;
    scanner.start({}, answer.taker());
    Message filter = peer_.next_call("SetDiscoveryFilter");
    peer_.reply(filter);
    Message start = peer_.next_call("StartDiscovery");
    peer_.reply(start);
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
  }

  int powered_ = 1;
  int connected_ = 0;
  bool has_gatt_ = true;
  BlueZPeer peer_;
  std::shared_ptr<backend::Backend> backend_;
};

TEST_F(BlueZBackend, ListsAdapters) {
  Answer<std::vector<backend::AdapterState>> answer;
  backend_->list_adapters(answer.taker());
  expect(answer);
  ASSERT_TRUE(answer.succeeded());
  ASSERT_EQ((*answer.result)->size(), 1U);
  EXPECT_EQ((*answer.result)->front().id, "hci0");
  EXPECT_TRUE((*answer.result)->front().is_default);
}

TEST_F(BlueZBackend, KnowsOnlyDevicesThatAreHere) {
  Answer<std::optional<Device>> answer;
  backend_->find_known_device("", Address("C0:FF:EE:00:00:01"), answer.taker());
  expect(answer);
  ASSERT_TRUE(answer.succeeded());
  EXPECT_FALSE(**answer.result) << "it was here once";
  advertise(-50);
  Answer<std::optional<Device>> heard;
  peer_.settle();
  backend_->find_known_device("", Address("C0:FF:EE:00:00:01"), heard.taker());
  expect(heard);
  EXPECT_TRUE(**heard.result);
}

TEST_F(BlueZBackend, FilterHoldsNoUuids) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  backend::ScanRequest request;
  request.service_uuids = {Uuid(0x180d)};
  Answer<void> answer;
  scanner->start(request, answer.taker());
  Message call = peer_.next_call("SetDiscoveryFilter");
  std::vector<std::string> keys;
  Reader reader(call);
  reader.each_property([&](std::string_view key) { return keys.emplace_back(key), false; });
  EXPECT_THAT(keys, ElementsAre("Transport", "DuplicateData"));
}

TEST_F(BlueZBackend, ReportsADeviceOnceATurn) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  advertise(-50);
  advertise(-51);
  peer_.settle();
  ASSERT_EQ(heard.seen.size(), 1U);
  EXPECT_EQ(heard.seen[0].second.rssi, -51);
  EXPECT_EQ(heard.seen[0].second.local_name, "Strap");
  EXPECT_EQ(heard.seen[0].first.id(), device_path);
}

TEST_F(BlueZBackend, MemoriesAreNoSightings) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  peer_.emit(device_path, device_interface, [](Message& m) { m.append("a{sv}as", 1, "Name", "s", "Other", 0); });
  peer_.settle();
  EXPECT_TRUE(heard.seen.empty());
}

TEST_F(BlueZBackend, ScannersShareOneDiscovery) {
  Heard first, second;
  auto one = backend_->make_scanner(first);
  auto two = backend_->make_scanner(second);
  start_scan(*one);
  Answer<void> joined;
  two->start({}, joined.taker());
  expect(joined);
  EXPECT_TRUE(joined.succeeded());
  advertise(-50);
  peer_.settle();
  EXPECT_EQ(first.seen.size(), 1U);
  EXPECT_EQ(second.seen.size(), 1U);

  Answer<void> left, stopped;
  one->stop(left.taker());
  expect(left);
  advertise(-51);
  peer_.settle();
  EXPECT_EQ(first.seen.size(), 1U) << "nothing after stop";
  EXPECT_EQ(second.seen.size(), 2U);
  EXPECT_THAT(peer_.calls(), IsEmpty());

  two->stop(stopped.taker());
  Message call = peer_.next_call("StopDiscovery");
  EXPECT_FALSE(stopped.came());
  peer_.error(call, "org.bluez.Error.Failed", "No discovery started");
  expect(stopped);
  EXPECT_TRUE(stopped.succeeded());
}

TEST_F(BlueZBackend, ScanEndsWithTheAdaptersPower) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  set_adapter_powered(0);
  peer_.settle();
  ASSERT_TRUE(heard.ended);
  EXPECT_EQ(heard.ended->code(), ErrorCode::bluetooth_not_available);
  EXPECT_EQ(heard.ended->unavailable_reason(), UnavailableReason::powered_off);
  set_adapter_powered(1);
  peer_.settle();
  start_scan(*scanner);
}

TEST_F(BlueZBackend, ScanWaitsForABusyBlueZ) {
  Heard heard;
  const auto scanner = backend_->make_scanner(heard);
  Answer<void> answer;
  scanner->start({}, answer.taker());
  Message filter = peer_.next_call("SetDiscoveryFilter");
  peer_.reply(filter);
  Message start = peer_.next_call("StartDiscovery");
  peer_.error(start, "org.bluez.Error.InProgress", "Operation already in progress");
  Message again = peer_.next_call("StartDiscovery");
  EXPECT_FALSE(answer.came());
  peer_.error(again, "org.bluez.Error.InProgress", "Operation already in progress");
  peer_.settle();
  Answer<void> stopped;
  scanner->stop(stopped.taker());
  EXPECT_EQ(answer.code(), ErrorCode::canceled);
  EXPECT_TRUE(stopped.succeeded()) << "nothing had begun";
  EXPECT_THAT(peer_.calls(), IsEmpty());
}

TEST_F(BlueZBackend, DestroyedScannerStopsTheDiscovery) {
  Heard heard;
  auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  scanner.reset();
  EXPECT_TRUE(peer_.next_call("StopDiscovery"));
}

TEST_F(BlueZBackend, ConnectsAndDiscovers) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  EXPECT_EQ(client->mtu(), 247);
  EXPECT_EQ(told.mtu, 247);
}

TEST_F(BlueZBackend, AdoptsALinkThatIsThere) {
  connected_ = 1;
  Told told;
  auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  client.reset();
  peer_.settle();
  EXPECT_THAT(peer_.calls(), IsEmpty()) << "neither Connect nor Disconnect";
}

TEST_F(BlueZBackend, AnswerThatOvertakesTheSignalIsNoFailure) {
  Told told;
  const auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  peer_.reply(call);
  set_device("Connected", 1);
  Message look = peer_.next_call("Get");
  EXPECT_FALSE(answer.came());
  peer_.reply(look, [](Message& m) { m.append("v", "b", 1); });
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
}

TEST_F(BlueZBackend, AbortedConnectIsTakenDownEvenIfItSucceeds) {
  Told told;
  const auto client = make_client(told);
  Answer<void> first;
  client->connect(first.taker());
  Message call = peer_.next_call("Connect");
  client->abort_connect();
  EXPECT_EQ(first.code(), ErrorCode::canceled);
  Message disconnect = peer_.next_call("Disconnect");

  Answer<void> second;
  client->connect(second.taker());
  set_device("Connected", 1);
  peer_.reply(call);
  peer_.reply(disconnect);
  peer_.settle();
  EXPECT_FALSE(second.came()) << "the old link is still there";
  EXPECT_THAT(peer_.calls(), IsEmpty());
  set_device("Connected", 0);
  Message again = peer_.next_call("Connect");
  set_device("Connected", 1);
  peer_.reply(again);
  expect(second);
  EXPECT_TRUE(second.succeeded());
  EXPECT_EQ(first.calls, 1);
  EXPECT_THAT(told.log, IsEmpty());
}

TEST_F(BlueZBackend, DestroyedClientSaysNothingMore) {
  Told told;
  auto client = make_client(told);
  Answer<void> answer;
  client->connect(answer.taker());
  Message call = peer_.next_call("Connect");
  client.reset();
  Message disconnect = peer_.next_call("Disconnect");
  peer_.error(call, "org.bluez.Error.Failed", "br-connection-canceled");
  peer_.reply(disconnect);
  peer_.settle();
  EXPECT_FALSE(answer.came());
}

TEST_F(BlueZBackend, ClientMayBeDestroyedByItsOwnAnswer) {
  Told told;
  auto client = make_client(told);
  bool answered = false;
  client->connect([&](const Result<void>&) {
    client.reset();
    answered = true;
  });
  Message call = peer_.next_call("Connect");
  set_device("Connected", 1);
  peer_.reply(call);
  EXPECT_TRUE(peer_.run_until([&] { return answered; }));
  EXPECT_TRUE(peer_.next_call("Disconnect"));
}

TEST_F(BlueZBackend, DisconnectWaitsForAnswerAndSignal) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  Answer<void> answer;
  client->disconnect(backend::ReleaseKind::explicit_disconnect, answer.taker());
  Message call = peer_.next_call("Disconnect");
  peer_.reply(call);
  peer_.settle();
  EXPECT_FALSE(answer.came());
  set_device("Connected", 0);
  expect(answer);
  EXPECT_TRUE(answer.succeeded());
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::local));
}

TEST_F(BlueZBackend, OnlyTheLastClientDisconnects) {
  Told first, second;
  const auto one = make_client(first);
  const auto two = make_client(second);
  connect(*one);
  Answer<void> joined, left;
  two->connect(joined.taker());
  expect(joined);
  one->disconnect(backend::ReleaseKind::explicit_disconnect, left.taker());
  expect(left);
  EXPECT_THAT(first.ends, ElementsAre(DisconnectReason::local));
  EXPECT_THAT(peer_.calls(), IsEmpty());
  EXPECT_THAT(second.log, IsEmpty());
  Answer<void> last;
  two->disconnect(backend::ReleaseKind::explicit_disconnect, last.taker());
  EXPECT_TRUE(peer_.next_call("Disconnect"));
}

TEST_F(BlueZBackend, LostLinkIsToldBeforeWhatItFails) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  int calls = 0;
  client->read_characteristic(rate, false, [&](const Result<Bytes>& result) {
    ++calls;
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::disconnected);
    told.log.emplace_back("read failed");
  });
  Message call = peer_.next_call("ReadValue");
  set_device("Connected", 0);
  peer_.error(call, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e");
  peer_.settle();
  EXPECT_THAT(told.log, ElementsAre("disconnected", "read failed"));
  EXPECT_EQ(calls, 1);
}

TEST_F(BlueZBackend, InventedErrorBeforeTheLossIsTheLoss) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  peer_.error(call, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e");
  Message look = peer_.next_call("Get");
  EXPECT_FALSE(answer.came());
  set_device("Connected", 0);
  peer_.reply(look, [](Message& m) { m.append("v", "b", 0); });
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::disconnected);
}

TEST_F(BlueZBackend, UnlikelyErrorOfThePeripheralStaysOne) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  peer_.error(call, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e");
  Message look = peer_.next_call("Get");
  peer_.reply(look, [](Message& m) { m.append("v", "b", 1); });
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::att);
}

TEST_F(BlueZBackend, RemovedCharacteristicFailsItsRead) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  peer_.emit_removed(rate_path, characteristic_interface);
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::attribute_gone);
  peer_.settle();
  EXPECT_THAT(told.log, ElementsAre("services changed"));
}

TEST_F(BlueZBackend, EmptyTreeIsAFailedDiscovery) {
  has_gatt_ = false;
  Told told;
  const auto client = make_client(told);
  connect(*client);
  Answer<backend::GattDatabase> answer;
  client->discover({}, answer.taker());
  set_device("ServicesResolved", 1);
  Message look = peer_.next_call("Get");
  peer_.reply(look, [](Message& m) { m.append("v", "b", 1); });
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::failed);
}

TEST_F(BlueZBackend, NotificationsAreCountedAndStopWithTheLink) {
  Told first, second;
  const auto one = make_client(first);
  const auto two = make_client(second);
  connect(*one);
  discover(*one);
  Answer<void> joined, started, shared, left;
  two->connect(joined.taker());
  expect(joined);
  one->subscribe(rate, backend::SubscribeKind::notify, started.taker());
  Message start = peer_.next_call("StartNotify");
  notify(1);
  peer_.settle();
  EXPECT_THAT(first.values, ElementsAre(bytes(1))) << "values count before the answer";
  peer_.reply(start);
  expect(started);
  two->subscribe(rate, backend::SubscribeKind::notify, shared.taker());
  expect(shared);
  notify(2);
  peer_.settle();
  EXPECT_THAT(first.values, ElementsAre(bytes(1), bytes(2)));
  EXPECT_THAT(second.values, ElementsAre(bytes(2)));
  one->unsubscribe(rate, left.taker());
  expect(left);
  notify(3);
  peer_.settle();
  EXPECT_EQ(first.values.size(), 2U);
  EXPECT_EQ(second.values.size(), 2U);
  EXPECT_THAT(peer_.calls(), IsEmpty());
  set_device("Connected", 0);
  EXPECT_TRUE(peer_.next_call("StopNotify"));
}

TEST_F(BlueZBackend, ReadIsNoNotification) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<void> started;
  client->subscribe(rate, backend::SubscribeKind::notify, started.taker());
  Message start = peer_.next_call("StartNotify");
  peer_.reply(start);
  expect(started);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  notify(7);  // a true one while the read is under way
  notify(9);  // what BlueZ announces of the read
  peer_.reply(call, [](Message& m) { m.append("ay", 1, 9); });
  expect(answer);
  EXPECT_THAT(told.values, ElementsAre(bytes(7)));
  notify(9);
  peer_.settle();
  EXPECT_THAT(told.values, ElementsAre(bytes(7), bytes(9)));
}

TEST_F(BlueZBackend, ForcedIndicationIsNotSupportedWhereBothAreThere) {
  Told told;
  const auto client = make_client(told);
  connect(*client);
  discover(*client);
  Answer<void> answer;
  client->subscribe(rate, backend::SubscribeKind::indicate, answer.taker());
  EXPECT_EQ(answer.code(), ErrorCode::not_supported);
}

TEST_F(BlueZBackend, LostBusFailsEverythingAndIsOpenedAnew) {
  Told told;
  Heard heard;
  const auto client = make_client(told);
  const auto scanner = backend_->make_scanner(heard);
  start_scan(*scanner);
  connect(*client);
  discover(*client);
  Answer<Bytes> answer;
  client->read_characteristic(rate, false, answer.taker());
  Message call = peer_.next_call("ReadValue");
  call = Message();
  peer_.hang_up();
  expect(answer);
  EXPECT_EQ(answer.code(), ErrorCode::backend_lost);
  EXPECT_THAT(told.ends, ElementsAre(DisconnectReason::backend_lost));
  ASSERT_TRUE(heard.ended);
  EXPECT_EQ(heard.ended->code(), ErrorCode::backend_lost);
  connect(*client);
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
