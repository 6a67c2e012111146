#include "support.hpp"

namespace blau::faults {
namespace {

/// One request, and what becomes of the next one.
class RequestFaults : public FaultCase {};

const Uuid readable = own(0x0102);
const Uuid writable = own(0x0203);

BLAU_LINKED_CASE(RequestFaults, AnErrorIsTranslatedAndHarmsNothing) {
  arm({{"fault", "reply"},
       {"method", "ReadValue"},
       {"error", "org.bluez.Error.Failed"},
       {"text", "Operation failed with ATT error: 0x80"}});
  const auto refused = co_await client.read_gatt_char(readable).as_result();
  expect_att_error(refused, 0x80);
  const auto value = co_await client.read_gatt_char(readable);
  EXPECT_EQ(value, bytes(0x2a));
}

BLAU_LINKED_CASE(RequestFaults, AnErrorThatNobodyKnowsKeepsItsName) {
  arm({{"fault", "reply"}, {"method", "WriteValue"}, {"error", "com.example.Strange"}, {"text", "rain"}});
  const auto written = co_await client.write_gatt_char(writable, bytes(1)).as_result();
  expect_error(written, ErrorCode::failed);
  BLAU_REQUIRE(!written);
  EXPECT_EQ(written.error().native(), "com.example.Strange");
}

BLAU_LINKED_CASE(RequestFaults, ALateReplyIsWaitedFor) {
  arm({{"fault", "reply"}, {"method", "ReadValue"}, {"delay_ms", 200}});
  const auto value = co_await client.read_gatt_char(readable);
  EXPECT_EQ(value, bytes(0x2a));
}

BLAU_LINKED_CASE(RequestFaults, AReplyThatNeverComesEndsAtTheDeadline) {
  arm({{"fault", "reply"}, {"method", "ReadValue"}, {"never", true}});
  const auto lost = co_await client.read_gatt_char(readable).timeout(100ms).as_result();
  expect_error(lost, ErrorCode::timed_out);
  const auto other = co_await client.read_gatt_char(own(0x0106));
  EXPECT_FALSE(other.empty()) << "another attribute is not held up";
  const auto written = co_await client.write_gatt_char(writable, bytes(1)).as_result();
  expect_success(written);
}

BLAU_LINKED_CASE(RequestFaults, AReplyThatNeverComesIsForgottenWithTheLink) {
  arm({{"fault", "reply"}, {"method", "ReadValue"}, {"never", true}});
  const auto lost = co_await client.read_gatt_char(readable).timeout(100ms).as_result();
  expect_error(lost, ErrorCode::timed_out);
  co_await client.disconnect();
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(readable);
  EXPECT_EQ(value, bytes(0x2a));
}

BLAU_LINKED_CASE(RequestFaults, AnObjectThatGoesInMidReadIsGone) {
  const auto object = object_of(client, own(0x0107));
  arm({{"fault", "remove_object"}, {"path", object}, {"method", "ReadValue"}});
  const auto read = co_await client.read_gatt_char(own(0x0107)).as_result();
  expect_error(read, ErrorCode::attribute_gone);
  EXPECT_TRUE(client.is_connected());
  const auto value = co_await client.read_gatt_char(readable);
  EXPECT_EQ(value, bytes(0x2a));
}

BLAU_LINKED_CASE(RequestFaults, ARefusedSubscriptionCanBeTriedAgain) {
  arm({{"fault", "reply"},
       {"method", "StartNotify"},
       {"error", "org.bluez.Error.Failed"},
       {"text", "Failed to register notify session"}});
  auto ignore = [](const Characteristic&, ByteView) {};
  const auto refused = co_await client.start_notify(quiet, ignore).as_result();
  EXPECT_FALSE(refused.has_value());
  const auto begun = co_await client.start_notify(quiet, ignore).as_result();
  expect_success(begun);
}

BLAU_LINKED_CASE(RequestFaults, AnEnormousErrorTextIsCarried) {
  const std::string text(100000, 'x');
  arm({{"fault", "reply"}, {"method", "ReadValue"}, {"error", "org.bluez.Error.Failed"}, {"text", text}});
  const auto refused = co_await client.read_gatt_char(readable).as_result();
  expect_error(refused, ErrorCode::failed);
}

}  // namespace
}  // namespace blau::faults
