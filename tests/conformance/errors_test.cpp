#include "support.hpp"

#include <map>

namespace blau::conformance {
namespace {

class Errors : public Case {};

BLAU_LINKED_CASE(Errors, OfReadsByTheirCode) {
  const std::map<std::uint16_t, std::uint8_t> codes{
      {0x0401, 0x80}, {0x0402, 0x0e}, {0x0403, 0x02}, {0x0407, 0x08}, {0x0408, 0xff}};
  for (const auto& [characteristic, code] : codes) {
    const auto value = co_await client.read_gatt_char(own(characteristic)).as_result();
    SCOPED_TRACE(testing::Message() << std::hex << characteristic);
    expect_att_error(value, code);
  }
  EXPECT_TRUE(client.is_connected());
}

BLAU_LINKED_CASE(Errors, OfWritesByTheirCode) {
  const std::map<std::uint16_t, std::uint8_t> codes{{0x0404, 0x03}, {0x0405, 0x81}, {0x0406, 0x11}, {0x0408, 0xff}};
  for (const auto& [characteristic, code] : codes) {
    const auto written = co_await client.write_gatt_char(own(characteristic), bytes(1)).as_result();
    SCOPED_TRACE(testing::Message() << std::hex << characteristic);
    expect_att_error(written, code);
  }
  EXPECT_TRUE(client.is_connected());
}

BLAU_LINKED_CASE(Errors, ARefusedWriteChangesNothing) {
  const auto written = co_await client.write_gatt_char(own(0x0405), bytes(9)).as_result();
  EXPECT_FALSE(written.has_value());
  const auto value = co_await client.read_gatt_char(own(0x0405));
  EXPECT_EQ(value, bytes(0));
}

BLAU_LINKED_CASE(Errors, OfAControlPoint) {
  const auto written = co_await client.write_gatt_char(assigned::heart_rate_control_point, bytes(1)).as_result();
  expect_att_error(written, 0x80);
}

BLAU_LINKED_CASE(Errors, AreExceptionsWithAMessage) {
  bool thrown = false;
  try {
    (void)co_await client.read_gatt_char(own(0x0401));
  } catch (const Error& error) {
    thrown = true;
    EXPECT_EQ(error.code(), ErrorCode::att);
    EXPECT_NE(std::string(error.what()).find("0x80"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(thrown);
}

BLAU_LINKED_CASE(Errors, TheNextOperationIsNotHarmed) {
  for (int i = 0; i < 5; ++i) {
    const auto failed = co_await client.read_gatt_char(own(0x0401)).as_result();
    EXPECT_FALSE(failed.has_value());
    const auto value = co_await client.read_gatt_char(own(0x0102));
    EXPECT_EQ(value, bytes(0x2a));
  }
}

BLAU_LINKED_CASE(Errors, AnAttributeThatDemandsEncryption) {
  // Without pairing the answer is an ATT error, or none before the deadline where the system tries to pair by itself.
  const auto value = co_await client.read_gatt_char(own(0x0409)).timeout(3s).as_result();
  BLAU_REQUIRE(!value.has_value());
  const auto code = value.error().code();
  EXPECT_TRUE(code == ErrorCode::att || code == ErrorCode::timed_out || code == ErrorCode::disconnected)
      << value.error().what();
  if (code == ErrorCode::att) {
    const auto att = value.error().att();
    EXPECT_TRUE(att == AttError::insufficient_encryption || att == AttError::insufficient_authentication);
  }
}

BLAU_LINKED_CASE(Errors, MalformedText) {
  const auto read = co_await client.read_gatt_char("2a3").as_result();
  expect_error(read, ErrorCode::invalid_argument);
  const auto written = co_await client.write_gatt_char("", bytes(1)).as_result();
  expect_error(written, ErrorCode::invalid_argument);
  EXPECT_THROW(Uuid{"2a3"}, Error);
  EXPECT_THROW(Address{"C4:B1:A0:00:00"}, Error);
}

BLAU_LINKED_CASE(Errors, CompleteNeverInsideTheCall) {
  bool inside = true;
  Inbox<bool> results;
  auto note = [&](const auto& result) {
    EXPECT_FALSE(inside);
    results.push(result.has_value());
  };
  client.read_gatt_char("no such thing").start(note);
  client.write_gatt_char(own(0x0203), pattern(513)).start(note);
  client.stop_notify(own(0x0301)).start(note);
  client.connect().start(note);
  inside = false;
  co_await results.reach(4);
  const std::vector<bool> expected{false, false, false, true};
  EXPECT_EQ(results.items(), expected);
}

BLAU_LINKED_CASE(Errors, GetOnTheLoopsOwnThread) {
  bool refused = false;
  try {
    (void)client.read_gatt_char(own(0x0102)).get();
  } catch (const Error& error) {
    refused = error.code() == ErrorCode::would_deadlock;
  }
  EXPECT_TRUE(refused);
  const auto value = co_await client.read_gatt_char(own(0x0102));
  EXPECT_EQ(value, bytes(0x2a));
}

}  // namespace
}  // namespace blau::conformance
