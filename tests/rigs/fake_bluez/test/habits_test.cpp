// What was seen on the real daemon, or stands in its sources.

#include "client.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace blau::fake_test {
namespace {

class Habits : public FakeBluez {};

void set_powered(Client& client, bool on) {
  const auto set = client.call(hci0, "org.freedesktop.DBus.Properties", "Set", [on](sd_bus_message* message) {
    sd_bus_message_append(message, "ssv", "org.bluez.Adapter1", "Powered", "b", on ? 1 : 0);
  });
  EXPECT_EQ(set.error, "");
}

auto no_options() {
  return [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 0); };
}

auto value(std::vector<std::uint8_t> bytes, const char* type) {
  return [bytes = std::move(bytes), type](sd_bus_message* message) {
    sd_bus_message_append_array(message, 'y', bytes.data(), bytes.size());
    sd_bus_message_append(message, "a{sv}", 1, "type", "s", type);
  };
}

TEST_F(Habits, DiscoveryHasOneSessionAProgram) {
  Client client;
  EXPECT_EQ(client.adapter("StopDiscovery").text, "No discovery started");
  client.discover();
  EXPECT_EQ(client.adapter("StartDiscovery").error, "org.bluez.Error.InProgress");
  Client other;
  other.discover();
  EXPECT_EQ(client.adapter("StopDiscovery").error, "");
  EXPECT_EQ(client.property(hci0, "org.bluez.Adapter1", "Discovering"), 1);
  EXPECT_EQ(other.adapter("StopDiscovery").error, "");
  EXPECT_EQ(client.property(hci0, "org.bluez.Adapter1", "Discovering"), 0);
}

TEST_F(Habits, PowerOffEndsSessionsAndForgetsFilters) {
  Client client;
  client.discover();
  set_powered(client, false);
  EXPECT_EQ(client.adapter("StartDiscovery").error, "org.bluez.Error.NotReady");
  set_powered(client, true);
  EXPECT_EQ(client.adapter("StopDiscovery").text, "No discovery started");
}

TEST_F(Habits, ASessionEndsWithItsProgram) {
  Client client;
  Client other;
  other.discover();
  ASSERT_TRUE(client.until([&] { return client.count(hci0, "Discovering") == 1; }));
  other.leave();
  EXPECT_TRUE(client.until([&] { return client.count(hci0, "Discovering") == 2; }));
}

TEST_F(Habits, TheEndOfADiscoveryTakesStrengthBackAndNonConnectableDevicesWith) {
  Client client;
  client.discover();
  const auto tag = device_path(tag_address);
  ASSERT_TRUE(client.until([&] { return client.count(tag, "RSSI") > 1; }));
  EXPECT_EQ(client.property(tag, "org.bluez.Device1", "RSSI"), -70);
  client.adapter("StopDiscovery");
  client.settle();
  EXPECT_EQ(client.property(tag, "org.bluez.Device1", "RSSI"), -1) << "still known";
  const auto all = client.objects();
  EXPECT_EQ(std::count(all.begin(), all.end(), device_path(beacon_address)), 0);
  // What takes connections stays a while longer.
  EXPECT_EQ(std::count(all.begin(), all.end(), tag), 1);
  EXPECT_TRUE(client.until([&] {
    const auto& seen = client.signals();
    return std::any_of(seen.begin(), seen.end(),
                       [&](const Signal& s) { return s.member == "InterfacesRemoved" && s.path == tag; });
  })) << "TemporaryTimeout";
}

