// Connecting to an address that nobody has heard, where scans cannot be, and where bluetoothd ends meanwhile.

#include "support.hpp"

#include <string>

namespace blau::faults {
namespace {

class UnseenFaults : public FaultCase {};

const Address unheard(spare, AddressType::random);

ClientOptions by_connect_device() {
  ClientOptions options;
  options.bluez.connect_device = true;
  return options;
}

/// It forgets a device with its bond.
Task<> unknown_to_daemon() {
  Client client{spare};
  co_await client.connect();
  co_await client.pair();
  co_await client.unpair();
}

void refuse_scans() {
  arm({{"fault", "reply"}, {"method", "StartDiscovery"}, {"error", "org.bluez.Error.Failed"}, {"count", 1000}});
}

BLAU_CASE(UnseenFaults, NeedsNoScan) {
  co_await unknown_to_daemon();
  refuse_scans();
  Client by_scan{unheard};
  const auto connected = co_await by_scan.connect().as_result();
  EXPECT_FALSE(connected.has_value()) << "scans are refused";
  Client client{unheard, by_connect_device()};
  co_await client.connect();
  co_await client.disconnect();
}

BLAU_CASE(UnseenFaults, TheDaemonEndsMeanwhile) {
  co_await unknown_to_daemon();
  co_await rig.await_links(spare, 0);
  co_await rig.vanish(spare);
  Scanner scanner;  // resumes
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  Inbox<Result<void>> ended;
  Client client{unheard, by_connect_device()};
  client.connect().start([ended](const Result<void>& result) { ended.push(result); });
  arm({{"fault", "restart"}, {"down_ms", 50}});
  co_await ended.reach(1);
  EXPECT_FALSE(ended.items()[0].has_value());
  EXPECT_FALSE(client.is_connected());
  co_await rig.appear(spare);
  // No link of the old attempt keeps it from advertising.
  std::string heard;
  while (heard != spare) {
    const auto seen = co_await next_of(sightings);
    heard = seen.device.address().to_string();
  }
  co_await scanner.stop();
}

BLAU_CASE(UnseenFaults, AFailureOfTheRadioIsTriedAgain) {
  co_await unknown_to_daemon();
  arm({{"fault", "reply"}, {"method", "ConnectDevice"}, {"error", "org.bluez.Failed"}, {"count", 1}});
  Client client{unheard, by_connect_device()};
  co_await client.connect();
  EXPECT_EQ(client.connect_attempts(), 2U);
  co_await client.disconnect();
}

}  // namespace
}  // namespace blau::faults
