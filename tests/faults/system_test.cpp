#include "support.hpp"

#include <algorithm>
#include <optional>

namespace blau::faults {
namespace {

/// The daemon and its adapters come and go.
class SystemFaults : public FaultCase {};

/// A client that keeps its link up, and tells of it.
struct Keeper {
  Inbox<DisconnectReason> ends;
  Event back;

  ClientOptions options() {
    ClientOptions options;
    options.on_disconnected = [ends = ends](const Disconnection& end) { ends.push(end.reason); };
    options.reconnect.enabled = true;
    options.reconnect.on_reconnected = [this] { back.set(); };
    return options;
  }
};

Task<> expect_values(Rig& rig, Inbox<Bytes> values) {
  const auto before = values.size();
  const auto sent = counter(3);
  (void)co_await rig.notify({gatt, quiet}, sent);
  co_await values.reach(before + 3);
  EXPECT_TRUE(std::equal(sent.begin(), sent.end(), values.items().begin() + static_cast<std::ptrdiff_t>(before)));
}

/// Subscribes, has it happen, and sees the subscription again.
Task<> outlive(Rig& rig, json fault, json repair, std::optional<DisconnectReason> expected) {
  Keeper keeper;
  Client client{gatt, keeper.options()};
  co_await client.connect();
  Inbox<Bytes> values;
  auto on_value = into(values);
  co_await client.start_notify(quiet, on_value);
  co_await expect_values(rig, values);
  arm(fault);
  co_await keeper.ends.reach(1);
  if (expected) {
    EXPECT_EQ(keeper.ends.items()[0], *expected);
  }
  if (!repair.is_null()) arm(repair);
  co_await keeper.back.wait();
  EXPECT_EQ(keeper.ends.size(), 1U) << "told once";
  co_await expect_values(rig, values);
  co_await client.disconnect();
}

BLAU_CASE(SystemFaults, ARestartOfTheDaemonIsOutlived) {
  json restart{{"fault", "restart"}, {"down_ms", 100}};
  co_await outlive(rig, restart, json(), DisconnectReason::backend_lost);
}

BLAU_CASE(SystemFaults, ALostNameIsOutlived) {
  json loss{{"fault", "name"}, {"lost_ms", 100}};
  co_await outlive(rig, loss, json(), DisconnectReason::backend_lost);
}

BLAU_CASE(SystemFaults, AnAdapterThatIsOffAndOnIsOutlived) {
  json off{{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "off"}};
  json on{{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "on"}};
  co_await outlive(rig, off, on, DisconnectReason::adapter_off);
}

BLAU_CASE(SystemFaults, AnAdapterThatIsPulledOutAndPutInIsOutlived) {
  json out{{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "remove"}};
  json in{{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "add"}};
  // The daemon tells of the links before it tells of the adapter.
  co_await outlive(rig, out, in, std::nullopt);
}

/// bluetoothd is killed under the scan, and another one comes.
Task<> resume_after_restart(const ScannerOptions& base) {
  Inbox<ErrorCode> interruptions;
  auto options = base;
  options.on_interrupted = [interruptions](const Error& error) { interruptions.push(error.code()); };
  Scanner scanner{options};
  co_await scanner.start();
  auto sightings = scanner.advertisements();
  (void)co_await next_of(sightings);
  arm({{"fault", "restart"}, {"down_ms", 100}});
  co_await interruptions.reach(1);
  EXPECT_EQ(interruptions.items()[0], ErrorCode::backend_lost);
  // What was seen before may still be in the queue: it is seen anew.
  auto later = scanner.advertisements();
  (void)co_await next_of(later);
  EXPECT_TRUE(scanner.is_scanning());
  co_await scanner.stop();
}

ScannerOptions passive_for_flags() {
  ScannerOptions options;
  options.mode = ScanMode::passive;
  options.bluez.or_patterns.push_back({0, 0x01, bytes(0x06)});
  return options;
}

BLAU_CASE(SystemFaults, AScanResumesAfterARestart) {
  ScannerOptions active;
  co_await resume_after_restart(active);
}

BLAU_CASE(SystemFaults, APassiveScanResumesAfterARestart) {
  auto passive = passive_for_flags();
  co_await resume_after_restart(passive);
}

BLAU_CASE(SystemFaults, APassiveScanResumesWhenItsAdapterIsPutInAgain) {
  auto options = passive_for_flags();
  Inbox<ErrorCode> interruptions;
  options.on_interrupted = [interruptions](const Error& error) { interruptions.push(error.code()); };
  Scanner scanner{options};
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await next_of(sightings);
  arm({{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "remove"}});
  co_await interruptions.reach(1);
  EXPECT_EQ(interruptions.items()[0], ErrorCode::bluetooth_not_available);
  arm({{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "add"}});
  auto later = scanner.advertisements();
  (void)co_await next_of(later);
  EXPECT_TRUE(scanner.is_scanning());
  co_await scanner.stop();
}

BLAU_CASE(SystemFaults, APassiveScanThatBluetoothdRefusesSaysSo) {
  arm({{"fault", "reply"}, {"method", "RegisterMonitor"}, {"error", "org.bluez.Error.Failed"}, {"text", "no"}});
  auto options = passive_for_flags();
  Scanner scanner{options};
  const auto refused = co_await scanner.start().as_result();
  expect_error(refused, ErrorCode::failed);
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  (void)co_await next_of(sightings);
  co_await scanner.stop();
}

BLAU_CASE(SystemFaults, WithoutMonitorsAPassiveScanIsNotSupported) {
  arm({{"fault", "property"},
       {"interface", "org.bluez.AdvertisementMonitorManager1"},
       {"property", "SupportedMonitorTypes"},
       {"missing", true}});
  auto options = passive_for_flags();
  Scanner scanner{options};
  const auto refused = co_await scanner.start().as_result();
  expect_error(refused, ErrorCode::not_supported);
}

BLAU_CASE(SystemFaults, PendingOperationsEndOnceWithTheDaemon) {
  Keeper keeper;
  Client client{gatt, keeper.options()};
  co_await client.connect();
  Inbox<ErrorCode> results;
  auto note = [results](const auto& result) { results.push(result ? ErrorCode::failed : result.error().code()); };
  client.read_gatt_char(own(0x0107)).start(note);
  client.write_gatt_char(own(0x0203), bytes(1)).start(note);
  arm({{"fault", "reply"}, {"method", "ReadValue"}, {"never", true}});
  client.read_gatt_char(own(0x0106)).start(note);
  arm({{"fault", "restart"}, {"down_ms", 50}});
  co_await results.reach(3);
  co_await keeper.back.wait();
  EXPECT_EQ(results.size(), 3U);
  for (const ErrorCode code : results.items()) EXPECT_EQ(to_string(code), "disconnected");
  co_await client.disconnect();
}

BLAU_CASE(SystemFaults, ADeniedBusSaysWhatToDo) {
  arm({{"fault", "access_denied"}, {"on", true}});
  const auto found = co_await Scanner::discover(100ms).as_result();
  expect_error(found, ErrorCode::access_denied);
  BLAU_REQUIRE(!found);
  EXPECT_NE(std::string(found.error().what()).find("bluetooth"), std::string::npos) << found.error().what();
}

}  // namespace
}  // namespace blau::faults