/// How often the Tag, whose strength and data never change, is told of in two seconds of a discovery with such a filter.
struct Told {
  std::size_t strengths = 0;
  std::size_t data = 0;
};
Told told_of_tag(Client& client, bool duplicates, bool strength) {
  const auto set = client.adapter("SetDiscoveryFilter", [=](sd_bus_message* message) {
    sd_bus_message_open_container(message, 'a', "{sv}");
    sd_bus_message_append(message, "{sv}{sv}", "Transport", "s", "le", "DuplicateData", "b", duplicates ? 1 : 0);
    if (strength) sd_bus_message_append(message, "{sv}", "RSSI", "n", -127);
    sd_bus_message_close_container(message);
  });
  EXPECT_EQ(set.error, "");
  EXPECT_EQ(client.adapter("StartDiscovery").error, "");
  client.forget();
  // A clock that both daemons have: each of these answers after half a second.
  const auto slow = client.characteristic(gatt_address, own(0x0107));
  for (int turn = 0; turn < 4; ++turn) EXPECT_EQ(client.read(slow).error, "");
  const auto tag = device_path(tag_address);
  const Told told{client.count(tag, "RSSI"), client.count(tag, "ManufacturerData")};
  EXPECT_EQ(client.adapter("StopDiscovery").error, "");
  return told;
}

TEST_F(Habits, WhichFiltersTellEachReport) {
  Client client;
  client.connect(gatt_address);
  for (const bool duplicates : {false, true})
    for (const bool strength : {false, true}) {
      SCOPED_TRACE(testing::Message() << "DuplicateData " << duplicates << ", RSSI in the filter " << strength);
      const Told told = told_of_tag(client, duplicates, strength);
      if (duplicates || strength || is_old())
        EXPECT_GT(told.strengths, 3U);
      else
        EXPECT_LT(told.strengths, 2U) << "only where it changes";
      if (duplicates)
        EXPECT_GE(told.data, told.strengths);
      else
        EXPECT_LT(told.data, 2U) << "only where it changes";
    }
}

TEST_F(Habits, AFilterByServiceKeepsOthersOutOrEndsTheDaemon) {
  Client client;
  const auto set = client.adapter("SetDiscoveryFilter", [](sd_bus_message* message) {
    sd_bus_message_append(message, "a{sv}", 1, "UUIDs", "as", 1, "feaa");
  });
  EXPECT_EQ(set.error, "");
  client.forget();
  EXPECT_EQ(client.adapter("StartDiscovery").error, "");
  const std::string awaited = version() == "5.87" ? hci0 : device_path(beacon_address);
  const auto comes = [&](const Signal& signal) { return signal.member == "InterfacesAdded" && signal.path == awaited; };
  ASSERT_TRUE(client.until([&] { return std::any_of(client.signals().begin(), client.signals().end(), comes); }));
  if (version() == "5.87") return;
  ASSERT_TRUE(client.until([&] { return client.count(device_path(beacon_address), "RSSI") > 3; }));
  EXPECT_EQ(client.count(device_path(tag_address), "RSSI"), 0U);
  EXPECT_EQ(client.adapter("StopDiscovery").error, "");
}

TEST_F(Habits, ASecondConnectAndACanceledOne) {
  Client client;
  client.discover();
  const auto path = device_path(tag_address);
  ASSERT_TRUE(client.until([&] { return client.count(path, "RSSI") > 0; }));
  tell({{"command", "stop_advertising"}, {"address", tag_address}});
  const auto first = client.start(path, "org.bluez.Device1", "Connect");
  const auto second = client.device(tag_address, "Connect");
  EXPECT_EQ(second.error, is_old() ? "org.bluez.Error.Failed" : "org.bluez.Error.InProgress");
  EXPECT_EQ(second.text, is_old() ? "Operation already in progress" : "In Progress");
  EXPECT_EQ(client.device(tag_address, "Disconnect").error, "");
  ASSERT_TRUE(client.until([&] { return first->done; }));
  EXPECT_EQ(first->text, "br-connection-canceled");
  const auto absent = client.device(tag_address, "Connect");
  EXPECT_EQ(absent.text, "le-connection-abort-by-local");
}

