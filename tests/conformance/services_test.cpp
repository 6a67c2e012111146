#include "expected_tree.hpp"
#include "support.hpp"

#include <algorithm>

namespace blau::conformance {
namespace {

class Services : public Case {};

bool is_hidden(const Rig& rig, const Uuid& uuid) {
  const auto hidden = rig.hidden_services();
  return std::find(hidden.begin(), hidden.end(), uuid) != hidden.end();
}

void expect_descriptors(const Characteristic& found, const ExpectedCharacteristic& expected) {
  const auto descriptors = found.descriptors();
  ASSERT_EQ(descriptors.size(), expected.descriptors.size()) << found.uuid();
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    EXPECT_EQ(descriptors[i].handle().value(), expected.descriptors[i].handle) << found.uuid();
    EXPECT_EQ(descriptors[i].uuid(), expected.descriptors[i].uuid);
    EXPECT_EQ(descriptors[i].characteristic(), found);
  }
}

void expect_service(const Service& found, const ExpectedService& expected) {
  EXPECT_EQ(found.uuid(), expected.uuid);
  EXPECT_EQ(found.handle().value(), expected.handle) << found.uuid();
  EXPECT_EQ(found.is_primary(), expected.primary) << found.uuid();
  std::vector<std::uint16_t> includes;
  for (const auto& included : found.included_services()) includes.push_back(included.handle().value());
  EXPECT_EQ(includes, expected.includes) << found.uuid();
  const auto characteristics = found.characteristics();
  ASSERT_EQ(characteristics.size(), expected.characteristics.size()) << found.uuid();
  for (std::size_t i = 0; i < characteristics.size(); ++i) {
    const auto& characteristic = characteristics[i];
    EXPECT_EQ(characteristic.uuid(), expected.characteristics[i].uuid);
    EXPECT_EQ(characteristic.handle().value(), expected.characteristics[i].handle) << characteristic.uuid();
    EXPECT_EQ(characteristic.value_handle().value(), expected.characteristics[i].handle + 1);
    EXPECT_EQ(characteristic.properties(), expected.characteristics[i].properties) << characteristic.uuid();
    EXPECT_EQ(characteristic.service(), found);
    expect_descriptors(characteristic, expected.characteristics[i]);
  }
}

void expect_tree(const Rig& rig, const ServiceCollection& tree, const std::string& address) {
  auto expected = expected_tree(address);
  std::erase_if(expected, [&rig](const ExpectedService& service) { return is_hidden(rig, service.uuid); });
  std::vector<Service> found(tree.begin(), tree.end());
  // Some that are hidden BlueZ 5.66 shows of a device that it has removed once, as `unpair` does.
  std::erase_if(found, [&rig](const Service& service) { return is_hidden(rig, service.uuid()); });
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) expect_service(found[i], expected[i]);
}

BLAU_LINKED_CASE(Services, AreThoseOfTheWorldFile) {
  expect_tree(rig, client.services(), gatt);
  co_return;
}

BLAU_CASE(Services, OfASecondPeripheralToo) {
  Client client{tag};
  co_await client.connect();
  expect_tree(rig, client.services(), tag);
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Services, AreTheSameAfterAReconnect) {
  co_await drop_and_await(rig, client);
  co_await client.connect();
  expect_tree(rig, client.services(), gatt);
}

BLAU_LINKED_CASE(Services, GetServicesGivesTheSame) {
  const auto known = client.services();
  const auto again = co_await client.get_services();
  EXPECT_EQ(again.size(), known.size());
  BLAU_REQUIRE(!known.empty());
  EXPECT_EQ(*again.begin(), *known.begin()) << "without traffic it is the same discovery";
  const auto discovered = co_await client.get_services(DiscoveryOptions{.cache_mode = CacheMode::uncached});
  expect_tree(rig, discovered, gatt);
}

BLAU_LINKED_CASE(Services, AnAmbiguousUuidOfACharacteristic) {
  const auto services = client.services();
  try {
    (void)services.get_characteristic(own(0x0502));
    ADD_FAILURE() << "found one of two";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::attribute_ambiguous);
    const auto twins = services.get_service(own(0x0500))->characteristics();
    std::ostringstream handle;
    handle << twins[1].handle();
    EXPECT_NE(std::string(error.what()).find(handle.str()), std::string::npos) << error.what();
  }
  const auto read = co_await client.read_gatt_char(own(0x0502)).as_result();
  expect_error(read, ErrorCode::attribute_ambiguous);
}

