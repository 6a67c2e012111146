#pragma once

#include "backend/bluez/bluez.hpp"
#include "backend/bluez/interfaces.hpp"
#include "bluez_peer.hpp"

#include <blau/bytes.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blau::detail::bluez {

inline constexpr const char* adapter_path = "/org/bluez/hci0";
inline const std::string device_path = "/org/bluez/hci0/dev_C0_FF_EE_00_00_01";
inline const std::string service_path = device_path + "/service000a";
inline const std::string rate_path = service_path + "/char000b";
inline constexpr std::uint16_t rate = 0x0b;
inline const std::string location_path = service_path + "/char000d";
inline constexpr std::uint16_t location = 0x0d;

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
  std::vector<std::pair<std::uint16_t, ErrorCode>> ended_subscriptions;
  std::vector<std::string> words;  ///< BlueZ's for each end
  int mtu = 0;
  std::function<void()> then;  ///< called after each value
  void on_disconnected(DisconnectReason reason, const std::string& native) override {
    log.emplace_back("disconnected");
    words.push_back(native);
    ends.push_back(reason);
  }
  void on_value(std::uint16_t, ByteView value) override {
    log.push_back("value " + to_hex(value));
    values.emplace_back(value.begin(), value.end());
    if (then) then();
  }
  void on_subscription_ended(std::uint16_t handle, const Error& error) override {
    ended_subscriptions.emplace_back(handle, error.code());
  }
  void on_mtu_changed(std::uint16_t now) override { mtu = now; }
  void on_services_changed() override { log.emplace_back("services changed"); }
  void on_pairing_question(const backend::PairingQuestion& asked, backend::Done<backend::PairingAnswer> done) override {
    question = asked;
    answer = std::move(done);
  }
  void on_pairing_question_withdrawn() override { log.emplace_back("question withdrawn"); }
  void on_bond_changed(bool bonded) override { log.emplace_back(bonded ? "bonded" : "not bonded"); }
  std::optional<backend::PairingQuestion> question;
  backend::Done<backend::PairingAnswer> answer;
};

/// An adapter, and a device with two characteristics that notify; bluetoothd is played by the test.
class BlueZScene : public testing::Test {
 protected:
  BlueZScene() {
    peer_.answer_objects([this](Message& reply) { write_objects(reply); });
    backend_ = make_backend(peer_.loop(), peer_.opener());
  }
  ~BlueZScene() override {
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
      for (const auto& [path, uuid] : {std::pair(rate_path, "2a37"), std::pair(location_path, "2a38")})
        reply.append("{oa{sa{sv}}}", path.c_str(), 1, characteristic_interface, 2, "UUID", "s", uuid, "Flags", "as", 2,
                     "read", "notify");
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
  /// A changed Value: a notification, or the echo of a read.
  void notify(std::uint8_t value, const std::string& path = rate_path) {
    peer_.emit(path, characteristic_interface,
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
  void subscribe(backend::ClientPort& client, std::uint16_t handle = rate) {
    Answer<void> answer;
    client.subscribe(handle, {backend::SubscribeKind::notify}, answer.taker());
    Message call = peer_.next_call("StartNotify");
    peer_.reply(call);
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
  }
  /// Answers ReadValue.
  void reply_value(const Message& call, std::uint8_t value) {
    peer_.reply(call, [&](Message& m) { m.append("ay", 1, static_cast<int>(value)); });
  }
  /// Answers the question for Connected.
  void answer_connected(int value) {
    Message call = peer_.next_call("Get");
    peer_.reply(call, [&](Message& m) { m.append("v", "b", value); });
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

}  // namespace blau::detail::bluez