TEST_F(Habits, DisconnectTakesItsTimeAndAConnectMeanwhileIsLost) {
  Client client;
  client.connect(tag_address);
  const auto path = device_path(tag_address);
  const auto gone = client.start(path, "org.bluez.Device1", "Disconnect");
  EXPECT_EQ(client.device(tag_address, "Connect").error, "");
  EXPECT_EQ(client.count(path, "Connected"), 0U);
  EXPECT_EQ(client.property(path, "org.bluez.Device1", "Connected"), 1);
  ASSERT_TRUE(client.until([&] { return gone->done && client.count(path, "Connected") == 1; }));
  std::size_t at = 0;
  while (!client.signals()[at].tells(path, "Connected")) ++at;
  EXPECT_EQ(gone->signals_before <= at, is_old()) << "until 5.78 the answer comes first";
  const bool told = std::any_of(client.signals().begin(), client.signals().end(),
                                [](const Signal& s) { return s.member == "Disconnected"; });
  EXPECT_EQ(told, version() == "5.87");
  EXPECT_EQ(client.device(tag_address, "Disconnect").error, "") << "when it is down already";
}

TEST_F(Habits, ALinkOutlivesItsProgramAndItsObjectsTheLink) {
  Client client;
  {
    Client other;
    other.connect(tag_address);
  }
  const auto path = device_path(tag_address);
  EXPECT_EQ(client.property(path, "org.bluez.Device1", "Connected"), 1);
  const auto before = client.objects().size();
  tell({{"command", "drop_link"}, {"address", tag_address}});
  ASSERT_TRUE(client.until([&] { return client.count(path, "Connected") == 1; }));
  EXPECT_EQ(client.objects().size(), before);
  EXPECT_EQ(client.read(client.characteristic(tag_address, own(0x0901))).text, "Not connected");
}

/// Connects, subscribes in both ways, says so, and waits for its end. No exception may leave it: it would go on with the tests.
[[noreturn]] void hold_a_link(const std::string& address, const std::string& uuid, int ready) noexcept {
  Client client;
  client.connect(address);
  client.call(client.characteristic(address, uuid), characteristic_interface, "StartNotify");
  const auto other = client.characteristic(address, own(0x0301));
  if (client.call(other, characteristic_interface, "AcquireNotify", no_options()).fd < 0) std::abort();
  if (::write(ready, "r", 1) != 1) std::abort();
  while (true) ::pause();
}

/// A program of its own that has a link, and is killed.
void connect_and_be_killed(const std::string& address, const std::string& uuid) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t program = ::fork();
  if (program == 0) hold_a_link(address, uuid, ready[1]);
  ::close(ready[1]);
  char word = 0;
  EXPECT_EQ(::read(ready[0], &word, 1), 1);
  ::close(ready[0]);
  EXPECT_EQ(::kill(program, SIGKILL), 0);
  EXPECT_EQ(::waitpid(program, nullptr, 0), program);
}

TEST_F(Habits, AKilledProgramsLinkStaysAndItsSubscriptionDoesNot) {
  const auto subscriptions = [&](std::size_t count) {
    tell({{"command", "subscriptions"}, {"address", gatt_address}, {"uuid", own(0x0305)}, {"count", count}});
  };
  connect_and_be_killed(gatt_address, own(0x0305));
  subscriptions(0);
  // For longer than bluetoothd takes for any link that is to end.
  Client client;
  client.connect(tag_address);
  EXPECT_EQ(client.device(tag_address, "Disconnect").error, "");
  EXPECT_TRUE(client.until([&] { return client.count(device_path(tag_address), "Connected") == 1; }));
  EXPECT_EQ(client.property(device_path(gatt_address), "org.bluez.Device1", "Connected"), 1);
  tell({{"command", "connections"}, {"address", gatt_address}, {"count", 1}});
  EXPECT_EQ(client.read(client.characteristic(gatt_address, own(0x0107))).error, "");
  tell({{"command", "drop_link"}, {"address", gatt_address}});
  EXPECT_TRUE(client.until([&] { return client.count(device_path(gatt_address), "Connected") > 0; }));
}

