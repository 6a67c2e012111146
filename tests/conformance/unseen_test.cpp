// Connecting to an address that nobody has heard, without a scan.

#include "support.hpp"

#include <stop_token>

namespace blau::conformance {
namespace {

class Unseen : public Case {};

const Address of_spare(spare, AddressType::random);

ClientOptions without_scan() {
  ClientOptions options;
  options.bluez.connect_device = true;
  return options;
}

/// The system knows nothing of it, as if it had never been near: it forgets a device with its bond.
Task<> forget(std::string address) {
  Client client{address};
  co_await client.connect();
  co_await client.pair();
  co_await client.unpair();
}

/// An attempt that came to nothing in its time, while the peripheral is out of reach.
Task<> try_in_vain(Rig& rig) {
  co_await forget(spare);
  co_await rig.await_links(spare, 0);
  co_await rig.vanish(spare);
  Client client{of_spare, without_scan()};
  const auto connected = co_await client.connect().timeout(1s).as_result();
  expect_error(connected, ErrorCode::timed_out);
  EXPECT_FALSE(client.is_connected());
}

BLAU_CASE(Unseen, IsConnectedWithoutAScan) {
  if (!can(rig, Ability::connect_unseen)) co_return;
  co_await forget(spare);
  Client client{of_spare, without_scan()};
  co_await client.connect();
  EXPECT_EQ(client.connect_attempts(), 1U);
  const auto value = co_await client.read_gatt_char(own(0x0d01));
  EXPECT_EQ(value, bytes(0x0d, 0x01));
  co_await rig.await_links(spare, 1);
  co_await client.disconnect();
  co_await client.connect();  // now the system knows it
  co_await client.disconnect();
}

BLAU_CASE(Unseen, AnAddressWithoutATypeIsScannedFor) {
  co_await forget(spare);
  Client client{spare, without_scan()};
  co_await client.connect();
  co_await client.disconnect();
}

BLAU_CASE(Unseen, TheLinkOfAnAttemptThatWasTakenBackIsTakenDown) {
  if (!can(rig, Ability::abandon_unseen)) co_return;
  co_await try_in_vain(rig);
  co_await rig.appear(spare);
  co_await rig.await_links(spare, 1);  // the system goes on by itself
  co_await rig.await_links(spare, 0);
}

BLAU_CASE(Unseen, TheNextAttemptJoinsTheOneThatGoesOn) {
  if (!can(rig, Ability::abandon_unseen)) co_return;
  co_await try_in_vain(rig);
  Inbox<Result<void>> ended;
  Client next{of_spare, without_scan()};
  next.connect().start([ended](const Result<void>& result) { ended.push(result); });
  co_await rig.appear(spare);
  co_await ended.reach(1);
  expect_success(ended.items()[0]);
  EXPECT_TRUE(next.is_connected());
  co_await next.disconnect();
}

}  // namespace
}  // namespace blau::conformance
