#ifdef BLAU_WITH_BLUEZ

#include "backend/bluez/adapter.hpp"
#include "backend/bluez/gatt.hpp"
#include "backend/bluez/objects.hpp"
#include "backend/bluez/paths.hpp"
#include "backend/bluez/scanner.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace blau::detail::bluez {
namespace {

constexpr const char* hci0_path = "/org/bluez/hci0";
constexpr const char* strap_path = "/org/bluez/hci0/dev_C0_FF_EE_00_00_01";

TEST(BlueZPaths, TakeApart) {
  const auto adapter = parse_path(hci0_path);
  ASSERT_TRUE(adapter);
  EXPECT_EQ(adapter->adapter, hci0_path);
  EXPECT_TRUE(adapter->device.empty());
  const std::string full = std::string(strap_path) + "/service0010/char00aF/desc01b2";
  const auto descriptor = parse_path(full);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->adapter, hci0_path);
  EXPECT_EQ(descriptor->device, strap_path);
  EXPECT_EQ(descriptor->service, 0x10);
  EXPECT_EQ(descriptor->characteristic, 0xaf);
  EXPECT_EQ(descriptor->descriptor, 0x1b2);
}

TEST(BlueZPaths, OneAdapterIsNoPrefixOfAnother) {
  const auto device = parse_path("/org/bluez/hci10/dev_C0_FF_EE_00_00_01");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->adapter, "/org/bluez/hci10");
}

TEST(BlueZPaths, OthersAreRefused) {
  for (const char* path :
       {"", "/", "/org/bluez", "/org/bluez/", "/org/bluezoo/hci0", "/org/bluez/hci0/player0",
        "/org/bluez/hci0/dev_1/sep1", "/org/bluez/hci0/dev_1/service1", "/org/bluez/hci0/dev_1/service00zz",
        "/org/bluez/hci0/dev_1/service0001/char00012", "/org/bluez/hci0/dev_1/service0001/char0002/desc0003/more",
        "/org/bluez/hci0/dev_1/service0000"})
    EXPECT_FALSE(parse_path(path)) << path;
}

TEST(BlueZPaths, AreBuiltAsBlueZWritesThem) {
  EXPECT_EQ(attribute_path(strap_path, 0x10, 0xaf, 0x1b2), std::string(strap_path) + "/service0010/char00af/desc01b2");
  EXPECT_EQ(attribute_path(strap_path, 0xffff), std::string(strap_path) + "/serviceffff");
  EXPECT_EQ(adapter_id(hci0_path), "hci0");
}

/// Makes messages: they need a bus to belong to, a socket without anybody at its other end will do.
class BlueZObjects : public testing::Test {
 protected:
  BlueZObjects() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets_.data()), 0);
    EXPECT_GE(sd_bus_new(&bus_), 0);
    EXPECT_GE(sd_bus_set_fd(bus_, sockets_[0], sockets_[0]), 0);
    EXPECT_GE(sd_bus_start(bus_), 0);
  }
  ~BlueZObjects() override {
    sd_bus_close_unref(bus_);
    close(sockets_[1]);
  }

  Message signal(const char* path, const char* interface, const char* member) {
    sd_bus_message* message = nullptr;
    EXPECT_GE(sd_bus_message_new_signal(bus_, &message, path, interface, member), 0);
    return Message::adopt(message);
  }
  /// Ready to be read.
  static Message seal(Message message) {
    EXPECT_TRUE(message);
    EXPECT_GE(sd_bus_message_seal(message.get(), ++cookie_, 0), 0);
    return message;
  }
  Message added(const char* path) {
    Message message = signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded");
    message.append("o", path);
    return message;
  }
  Message changed(const char* path, const char* interface) {
    Message message = signal(path, "org.freedesktop.DBus.Properties", "PropertiesChanged");
    message.append("s", interface);
    return message;
  }
  void add_adapter(int powered = 1) {
    Message message = added(hci0_path);
    message.append("a{sa{sv}}", 2, "org.bluez.Adapter1", 5, "Address", "s", "00:11:22:33:44:55", "AddressType", "s",
                   "public", "Alias", "s", "desk", "Powered", "b", powered, "Roles", "as", 2, "central", "peripheral",
                   "org.bluez.Media1", 0);
    EXPECT_TRUE(objects_.interfaces_added(seal(std::move(message))));
  }
  void add_device(const char* path = strap_path) {
    Message message = added(path);
    message.append("a{sa{sv}}", 1, "org.bluez.Device1", 7, "Address", "s", "C0:FF:EE:00:00:01", "AddressType", "s",
                   "random", "Name", "s", "Strap", "Alias", "s", "C0-FF-EE-00-00-01", "Connected", "b", 0, "UUIDs",
                   "as", 1, "0000180d-0000-1000-8000-00805f9b34fb", "Paired", "b", 0);
    EXPECT_TRUE(objects_.interfaces_added(seal(std::move(message))));
  }
  void add_attribute(const std::string& suffix, const char* interface, const char* uuid) {
    Message message = added((strap_path + suffix).c_str());
    message.append("a{sa{sv}}", 1, interface, 1, "UUID", "s", uuid);
    EXPECT_TRUE(objects_.interfaces_added(seal(std::move(message))));
  }

  std::array<int, 2> sockets_{};
  sd_bus* bus_ = nullptr;
  Objects objects_;
  static inline std::uint64_t cookie_ = 0;
};