TEST_F(Habits, AReadIsToldAsAChangeBeforeItsAnswerAndSharedByWhoAsksTheSame) {
  Client client;
  client.connect(gatt_address);
  const auto slow = client.characteristic(gatt_address, own(0x0107));
  const auto first = client.start(slow, characteristic_interface, "ReadValue", no_options());
  const auto second = client.start(slow, characteristic_interface, "ReadValue", no_options());
  EXPECT_EQ(client.read(slow, 1).error, "org.bluez.Error.InProgress");
  ASSERT_TRUE(client.until([&] { return first->done && second->done; }));
  const std::vector<std::uint8_t> expected{0x51, 0x07};
  EXPECT_EQ(first->bytes, expected);
  EXPECT_EQ(second->bytes, expected);
  ASSERT_EQ(client.count(slow, "Value"), 1U);
  EXPECT_EQ(first->signals_before, client.signals().size());
  EXPECT_EQ(client.read(slow, 100).text, "Invalid offset");
}

TEST_F(Habits, WritesByTheirKind) {
  Client client;
  client.connect(tag_address);
  const auto path = client.characteristic(tag_address, own(0x0901));
  const auto write = [&](std::size_t size, const char* type) {
    return client.call(path, characteristic_interface, "WriteValue", value(std::vector<std::uint8_t>(size, 7), type));
  };
  EXPECT_EQ(write(45, "command").error, "");
  EXPECT_EQ(write(46, "command").text, "Failed to initiate write");
  EXPECT_EQ(write(100, "request").error, "");
  EXPECT_EQ(write(1, "reliable").error, "") << "whatever the properties say";
  EXPECT_EQ(write(1, "strange").error, "org.bluez.Error.NotSupported");
  const auto counter = client.characteristic(tag_address, own(0x0902));
  const auto refused = client.call(counter, characteristic_interface, "WriteValue", value({1}, "request"));
  EXPECT_EQ(refused.text, "Write not permitted") << "by the peripheral";
  EXPECT_EQ(client.call(counter, characteristic_interface, "WriteValue", value({1}, "command")).error, "");
  const auto taken = tell({{"command", "writes"}, {"address", tag_address}, {"uuid", own(0x0901)}});
  ASSERT_EQ(taken.at("writes").size(), 3U);
  EXPECT_EQ(taken.at("writes")[0].at("command"), true);
  EXPECT_EQ(taken.at("writes")[1].at("command"), false);
}

TEST_F(Habits, EachProgramsSubscriptionTellsEverybodyAndOutlivesTheLink) {
  Client client;
  Client other;
  client.connect(gatt_address);
  const auto path = client.characteristic(gatt_address, own(0x0305));
  const auto start = [&](Client& who) { return who.call(path, characteristic_interface, "StartNotify").error; };
  const auto send = [&] {
    client.forget();
    tell({{"command", "notify"}, {"address", gatt_address}, {"uuid", own(0x0305)}, {"values", {"01"}}});
  };
  EXPECT_EQ(start(client), "");
  EXPECT_EQ(start(client), "") << "a flag, no counter";
  send();
  ASSERT_TRUE(client.until([&] { return client.count(path, "Value") == 1; }));
  EXPECT_EQ(start(other), "");
  send();
  ASSERT_TRUE(client.until([&] { return client.count(path, "Value") == 2; }));
  tell({{"command", "drop_link"}, {"address", gatt_address}});
  ASSERT_TRUE(client.until([&] { return client.count(device_path(gatt_address), "Connected") == 1; }));
  EXPECT_EQ(other.call(path, characteristic_interface, "StopNotify").error, "") << "while it is down";
  EXPECT_EQ(other.call(path, characteristic_interface, "StopNotify").text, "No notify session started");
  client.connect(gatt_address);
  tell({{"command", "subscriptions"}, {"address", gatt_address}, {"uuid", own(0x0305)}, {"count", 1}});
  send();
  EXPECT_TRUE(client.until([&] { return client.count(path, "Value") == 1; })) << "armed again by itself";
}

