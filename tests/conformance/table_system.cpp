// The table, of Scanner and Adapter.

#include "table.hpp"

namespace blau::conformance {
namespace {

constexpr Cell no_object{.reason = "a static function: the operation owns what it works with"};
constexpr Cell known_here{.reason = "answered from what the system has told: it is never under way"};
constexpr Cell one_question{.reason = "one question to the system, which it answers on or off"};

const DocumentedError denied{ErrorCode::access_denied,
                             {.reason = "only a system that refuses this program says so: unit bluez_errors_test"}};
const DocumentedError fails{ErrorCode::failed,
                            {.reason = "what nothing else describes: nothing on a rig gives rise to it"}};
const DocumentedError excluded{
    ErrorCode::busy, {.reason = "only while another program's scan excludes this one: unit bluez_errors_test"}};
const DocumentedError no_monitors{
    ErrorCode::not_supported,
    {.reason =
         "only a bluetoothd without -E, and only of a passive scan: unit bluez_passive_test, faults SystemFaults"}};
const DocumentedError lost{ErrorCode::backend_lost, {.cases = "SystemLost.EndsWhatIsPending"}};

Row start() {
  auto row = operation_row("Scanner", "start");
  row.success = {.cases =
                     "Scan.SeesEveryPeripheral Scan.StartAndStopCanBeRepeated Scan.RestartForgetsWhatWasSeen "
                     "Passive.GivesWhatMatches Passive.EachScannerGetsItsOwn Passive.GoesBesideAnActiveScan "
                     "Passive.TakesMorePatternsThanOneMonitor Passive.StartsAgainAfterAStop "
                     "TwoAdapters.AScannerListensByTheOneThatItNames"};
  row.errors = {{ErrorCode::bluetooth_not_available, {.cases = "Adapters.SwitchingOffIsSeenAndGivesItsReason"}},
                denied,
                no_monitors,
                {ErrorCode::invalid_argument,
                 {.cases = "Adapters.UnknownAdapterOfAScanner Scan.PassiveNeedsPatternsOrGivesSightings"}},
                excluded,
                lost,
                fails,
                ends_canceled,
                ends_timed_out,
                ends_with_loop};
  row.link_lost = {.cases = "Adapters.SwitchingOffEndsScanAndLink"};
  return row;
}

Row stop() {
  auto row = operation_row("Scanner", "stop");
  row.success = {.cases = "Scan.StreamEndsWithStop Scan.StartAndStopCanBeRepeated"};
  row.errors = {ends_canceled, ends_timed_out, ends_with_loop};
  row.link_lost = {.cases = "Adapters.SwitchingOffEndsScanAndLink"};
  row.in_callback = {.cases = "InCallback Lifetime.AScannerIsStoppedInsideItsCallback"};
  return row;
}

/// The static functions that scan for as long as they want to.
Row one_liner(std::string_view method, std::string_view success) {
  auto row = operation_row("Scanner", method);
  row.success = {.cases = success};
  row.errors = {{ErrorCode::bluetooth_not_available, {.cases = "AdapterOff"}},
                denied,
                no_monitors,
                {ErrorCode::invalid_argument, {.cases = "ScanOptions.TheOneLinersRefuseWhatStartRefuses"}},
                excluded,
                lost,
                fails,
                ends_canceled,
                ends_timed_out,
                ends_with_loop};
  row.link_lost = {.cases = "AdapterOff"};
  row.destroyed = no_object;
  return row;
}

Row find_by_address() {
  auto row =
      one_liner("find_device_by_address", "Scan.FindByAddressStopsEarly Scan.FindByAddressTakesLowerCaseAndHyphens");
  for (auto& [code, cell] : row.errors)
    if (code == ErrorCode::invalid_argument)
      cell = {.cases = "ScanOptions.TheOneLinersRefuseWhatStartRefuses Scan.FindByAddressRefusesOtherText"};
  row.canceled_meanwhile = {.cases = "Canceled Scan.FindCanBeCanceled"};
  row.timed_out = {.cases = "TimedOut Scan.FindGivesNothingWhenTimeIsUp"};
  return row;
}

std::vector<Row> scanner_life() {
  auto made = value_row("Scanner", "Scanner", "Scan.SeesEveryPeripheral Values.AScannerMoves", "");
  made.no_errors = {};
  made.errors = {{ErrorCode::invalid_argument, {.cases = "ScanOptions.AnOrPatternThatNoSystemTakes"}}};
  made.in_callback = {.cases = "InCallback.Scanner_discover"};
  made.other_thread = {.cases = "Values.OfAScannerFromThreads"};
  made.at_once = {.cases = "Scan.TwoScannersWithDifferentFilters"};
  auto moved = value_row("Scanner", "operator=", "Values.AScannerMoves", "");
  moved.in_callback = moved.other_thread =
      moved.at_once = {.reason = "only what the variable holds changes hands: nobody is told"};
  auto ended = value_row("Scanner", "~Scanner", "Lifetime.AScannerIsDestroyedInsideItsCallback", "");
  ended.destroyed = {.cases = "Destroyed.Scanner_start Destroyed.Scanner_stop"};
  ended.in_callback = {.cases = "Lifetime.AScannerIsDestroyedInsideItsCallback"};
  ended.other_thread = {.cases = "Values.OfAScannerFromThreads"};
  ended.at_once = {.reason = "an object is destroyed once"};
  return {made, moved, ended};
}

Row scanner_value(std::string_view method, std::string_view success) {
  auto row = value_row("Scanner", method, success, "Values.OfAScannerFromThreads");
  row.in_callback = {.cases = "Values.OfAScannerInsideItsCallback"};
  return row;
}

Row advertisements() {
  auto row = scanner_value("advertisements", "Scan.SeesEveryPeripheral Scan.TwoStreamsOfOneScanner");
  row.no_errors = "it ends with the reason why the scan ended: Adapters.SwitchingOffEndsScanAndLink";
  row.link_lost = {.cases = "Adapters.SwitchingOffEndsScanAndLink"};
  row.destroyed = {.cases = "Values.StreamsOfAScannerEndWithIt"};
  return row;
}

Row adapter_question(std::string_view method, std::string_view success) {
  auto row = operation_row("Adapter", method);
  row.success = {.cases = success};
  row.errors = {denied, lost, fails, ends_canceled, ends_timed_out, ends_with_loop};
  row.link_lost = one_question;
  row.destroyed = no_object;
  return row;
}

Row device_list(std::string_view method, std::string_view success) {
  auto row = adapter_question(method, success);
  row.errors.push_back({ErrorCode::bluetooth_not_available,
                        {.cases = "TwoAdapters.OneThatIsTakenAwayEndsWhatItDid SystemLost.EndsWhatIsPending"}});
  for (auto& [code, cell] : row.errors)
    if (code == ErrorCode::timed_out) cell = known_here;
  row.timed_out = row.link_lost = known_here;
  row.destroyed = {.cases = "Destroyed"};
  return row;
}

Row adapter_value(std::string_view method, std::string_view success) {
  auto row = value_row("Adapter", method, success, "Values.OfAnAdapterFromThreads");
  row.in_callback = {.cases = "Values.OfAnAdapterInsideACallback"};
  return row;
}

}  // namespace

std::vector<Row> scanner_rows() {
  auto rows = scanner_life();
  for (const auto& row :
       {start(), stop(), scanner_value("is_scanning", "Scan.SeesEveryPeripheral Scan.StartAndStopCanBeRepeated"),
        advertisements(),
        scanner_value("discovered_devices",
                      "Scan.EachDeviceIsListedOnceWithItsLatest Changes.WhatIsSilentIsForgotten "
                      "Changes.WhatIsSilentIsKeptWhereTheUserWantsIt"),
        scanner_value("seen_devices", "Scan.EachDeviceIsListedOnceWithItsLatest"),
        scanner_value("set_scanning_filter", "ScanOptions.TheFilterOfWindowsFiltersNothingElsewhere"),
        one_liner("discover", "Scan.DiscoverGivesWhatWasSeen"), find_by_address(),
        one_liner("find_device_by_name", "Scan.FindByNameStopsEarly"),
        one_liner("find_device_by_filter", "Scan.FindByFilterSeesTheData")})
    rows.push_back(row);
  return rows;
}

std::vector<Row> adapter_rows() {
  auto all = adapter_question("all", "Adapters.AllListsEachOnce TwoAdapters.BothAreListedAndTheFirstIsTheDefault");
  all.errors.push_back({ErrorCode::bluetooth_not_available, {.cases = "SystemLost.EndsWhatIsPending"}});
  auto get_default = adapter_question("get_default", "Adapters.DefaultAdapterIsPoweredAndUsable");
  for (auto* row : {&all, &get_default}) {
    row->errors.push_back({ErrorCode::not_supported, {.reason = "each rig has its backend: unit backend_choice_test"}});
    row->errors.push_back(
        {ErrorCode::invalid_argument, {.reason = "each rig names its backend rightly: unit backend_choice_test"}});
  }
  get_default.errors.push_back(
      {ErrorCode::bluetooth_not_available, {.cases = "Adapters.SwitchingOffIsSeenAndGivesItsReason"}});
  auto changes =
      adapter_value("state_changes",
                    "Adapters.SwitchingOffIsSeenAndGivesItsReason TwoAdapters.EachTurnOfTheSwitchIsToldOnceAndInOrder "
                    "TwoAdapters.TheDefaultIsTheFirstThatCanBeUsed TwoAdapters.ARadioSwitchIsAReasonOfItsOwn");
  changes.no_errors = {};
  changes.errors = {{ErrorCode::bluetooth_not_available, {.cases = "TwoAdapters.OneThatIsTakenAwayEndsWhatItDid"}},
                    {ErrorCode::loop_closed, {.reason = "a rig's loop outlasts its cases: unit adapter_test"}}};
  changes.link_lost = {.cases = "Adapters.SwitchingOffEndsScanAndLink"};
  changes.destroyed = {.cases = "Values.AStreamOfStatesOutlivesItsAdapter"};
  const auto told = "Adapters.DefaultAdapterIsPoweredAndUsable";
  return {all,
          get_default,
          adapter_value("id", told),
          adapter_value("name", "Values.OfAnAdapterInsideACallback"),
          adapter_value("address", told),
          adapter_value("powered", told),
          adapter_value("is_default", told),
          adapter_value("unusable", told),
          changes,
          device_list("connected_devices",
                      "Adapters.TellsConnectedDevices Adapters.FiltersConnectedDevicesByService "
                      "ForeignLink.IsAmongTheConnectedDevices TwoAdapters.AClientConnectsByTheOneThatItNames"),
          device_list("bonded_devices", "Adapters.NoDeviceIsConnectedOrBondedAtFirst Adapters.TellsBondedDevices")};
}

}  // namespace blau::conformance