TEST_F(BlueZObjects, AdapterIsRead) {
  add_adapter();
  const AdapterObject* adapter = objects_.adapter(hci0_path);
  ASSERT_TRUE(adapter);
  EXPECT_EQ(adapter->address.to_string(), "00:11:22:33:44:55");
  EXPECT_EQ(adapter->address.type(), AddressType::public_);
  EXPECT_EQ(adapter->alias, "desk");
  EXPECT_TRUE(adapter->powered);
  EXPECT_TRUE(adapter->central);
  EXPECT_EQ(unusable(*adapter), std::nullopt);
}

TEST_F(BlueZObjects, AdapterWithoutCentralRoleIsUnusable) {
  add_adapter();
  Message message = changed(hci0_path, "org.bluez.Adapter1");
  message.append("a{sv}as", 1, "Roles", "as", 1, "peripheral", 0);
  EXPECT_TRUE(objects_.properties_changed(seal(std::move(message))));
  EXPECT_EQ(unusable(*objects_.adapter(hci0_path)), UnavailableReason::no_central_role);
}

TEST_F(BlueZObjects, BlockedAdapterSaysSo) {
  AdapterObject adapter;
  adapter.path = hci0_path;
  adapter.power_state = "off-blocked";
  EXPECT_EQ(unusable(adapter), UnavailableReason::blocked);
}

TEST_F(BlueZObjects, RadioSwitchIsReadFromTheKernel) {
  const auto root = std::filesystem::path(testing::TempDir()) / ("blau-rfkill-" + std::to_string(getpid()));
  std::filesystem::create_directories(root / "hci0" / "rfkill3");
  const auto set = [&](const char* file, const char* value) {
    std::ofstream(root / "hci0" / "rfkill3" / file) << value;
  };
  set("soft", "0\n");
  set("hard", "0\n");
  EXPECT_FALSE(is_blocked("hci0", root));
  set("soft", "1\n");
  EXPECT_TRUE(is_blocked("hci0", root));
  EXPECT_FALSE(is_blocked("hci1", root));
  std::filesystem::remove_all(root);
}

TEST_F(BlueZObjects, DeviceIsRead) {
  add_device();
  const DeviceObject* device = objects_.device(strap_path);
  ASSERT_TRUE(device);
  EXPECT_EQ(device->identity.address().to_string(), "C0:FF:EE:00:00:01");
  EXPECT_EQ(device->identity.address().type(), AddressType::random);
  EXPECT_EQ(device->identity.name(), "Strap");
  EXPECT_EQ(device->identity.id(), strap_path);
  EXPECT_EQ(device->identity.adapter(), "hci0");
  EXPECT_EQ(device->advertised.local_name, "Strap");
  EXPECT_EQ(device->advertised.service_uuids, std::vector{Uuid(0x180d)});
  EXPECT_FALSE(device->heard) << "without an RSSI it is a memory";
  EXPECT_EQ(objects_.device(hci0_path, Address("c0:ff:ee:00:00:01")), device);
  EXPECT_EQ(objects_.device("/org/bluez/hci1", Address("c0:ff:ee:00:00:01")), nullptr);
}

TEST_F(BlueZObjects, NameIsNeverTheAlias) {
  Message message = added(strap_path);
  message.append("a{sa{sv}}", 1, "org.bluez.Device1", 2, "Address", "s", "C0:FF:EE:00:00:01", "Alias", "s",
                 "C0-FF-EE-00-00-01");
  objects_.interfaces_added(seal(std::move(message)));
  EXPECT_EQ(objects_.device(strap_path)->identity.name(), std::nullopt);
}