TEST_F(Habits, AcquiredNotifications) {
  Client client;
  Client other;
  client.connect(gatt_address);
  const auto path = client.characteristic(gatt_address, own(0x0305));
  const auto acquire = [&](const std::string& where) {
    return client.call(where, characteristic_interface, "AcquireNotify", no_options());
  };
  const auto indicating = acquire(client.characteristic(gatt_address, own(0x0302)));
  EXPECT_EQ(indicating.error, is_old() ? "org.bluez.Error.NotSupported" : "");
  // 5.82 dies where a link ends and a socket is still open whose program has left the bus.
  if (indicating.fd >= 0) ::close(indicating.fd);
  const auto got = acquire(path);
  ASSERT_GE(got.fd, 0);
  EXPECT_EQ(got.mtu, 517U);
  EXPECT_EQ(acquire(path).text, "Notify acquired");
  EXPECT_EQ(other.call(path, characteristic_interface, "StartNotify").text, "Notify acquired");
  std::vector<std::string> values(1000, std::string(2 * 244, '5'));
  tell({{"command", "notify"}, {"address", gatt_address}, {"uuid", own(0x0305)}, {"values", values}});
  client.settle();
  // One with a delay that all values have come before.
  EXPECT_EQ(client.read(client.characteristic(gatt_address, own(0x0107))).error, "");
  std::vector<char> buffer(600);
  std::size_t kept = 0;
  while (::recv(got.fd, buffer.data(), buffer.size(), MSG_DONTWAIT) == 244) ++kept;
  EXPECT_GT(kept, 50U);
  EXPECT_LT(kept, 1000U) << "what has no room is dropped";
  EXPECT_EQ(other.call(path, characteristic_interface, "StopNotify").error, "") << "anybody's ends it";
  client.settle();
  EXPECT_EQ(::recv(got.fd, buffer.data(), buffer.size(), 0), 0);
  ::close(got.fd);
  EXPECT_EQ(client.call(path, characteristic_interface, "StartNotify").error, "");
  EXPECT_EQ(acquire(path).error, "org.bluez.Error.InProgress");
}

TEST_F(Habits, AcquiredWrites) {
  Client client;
  client.connect(tag_address);
  const auto path = client.characteristic(tag_address, own(0x0901));
  const auto got = client.call(path, characteristic_interface, "AcquireWrite", no_options());
  ASSERT_GE(got.fd, 0);
  EXPECT_EQ(got.mtu, 48U);
  EXPECT_EQ(client.call(path, characteristic_interface, "WriteValue", value({1}, "command")).text, "Write acquired");
  const std::vector<char> bytes(46, 'x');
  EXPECT_EQ(::send(got.fd, bytes.data(), 46, 0), 46);
  EXPECT_EQ(::send(got.fd, bytes.data(), 45, 0), 45);
  const auto taken = tell({{"command", "writes"}, {"address", tag_address}, {"uuid", own(0x0901)}, {"count", 1}});
  EXPECT_EQ(taken.at("writes").size(), 1U) << "what is too long is dropped without a word";
  client.forget();
  EXPECT_EQ(::send(got.fd, bytes.data(), 0, 0), 0);
  EXPECT_EQ(::send(got.fd, bytes.data(), 7, 0), 7);
  EXPECT_EQ(client.read(path).bytes.size(), 45U) << "after an empty message nothing is read";
  EXPECT_EQ(client.property(path, characteristic_interface, "WriteAcquired"), 1);
  ::close(got.fd);
  EXPECT_TRUE(client.until([&] { return client.count(path, "WriteAcquired") == 1; }));
  EXPECT_EQ(client.property(path, characteristic_interface, "WriteAcquired"), 0);
}

TEST_F(Habits, WhatAVersionShows) {
  Client client;
  client.connect(gatt_address);
  const auto all = client.objects();
  const bool has_access = std::count(all.begin(), all.end(), device_path(gatt_address) + "/service0001") == 1;
  EXPECT_EQ(has_access, !is_old());
  const auto path = client.characteristic(gatt_address, own(0x0102));
  EXPECT_EQ(client.property(path, characteristic_interface, "Handle") > 0, !is_old());
  // No number, but there: until 5.73 only with -E.
  EXPECT_EQ(client.property(hci0, "org.bluez.Adapter1", "PowerState"), 0);
  EXPECT_EQ(client.property(path, characteristic_interface, "MTU"), 517);
}

}  // namespace
}  // namespace blau::fake_test
