// The table, of Client: its link, its services, its bond, and what begins and ends it.

#include "table.hpp"

namespace blau::conformance {
namespace {

constexpr Cell refused_program{.reason = "only a system that refuses this program says so: unit bluez_errors_test"};
constexpr Cell unspecified{.reason = "what nothing else describes: nothing on a rig gives rise to it"};
constexpr Cell just_works_alone{
    .reason =
        "no peripheral of the world demands more than Just Works, or leaves it unanswered: unit sim_pairing_test"};
constexpr Cell every_system_pairs{.reason = "the systems here all pair: unit client_pairing_test"};
constexpr Cell told_freely{.reason = "no peripheral here refuses to tell its services"};
constexpr Cell nothing_flies{.reason = "answered without asking anybody: it is never under way"};

const DocumentedError never_times_out{ErrorCode::timed_out, nothing_flies};
const DocumentedError link_denied{ErrorCode::access_denied, refused_program};
const DocumentedError link_fails{ErrorCode::failed, unspecified};

Row connect() {
  auto row = operation_row("Client", "connect");
  row.success = {.cases =
                     "Connect.ByDevice Connect.ByAddressScansByItself Connect.TwiceIsNoOp Pairing.AConnectThatPairs "
                     "ForeignLink.IsAdoptedByAddressWithoutAScan Unseen.IsConnectedWithoutAScan "
                     "TwoAdapters.ADeviceIsConnectedByTheOneThatHeardIt"};
  row.errors = {
      {ErrorCode::bluetooth_not_available, {.cases = "Adapters.SwitchingOffIsSeenAndGivesItsReason"}},
      link_denied,
      {ErrorCode::invalid_argument, {.cases = "Adapters.UnknownAdapterOfAClient"}},
      {ErrorCode::not_supported,
       {.reason = "each rig has its backend and peripherals that can be connected to: unit bluez_errors_test"}},
      {ErrorCode::att, told_freely},
      {ErrorCode::pairing_failed, just_works_alone},
      {ErrorCode::pairing_rejected, {.cases = "Pairing.AConnectFailsWhereItsPairingIsRefused"}},
      {ErrorCode::pairing_canceled,
       {.reason = "only an unpair beside it calls it off, and that answers `busy` then: unit client_pairing_test"}},
      {ErrorCode::pairing_timed_out, just_works_alone},
      {ErrorCode::device_not_found, {.cases = "Connect.ANamelessDeviceThatIsNotThere"}},
      {ErrorCode::connection_failed, {.cases = "Connect.FailsWhereEachLinkEndsDuringDiscovery"}},
      {ErrorCode::too_many_connections,
       {.reason = "every rig's adapter takes more links than there are peripherals: unit sim_link_test"}},
      {ErrorCode::bond_lost, {.cases = "Pairing.ALostBondIsToldAndNothingIsRemoved"}},
      {ErrorCode::busy, {.cases = "Connect.BusyWhileAnotherIsUnderWay"}},
      ends_timed_out,
      ends_canceled,
      ends_with_loop,
      {ErrorCode::backend_lost, {.cases = "SystemLost.EndsWhatIsPending"}},
      link_fails};
  row.canceled_meanwhile = {.cases = "Canceled Connect.CancelAndConnectAgain Connect.CanceledDuringDiscovery"};
  row.timed_out = {.cases = "TimedOut Connect.TimesOutWhereTheDeviceDoesNotAnswer Connect.TimesOutDuringDiscovery"};
  row.link_lost = {.cases = "Connect.ALinkThatEndsDuringDiscoveryIsMadeAgain"};
  row.destroyed = {.cases = "Destroyed Lifetime.APendingConnectIsCanceledByTheDestructor"};
  row.in_callback = {.cases =
                         "Lifetime.ConnectAgainInsideTheDisconnectedCallback Lifetime.ConnectInsideADetectionCallback"};
  return row;
}

Row disconnect() {
  auto row = operation_row("Client", "disconnect");
  row.success = {.cases = "Disconnect.EndsTheLinkAndIsIdempotent Disconnect.TakesAPendingConnectBack"};
  row.errors = {
      ends_timed_out,
      ends_canceled,
      ends_with_loop,
      link_denied,
      {ErrorCode::busy, {.reason = "only while the message bus takes no more calls: unit bluez_errors_test"}},
      {ErrorCode::backend_lost, {.reason = "the end of the system takes the link down: what was wanted is there"}},
      link_fails};
  row.in_callback = {.cases = "Lifetime.DisconnectInsideANotificationCallback"};
  row.at_once = {.cases = "FromThreads Disconnect.TwoAtOnceBothEnd"};
  return row;
}

Row get_services() {
  auto row = operation_row("Client", "get_services");
  row.success = {.cases = "Services.GetServicesGivesTheSame"};
  row.errors = {{ErrorCode::services_not_discovered, {.cases = "Disconnect.EverythingNeedsAConnection"}},
                ends_canceled,
                never_times_out,
                ends_with_loop};
  row.timed_out = row.link_lost = nothing_flies;
  return row;
}

Row get_services_again() {
  auto row = operation_row("Client", "get_services", 1);
  row.success = {.cases = "Services.GetServicesGivesTheSame"};
  row.errors = {{ErrorCode::not_connected, {.cases = "NotConnected"}},
                {ErrorCode::disconnected, {.cases = "LinkLost"}},
                link_denied,
                {ErrorCode::att, told_freely},
                {ErrorCode::backend_lost,
                 {.reason = "the end of the system ends the link first: what is under way ends as `disconnected`"}},
                ends_canceled,
                ends_timed_out,
                ends_with_loop,
                link_fails};
  return row;
}

Row pair() {
  auto row = operation_row("Client", "pair");
  row.success = {.cases = "Pairing.OpensWhatDemandsEncryption Pairing.ABondOutlivesItsLink Pairing.TheAgentAgrees"};
  row.errors = {{ErrorCode::not_connected, {.cases = "NotConnected"}},
                {ErrorCode::not_supported, every_system_pairs},
                {ErrorCode::pairing_failed, just_works_alone},
                {ErrorCode::pairing_rejected, {.cases = "Pairing.TheAgentRefuses"}},
                {ErrorCode::pairing_canceled, {.cases = "Pairing.UnpairEndsAPairingThatIsUnderWay"}},
                {ErrorCode::pairing_timed_out, just_works_alone},
                {ErrorCode::disconnected, {.cases = "Pairing.TheEndOfTheLinkEndsIt"}},
                {ErrorCode::access_denied, refused_program},
                {ErrorCode::busy, {.reason = "two clients of a device that pair at once: unit sim_bond_test"}},
                {ErrorCode::backend_lost,
                 {.reason = "the end of the system ends the link first: what is under way ends as `disconnected`"}},
                {ErrorCode::failed, unspecified},
                ends_canceled,
                {ErrorCode::timed_out, {.cases = "Pairing.ItsTimeOutCallsItOff"}},
                ends_with_loop};
  row.canceled_meanwhile = {.cases = "Canceled Pairing.ACancelCallsItOff"};
  row.timed_out = {.cases = "Pairing.ItsTimeOutCallsItOff"};
  row.link_lost = {.cases = "Pairing.TheEndOfTheLinkEndsIt"};
  return row;
}

Row unpair() {
  constexpr Cell without_link{.reason = "the core passes it on as the backend says it: unit client_pairing_test"};
  auto row = operation_row("Client", "unpair");
  row.success = {.cases = "Pairing.UnpairEndsTheLinkAndTheBond"};
  row.errors = {{ErrorCode::not_supported, every_system_pairs},
                {ErrorCode::busy, {.reason = "answered before the system is asked: unit client_pairing_test"}},
                {ErrorCode::bluetooth_not_available, without_link},
                {ErrorCode::access_denied, refused_program},
                {ErrorCode::invalid_argument, without_link},
                {ErrorCode::backend_lost, without_link},
                ends_canceled,
                ends_timed_out,
                ends_with_loop,
                link_fails};
  row.link_lost = {.reason = "it ends the link itself"};
  return row;
}

/// What begins and ends a client.
std::vector<Row> life() {
  auto made = value_row("Client", "Client", "Connect.TheWordsForAnAddress Lifetime.AClientMoves", "");
  made.no_errors = {};
  made.errors = {{ErrorCode::invalid_argument, {.cases = "Connect.TheWordsForAnAddress"}}};
  made.in_callback = {.cases = "Lifetime.ConnectInsideADetectionCallback"};
  made.other_thread = {.cases = "Threads.BlockingCallsOnAPlainThread"};
  made.at_once = {.cases = "Concurrency.TwoClientsOfADeviceAtOnce"};
  auto moved = value_row("Client", "operator=", "Lifetime.AClientMoves", "");
  moved.in_callback = moved.other_thread =
      moved.at_once = {.reason = "only what the variable holds changes hands: nobody is told"};
  auto ended =
      value_row("Client", "~Client", "Disconnect.TheDestructorAsksForIt Disconnect.TheDestructorDoesNotCallBack", "");
  ended.destroyed = {.cases = "Lifetime.PendingOperationsAreCanceledByTheDestructor"};
  ended.in_callback = {.cases =
                           "Lifetime.DestroyInsideANotificationCallback Lifetime.DestroyInsideACoroutineCallback "
                           "Lifetime.DestroyInsideTheDisconnectedCallback"};
  ended.other_thread = {.cases = "Threads.TheDestructorMayRunOnAnotherThread"};
  ended.at_once = {.reason = "an object is destroyed once"};
  return {made, moved, ended};
}

}  // namespace

std::vector<Row> link_rows() {
  auto rows = life();
  for (auto make : {&connect, &disconnect, &get_services, &get_services_again, &pair, &unpair}) rows.push_back(make());
  return rows;
}

}  // namespace blau::conformance