TEST_F(BlueZObjects, AdvertisementIsRead) {
  add_device();
  Message message = changed(strap_path, "org.bluez.Device1");
  const std::uint8_t company[] = {1, 2}, service[] = {3}, flags[] = {6};
  message.open('a', "{sv}");
  message.append("{sv}", "RSSI", "n", -61).append("{sv}", "TxPower", "n", -4).append("{sv}", "Appearance", "q", 833);
  message.open('e', "sv").append("s", "ManufacturerData").open('v', "a{qv}").open('a', "{qv}").open('e', "qv");
  message.append("q", 0x02e5).open('v', "ay").append_bytes(company).close().close().close().close().close();
  message.open('e', "sv").append("s", "ServiceData").open('v', "a{sv}").open('a', "{sv}").open('e', "sv");
  message.append("s", "0000feaa-0000-1000-8000-00805f9b34fb").open('v', "ay").append_bytes(service);
  message.close().close().close().close().close();
  message.open('e', "sv").append("s", "AdvertisingFlags").open('v', "ay").append_bytes(flags).close().close();
  message.close().append("as", 0);
  EXPECT_TRUE(objects_.properties_changed(seal(std::move(message))));
  const AdvertisementData& data = objects_.device(strap_path)->advertised;
  EXPECT_TRUE(objects_.device(strap_path)->heard);
  EXPECT_EQ(data.rssi, -61);
  EXPECT_EQ(data.tx_power, -4);
  EXPECT_EQ(data.appearance, 833);
  EXPECT_EQ(data.flags, 6);
  EXPECT_EQ(data.manufacturer_data, (std::map<std::uint16_t, Bytes>{{0x02e5, bytes(1, 2)}}));
  EXPECT_EQ(data.service_data, (std::map<Uuid, Bytes>{{Uuid(0xfeaa), bytes(3)}}));
}

TEST_F(BlueZObjects, EndOfDiscoveryTakesTheRssiBack) {
  add_device();
  Message message = changed(strap_path, "org.bluez.Device1");
  message.append("a{sv}as", 1, "RSSI", "n", -61, 0);
  objects_.properties_changed(seal(std::move(message)));
  message = changed(strap_path, "org.bluez.Device1");
  message.append("a{sv}as", 0, 2, "RSSI", "TxPower");
  EXPECT_TRUE(objects_.properties_changed(seal(std::move(message))));
  EXPECT_FALSE(objects_.device(strap_path)->heard);
  EXPECT_EQ(objects_.device(strap_path)->advertised.rssi, -127);
}

TEST_F(BlueZObjects, ValuesOfOtherTypesArePassedOver) {
  add_device();
  Message message = changed(strap_path, "org.bluez.Device1");
  message.append("a{sv}as", 4, "RSSI", "s", "loud", "Connected", "i", 1, "ManufacturerData", "ay", 1, 7, "Name", "s",
                 "New", 0);
  EXPECT_TRUE(objects_.properties_changed(seal(std::move(message))));
  const DeviceObject* device = objects_.device(strap_path);
  EXPECT_FALSE(device->connected);
  EXPECT_EQ(device->identity.name(), "New");
}

TEST_F(BlueZObjects, MessagesOfAnotherShapeAreMalformed) {
  add_device();
  Message message = signal(strap_path, "org.freedesktop.DBus.Properties", "PropertiesChanged");
  message.append("su", "org.bluez.Device1", 7u);
  EXPECT_FALSE(objects_.properties_changed(seal(std::move(message))));
  message = signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");
  message.append("u", 7u);
  EXPECT_FALSE(objects_.interfaces_removed(seal(std::move(message))));
  EXPECT_TRUE(objects_.device(strap_path));
}

