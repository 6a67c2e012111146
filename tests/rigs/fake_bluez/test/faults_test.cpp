// Faults on demand, and that nothing a client sends ends the fake.

#include "client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace blau::fake_test {
namespace {

class Faults : public FakeBluez {
 protected:
  void expect_refused(const json& bad, const std::string& words) const {
    const auto refusal = fault(bad);
    EXPECT_NE(refusal.find(words), std::string::npos) << "said: " << refusal;
  }
};

TEST_F(Faults, WhatCannotBeIsRefusedWithItsPlace) {
  expect_refused({{"fault", "rain"}}, "faults[0].fault");
  expect_refused({{"falut", "reply"}}, "faults[0]: the member 'fault' is missing");
  expect_refused({{"fault", "reply"}, {"method", "Conect"}, {"never", true}}, "faults[0].method");
  expect_refused({{"fault", "reply"}, {"method", "Connect"}}, "one of these is needed");
  expect_refused({{"fault", "reply"}, {"method", "Connect"}, {"never", true}, {"delay_ms", 5}}, "never comes");
  expect_refused({{"fault", "reply"}, {"method", "Connect"}, {"error", "no name"}}, "faults[0].error");
  expect_refused({{"fault", "adapter"}, {"adapter", "hci9"}, {"action", "off"}}, "faults[0].adapter");
  expect_refused({{"fault", "link"}, {"address", "C4:B1:A0:00:00:99"}, {"step", "before_link"}}, "faults[0].address");
  expect_refused({{"fault", "link"}, {"address", gatt_address}, {"step", "whenever"}}, "faults[0].step");
  expect_refused({{"fault", "tree"}, {"address", gatt_address}, {"empty", true}, {"late_ms", 5}}, "contradict");
  expect_refused({{"fault", "remove_object"}, {"path", "/org/bluez/hci0/nothing"}}, "faults[0].path");
  expect_refused({{"fault", "socket"}, {"path", "/org/bluez/hci0"}, {"action", "full"}}, "faults[0].path");
  expect_refused({{"fault", "services"}, {"address", gatt_address}, {"remove", 2}}, "faults[0].remove");
  expect_refused({{"fault", "bus"}, {"action", "open"}}, "faults[0].action: the bus is there already");
  expect_refused({{"fault", "peripheral"}, {"address", "C4:B1:A0:00:00:99"}, {"action", "stall"}}, "faults[0].address");
  expect_refused({{"fault", "request"}, {"address", gatt_address}, {"handle", 2}, {"error", "no_such"}},
                 "faults[0].error");
  expect_refused({{"fault", "request"}, {"address", gatt_address}, {"characteristic", "2aff"}, {"never", true}},
                 "has no such characteristic");
  expect_refused({{"fault", "link"}, {"address", gatt_address}}, "one of these is needed: step, after_ms, at_ms");
  // All or none.
  const json list{{{"fault", "reply"}, {"method", "Connect"}, {"never", true}}, {{"fault", "rain"}}};
  EXPECT_THROW(tell({{"command", "faults"}, {"faults", list}}), std::runtime_error);
  Client client;
  client.connect(tag_address);
}

TEST_F(Faults, AnswersFailNeverComeOrComeLate) {
  Client client;
  client.connect(gatt_address);
  const auto path = client.characteristic(gatt_address, own(0x0102));
  const json failure{{"fault", "reply"},    {"method", "ReadValue"},
                     {"path", "*/char*"},   {"skip", 1},
                     {"count", 2},          {"error", "org.bluez.Error.Failed"},
                     {"text", "of its own"}};
  ASSERT_EQ(fault(failure), "");
  EXPECT_EQ(client.read(path).error, "");
  EXPECT_EQ(client.read(path).text, "of its own");
  EXPECT_EQ(client.read(path).text, "of its own");
  EXPECT_EQ(client.read(path).error, "");
  ASSERT_EQ(fault({{"fault", "reply"}, {"method", "ReadValue"}, {"never", true}}), "");
  const auto no_options = [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 0); };
  const auto never = client.start(path, characteristic_interface, "ReadValue", no_options);
  ASSERT_EQ(fault({{"fault", "reply"}, {"method", "ReadValue"}, {"delay_ms", 300}}), "");
  const auto late = client.start(path, characteristic_interface, "ReadValue", no_options);
  EXPECT_EQ(client.read(path).error, "");
  EXPECT_FALSE(late->done) << "it was to come later";
  EXPECT_TRUE(client.until([&] { return late->done; }));
  EXPECT_FALSE(never->done);
}

