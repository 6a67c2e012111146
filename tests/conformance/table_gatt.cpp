// The table, of Client: its GATT operations.

#include "table.hpp"

namespace blau::conformance {
namespace {

constexpr Cell named_by_object{.reason = "a descriptor is named by object or handle: there are no words for it"};

/// A GATT operation of a client. Its errors are those of all of them, and its own ones before.
Row gatt_row(std::string_view method, std::string_view success, std::string_view att) {
  auto row = operation_row("Client", method);
  row.is_gatt = true;
  row.success = {.cases = success};
  row.errors = {
      {ErrorCode::not_connected, {.cases = "NotConnected"}},
      {ErrorCode::disconnected, {.cases = "LinkLost"}},
      {ErrorCode::attribute_not_found, {.cases = "WrongName"}},
      {ErrorCode::attribute_ambiguous, {.cases = "WrongName"}},
      {ErrorCode::attribute_gone, {.cases = "Gone"}},
      {ErrorCode::invalid_argument, {.cases = "WrongName"}},
      {ErrorCode::att, {.cases = att}},
      {ErrorCode::access_denied, {.reason = "only a system that refuses this program says so: unit bluez_errors_test"}},
      {ErrorCode::busy, {.reason = "only while another program has the attribute: unit bluez_errors_test"}},
      {ErrorCode::timed_out, {.cases = "TimedOut"}},
      {ErrorCode::canceled, {.cases = "Canceled"}},
      {ErrorCode::loop_closed, {.cases = "LoopClosed"}},
      {ErrorCode::backend_lost,
       {.reason = "the end of the system ends the link first: SystemLost.EndsWhatIsPending shows `disconnected`"}},
      {ErrorCode::failed, {.reason = "what nothing else describes: nothing on a rig gives rise to it"}}};
  return row;
}

void replace(Row& row, ErrorCode code, const Cell& cell) {
  for (auto& [known, place] : row.errors)
    if (known == code) place = cell;
}

Row read() {
  auto row = gatt_row("read_gatt_char", "Read.ValuesOfEachLength Read.LongValues Services.ReadByEveryName",
                      "Errors.OfReadsByTheirCode");
  row.errors.push_back({ErrorCode::not_permitted, {.cases = "Read.NotPermittedWithoutTheProperty"}});
  row.canceled_meanwhile = {.cases =
                                "Canceled Read.CancelAnswersAtOnceAndFreesTheAttributeLater "
                                "Read.ACanceledOneInTheQueueIsNeverSent"};
  row.timed_out = {.cases = "TimedOut Read.ASlowOneTimesOutAndTheNextWaitsForIt Read.TheClientsOwnLimitHolds"};
  row.link_lost = {.cases = "LinkLost Disconnect.EndsAPendingReadOnce Disconnect.EndsWhatIsQueuedToo"};
  row.destroyed = {.cases = "Destroyed Lifetime.PendingOperationsAreCanceledByTheDestructor"};
  row.in_callback = {.cases = "InCallback Lifetime.OperationsInsideCallbacks"};
  row.at_once = {.cases =
                     "FromThreads Concurrency.TwoReadsOfOneCharacteristic "
                     "Concurrency.ManyReadsOfManyCharacteristics Threads.ManyThreadsUseOneClient"};
  return row;
}

Row write() {
  auto row = gatt_row("write_gatt_char",
                      "Write.WithResponseArrives Write.WithoutResponseArrives Write.SizesUpTo512 "
                      "ReliableWrite.WritesValuesOfEachLength WriteCommand.ManyLongOnesAllArriveInOrder",
                      "Errors.OfWritesByTheirCode Write.MoreThanTheAttributeHolds "
                      "ReliableWrite.TooLongAValueIsRefusedHereOrThere");
  row.errors.push_back({ErrorCode::not_permitted,
                        {.cases = "Write.NotPermittedWithoutTheProperty "
                                  "ReliableWrite.IsRefusedWhereTheCharacteristicDoesNotOfferIt"}});
  replace(row, ErrorCode::invalid_argument,
          {.cases = "WrongName Write.MoreThan512IsRefusedUnsent Write.WithoutResponseFillsOnePacketAndNoMore "
                    "ReliableWrite.ExcludesWritesWithoutResponse"});
  row.errors.push_back({ErrorCode::not_supported, {.cases = "ReliableWrite.AnEmptyValueOrNotSupported"}});
  row.timed_out = {.cases = "TimedOut Write.ASlowOneTimesOutAndTheNextWaitsForIt"};
  row.at_once = {.cases = "FromThreads Write.OrderIsKept Concurrency.ReadAndWriteOfOneCharacteristicOverlap"};
  return row;
}

Row start_notify() {
  auto row =
      gatt_row("start_notify", "Notify.FiveValuesOnSchedule Notify.Indications Notify.ABurstOf200IsWholeAndInOrder",
               "Notify.ARefusalOfThePeripheral");
  row.errors.push_back({ErrorCode::not_permitted, {.cases = "Notify.NotPermittedWithoutTheProperty"}});
  row.errors.push_back({ErrorCode::already_subscribed, {.cases = "Notify.StartTwiceIsAnError"}});
  row.errors.push_back({ErrorCode::not_supported, {.cases = "Notify.ForcedIndicationsOrNotSupported"}});
  row.at_once = {.cases = "FromThreads Notify.SeveralCharacteristicsAtOnce"};
  return row;
}

Row stop_notify() {
  auto row = gatt_row("stop_notify", "Notify.StopMeansNoMore Notify.StartAgainAfterStop", "");
  replace(
      row, ErrorCode::attribute_gone,
      {.reason = "what goes takes its subscriptions with it: Services.ARemovedServiceIsGone, then `not_subscribed`"});
  replace(row, ErrorCode::att, {.reason = "no peripheral here turns values on and refuses to turn them off"});
  row.errors.push_back({ErrorCode::not_subscribed, {.cases = "Notify.StopOfWhatWasNotStarted"}});
  row.in_callback = {.cases = "InCallback Lifetime.OperationsInsideCallbacks"};
  return row;
}

Row subscribe() {
  auto row = gatt_row("subscribe", "Subscribe.ValuesComeAsAStream Subscribe.ABurstOf200IsWholeAndInOrder",
                      "Notify.ARefusalOfThePeripheral");
  row.errors.push_back({ErrorCode::not_permitted, {.cases = "Notify.NotPermittedWithoutTheProperty"}});
  row.errors.push_back({ErrorCode::already_subscribed, {.cases = "Subscribe.TwiceIsAnError"}});
  row.errors.push_back({ErrorCode::not_supported, {.cases = "Subscribe.ForcedIndicationsOfOneThatOnlyNotifies"}});
  row.canceled_meanwhile = {.cases = "Canceled Subscribe.CancelingTheSubscriptionLeavesNoneBehind"};
  row.destroyed = {.cases = "Destroyed Lifetime.ASubscriptionOutlivesItsClient"};
  row.other_thread = {.cases = "FromThreads Threads.StreamsOnAPlainThread"};
  return row;
}

Row read_descriptor() {
  auto row = gatt_row("read_gatt_descriptor", "Descriptors.ReadByObjectAndHandle Descriptors.ALongOne",
                      "Descriptors.ErrorsOfThePeripheral");
  replace(row, ErrorCode::attribute_not_found, {.cases = "Descriptors.AValueHandleIsNoDescriptor"});
  replace(row, ErrorCode::attribute_ambiguous, named_by_object);
  replace(row, ErrorCode::invalid_argument, named_by_object);
  return row;
}

Row write_descriptor() {
  auto row = gatt_row("write_gatt_descriptor", "Descriptors.Write",
                      "Descriptors.ErrorsOfThePeripheral Descriptors.OneThatCannotBeWritten");
  replace(row, ErrorCode::attribute_not_found, {.cases = "Descriptors.AValueHandleIsNoDescriptor"});
  replace(row, ErrorCode::attribute_ambiguous, named_by_object);
  replace(row, ErrorCode::invalid_argument, {.cases = "Descriptors.MoreThan512IsRefusedUnsent"});
  row.errors.push_back({ErrorCode::not_permitted, {.cases = "Descriptors.TheConfigurationIsNotWrittenByHand"}});
  return row;
}

}  // namespace

std::vector<Row> gatt_rows() {
  std::vector<Row> rows;
  for (auto make : {&read, &write, &start_notify, &stop_notify, &subscribe, &read_descriptor, &write_descriptor})
    rows.push_back(make());
  return rows;
}

}  // namespace blau::conformance
