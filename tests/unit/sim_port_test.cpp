// The simulator's ports, by the letter of the backend contract.

#include "backend/sim/adapter.hpp"
#include "core/backends.hpp"
#include "support/sim_addresses.hpp"

#include <blau/sim.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau {
namespace {

using namespace std::chrono_literals;
using backend::ReleaseKind;

struct Events final : backend::ClientEvents, backend::ScannerEvents {
  void on_disconnected(DisconnectReason reason, const std::string&) override {
    log.emplace_back("disconnected " + std::string(to_string(reason)));
    if (then) std::exchange(then, nullptr)();
  }
  void on_value(std::uint16_t, ByteView value) override {
    log.push_back("value " + to_hex(value));
    if (then) std::exchange(then, nullptr)();
  }
  void on_mtu_changed(std::uint16_t) override {}
  void on_services_changed() override { log.emplace_back("services"); }
  void on_pairing_question(const backend::PairingQuestion&, backend::Done<backend::PairingAnswer> done) override {
    log.emplace_back("asked");
    answer = std::move(done);
  }
  void on_bond_changed(bool bonded) override {
    log.emplace_back(bonded ? "bond made" : "bond removed");
    if (then) std::exchange(then, nullptr)();
  }
  void on_advertisement(const Device& device, const AdvertisementData&) override {
    log.push_back("heard " + device.address().to_string());
    if (then) std::exchange(then, nullptr)();
  }
  void on_scan_ended(const Error& error) override { log.emplace_back("scan " + std::string(to_string(error.code()))); }

  std::vector<std::string> log;
  std::function<void()> then;
  backend::Done<backend::PairingAnswer> answer;
};

struct SimPort : testing::Test {
  SimPort() {
    device.add_service(0x1234).add_characteristic(
        {.uuid = 0x2345, .properties = Property::read | Property::notify, .value = bytes(1)});
    loop = world.loop().loop();
    backend = detail::resolve_backend(*loop, BackendRef());
    client = make_client();
  }
  std::unique_ptr<backend::ClientPort> make_client() {
    backend::ClientRequest request;
    request.device = Device(Address(device_address));
    return backend->make_client(request, events);
  }
  /// Notes how a request ends.
  template <class T>
  backend::Done<T> note(std::string what) {
    return [this, what](Result<T> result) {
      events.log.push_back(what + " " + (result ? "ok" : std::string(to_string(result.error().code()))));
    };
  }
  std::uint16_t declaration() { return device.characteristic(0x2345).handle().value(); }
  void on_loop(std::function<void()> call, std::chrono::nanoseconds time = 1s) {
    world.loop().post([call = std::move(call)] { call(); });
    world.advance(time);
  }
  void link_up() {
    on_loop([&] { client->connect(note<void>("connect")); });
    on_loop([&] { client->discover({}, note<backend::GattDatabase>("discover")); });
    EXPECT_THAT(events.log, testing::ElementsAre("connect ok", "discover ok"));
    events.log.clear();
  }

