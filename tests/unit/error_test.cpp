#include <blau/error.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>
#include <type_traits>

namespace {

using blau::AttError;
using blau::Error;
using blau::ErrorCode;
using blau::UnavailableReason;

static_assert(std::is_error_code_enum_v<ErrorCode>);
static_assert(std::is_base_of_v<std::runtime_error, Error>);
static_assert(std::is_nothrow_copy_constructible_v<Error> && std::is_nothrow_copy_assignable_v<Error>);
static_assert(!std::is_aggregate_v<Error>);

/// An enumerator of `ErrorCode` beside its name.
#define NAMED(code) {ErrorCode::code, #code}

const std::map<ErrorCode, std::string_view> named_codes{
    NAMED(invalid_argument),
    NAMED(not_supported),
    NAMED(bluetooth_not_available),
    NAMED(access_denied),
    NAMED(device_not_found),
    NAMED(connection_failed),
    NAMED(too_many_connections),
    NAMED(not_connected),
    NAMED(disconnected),
    NAMED(services_not_discovered),
    NAMED(attribute_not_found),
    NAMED(attribute_ambiguous),
    NAMED(attribute_gone),
    NAMED(not_permitted),
    NAMED(att),
    NAMED(already_subscribed),
    NAMED(not_subscribed),
    NAMED(pairing_failed),
    NAMED(pairing_rejected),
    NAMED(pairing_canceled),
    NAMED(pairing_timed_out),
    NAMED(bond_lost),
    NAMED(busy),
    NAMED(timed_out),
    NAMED(canceled),
    NAMED(would_deadlock),
    NAMED(loop_closed),
    NAMED(stalled),
    NAMED(wrong_apartment),
    NAMED(backend_lost),
    NAMED(failed),
};

#undef NAMED

constexpr int first_code = static_cast<int>(ErrorCode::invalid_argument);
constexpr int last_code = static_cast<int>(ErrorCode::failed);

TEST(ErrorCode, EachHasItsName) {
  for (int value = first_code; value <= last_code; ++value) {
    const auto code = static_cast<ErrorCode>(value);
    ASSERT_TRUE(named_codes.contains(code)) << value;
    EXPECT_EQ(to_string(code), named_codes.at(code));
  }
  for (const int value : {0, -1, last_code + 1}) EXPECT_EQ(to_string(static_cast<ErrorCode>(value)), "unknown");
}

TEST(ErrorCode, IsAnErrorCodeOfTheStandardLibrary) {
  const std::error_code code = ErrorCode::device_not_found;
  EXPECT_TRUE(code);
  EXPECT_EQ(code.category(), blau::error_category());
  EXPECT_STREQ(code.category().name(), "blau");
  EXPECT_EQ(code.message(), "device_not_found");
  EXPECT_EQ(code, ErrorCode::device_not_found);
  EXPECT_NE(code, make_error_code(ErrorCode::failed));
  for (int value = first_code; value <= last_code; ++value)
    EXPECT_TRUE(make_error_code(static_cast<ErrorCode>(value))) << value;
}

TEST(ErrorCode, ComparesWithGenericConditions) {
  EXPECT_EQ(make_error_code(ErrorCode::timed_out), std::errc::timed_out);
  EXPECT_EQ(make_error_code(ErrorCode::canceled), std::errc::operation_canceled);
  EXPECT_EQ(make_error_code(ErrorCode::access_denied), std::errc::permission_denied);
  EXPECT_EQ(make_error_code(ErrorCode::would_deadlock), std::errc::resource_deadlock_would_occur);
  EXPECT_NE(make_error_code(ErrorCode::canceled), std::errc::timed_out);
  EXPECT_EQ(make_error_code(ErrorCode::att).default_error_condition().category(), blau::error_category());
}

TEST(AttError, SaysNameAndNumber) {
  EXPECT_EQ(to_string(AttError::invalid_handle), "invalid_handle (0x01)");
  EXPECT_EQ(to_string(AttError::read_not_permitted), "read_not_permitted (0x02)");
  EXPECT_EQ(to_string(AttError::write_not_permitted), "write_not_permitted (0x03)");
  EXPECT_EQ(to_string(AttError::invalid_pdu), "invalid_pdu (0x04)");
  EXPECT_EQ(to_string(AttError::insufficient_authentication), "insufficient_authentication (0x05)");
  EXPECT_EQ(to_string(AttError::request_not_supported), "request_not_supported (0x06)");
  EXPECT_EQ(to_string(AttError::invalid_offset), "invalid_offset (0x07)");
  EXPECT_EQ(to_string(AttError::insufficient_authorization), "insufficient_authorization (0x08)");
  EXPECT_EQ(to_string(AttError::prepare_queue_full), "prepare_queue_full (0x09)");
  EXPECT_EQ(to_string(AttError::attribute_not_found), "attribute_not_found (0x0a)");
  EXPECT_EQ(to_string(AttError::attribute_not_long), "attribute_not_long (0x0b)");
  EXPECT_EQ(to_string(AttError::encryption_key_size_too_short), "encryption_key_size_too_short (0x0c)");
  EXPECT_EQ(to_string(AttError::invalid_attribute_value_length), "invalid_attribute_value_length (0x0d)");
  EXPECT_EQ(to_string(AttError::unlikely_error), "unlikely_error (0x0e)");
  EXPECT_EQ(to_string(AttError::insufficient_encryption), "insufficient_encryption (0x0f)");
  EXPECT_EQ(to_string(AttError::unsupported_group_type), "unsupported_group_type (0x10)");
  EXPECT_EQ(to_string(AttError::insufficient_resources), "insufficient_resources (0x11)");
  EXPECT_EQ(to_string(AttError::database_out_of_sync), "database_out_of_sync (0x12)");
  EXPECT_EQ(to_string(AttError::value_not_allowed), "value_not_allowed (0x13)");
  EXPECT_EQ(to_string(AttError::write_request_rejected), "write_request_rejected (0xfc)");
  EXPECT_EQ(to_string(AttError::cccd_improperly_configured), "cccd_improperly_configured (0xfd)");
  EXPECT_EQ(to_string(AttError::procedure_already_in_progress), "procedure_already_in_progress (0xfe)");
  EXPECT_EQ(to_string(AttError::out_of_range), "out_of_range (0xff)");
}

TEST(AttError, TakesAnyByte) {
  EXPECT_EQ(to_string(static_cast<AttError>(0x80)), "application error 0x80");
  EXPECT_EQ(to_string(static_cast<AttError>(0x9f)), "application error 0x9f");
  for (const int reserved : {0x00, 0x14, 0x42, 0x7f, 0xa0, 0xdf, 0xe0, 0xfb}) {
    char expected[5];
    std::snprintf(expected, sizeof expected, "0x%02x", static_cast<unsigned>(reserved));
    EXPECT_EQ(to_string(static_cast<AttError>(reserved)), expected);
  }
  std::set<std::string> texts;
  for (int byte = 0; byte < 256; ++byte) texts.insert(to_string(static_cast<AttError>(byte)));
  EXPECT_EQ(texts.size(), 256u);
}

TEST(UnavailableReason, EachHasAName) {
  EXPECT_EQ(to_string(UnavailableReason::unknown), "unknown");
  EXPECT_EQ(to_string(UnavailableReason::no_service), "no_service");
  EXPECT_EQ(to_string(UnavailableReason::no_adapter), "no_adapter");
  EXPECT_EQ(to_string(UnavailableReason::powered_off), "powered_off");
  EXPECT_EQ(to_string(UnavailableReason::blocked), "blocked");
  EXPECT_EQ(to_string(UnavailableReason::denied), "denied");
  EXPECT_EQ(to_string(UnavailableReason::no_central_role), "no_central_role");
}

TEST(Error, KeepsCodeAndMessage) {
  const Error error(ErrorCode::device_not_found, "no such device: switch it on");
  EXPECT_EQ(error.code(), ErrorCode::device_not_found);
  EXPECT_STREQ(error.what(), "no such device: switch it on");
  EXPECT_EQ(error.att(), std::nullopt);
  EXPECT_TRUE(error.native().empty());
  EXPECT_EQ(error.unavailable_reason(), UnavailableReason::unknown);
}

TEST(Error, KeepsTheNativeCode) {
  const Error error(ErrorCode::access_denied, "join the group", "org.freedesktop.DBus.Error.AccessDenied");
  EXPECT_EQ(error.code(), ErrorCode::access_denied);
  EXPECT_EQ(error.native(), "org.freedesktop.DBus.Error.AccessDenied");
}

TEST(Error, OfThePeripheralHasAnAttCode) {
  const Error error(AttError::insufficient_encryption, "pair first", "org.bluez.Error.NotPermitted");
  EXPECT_EQ(error.code(), ErrorCode::att);
  EXPECT_EQ(error.att(), AttError::insufficient_encryption);
  EXPECT_EQ(error.native(), "org.bluez.Error.NotPermitted");
}

TEST(Error, OfAMissingRadioHasAReason) {
  const Error error(UnavailableReason::blocked, "run rfkill unblock bluetooth");
  EXPECT_EQ(error.code(), ErrorCode::bluetooth_not_available);
  EXPECT_EQ(error.unavailable_reason(), UnavailableReason::blocked);
  EXPECT_EQ(error.att(), std::nullopt);
}

TEST(Error, CopiesWholeAndOutlivesItsOriginal) {
  std::optional<Error> original(std::in_place, AttError::invalid_offset, "message", "native");
  const Error copy = *original;
  Error assigned(ErrorCode::failed, "other");
  assigned = *original;
  original.reset();
  for (const Error& error : {copy, assigned}) {
    EXPECT_EQ(error.code(), ErrorCode::att);
    EXPECT_EQ(error.att(), AttError::invalid_offset);
    EXPECT_STREQ(error.what(), "message");
    EXPECT_EQ(error.native(), "native");
  }
}

TEST(Error, IsCaughtAsARuntimeError) {
  try {
    throw Error(ErrorCode::canceled, "canceled");
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "canceled");
    return;
  }
  FAIL() << "not caught";
}

}  // namespace