TEST_F(Faults, PropertiesAreMissingStrangeOrEnormous) {
  Client client;
  client.connect(tag_address);
  const auto path = device_path(tag_address);
  const char* device = "org.bluez.Device1";
  EXPECT_EQ(client.property(path, device, "Connected"), 1);
  ASSERT_EQ(fault({{"fault", "property"}, {"interface", device}, {"property", "Connected"}, {"missing", true}}), "");
  EXPECT_EQ(client.property(path, device, "Connected"), -1);
  tell({{"command", "clear_faults"}});
  ASSERT_EQ(
      fault(
          {{"fault", "property"}, {"interface", device}, {"property", "Connected"}, {"type", "as"}, {"size", 100000}}),
      "");
  EXPECT_EQ(client.property(path, device, "Connected"), 0) << "no boolean";
  EXPECT_GT(client.objects().size(), 10U);
  tell({{"command", "clear_faults"}});
  EXPECT_EQ(client.property(path, device, "Connected"), 1);
}

TEST_F(Faults, AnObjectGoesInTheMiddleOfARead) {
  Client client;
  client.connect(gatt_address);
  const auto path = client.characteristic(gatt_address, own(0x0107));
  ASSERT_EQ(fault({{"fault", "remove_object"}, {"path", path}, {"method", "ReadValue"}}), "");
  const auto read = client.start(path, characteristic_interface, "ReadValue",
                                 [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 0); });
  const auto is_gone = [&](const Signal& signal) {
    return signal.member == "InterfacesRemoved" && signal.path == path;
  };
  ASSERT_TRUE(client.until([&] { return std::any_of(client.signals().begin(), client.signals().end(), is_gone); }));
  EXPECT_EQ(client.read(path).error, "org.freedesktop.DBus.Error.UnknownObject");
  EXPECT_FALSE(read->done);
}

TEST_F(Faults, TheNameIsLostAndTheDaemonRestarts) {
  Client client;
  client.connect(tag_address);
  ASSERT_EQ(fault({{"fault", "name"}, {"lost_ms", 50}}), "");
  EXPECT_EQ(client.adapter("GetDiscoveryFilters").error, "org.freedesktop.DBus.Error.ServiceUnknown");
  ASSERT_TRUE(client.until([&] { return client.adapter("GetDiscoveryFilters").error.empty(); }));
  EXPECT_EQ(client.property(device_path(tag_address), "org.bluez.Device1", "Connected"), 1);
  ASSERT_EQ(fault({{"fault", "restart"}, {"down_ms", 50}}), "");
  tell({{"command", "connections"}, {"address", tag_address}, {"count", 0}});
  ASSERT_TRUE(client.until([&] { return client.adapter("GetDiscoveryFilters").error.empty(); }));
  EXPECT_EQ(client.property(device_path(tag_address), "org.bluez.Device1", "Connected"), 0) << "it is remembered";
  const auto all = client.objects();
  const auto is_service = [](const std::string& path) { return path.find("/service") != std::string::npos; };
  EXPECT_EQ(std::count_if(all.begin(), all.end(), is_service), 0) << "and its services are not";
}

TEST_F(Faults, AnotherProgramDisconnectsAndAdaptersComeAndGo) {
  Client client;
  client.connect(tag_address);
  ASSERT_EQ(fault({{"fault", "disconnect"}, {"address", tag_address}}), "");
  EXPECT_TRUE(client.until([&] { return client.count(device_path(tag_address), "Connected") == 1; }));
  ASSERT_EQ(fault({{"fault", "adapter"}, {"adapter", "hci1"}, {"action", "add"}}), "");
  EXPECT_EQ(client.property("/org/bluez/hci1", "org.bluez.Adapter1", "Powered"), 1);
  ASSERT_EQ(fault({{"fault", "adapter"}, {"adapter", "hci1"}, {"action", "off"}}), "");
  EXPECT_EQ(client.property("/org/bluez/hci1", "org.bluez.Adapter1", "Powered"), 0);
  ASSERT_EQ(fault({{"fault", "adapter"}, {"adapter", "hci1"}, {"action", "remove"}}), "");
  EXPECT_EQ(client.property("/org/bluez/hci1", "org.bluez.Adapter1", "Powered"), -1);
}