TEST_F(BlueZObjects, GattTreeIsBuiltByHandle) {
  add_device();
  add_attribute("/service000a", "org.bluez.GattService1", "0000180d-0000-1000-8000-00805f9b34fb");
  add_attribute("/service000a/char000b", "org.bluez.GattCharacteristic1", "00002a37-0000-1000-8000-00805f9b34fb");
  add_attribute("/service000a/char000b/desc000d", "org.bluez.GattDescriptor1", "00002902-0000-1000-8000-00805f9b34fb");
  add_attribute("/service000a/char000e", "org.bluez.GattCharacteristic1", "00002a37-0000-1000-8000-00805f9b34fb");
  add_attribute("/service0010", "org.bluez.GattService1", "0000180f-0000-1000-8000-00805f9b34fb");
  Message flags = added((std::string(strap_path) + "/service000a/char000b").c_str());
  flags.append("a{sa{sv}}", 1, "org.bluez.GattCharacteristic1", 1, "Flags", "as", 3, "notify", "read", "encrypt-read");
  objects_.interfaces_added(seal(std::move(flags)));

  const auto all = build_database(*objects_.device(strap_path), {});
  ASSERT_EQ(all.services.size(), 2U);
  ASSERT_EQ(all.services[0].characteristics.size(), 2U);
  EXPECT_EQ(all.services[0].handle, 0x0a);
  EXPECT_EQ(all.services[0].characteristics[0].handle, 0x0b);
  EXPECT_EQ(all.services[0].characteristics[0].properties, Property::notify | Property::read);
  ASSERT_EQ(all.services[0].characteristics[0].descriptors.size(), 1U);
  EXPECT_EQ(all.services[0].characteristics[0].descriptors[0].handle, 0x0d);
  EXPECT_TRUE(all.services[0].characteristics[1].descriptors.empty());

  const auto some = build_database(*objects_.device(strap_path), {Uuid(0x180f)});
  ASSERT_EQ(some.services.size(), 1U);
  EXPECT_EQ(some.services[0].handle, 0x10);

  const auto attribute = find_descriptor(*objects_.device(strap_path), 0x0d);
  ASSERT_TRUE(attribute);
  EXPECT_EQ(attribute->path, std::string(strap_path) + "/service000a/char000b/desc000d");
  EXPECT_FALSE(find_characteristic(*objects_.device(strap_path), 0x0d));
}

TEST_F(BlueZObjects, RemovedAttributesAreGone) {
  add_device();
  add_attribute("/service000a", "org.bluez.GattService1", "180d");
  add_attribute("/service000a/char000b", "org.bluez.GattCharacteristic1", "2a37");
  Message message = signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");
  message.append("oas", (std::string(strap_path) + "/service000a/char000b").c_str(), 2, "org.bluez.GattCharacteristic1",
                 "org.freedesktop.DBus.Properties");
  EXPECT_TRUE(objects_.interfaces_removed(seal(std::move(message))));
  EXPECT_TRUE(objects_.device(strap_path)->characteristics.empty());
  EXPECT_EQ(objects_.device(strap_path)->services.size(), 1U);
}

TEST(BlueZFilter, OptionsAreChecked) {
  BlueZScanOptions options;
  options.rssi = -128;
  EXPECT_FALSE(filter_of(options));
  options.rssi = -127;
  EXPECT_TRUE(filter_of(options));
  options.pathloss = 20;
  EXPECT_FALSE(filter_of(options)) << "BlueZ takes one of them only";
  options.rssi.reset();
  options.pathloss = 138;
  EXPECT_FALSE(filter_of(options));
}

TEST(BlueZFilter, MergedLetsThroughWhatAnyoneWants) {
  DiscoveryFilter near, far, any, lossy;
  near.rssi = -50;
  far.rssi = -90;
  lossy.pathloss = 40;
  EXPECT_EQ(merge({near, far}).rssi, -90);
  EXPECT_EQ(merge({near, any}).rssi, std::nullopt);
  EXPECT_EQ(merge({near, lossy}), any);
  EXPECT_EQ(merge({lossy, lossy}).pathloss, 40);
  near.pattern = "Str";
  EXPECT_EQ(merge({near, near}).pattern, "Str");
  EXPECT_EQ(merge({near, far}).pattern, "");
}

TEST(BlueZFilter, EachScannerStillGetsOnlyItsOwn) {
  DeviceObject device;
  device.identity = Device(Address("C0:FF:EE:00:00:01"), "Strap");
  device.advertised.rssi = -60;
  DiscoveryFilter filter;
  EXPECT_TRUE(passes(filter, device));
  filter.rssi = -60;
  EXPECT_TRUE(passes(filter, device));
  filter.rssi = -59;
  EXPECT_FALSE(passes(filter, device));
  filter = {};
  filter.pathloss = 50;
  EXPECT_FALSE(passes(filter, device)) << "without TxPower nothing is known";
  device.advertised.tx_power = -10;
  EXPECT_TRUE(passes(filter, device));
  device.advertised.tx_power = -9;
  EXPECT_FALSE(passes(filter, device));
  filter = {};
  filter.pattern = "C0:FF";
  EXPECT_TRUE(passes(filter, device));
  filter.pattern = "Stra";
  EXPECT_TRUE(passes(filter, device));
  filter.pattern = "rap";
  EXPECT_FALSE(passes(filter, device));
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