BLAU_LINKED_CASE(Services, TwinsAreReadByHandleOrObject) {
  const auto services = client.services();
  const auto twins = services.get_service(own(0x0500))->characteristics();
  const auto first = co_await client.read_gatt_char(twins[1].handle());
  const auto second = co_await client.read_gatt_char(twins[2]);
  EXPECT_EQ(first[0], 0x02);
  EXPECT_EQ(second[0], 0x02);
  co_await client.write_gatt_char(twins[1], bytes(0x02, 0xa7));
  co_await client.write_gatt_char(twins[2].handle(), bytes(0x02, 0xb7));
  const auto first_now = co_await client.read_gatt_char(twins[1]);
  const auto second_now = co_await client.read_gatt_char(twins[2].value_handle());
  EXPECT_EQ(first_now, bytes(0x02, 0xa7));
  EXPECT_EQ(second_now, bytes(0x02, 0xb7));
}

BLAU_LINKED_CASE(Services, TwoServicesOfOneUuid) {
  const auto services = client.services();
  const Uuid shared{0xb1a00800};
  EXPECT_THROW((void)services.get_service(shared), Error);
  std::vector<Service> both;
  for (const auto& service : services)
    if (service.uuid() == shared) both.push_back(service);
  BLAU_REQUIRE(both.size() == 2);
  EXPECT_EQ(services.get_service(both[1].handle()), both[1]);
  const auto first = co_await client.read_gatt_char(both[0].characteristics().at(0));
  const auto second = co_await client.read_gatt_char(both[1].characteristics().at(0));
  EXPECT_EQ(first, bytes(0x08, 0xa1));
  EXPECT_EQ(second, bytes(0x09, 0xa1));
}

BLAU_LINKED_CASE(Services, LookUpByEveryName) {
  const auto services = client.services();
  const auto location = services.get_characteristic("2a38");
  BLAU_REQUIRE(location.has_value());
  EXPECT_EQ(services.get_characteristic(Uuid{0x2a38}), location);
  EXPECT_EQ(services.get_characteristic("00002A38-0000-1000-8000-00805F9B34FB"), location);
  EXPECT_EQ(services.get_characteristic("body_sensor_location"), location);
  EXPECT_EQ(services.get_characteristic(assigned::body_sensor_location), location);
  EXPECT_EQ(services.get_characteristic(location->handle()), location);
  EXPECT_EQ(services.get_characteristic(location->value_handle()), location);
  EXPECT_EQ(services.get_characteristic(*location), location);
  EXPECT_EQ(location->description(), "Body Sensor Location");
  EXPECT_EQ(location->service().description(), "Heart Rate");
  co_return;
}

BLAU_LINKED_CASE(Services, ReadByEveryName) {
  const auto services = client.services();
  const auto location = services.get_characteristic("2a38");
  BLAU_REQUIRE(location.has_value());
  const std::vector<CharacteristicRef> names{*location,
                                             Uuid{0x2a38},
                                             location->handle(),
                                             location->value_handle(),
                                             std::string("2a38"),
                                             "00002a38-0000-1000-8000-00805f9b34fb",
                                             "body_sensor_location"};
  for (const auto& name : names) {
    const auto value = co_await client.read_gatt_char(name).as_result();
    EXPECT_TRUE(value && *value == bytes(1)) << name.to_string();
  }
}

BLAU_LINKED_CASE(Services, WhatIsNotThere) {
  const auto services = client.services();
  EXPECT_FALSE(services.get_characteristic(own(0x0fff)).has_value());
  EXPECT_FALSE(services.get_characteristic(Handle{0xfff0}).has_value());
  EXPECT_FALSE(services.get_service(own(0x0f00)).has_value());
  EXPECT_FALSE(services.get_descriptor(Handle{0xfff0}).has_value());
  const auto by_uuid = co_await client.read_gatt_char(own(0x0fff)).as_result();
  expect_error(by_uuid, ErrorCode::attribute_not_found);
  const auto by_handle = co_await client.read_gatt_char(Handle{0xfff0}).as_result();
  expect_error(by_handle, ErrorCode::attribute_not_found);
  const auto by_text = co_await client.read_gatt_char("no such thing").as_result();
  expect_error(by_text, ErrorCode::invalid_argument);
  const auto descriptor = co_await client.read_gatt_descriptor(Handle{0xfff0}).as_result();
  expect_error(descriptor, ErrorCode::attribute_not_found);
}

