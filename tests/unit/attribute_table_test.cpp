#include "backend/sim/attribute_table.hpp"

#include <blau/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace blau::sim::detail {
namespace {

CharacteristicSpec with_value(std::uint32_t uuid, std::uint16_t properties, Bytes value = Bytes()) {
  CharacteristicSpec spec;
  spec.uuid = Uuid(uuid);
  spec.properties = properties;
  spec.value = std::move(value);
  return spec;
}

ServiceSpec service(std::uint32_t uuid, std::vector<CharacteristicSpec> characteristics = {}) {
  ServiceSpec spec;
  spec.uuid = Uuid(uuid);
  spec.characteristics = std::move(characteristics);
  return spec;
}

std::string fault_of(const std::vector<ServiceSpec>& services) {
  AttributeTable table;
  const auto placed = table.append(services);
  EXPECT_FALSE(placed.has_value());
  EXPECT_TRUE(table.all().empty()) << "a list with a fault changes nothing";
  if (placed) return "";
  EXPECT_EQ(placed.error().code(), ErrorCode::invalid_argument);
  return placed.error().what();
}

TEST(AttributeTable, GivesHandlesInTheOrderOfTheSchema) {
  CharacteristicSpec first = with_value(0x2a37, property::read | property::notify);
  DescriptorSpec description;
  description.uuid = Uuid(0x2901);
  first.descriptors = {description};
  ServiceSpec heart = service(0x180d, {first, with_value(0x2a38, property::read)});
  heart.includes = {1};
  AttributeTable table;
  const auto placed = table.append(std::vector{heart, service(0x180f)});
  ASSERT_TRUE(placed.has_value());
  EXPECT_EQ((*placed)[0].handle, 1);
  EXPECT_EQ((*placed)[0].end, 8);
  const PlacedCharacteristic& rate = (*placed)[0].characteristics[0];
  EXPECT_EQ(rate.declaration, 3);
  EXPECT_EQ(rate.value, 4);
  EXPECT_EQ(rate.configuration, 5);
  EXPECT_EQ(rate.descriptors, std::vector<std::uint16_t>{6});
  EXPECT_EQ((*placed)[0].characteristics[1].declaration, 7);
  EXPECT_EQ((*placed)[0].characteristics[1].configuration, 0);
  EXPECT_EQ((*placed)[1].handle, 9);
  EXPECT_EQ((*placed)[1].end, 9);
  EXPECT_EQ(table.next_free(), 10u);
}

TEST(AttributeTable, WritesDeclarationsAsTheSpecificationSays) {
  ServiceSpec own;
  own.uuid = Uuid("6e400001-b5a3-f393-e0a9-e50e24dcca9e");
  own.primary = false;
  ServiceSpec heart = service(0x180d, {with_value(0x2a39, property::write)});
  heart.includes = {1, 2};
  AttributeTable table;
  ASSERT_TRUE(table.append(std::vector{heart, service(0x180f), own}).has_value());
  EXPECT_EQ(table.find(1)->type, attribute_type::primary_service);
  EXPECT_EQ(table.find(1)->value, bytes(0x0d, 0x18));
  EXPECT_EQ(table.find(2)->value, bytes(6, 0, 6, 0, 0x0f, 0x18)) << "a 16-bit UUID stands in the include";
  EXPECT_EQ(table.find(3)->value, bytes(7, 0, 7, 0)) << "one of 128 bits does not";
  EXPECT_EQ(table.find(4)->value, bytes(0x08, 5, 0, 0x39, 0x2a));
  EXPECT_EQ(table.find(4)->group_end, 5);
  EXPECT_EQ(table.find(7)->type, attribute_type::secondary_service);
  EXPECT_EQ(to_hex(table.find(7)->value), "9ecadc240ee5a9e093f3a3b50100406e");
}

TEST(AttributeTable, MakesExtendedPropertiesAfterTheConfiguration) {
  AttributeTable table;
  const auto spec = with_value(0x2a3d, property::notify | property::reliable_write | property::writable_auxiliaries);
  ASSERT_TRUE(table.append(std::vector{service(0x1811, {spec})}).has_value());
  EXPECT_EQ(table.find(2)->value[0], 0x90);
  EXPECT_EQ(table.find(4)->type, attribute_type::client_configuration);
  EXPECT_EQ(table.find(5)->type, attribute_type::extended_properties);
  EXPECT_EQ(table.find(5)->value, bytes(3, 0));
}

TEST(AttributeTable, TakesAListedConfigurationAndExtendedPropertiesWhereTheyStand) {
  auto spec = with_value(0x2a3d, property::indicate | property::reliable_write);
  spec.security = Security::encrypted;
  spec.descriptors.resize(3);
  spec.descriptors[0].uuid = Uuid(0x2901);
  spec.descriptors[1].uuid = Uuid(0x2902);
  spec.descriptors[1].handle = 20;
  spec.descriptors[2].uuid = Uuid(0x2900);
  AttributeTable table;
  const auto placed = table.append(std::vector{service(0x1811, {spec})});
  ASSERT_TRUE(placed.has_value());
  EXPECT_EQ((*placed)[0].characteristics[0].configuration, 20);
  EXPECT_EQ((*placed)[0].characteristics[0].descriptors, (std::vector<std::uint16_t>{4, 20, 21}));
  EXPECT_EQ(table.find(20)->kind, AttributeKind::client_configuration);
  EXPECT_EQ(table.find(20)->write_security, Security::encrypted);
  EXPECT_EQ(table.find(20)->read_security, Security::none);
  EXPECT_EQ(table.all().size(), 6u);
}

TEST(AttributeTable, ShortensOnly16BitNumbers) {
  AttributeTable table;
  ASSERT_TRUE(table.append(std::vector{service(0xb1a00800)}).has_value());
  EXPECT_EQ(to_hex(table.find(1)->value),
            "fb349b5f800000800010000000"
            "08a0b1");
}

TEST(AttributeTable, KeepsGaps) {
  ServiceSpec late = service(0x180f, {with_value(0x2a19, property::read)});
  late.handle = 0x100;
  late.characteristics[0].handle = 0x110;
  AttributeTable table;
  ASSERT_TRUE(table.append(std::vector{service(0x180d), late}).has_value());
  EXPECT_EQ(table.find(2), nullptr);
  EXPECT_EQ(table.find(0x111)->type, Uuid(0x2a19));
  EXPECT_EQ(table.find(0x100)->group_end, 0x111);
  EXPECT_EQ(table.range(2, 0x10f).size(), 1u);
  EXPECT_TRUE(table.range(0x112, 0xffff).empty());
  EXPECT_TRUE(table.range(5, 4).empty());
}

TEST(AttributeTable, PutsGenericServicesFirst) {
  AttributeTable table;
  ASSERT_TRUE(table.append_generic_services("Heart", 833).has_value());
  EXPECT_EQ(table.all().size(), 9u);
  EXPECT_EQ(table.find(1)->value, bytes(0x00, 0x18));
  EXPECT_EQ(table.find(3)->value, bytes_of("Heart"));
  EXPECT_EQ(table.find(5)->value, bytes(0x41, 0x03));
  EXPECT_EQ(table.find(6)->value, bytes(0x01, 0x18));
  EXPECT_EQ(table.find(8)->type, Uuid(0x2a05));
  EXPECT_FALSE(table.find(8)->readable);
  EXPECT_EQ(table.find(9)->kind, AttributeKind::client_configuration);
  EXPECT_EQ(table.next_free(), 10u);
}

TEST(AttributeTable, RemovesAServiceAndLeavesItsHandlesFree) {
  AttributeTable table;
  const std::vector services{service(0x180d, {with_value(0x2a37, property::notify)}), service(0x180f)};
  ASSERT_TRUE(table.append(services).has_value());
  EXPECT_FALSE(table.remove_service(2)) << "a characteristic is no service";
  EXPECT_FALSE(table.remove_service(77));
  EXPECT_TRUE(table.remove_service(1));
  EXPECT_EQ(table.find(3), nullptr);
  ASSERT_EQ(table.all().size(), 1u);
  EXPECT_EQ(table.all()[0].handle, 5);
  EXPECT_EQ(table.next_free(), 6u);
}

TEST(AttributeTable, GivesAnAskedForGapAgain) {
  AttributeTable table;
  const std::vector services{service(0x180d, {with_value(0x2a37, property::notify)}), service(0x180f)};
  ASSERT_TRUE(table.append(services).has_value());
  ASSERT_TRUE(table.remove_service(1));
  ServiceSpec successor = service(0x1811, {with_value(0x2a39, property::read)});
  successor.handle = 2;
  const auto placed = table.append(std::vector{successor});
  ASSERT_TRUE(placed.has_value());
  EXPECT_EQ((*placed)[0].handle, 2);
  EXPECT_EQ((*placed)[0].end, 4);
  std::vector<std::uint16_t> handles;
  for (const Attribute& attribute : table.all()) handles.push_back(attribute.handle);
  EXPECT_EQ(handles, (std::vector<std::uint16_t>{2, 3, 4, 5}));
  EXPECT_EQ(table.next_free(), 6u);
  // Neither where one is, nor inside one, nor where there is too little room.
  for (const std::uint16_t handle : {2, 4, 1}) {
    ServiceSpec another = service(0x1812, {with_value(0x2a4d, property::read)});
    another.handle = handle;
    EXPECT_FALSE(table.append(std::vector{another}).has_value()) << handle;
  }
  EXPECT_EQ(table.all().size(), 4u);
}

TEST(AttributeTable, RefusesHandlesThatDoNotRise) {
  ServiceSpec late = service(0x180f);
  late.handle = 2;
  EXPECT_EQ(fault_of({service(0x180d, {with_value(0x2a37, property::notify)}), late}),
            "services[1].handle: handle 2 is not free: the lowest that is, is 5");
  ServiceSpec zero = service(0x180f);
  zero.handle = 0;
  EXPECT_EQ(fault_of({zero}), "services[0].handle: handle 0 is not free: the lowest that is, is 1");
}

TEST(AttributeTable, RefusesMoreAttributesThanThereAreHandles) {
  ServiceSpec last = service(0x180f, {with_value(0x2a19, property::read)});
  last.handle = 0xfffe;
  EXPECT_EQ(fault_of({last}), "services[0].characteristics[0]: the table is full: no handle is left below 65536");
  last.handle = 0xfffd;
  AttributeTable table;
  EXPECT_TRUE(table.append(std::vector{last}).has_value());
  EXPECT_EQ(table.next_free(), 0x10000u);
  EXPECT_FALSE(table.append(std::vector{service(0x180d)}).has_value());
}

TEST(AttributeTable, RefusesIncludesOfNothingAndOfItself) {
  ServiceSpec a = service(0x180d);
  a.includes = {1};
  EXPECT_EQ(fault_of({a}), "services[0].includes[0]: there is no service 1: the list has 1, counted from 0");
  a.includes = {0};
  EXPECT_EQ(fault_of({a}), "services[0].includes[0]: a service cannot include itself");
}

TEST(AttributeTable, RefusesValuesThatDoNotFit) {
  auto spec = with_value(0x2a19, property::read, Bytes(5));
  spec.max_length = 4;
  EXPECT_EQ(fault_of({service(0x180f, {spec})}),
            "services[0].characteristics[0].value: the value has 5 bytes, the attribute takes 4 at most");
  spec.max_length = 513;
  EXPECT_EQ(fault_of({service(0x180f, {spec})}),
            "services[0].characteristics[0].max_length: an attribute has 512 bytes at most");
}

TEST(AttributeTable, RefusesDeclarationsInTheList) {
  EXPECT_EQ(fault_of({service(0x180f, {with_value(0x2803, property::read)})}),
            "services[0].characteristics[0].uuid: 2800 to 2803 are declarations, which are made from the list by "
            "themselves");
}

TEST(AttributeTable, RefusesTwoConfigurations) {
  auto spec = with_value(0x2a19, property::notify);
  spec.descriptors.resize(2);
  spec.descriptors[0].uuid = spec.descriptors[1].uuid = Uuid(0x2902);
  EXPECT_EQ(fault_of({service(0x180f, {spec})}),
            "services[0].characteristics[0].descriptors[1].uuid: a characteristic has one Client Characteristic "
            "Configuration (2902) at most");
}

TEST(AttributeTable, RefusesDutiesThatCannotBeDone) {
  auto mute = with_value(0x2a19, property::read);
  mute.notify = NotifySchedule{std::chrono::milliseconds(1), {bytes(1)}};
  EXPECT_EQ(fault_of({service(0x180f, {mute})}),
            "services[0].characteristics[0].notify: the characteristic has neither the property notify nor indicate");
  auto empty = with_value(0x2a19, property::notify);
  empty.notify = NotifySchedule();
  EXPECT_EQ(fault_of({service(0x180f, {empty})}),
            "services[0].characteristics[0].notify.values: there is no value to notify");
  auto echo = with_value(0x2a19, property::write);
  echo.echo_to = Uuid(0x2a19);
  EXPECT_EQ(fault_of({service(0x180f, {echo})}),
            "services[0].characteristics[0].echo_to: this service has no characteristic "
            "00002a19-0000-1000-8000-00805f9b34fb with the property notify or indicate");
}

}  // namespace
}  // namespace blau::sim::detail
