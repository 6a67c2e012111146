// The table, of Client: what it tells at once, and its streams.

#include "table.hpp"

namespace blau::conformance {
namespace {

Row value(std::string_view method, std::string_view success) {
  auto row = value_row("Client", method, success, "Values.OfAClientFromThreads");
  row.in_callback = {.cases = "Values.OfAClientInsideItsCallbacks"};
  return row;
}

Row stream(std::string_view method, std::string_view success) {
  auto row = value(method, success);
  row.no_errors = "a stream ends with its client, and not by an error";
  row.link_lost = {.cases = "Values.StreamsOfAClientOutlastItsLinks"};
  row.destroyed = {.cases = "Values.StreamsOfAClientEndWithIt"};
  return row;
}

}  // namespace

std::vector<Row> client_value_rows() {
  auto is_connected = value("is_connected", "Connect.ByDevice Disconnect.EndsTheLinkAndIsIdempotent");
  auto mtu = value("mtu_size", "Connect.MtuIsTheTrueOne Connect.ASmallMtuIsTold");
  mtu.no_errors = {};
  mtu.errors = {{ErrorCode::not_connected, {.cases = "Disconnect.EverythingNeedsAConnection"}}};
  auto services = value("services", "Services.AreThoseOfTheWorldFile Services.OfASecondPeripheralToo");
  services.no_errors = {};
  services.errors = {{ErrorCode::services_not_discovered, {.cases = "Disconnect.EverythingNeedsAConnection"}}};
  services.link_lost = {.cases = "Services.ObjectsStayReadableAfterTheLink"};
  auto callback = value("set_disconnected_callback", "Disconnect.TheCallbackCanBeReplacedAndRemoved");
  return {is_connected,
          value("address", "Connect.TheWordsForAnAddress"),
          value("name", "Connect.ByAddressScansByItself"),
          value("device", "Connect.ByAddressScansByItself"),
          mtu,
          stream("mtu_changes", "Values.TheMtuAtEachChange"),
          value("is_bonded", "Pairing.TheBondIsTold Pairing.WithoutKeysThatAreKeptThereIsNoBond"),
          stream("bond_changes", "Pairing.TheBondIsTold"),
          value("connect_attempts", "Connect.ByDevice"),
          services,
          stream("service_changes", "Services.ARemovedServiceIsGone ServiceChanges.AnAddedServiceIsSeenAndUsed"),
          value("dropped_values", "Notify.ASlowCoroutineLosesTheOldest"),
          callback};
}

}  // namespace blau::conformance