TEST_F(Faults, ALinkIsLostAtEachStepOfAConnect) {
  Client client;
  client.discover();
  const auto path = device_path(tag_address);
  ASSERT_TRUE(client.until([&] { return client.count(path, "RSSI") > 0; }));
  for (const char* step : {"before_link", "before_reply"}) {
    ASSERT_EQ(fault({{"fault", "link"}, {"address", tag_address}, {"step", step}}), "");
    EXPECT_EQ(client.device(tag_address, "Connect").error, "org.bluez.Error.Failed") << step;
  }
  for (const char* step : {"before_mtu", "in_discovery", "before_resolved", "after_resolved"}) {
    client.forget();
    ASSERT_EQ(fault({{"fault", "link"}, {"address", tag_address}, {"step", step}}), "");
    EXPECT_EQ(client.device(tag_address, "Connect").error, "") << step;
    const auto is_down = [&](const Signal& signal) { return signal.tells(path, "Connected") && !signal.flag; };
    EXPECT_TRUE(client.until([&] { return client.property(path, "org.bluez.Device1", "Connected") == 0; })) << step;
    (void)is_down;
    tell({{"command", "connections"}, {"address", tag_address}, {"count", 0}});
  }
  EXPECT_EQ(client.device(tag_address, "Connect").error, "");
}

TEST_F(Faults, TreesAreEmptyOrLate) {
  Client client;
  ASSERT_EQ(fault({{"fault", "tree"}, {"address", tag_address}, {"empty", true}}), "");
  client.connect(tag_address);
  const auto below = [&](const std::string& path) { return path.rfind(device_path(tag_address) + "/", 0) == 0; };
  auto all = client.objects();
  EXPECT_EQ(std::count_if(all.begin(), all.end(), below), 0);
  tell({{"command", "drop_link"}, {"address", tag_address}});
  ASSERT_EQ(fault({{"fault", "tree"}, {"address", tag_address}, {"late_ms", 200}}), "");
  client.settle();
  client.connect(tag_address);
  const auto comes = [&](const Signal& signal) { return signal.member == "InterfacesAdded" && below(signal.path); };
  EXPECT_TRUE(client.until([&] { return std::any_of(client.signals().begin(), client.signals().end(), comes); }));
}

TEST_F(Faults, ServicesChange) {
  Client client;
  client.connect(gatt_address);
  const json service{{"uuid", "fff0"},
                     {"characteristics", {{{"uuid", "fff1"}, {"properties", {"read"}}, {"value", "aa"}}}}};
  const json change{{"fault", "services"}, {"address", gatt_address}, {"add", service}};
  ASSERT_EQ(fault(change), "");
  const auto comes = [](const Signal& signal) { return signal.member == "InterfacesAdded"; };
  ASSERT_TRUE(client.until([&] { return std::any_of(client.signals().begin(), client.signals().end(), comes); }));
  EXPECT_EQ(client.read(client.characteristic(gatt_address, "0000fff1-0000-1000-8000-00805f9b34fb")).bytes,
            std::vector<std::uint8_t>{0xaa});
  client.forget();
  tell({{"command", "remove_service"}, {"address", gatt_address}, {"uuid", "fff0"}});
  const auto goes = [](const Signal& signal) { return signal.member == "InterfacesRemoved"; };
  EXPECT_TRUE(client.until([&] { return std::any_of(client.signals().begin(), client.signals().end(), goes); }));
}

TEST_F(Faults, ValuesAreDoubledAndSocketsFull) {
  Client client;
  client.connect(gatt_address);
  const auto path = client.characteristic(gatt_address, own(0x0305));
  const auto send = [&](const char* value) {
    tell({{"command", "notify"}, {"address", gatt_address}, {"uuid", own(0x0305)}, {"values", {value}}});
  };
  ASSERT_EQ(fault({{"fault", "notify"}, {"path", path}, {"foreign", true}, {"times", 2}}), "");
  tell({{"command", "subscriptions"}, {"address", gatt_address}, {"uuid", own(0x0305)}, {"count", 1}});
  send("01");
  EXPECT_TRUE(client.until([&] { return client.count(path, "Value") == 2; })) << "though this program did not ask";
  const auto other = client.characteristic(gatt_address, own(0x0308));
  const auto got = client.call(other, characteristic_interface, "AcquireNotify",
                               [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 0); });
  ASSERT_GE(got.fd, 0);
  ASSERT_EQ(fault({{"fault", "socket"}, {"path", other}, {"action", "full"}}), "");
  tell({{"command", "notify"}, {"address", gatt_address}, {"uuid", own(0x0308)}, {"values", {"01"}}});
  EXPECT_EQ(client.read(client.characteristic(gatt_address, own(0x0107))).error, "");
  ASSERT_EQ(fault({{"fault", "socket"}, {"path", other}, {"action", "room"}}), "");
  tell({{"command", "notify"}, {"address", gatt_address}, {"uuid", own(0x0308)}, {"values", {"02"}}});
  EXPECT_EQ(client.read(client.characteristic(gatt_address, own(0x0107))).error, "");
  std::uint8_t value = 0;
  EXPECT_EQ(::recv(got.fd, &value, 1, MSG_DONTWAIT), 1);
  EXPECT_EQ(value, 2);
  ::close(got.fd);
}