  sim::World world;
  sim::Peripheral& device = world.add_peripheral({.address = device_address, .name = "Device"});
  std::shared_ptr<detail::Loop> loop;
  std::shared_ptr<backend::Backend> backend;
  Events events;
  std::unique_ptr<backend::ClientPort> client;
};

TEST_F(SimPort, DisconnectTellsTheEndBeforeItIsDone) {
  link_up();
  EXPECT_EQ(client->mtu(), 517);
  on_loop([&] {
    client->read_characteristic(declaration(), false, note<Bytes>("read"));
    client->disconnect(ReleaseKind::explicit_disconnect, note<void>("disconnect"));
  });
  EXPECT_THAT(events.log, testing::ElementsAre("disconnected local", "disconnect ok", "read disconnected"));
  EXPECT_EQ(client->mtu(), 23);
}

TEST_F(SimPort, AHandleThatAnotherServiceTookIsGoneUntilItIsDiscovered) {
  link_up();
  auto& old = device.service(0x1234);
  const auto handle = declaration();
  const auto place = static_cast<std::uint16_t>(handle - 1);
  const auto read = [&] { client->read_characteristic(handle, false, note<Bytes>("read")); };
  on_loop([&] {
    read();  // under way while the table changes
    device.remove_service(old);
    device.add_service(0x4321, {.handle = place})
        .add_characteristic({.uuid = 0x5432, .properties = Property::read, .value = bytes(2)});
  });
  EXPECT_THAT(events.log, testing::Each(testing::AnyOf("services", "read attribute_gone")));
  EXPECT_THAT(events.log, testing::Contains("read attribute_gone"));
  events.log.clear();
  // Another client of the link looks first; this one has not.
  const auto other = make_client();
  on_loop([&] { other->connect(note<void>("connect")); });
  on_loop([&] { other->discover({}, note<backend::GattDatabase>("discover")); });
  on_loop(read);
  EXPECT_THAT(events.log, testing::ElementsAre("connect ok", "discover ok", "read attribute_gone"));
  events.log.clear();
  on_loop([&] { client->discover({}, note<backend::GattDatabase>("discover")); });
  on_loop(read);
  EXPECT_THAT(events.log, testing::ElementsAre("discover ok", "read ok"));
}

TEST_F(SimPort, LostLinkIsToldBeforeWhatFailsOfIt) {
  link_up();
  on_loop([&] {
    client->read_characteristic(declaration(), false, note<Bytes>("read"));
    device.drop_link();
  });
  EXPECT_THAT(events.log, testing::ElementsAre("disconnected remote", "read disconnected"));
  on_loop([&] { client->read_characteristic(declaration(), false, note<Bytes>("read")); });
  EXPECT_EQ(events.log.back(), "read disconnected");
  on_loop([&] { client->disconnect(ReleaseKind::explicit_disconnect, note<void>("disconnect")); });
  EXPECT_EQ(events.log.back(), "disconnect ok");
}

TEST_F(SimPort, AbortAnswersCanceledAtEachStage) {
  for (const auto delay : {0ms, 20ms, 50ms, 55ms, 60ms}) {
    events.log.clear();
    on_loop(
        [&] {
          client->connect(note<void>("connect"));
          world.after(delay, [&] { client->abort_connect(); });
        },
        5s);
    EXPECT_THAT(events.log, testing::ElementsAre("connect canceled")) << delay.count();
    EXPECT_FALSE(device.connected());
  }
  events.log.clear();
  link_up();
}

TEST_F(SimPort, ReleaseEndsLinkAndAttempt) {
  on_loop([&] {
    client->connect(note<void>("connect"));
    client->release();
  });
  EXPECT_THAT(events.log, testing::ElementsAre("connect canceled"));
  events.log.clear();
  link_up();
  on_loop([&] { client->release(); });
  EXPECT_THAT(events.log, testing::ElementsAre("disconnected local"));
  EXPECT_FALSE(device.connected());
}

TEST_F(SimPort, DestroyedPortTellsNothing) {
  link_up();
  on_loop([&] {
    client->read_characteristic(declaration(), false, note<Bytes>("read"));
    client.reset();
  });
  EXPECT_TRUE(events.log.empty());
  EXPECT_FALSE(device.connected());
  client = make_client();
  on_loop([&] {
    client->connect(note<void>("connect"));
    world.after(55ms, [&] { client.reset(); });
  });
  EXPECT_TRUE(events.log.empty());
  EXPECT_FALSE(device.connected());
}

TEST_F(SimPort, PortsMayBeDestroyedInsideTheirCalls) {
  on_loop([&] {
    client->connect([&](Result<void> result) {
      EXPECT_TRUE(result.has_value());
      client.reset();
    });
  });
  EXPECT_FALSE(device.connected());
  client = make_client();
  link_up();
  on_loop([&] {
    client->read_characteristic(declaration(), false, [&](Result<Bytes>) { client.reset(); });
    client->read_characteristic(declaration(), false, note<Bytes>("second"));
  });
  EXPECT_TRUE(events.log.empty());
  client = make_client();
  link_up();
  events.then = [&] { client.reset(); };
  on_loop([&] { client->subscribe(declaration(), {backend::SubscribeKind::notify}, note<void>("subscribe")); });
  on_loop([&] { device.characteristic(0x2345).notify(bytes(1)); });
  EXPECT_THAT(events.log, testing::ElementsAre("subscribe ok", "value 01"));
  events.log.clear();
  client = make_client();
  link_up();
  events.then = [&] { client.reset(); };
  on_loop([&] {
    client->read_characteristic(declaration(), false, note<Bytes>("read"));
    device.drop_link();
  });
  EXPECT_THAT(events.log, testing::ElementsAre("disconnected remote"));
}

TEST_F(SimPort, OtherClientsGoOnWhenOneIsDestroyedInItsEvent) {
  auto second = make_client();
  link_up();
  on_loop([&] { second->connect(note<void>("second")); });
  on_loop([&] { client->subscribe(declaration(), {backend::SubscribeKind::notify}, note<void>("subscribe")); });
  on_loop([&] { second->subscribe(declaration(), {backend::SubscribeKind::notify}, note<void>("subscribe")); });
  events.log.clear();
  events.then = [&] { client.reset(); };
  on_loop([&] { device.characteristic(0x2345).notify(bytes(1)); });
  on_loop([&] { device.characteristic(0x2345).notify(bytes(2)); });
  EXPECT_THAT(events.log, testing::ElementsAre("value 01", "value 01", "value 02"));
}

TEST_F(SimPort, UnsubscribedValuesStop) {
  link_up();
  on_loop([&] { client->subscribe(declaration(), {backend::SubscribeKind::notify}, note<void>("subscribe")); });
  on_loop([&] {
    device.characteristic(0x2345).notify(bytes(1));
    client->unsubscribe(declaration(), note<void>("unsubscribe"));
  });
  EXPECT_THAT(events.log, testing::ElementsAre("subscribe ok", "unsubscribe ok"));
}

TEST_F(SimPort, MissingAttributesAreGone) {
  link_up();
  on_loop([&] { client->read_characteristic(0x7777, false, note<Bytes>("characteristic")); });
  on_loop([&] { client->read_descriptor(0x7777, false, note<Bytes>("descriptor")); });
  EXPECT_THAT(events.log, testing::ElementsAre("characteristic attribute_gone", "descriptor attribute_gone"));
}

TEST_F(SimPort, AReliableWriteIsPreparedHoweverShort) {
  auto& target = device.service(0x1234).add_characteristic(
      {.uuid = 0x2346, .properties = Property::write | Property::reliable_write, .value = bytes(1, 2, 3)});
  link_up();
  const auto handle = target.handle().value();
  // How long a value is under way: one that is prepared first takes a round trip more.
  const auto write = [&](backend::WriteKind kind, const Bytes& value) {
    const auto began = world.elapsed();
    on_loop([&] { client->write_characteristic(handle, value, kind, note<void>("write")); });
    return target.writes().back().time - began;
  };
  const auto at_once = write(backend::WriteKind::with_response, bytes(4));
  EXPECT_GT(write(backend::WriteKind::reliable, bytes(7, 8)), 3 * at_once);
  EXPECT_EQ(target.value(), bytes(7, 8));
  target.set_write_error(AttError::value_not_allowed);
  write(backend::WriteKind::reliable, bytes(9));
  EXPECT_EQ(target.value(), bytes(7, 8));
  EXPECT_THAT(events.log, testing::ElementsAre("write ok", "write ok", "write att"));
}

TEST_F(SimPort, ScannerMayBeDestroyedInItsEvent) {
  auto one = backend->make_scanner(events);
  auto two = backend->make_scanner(events);
  on_loop([&] {
    one->start({}, note<void>("one"));
    two->start({}, note<void>("two"));
    events.then = [&] { one.reset(); };
  });
  EXPECT_GT(events.log.size(), 10u);
  events.log.clear();
  on_loop([&] { two->stop(note<void>("stop")); });
  EXPECT_EQ(events.log.back(), "stop ok");
  events.log.clear();
  world.advance(10s);
  EXPECT_TRUE(events.log.empty());
}

TEST_F(SimPort, KnownAndConnectedDevices) {
  std::vector<Device> devices;
  std::optional<Device> known;
  const auto ask = [&] {
    backend->connected_devices("", {Uuid{0x1234}}, [&](Result<std::vector<Device>> r) { devices = r.value(); });
    backend->find_known_device("", Address(device_address),
                               [&](Result<std::optional<Device>> r) { known = r.value(); });
  };
  on_loop(ask);
  EXPECT_TRUE(devices.empty());
  EXPECT_FALSE(known);
  link_up();
  on_loop(ask);
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(devices[0].name(), "Device");
  EXPECT_TRUE(known);
  const auto other = [&] {
    backend->connected_devices("", {Uuid{0x9999}}, [&](Result<std::vector<Device>> r) { devices = r.value(); });
  };
  on_loop(other);
  EXPECT_TRUE(devices.empty());
}

TEST_F(SimPort, PortsOutliveTheirBackend) {
  link_up();
  auto scanner = backend->make_scanner(events);
  on_loop([&] { scanner->start({}, note<void>("scan")); }, 0s);
  events.log.clear();
  backend.reset();
  loop->close();
  EXPECT_TRUE(events.log.empty());
  client->read_characteristic(declaration(), false, note<Bytes>("read"));
  client->connect(note<void>("connect"));
  EXPECT_THAT(events.log, testing::ElementsAre("read disconnected", "connect backend_lost"));
}

TEST_F(SimPort, EveryClientOfTheDeviceIsToldOfItsBond) {
  link_up();
  const auto other = make_client();
  on_loop([&] { client->pair({}, note<void>("pair")); });
  EXPECT_THAT(events.log, testing::ElementsAre("bond made", "bond made", "pair ok"));
  events.log.clear();
  on_loop([&] { client->unpair(note<void>("unpair")); });
  EXPECT_THAT(events.log, testing::ElementsAre("bond removed", "bond removed", "disconnected local", "unpair ok"));
  events.log.clear();
  on_loop([&] { other->unpair(note<void>("again")); });
  EXPECT_THAT(events.log, testing::ElementsAre("again ok"));
}

TEST_F(SimPort, AnAnswerAfterTheEndOfAPairingDoesNotCount) {
  link_up();
  backend::PairRequest request;
  request.answers = {backend::PairingQuestion::Kind::confirm};
  on_loop([&] { client->pair(request, note<void>("pair")); });
  EXPECT_THAT(events.log, testing::ElementsAre("asked"));
  on_loop([&] { client->cancel_pair(); });
  on_loop([&] { events.answer(backend::PairingAnswer{true, 0}); });
  EXPECT_THAT(events.log, testing::ElementsAre("asked", "pair pairing_canceled"));
}

TEST_F(SimPort, UnpairEndsThePairingFirst) {
  link_up();
  backend::PairRequest request;
  request.answers = {backend::PairingQuestion::Kind::confirm};
  on_loop([&] { client->pair(request, note<void>("pair")); });
  on_loop([&] { client->unpair(note<void>("unpair")); });
  EXPECT_THAT(events.log, testing::ElementsAre("asked", "pair pairing_canceled", "disconnected local", "unpair ok"));
}

TEST_F(SimPort, AClientMayGoWhenItHearsOfItsBond) {
  link_up();
  events.then = [&] { client.reset(); };
  on_loop([&] { client->pair({}, note<void>("pair")); });
  EXPECT_THAT(events.log, testing::ElementsAre("bond made"));
  client = make_client();
  events.log.clear();
  events.then = [&] { client.reset(); };
  on_loop([&] { client->unpair(note<void>("unpair")); });
  EXPECT_THAT(events.log, testing::ElementsAre("bond removed"));
}

}  // namespace
}  // namespace blau
