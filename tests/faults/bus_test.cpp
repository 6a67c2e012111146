// The connection to the bus ends, and the bus comes back or does not.

#include "support.hpp"

namespace blau::faults {
namespace {

bool is_closed = false;

void close_bus() {
  arm({{"fault", "bus"}, {"action", "close"}});
  is_closed = true;
}

void open_bus() {
  arm({{"fault", "bus"}, {"action", "open"}});
  is_closed = false;
}

class BusFaults : public FaultCase {
 protected:
  void TearDown() override {
    if (is_closed) open_bus();
    FaultCase::TearDown();
  }
};

BLAU_LINKED_CASE(BusFaults, WhatIsPendingEndsOnce) {
  Inbox<DisconnectReason> ends;
  client.set_disconnected_callback([ends](const Disconnection& end) { ends.push(end.reason); });
  arm({{"fault", "reply"}, {"method", "ReadValue"}, {"never", true}});
  Inbox<ErrorCode> results;
  auto note = [results](const auto& result) { results.push(result ? ErrorCode() : result.error().code()); };
  client.read_gatt_char(own(0x0106)).start(note);
  auto values = co_await client.subscribe(quiet);
  close_bus();
  co_await results.reach(1);
  co_await ends.reach(1);
  EXPECT_EQ(to_string(results.items()[0]), "disconnected");
  EXPECT_EQ(ends.items()[0], DisconnectReason::backend_lost);
  EXPECT_FALSE(client.is_connected());
  const auto after = co_await values.next().timeout(patience);
  EXPECT_FALSE(after) << "its stream has ended";
  const auto later = co_await client.read_gatt_char(own(0x0106)).as_result();
  expect_error(later, ErrorCode::not_connected);
  EXPECT_EQ(ends.size(), 1U);
  EXPECT_EQ(results.size(), 1U);
}

BLAU_CASE(BusFaults, WithoutABusItSaysSo) {
  close_bus();
  const auto found = co_await Scanner::discover(100ms).as_result();
  expect_error(found, ErrorCode::bluetooth_not_available);
  BLAU_REQUIRE(!found);
  EXPECT_EQ(found.error().unavailable_reason(), UnavailableReason::no_service);
  Client client{tag};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::bluetooth_not_available);
  open_bus();
  co_await client.connect();
  co_await client.disconnect();
}

BLAU_CASE(BusFaults, AKeptLinkIsBackWithTheBus) {
  Inbox<DisconnectReason> ends;
  Event back;
  ClientOptions options;
  options.on_disconnected = [ends](const Disconnection& end) { ends.push(end.reason); };
  options.reconnect.enabled = true;
  options.reconnect.on_reconnected = [&back] { back.set(); };
  Client client{gatt, options};
  co_await client.connect();
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  close_bus();
  co_await ends.reach(1);
  EXPECT_EQ(ends.items()[0], DisconnectReason::backend_lost);
  open_bus();
  co_await back.wait();
  EXPECT_EQ(ends.size(), 1U);
  std::vector<Bytes> sent = counter(3);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(3);
  co_await client.disconnect();
}

BLAU_CASE(BusFaults, AScanResumesWithTheBus) {
  Inbox<ErrorCode> interruptions;
  ScannerOptions options;
  options.on_interrupted = [interruptions](const Error& error) { interruptions.push(error.code()); };
  Scanner scanner{options};
  co_await scanner.start();
  auto sightings = scanner.advertisements();
  (void)co_await next_of(sightings);
  close_bus();
  co_await interruptions.reach(1);
  EXPECT_EQ(interruptions.items()[0], ErrorCode::backend_lost);
  EXPECT_FALSE(scanner.is_scanning());
  open_bus();
  auto later = scanner.advertisements();
  (void)co_await next_of(later);
  EXPECT_TRUE(scanner.is_scanning());
  co_await scanner.stop();
}

BLAU_CASE(BusFaults, WhoWaitsForABusThatStaysAwayCanLetGo) {
  Inbox<DisconnectReason> ends;
  Inbox<ErrorCode> interruptions;
  ClientOptions client_options;
  client_options.on_disconnected = [ends](const Disconnection& end) { ends.push(end.reason); };
  client_options.reconnect.enabled = true;
  client_options.reconnect.on_gave_up = [interruptions](const Error& error) { interruptions.push(error.code()); };
  ScannerOptions scanner_options;
  scanner_options.on_interrupted = [interruptions](const Error& error) { interruptions.push(error.code()); };
  Client client{gatt, client_options};
  co_await client.connect();
  Scanner scanner{scanner_options};
  co_await scanner.start();
  close_bus();
  co_await ends.reach(1);
  co_await interruptions.reach(1);
  co_await sleep_for(1500ms);  // longer than the first pause: it was looked for in vain
  EXPECT_EQ(interruptions.size(), 1U) << "waiting is no news";
  EXPECT_FALSE(scanner.is_scanning());
  co_await scanner.stop();
  co_await client.disconnect();
  EXPECT_EQ(ends.size(), 1U);
}

}  // namespace
}  // namespace blau::faults