BLAU_LINKED_CASE(Services, ObjectsStayReadableAfterTheLink) {
  const auto services = client.services();
  const auto location = services.get_characteristic("2a38");
  BLAU_REQUIRE(location.has_value());
  co_await drop_and_await(rig, client);
  EXPECT_EQ(location->uuid(), Uuid{0x2a38});
  EXPECT_EQ(location->service().characteristics().size(), 3U);
  const auto read = co_await client.read_gatt_char(*location).as_result();
  expect_error(read, ErrorCode::not_connected);
  // The attribute is the same at the next link, and so an object of the last one names it.
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(*location);
  EXPECT_EQ(value, bytes(1));
}

BLAU_LINKED_CASE(Services, AnObjectOfAnotherDeviceNamesNothing) {
  const auto foreign = client.services().get_characteristic(own(0x0601));
  BLAU_REQUIRE(foreign.has_value());
  Client other{tag};
  co_await other.connect();
  const auto read = co_await other.read_gatt_char(*foreign).as_result();
  EXPECT_FALSE(read.has_value());
  co_await drop_and_await(rig, other);
}

BLAU_CASE(Services, CanBeRestricted) {
  ClientOptions options;
  options.services = {Uuid{0x180d}, own(0x0200), own(0x0f00)};
  Client client{gatt, options};
  co_await client.connect();
  const auto services = client.services();
  EXPECT_EQ(services.size(), 2U);
  EXPECT_TRUE(services.get_service(Uuid{0x180d}).has_value());
  EXPECT_TRUE(services.get_service(own(0x0200)).has_value());
  const auto value = co_await client.read_gatt_char("body_sensor_location");
  EXPECT_EQ(value, bytes(1));
  const auto outside = co_await client.read_gatt_char(own(0x0102)).as_result();
  expect_error(outside, ErrorCode::attribute_not_found);
  co_await drop_and_await(rig, client);
}

BLAU_LINKED_CASE(Services, IncludedOnesAreReached) {
  const auto services = client.services();
  const auto first = services.get_service(own(0x0100));
  BLAU_REQUIRE(first.has_value());
  const auto included = first->included_services();
  BLAU_REQUIRE(included.size() == 2);
  EXPECT_EQ(included[0].uuid(), own(0x0600));
  EXPECT_EQ(included[1].uuid(), own(0x0700));
  EXPECT_FALSE(included[1].is_primary());
  for (const auto& service : included) {
    const auto value = co_await client.read_gatt_char(service.characteristics().at(0));
    EXPECT_EQ(value.size(), 2U);
  }
}

BLAU_LINKED_CASE(Services, CharacteristicsOfAllByRisingHandle) {
  const auto all = client.services().characteristics();
  const auto rising = [](const Characteristic& a, const Characteristic& b) { return a.handle() < b.handle(); };
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), rising));
  std::size_t count = 0;
  for (const auto& service : client.services()) count += service.characteristics().size();
  EXPECT_EQ(all.size(), count);
  co_return;
}

BLAU_LINKED_CASE(Services, ARemovedServiceIsGone) {
  if (!can(rig, Ability::change_services)) co_return;
  auto changes = client.service_changes();
  auto values = co_await client.subscribe(own(0x0301));
  const auto characteristic = client.services().get_characteristic(own(0x0301));
  BLAU_REQUIRE(characteristic.has_value());
  co_await rig.remove_service(gatt, own(0x0300));
  const auto now = co_await next_of(changes);
  EXPECT_FALSE(now.get_service(own(0x0300)).has_value());
  EXPECT_TRUE(now.get_service(own(0x0200)).has_value());
  co_await drain(values);
  BLAU_REQUIRE(values.end_reason().has_value());
  EXPECT_EQ(values.end_reason()->code(), ErrorCode::attribute_gone);
  const auto subscribed = co_await client.subscribe(*characteristic).as_result();
  EXPECT_FALSE(subscribed.has_value());
  // What stayed is where it was.
  const auto value = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(value, bytes(0x2a));
}

BLAU_LINKED_CASE(Services, AnEmptyServiceAndAnAssignedCharacteristicElsewhere) {
  const auto services = client.services();
  const auto empty = services.get_service(own(0x0a00));
  BLAU_REQUIRE(empty.has_value());
  EXPECT_TRUE(empty->characteristics().empty());
  const auto temperature = services.get_characteristic(assigned::temperature);
  BLAU_REQUIRE(temperature.has_value());
  EXPECT_EQ(temperature->service().uuid(), own(0x0b00));
  const auto value = co_await client.read_gatt_char(*temperature);
  EXPECT_EQ(value, bytes(0x66, 0x08));
}

}  // namespace
}  // namespace blau::conformance