TEST_F(Faults, ManyDevicesAndManyAdvertisements) {
  Client client;
  ASSERT_EQ(fault({{"fault", "cached_devices"}, {"adapter", "hci0"}, {"count", 10000}}), "");
  EXPECT_GT(client.objects().size(), 10000U);
  client.forget();
  ASSERT_EQ(fault({{"fault", "crowd"}, {"count", 100}, {"interval_ms", 100}}), "");
  client.discover();
  const auto is_report = [](const Signal& signal) { return signal.member == "PropertiesChanged"; };
  EXPECT_TRUE(
      client.until([&] { return std::count_if(client.signals().begin(), client.signals().end(), is_report) > 1500; }));
}

TEST_F(Faults, AccessIsDenied) {
  Client client;
  ASSERT_EQ(fault({{"fault", "access_denied"}, {"on", true}}), "");
  EXPECT_EQ(client.adapter("StartDiscovery").error, "org.freedesktop.DBus.Error.AccessDenied");
  tell({{"command", "clear_faults"}});
  EXPECT_EQ(client.adapter("StopDiscovery").text, "No discovery started");
}

TEST_F(Faults, NothingThatAClientSendsEndsIt) {
  Client client;
  client.connect(gatt_address);
  const auto path = client.characteristic(gatt_address, own(0x0203));
  const auto text = [](sd_bus_message* message) { sd_bus_message_append(message, "s", "no such thing"); };
  EXPECT_EQ(client.call(path, characteristic_interface, "ReadValue", text).error,
            "org.freedesktop.DBus.Error.UnknownMethod");
  EXPECT_EQ(client.call("/nowhere", characteristic_interface, "ReadValue").error,
            "org.freedesktop.DBus.Error.UnknownObject");
  EXPECT_EQ(
      client
          .adapter("SetDiscoveryFilter",
                   [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 1, "RSSI", "s", "loud"); })
          .error,
      "org.bluez.Error.InvalidArguments");
  EXPECT_EQ(
      client
          .adapter("SetDiscoveryFilter",
                   [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 1, "Colour", "s", "blue"); })
          .error,
      "org.bluez.Error.InvalidArguments");
}

TEST_F(Faults, NothingThatAClientWritesEndsIt) {
  Client client;
  client.connect(gatt_address);
  const auto path = client.characteristic(gatt_address, own(0x0203));
  EXPECT_EQ(client
                .call(path, characteristic_interface, "WriteValue",
                      [](sd_bus_message* message) {
                        sd_bus_message_append_array(message, 'y', "x", 1);
                        sd_bus_message_append(message, "a{sv}", 1, "offset", "s", "far");
                      })
                .error,
            "org.bluez.Error.InvalidArguments");
  EXPECT_EQ(client
                .call(hci0, "org.freedesktop.DBus.Properties", "Set",
                      [](sd_bus_message* message) {
                        sd_bus_message_append(message, "ssv", "org.bluez.Adapter1", "Powered", "s", "on");
                      })
                .error,
            "org.freedesktop.DBus.Error.InvalidSignature");
  EXPECT_EQ(client
                .call(hci0, "org.freedesktop.DBus.Properties", "Set",
                      [](sd_bus_message* message) {
                        sd_bus_message_append(message, "ssv", "org.bluez.Adapter1", "Address", "s", "x");
                      })
                .error,
            "org.freedesktop.DBus.Error.PropertyReadOnly");
  std::vector<std::uint8_t> enormous(1 << 20, 0x55);
  EXPECT_NE(client
                .call(path, characteristic_interface, "WriteValue",
                      [&](sd_bus_message* message) {
                        sd_bus_message_append_array(message, 'y', enormous.data(), enormous.size());
                        sd_bus_message_append(message, "a{sv}", 0);
                      })
                .error,
            "");
  EXPECT_EQ(client.read(path).error, "");
}

}  // namespace
}  // namespace blau::fake_test
