#include "support.hpp"

#include <set>

namespace blau::faults {
namespace {

/// Values and properties that are doubled, lost, malformed, or very many.
class ValueFaults : public FaultCase {};

BLAU_LINKED_CASE(ValueFaults, SignalsAreDoubledWhileAnotherProgramSubscribes) {
  const auto object = object_of(client, quiet);
  arm({{"fault", "notify"}, {"path", object}, {"foreign", true}});
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  const std::vector<Bytes> sent{bytes(1), bytes(2)};
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(4);
  // BlueZ tells each value once a subscriber, to all: as documented at NotifyPath::signals.
  const std::vector<Bytes> doubled{bytes(1), bytes(1), bytes(2), bytes(2)};
  EXPECT_EQ(values.items(), doubled);
}

BLAU_LINKED_CASE(ValueFaults, WhatAFullSocketLosesIsLostAndTheRestComes) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  const NotifyOptions by_socket{.path = NotifyPath::socket};
  co_await client.start_notify(quiet, on_value, by_socket);
  const auto object = object_of(client, quiet);
  arm({{"fault", "socket"}, {"path", object}, {"action", "full"}});
  const std::vector<Bytes> lost{bytes(1)};
  (void)co_await rig.notify({gatt, quiet}, lost);
  (void)co_await client.read_gatt_char(own(0x0106));
  arm({{"fault", "socket"}, {"path", object}, {"action", "room"}});
  const std::vector<Bytes> next{bytes(2)};
  (void)co_await rig.notify({gatt, quiet}, next);
  co_await values.reach(1);
  EXPECT_EQ(values.items(), next);
}

BLAU_LINKED_CASE(ValueFaults, AHalfOpenSocketStillBringsValues) {
  Inbox<Bytes> values;
  auto on_value = into(values);
  const NotifyOptions by_socket{.path = NotifyPath::socket};
  co_await client.start_notify(quiet, on_value, by_socket);
  arm({{"fault", "socket"}, {"path", object_of(client, quiet)}, {"action", "half_open"}});
  const std::vector<Bytes> sent{bytes(1)};
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(1);
  EXPECT_EQ(values.items(), sent);
}

BLAU_CASE(ValueFaults, MalformedPropertiesAreLeftOut) {
  for (const char* property : {"Name", "UUIDs", "ManufacturerData", "ServiceData", "TxPower", "AddressType"}) {
    arm({{"fault", "property"}, {"interface", "org.bluez.Device1"}, {"property", property}, {"type", "a{qv}"}});
    const auto device = co_await Scanner::find_device_by_address(tag, patience);
    EXPECT_TRUE(device.has_value()) << property;
    clear_faults();
  }
}

BLAU_CASE(ValueFaults, EnormousPropertiesAreCarriedOrLeftOut) {
  for (const char* property : {"Name", "UUIDs"}) {
    const char* type = std::string(property) == "Name" ? "s" : "as";
    arm({{"fault", "property"},
         {"interface", "org.bluez.Device1"},
         {"property", property},
         {"type", type},
         {"size", 100000}});
    const auto device = co_await Scanner::find_device_by_address(tag, patience);
    EXPECT_TRUE(device.has_value()) << property;
    clear_faults();
  }
}

BLAU_CASE(ValueFaults, CharacteristicsWithoutUuidAreFoundByNone) {
  arm({{"fault", "property"}, {"interface", "org.bluez.GattCharacteristic1"}, {"property", "UUID"}, {"missing", true}});
  Client client{tag};
  co_await client.connect();
  EXPECT_FALSE(client.services().empty());
  EXPECT_FALSE(client.services().get_characteristic(own(0x0901)).has_value());
  const auto read = co_await client.read_gatt_char(own(0x0901)).as_result();
  expect_error(read, ErrorCode::attribute_not_found);
  clear_faults();
  co_await client.disconnect();
}

BLAU_CASE(ValueFaults, CharacteristicsWithoutFlagsAreThereAndAllowNothing) {
  arm({{"fault", "property"},
       {"interface", "org.bluez.GattCharacteristic1"},
       {"property", "Flags"},
       {"missing", true}});
  Client client{tag};
  co_await client.connect();
  const auto found = client.services().get_characteristic(own(0x0901));
  BLAU_REQUIRE(found);
  EXPECT_EQ(found->properties(), Property{});
  clear_faults();
  co_await client.disconnect();
}

BLAU_CASE(ValueFaults, TenThousandKnownDevicesAreNoHindrance) {
  arm({{"fault", "cached_devices"}, {"adapter", "hci0"}, {"count", 10000}});
  Client client{gatt};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(value, bytes(0x2a));
  co_await client.disconnect();
}

BLAU_CASE(ValueFaults, AThousandAdvertisementsASecondAreEachTold) {
  arm({{"fault", "crowd"}, {"count", 100}, {"interval_ms", 100}});
  Inbox<Address> seen;
  ScannerOptions options;
  options.on_detection = [seen](const Device& device, const AdvertisementData&) { seen.push(device.address()); };
  Scanner scanner{options};
  co_await scanner.start();
  co_await seen.reach(2000);
  co_await scanner.stop();
  const std::set<Address> devices(seen.items().begin(), seen.items().end());
  EXPECT_GE(devices.size(), 100U);
}

}  // namespace
}  // namespace blau::faults
