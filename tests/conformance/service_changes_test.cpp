// Services that come and go while a client is connected.

#include "support.hpp"

#include <functional>

namespace blau::conformance {
namespace {

class ServiceChanges : public Case {};

const Uuid added_service = own(0x1100);
const Uuid added_value = own(0x1101);
const Uuid removed_service = own(0x0300);
/// The first characteristic of that service: what replaces the service has its own at the same handle.
const Uuid removed_value = own(0x0301);
const Uuid elsewhere = own(0x0503);

/// The services once they are as they should be: systems may tell of one change in parts.
Task<ServiceCollection> once(Stream<ServiceCollection>& changes,
                             std::function<bool(const ServiceCollection&)> reached) {
  for (;;) {
    auto now = co_await next_of(changes);
    if (reached(now)) co_return now;
  }
}

Task<ServiceCollection> remove_and_await(Rig& rig, Stream<ServiceCollection>& changes, Uuid service) {
  co_await rig.remove_service(gatt, service);
  auto is_gone = [service](const ServiceCollection& services) { return !services.get_service(service); };
  co_return co_await once(changes, is_gone);
}

Task<ServiceCollection> add_and_await(Rig& rig, Stream<ServiceCollection>& changes, AddedService service) {
  auto is_there = [uuid = service.uuid, value = service.characteristic](const ServiceCollection& services) {
    const auto found = services.get_service(uuid);
    return found && found->characteristic(value);
  };
  co_await rig.add_service(gatt, std::move(service));
  co_return co_await once(changes, is_there);
}

BLAU_LINKED_CASE(ServiceChanges, AnAddedServiceIsSeenAndUsed) {
  if (!can(rig, Ability::add_services)) co_return;
  auto changes = client.service_changes();
  const auto before = client.services();
  const AddedService service(added_service, added_value, bytes(0x11));
  const auto now = co_await add_and_await(rig, changes, service);
  EXPECT_EQ(now.size(), before.size() + 1);
  EXPECT_FALSE(before.get_service(added_service).has_value()) << "what was given out stays as it was";
  EXPECT_EQ(client.services().get_service(added_service), now.get_service(added_service));
  const auto value = co_await client.read_gatt_char(added_value);
  EXPECT_EQ(value, bytes(0x11));
  co_await client.write_gatt_char(added_value, bytes(0x12));
  const auto written = co_await client.read_gatt_char(added_value);
  EXPECT_EQ(written, bytes(0x12));
  auto values = co_await client.subscribe(added_value);
  const Place place(gatt, added_value);
  (void)co_await rig.notify(place, counter(3));
  const auto got = co_await take(values, 3);
  EXPECT_EQ(got, counter(3));
}

/// Every way to an attribute by an object of a service whose handles another one has now.
Task<> expect_gone(Client& client, Characteristic characteristic, Descriptor descriptor) {
  const auto read = co_await client.read_gatt_char(characteristic).as_result();
  expect_error(read, ErrorCode::attribute_gone);
  const auto written = co_await client.write_gatt_char(characteristic, bytes(1)).as_result();
  expect_error(written, ErrorCode::attribute_gone);
  const auto subscribed = co_await client.subscribe(characteristic).as_result();
  expect_error(subscribed, ErrorCode::attribute_gone);
  const auto of_descriptor = co_await client.read_gatt_descriptor(descriptor).as_result();
  expect_error(of_descriptor, ErrorCode::attribute_gone);
}

/// Removes a service, lets another take its handles, and looks what the old one's objects and subscription give.
Task<> replace_service(Rig& rig, Client& client, Uuid value_type) {
  auto changes = client.service_changes();
  const auto service = client.services().get_service(removed_service);
  const auto old = client.services().get_characteristic(removed_value);
  BLAU_REQUIRE(service && old && !old->descriptors().empty());
  auto values = co_await client.subscribe(*old);
  (void)co_await remove_and_await(rig, changes, removed_service);
  co_await drain(values);
  const AddedService successor(added_service, value_type, bytes(0x66), service->handle());
  const auto now = co_await add_and_await(rig, changes, successor);
  const auto taken = now.get_characteristic(old->handle());
  BLAU_REQUIRE(taken.has_value());
  EXPECT_EQ(taken->service().uuid(), added_service);
  co_await expect_gone(client, *old, old->descriptors().at(0));
  BLAU_REQUIRE(values.end_reason().has_value());
  EXPECT_EQ(values.end_reason()->code(), ErrorCode::attribute_gone);
  // Nothing reached the successor, and a number names what lies there now.
  const auto value = co_await client.read_gatt_char(old->handle());
  EXPECT_EQ(value, bytes(0x66));
  auto fresh = co_await client.subscribe(*taken);
  const Place place(gatt, value_type);
  (void)co_await rig.notify(place, counter(2));
  const auto got = co_await take(fresh, 2);
  EXPECT_EQ(got, counter(2));
}

BLAU_LINKED_CASE(ServiceChanges, HandlesThatAnotherServiceTookAreGone) {
  if (can(rig, Ability::add_services)) co_await replace_service(rig, client, added_value);
}

BLAU_LINKED_CASE(ServiceChanges, HandlesThatTheSameTypeTookInAnotherServiceAreGone) {
  if (can(rig, Ability::add_services)) co_await replace_service(rig, client, removed_value);
}

BLAU_LINKED_CASE(ServiceChanges, WhatWaitedIsNotSentToTheSuccessor) {
  if (!can(rig, Ability::add_services)) co_return;
  auto changes = client.service_changes();
  (void)co_await remove_and_await(rig, changes, removed_service);  // room for the successor's last handle
  const auto slow = client.services().get_characteristic(own(0x0206));
  BLAU_REQUIRE(slow.has_value());
  Inbox<Result<void>> ended;
  for (int i = 1; i <= 3; ++i) {
    // By number: it names what lay there when it was said.
    client.write_gatt_char(slow->handle(), bytes(i)).start([ended](const Result<void>& result) { ended.push(result); });
  }
  (void)co_await remove_and_await(rig, changes, own(0x0200));
  const Handle place(static_cast<std::uint16_t>(slow->handle().value() - 1));
  const AddedService successor(added_service, added_value, bytes(0x66), place);
  (void)co_await add_and_await(rig, changes, successor);
  co_await ended.reach(3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& result = ended.items()[i];
    // bluetoothd still asks what is gone before it has read the table anew, and a peripheral may take what it was busy with.
    const bool was_asked = !result && result.error().att() == AttError::invalid_handle;
    const bool was_taken = i == 0 && result;
    if (rig.is_simulated() || (!was_asked && !was_taken)) expect_error(result, ErrorCode::attribute_gone);
  }
  const auto value = co_await client.read_gatt_char(slow->handle());
  EXPECT_EQ(value, bytes(0x66));
}

BLAU_LINKED_CASE(ServiceChanges, SubscriptionsOfOtherServicesGoOn) {
  if (!can(rig, Ability::add_services)) co_return;
  auto changes = client.service_changes();
  const auto service = client.services().get_service(removed_service);
  BLAU_REQUIRE(service.has_value());
  auto values = co_await client.subscribe(elsewhere);
  const Place place(gatt, elsewhere);
  (void)co_await rig.notify(place, counter(3));
  (void)co_await remove_and_await(rig, changes, removed_service);
  (void)co_await rig.notify(place, counter(3, 3));
  const AddedService successor(added_service, added_value, bytes(0x66), service->handle());
  (void)co_await add_and_await(rig, changes, successor);
  (void)co_await rig.notify(place, counter(3, 6));
  const auto got = co_await take(values, 9);
  EXPECT_EQ(got, counter(9));
  EXPECT_FALSE(values.end_reason().has_value());
  co_await values.stop();
}

BLAU_CASE(ServiceChanges, EveryClientOfTheDeviceHears) {
  if (!can(rig, Ability::add_services)) co_return;
  Client first{gatt};
  Client second{gatt};
  co_await when_all(first.connect(), second.connect());
  auto of_first = first.service_changes();
  auto of_second = second.service_changes();
  const AddedService service(added_service, added_value, bytes(0x11));
  (void)co_await add_and_await(rig, of_first, service);
  auto is_there = [](const ServiceCollection& services) { return services.get_service(added_service).has_value(); };
  (void)co_await once(of_second, is_there);
  const auto value = co_await second.read_gatt_char(added_value);
  EXPECT_EQ(value, bytes(0x11));
  co_await drop_and_await(rig, first);
}

}  // namespace
}  // namespace blau::conformance
