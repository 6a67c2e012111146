#include "support.hpp"

namespace blau::conformance {
namespace {

class Descriptors : public Case {};

const Uuid user_description{0x2901};
const Uuid configuration{0x2902};

Descriptor find(const Client& client, const Uuid& characteristic, const Uuid& descriptor) {
  const auto services = client.services();
  const auto owner = services.get_characteristic(characteristic);
  if (!owner) throw Error(ErrorCode::attribute_not_found, "no such characteristic");
  const auto found = owner->descriptor(descriptor);
  if (!found) throw Error(ErrorCode::attribute_not_found, "no such descriptor");
  return *found;
}

BLAU_LINKED_CASE(Descriptors, ReadByObjectAndHandle) {
  const auto descriptor = find(client, own(0x0501), user_description);
  EXPECT_EQ(descriptor.description(), "Characteristic User Description");
  const auto by_object = co_await client.read_gatt_descriptor(descriptor);
  EXPECT_EQ(by_object, bytes_of("The first of two"));
  const auto by_handle = co_await client.read_gatt_descriptor(descriptor.handle());
  EXPECT_EQ(by_handle, by_object);
  EXPECT_EQ(client.services().get_descriptor(descriptor.handle()), descriptor);
}

BLAU_LINKED_CASE(Descriptors, OfEachCharacteristicItsOwn) {
  const auto other = find(client, own(0x0503), user_description);
  const auto value = co_await client.read_gatt_descriptor(other);
  EXPECT_EQ(value, bytes_of("With configuration"));
}

BLAU_LINKED_CASE(Descriptors, ALongOne) {
  const auto descriptor = find(client, own(0x0501), own(0x05d3));
  const auto value = co_await client.read_gatt_descriptor(descriptor);
  EXPECT_EQ(value, Bytes(100, 0xd3));
}

BLAU_LINKED_CASE(Descriptors, Write) {
  const auto descriptor = find(client, own(0x0501), own(0x05d1));
  co_await client.write_gatt_descriptor(descriptor, bytes(0xd1, 1));
  const auto value = co_await client.read_gatt_descriptor(descriptor);
  EXPECT_EQ(value, bytes(0xd1, 1));
  co_await client.write_gatt_descriptor(descriptor.handle(), pattern(200));
  const auto long_value = co_await client.read_gatt_descriptor(descriptor);
  EXPECT_EQ(long_value, pattern(200));
}

BLAU_LINKED_CASE(Descriptors, ErrorsOfThePeripheral) {
  const auto descriptor = find(client, own(0x0501), own(0x05d2));
  const auto read = co_await client.read_gatt_descriptor(descriptor).as_result();
  expect_att_error(read, 0x82);
  const auto written = co_await client.write_gatt_descriptor(descriptor, bytes(1)).as_result();
  expect_att_error(written, 0x83);
}

BLAU_LINKED_CASE(Descriptors, OneThatCannotBeWritten) {
  const auto descriptor = find(client, own(0x0501), user_description);
  const auto written = co_await client.write_gatt_descriptor(descriptor, bytes(1)).as_result();
  expect_att_error(written, 0x03);
}

BLAU_LINKED_CASE(Descriptors, TheConfigurationIsNotWrittenByHand) {
  const auto descriptor = find(client, own(0x0301), configuration);
  const auto written = co_await client.write_gatt_descriptor(descriptor, bytes(1, 0)).as_result();
  expect_error(written, ErrorCode::not_permitted);
  if (!written) {
    EXPECT_NE(std::string(written.error().what()).find("start_notify"), std::string::npos);
  }
}

BLAU_LINKED_CASE(Descriptors, TheConfigurationTellsSubscriptions) {
  const auto descriptor = find(client, own(0x0305), configuration);
  const auto before = co_await client.read_gatt_descriptor(descriptor);
  EXPECT_EQ(before, bytes(0, 0));
  auto values = co_await client.subscribe(own(0x0305));
  const auto meanwhile = co_await client.read_gatt_descriptor(descriptor);
  EXPECT_EQ(meanwhile, bytes(1, 0));
  co_await values.stop();
  co_await rig.await_subscribers({gatt, own(0x0305)}, 0);
  const auto afterwards = co_await client.read_gatt_descriptor(descriptor);
  EXPECT_EQ(afterwards, bytes(0, 0));
}

BLAU_LINKED_CASE(Descriptors, MoreThan512IsRefusedUnsent) {
  const auto descriptor = find(client, own(0x0501), own(0x05d1));
  const auto written = co_await client.write_gatt_descriptor(descriptor, pattern(513)).as_result();
  expect_error(written, ErrorCode::invalid_argument);
}

BLAU_LINKED_CASE(Descriptors, AValueHandleIsNoDescriptor) {
  const auto owner = client.services().get_characteristic(own(0x0501));
  BLAU_REQUIRE(owner.has_value());
  const auto read = co_await client.read_gatt_descriptor(owner->value_handle()).as_result();
  expect_error(read, ErrorCode::attribute_not_found);
  const auto written = co_await client.write_gatt_descriptor(owner->value_handle(), bytes(1)).as_result();
  expect_error(written, ErrorCode::attribute_not_found);
}

}  // namespace
}  // namespace blau::conformance
