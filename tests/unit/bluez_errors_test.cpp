#ifdef BLAU_WITH_BLUEZ

#include "backend/bluez/errors.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

namespace blau::detail::bluez {
namespace {

struct Case {
  Request request;
  const char* name;
  const char* text;
  ErrorCode code;
  std::optional<AttError> att = std::nullopt;
};

class BlueZErrors : public testing::TestWithParam<Case> {};

TEST_P(BlueZErrors, AreTranslated) {
  const Case& c = GetParam();
  const Error error = to_error(c.request, c.name, c.text);
  EXPECT_EQ(error.code(), c.code) << error.what();
  EXPECT_EQ(error.att(), c.att) << error.what();
  EXPECT_EQ(error.native(), c.name);
}

const Case gatt_cases[] = {
    {Request::read, "org.bluez.Error.NotPermitted", "Read not permitted", ErrorCode::att, AttError::read_not_permitted},
    {Request::write, "org.bluez.Error.NotPermitted", "Write not permitted", ErrorCode::att,
     AttError::write_not_permitted},
    {Request::read, "org.bluez.Error.NotPermitted", "Not paired", ErrorCode::att, AttError::insufficient_encryption},
    {Request::write, "org.bluez.Error.NotPermitted", "Write acquired", ErrorCode::busy},
    {Request::subscribe, "org.bluez.Error.NotPermitted", "Notify acquired", ErrorCode::busy},
    {Request::read, "org.bluez.Error.NotAuthorized", "Operation Not Authorized", ErrorCode::att,
     AttError::insufficient_authorization},
    {Request::read, "org.bluez.Error.NotSupported", "Operation is not supported", ErrorCode::att,
     AttError::request_not_supported},
    {Request::subscribe, "org.bluez.Error.NotSupported", "Operation is not supported", ErrorCode::not_supported},
    {Request::read, "org.bluez.Error.InvalidArguments", "Invalid offset", ErrorCode::att, AttError::invalid_offset},
    {Request::write, "org.bluez.Error.InvalidArguments", "Invalid Length", ErrorCode::att,
     AttError::invalid_attribute_value_length},
    {Request::read, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x80", ErrorCode::att, AttError{0x80}},
    {Request::write, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x11", ErrorCode::att,
     AttError::insufficient_resources},
    {Request::write, "org.bluez.Error.Failed", "Operation failed with ATT error: 0xfF", ErrorCode::att,
     AttError::out_of_range},
    {Request::read, "org.bluez.Error.Failed", "Operation failed with ATT error: 0x", ErrorCode::failed},
    {Request::read, "org.bluez.Error.Failed", "Operation failed with ATT error: 0xq1", ErrorCode::failed},
    {Request::read, "org.bluez.Error.Failed", "Not connected", ErrorCode::disconnected},
    {Request::write, "org.bluez.Error.NotConnected", "", ErrorCode::disconnected},
    {Request::write, "org.bluez.Error.Failed", "Failed to initiate write", ErrorCode::failed},
    {Request::write, "org.bluez.Error.InProgress", "In Progress", ErrorCode::busy},
    {Request::read, "org.freedesktop.DBus.Error.UnknownObject", "Method ... doesn't exist", ErrorCode::attribute_gone},
    {Request::read, "org.freedesktop.DBus.Error.UnknownMethod", "", ErrorCode::attribute_gone},
    {Request::read, "org.freedesktop.DBus.Error.ServiceUnknown", "", ErrorCode::backend_lost},
    {Request::write, "org.freedesktop.DBus.Error.NoReply", "Message recipient disconnected", ErrorCode::backend_lost},
    {Request::read, "org.freedesktop.DBus.Error.LimitsExceeded", "", ErrorCode::busy},
};
INSTANTIATE_TEST_SUITE_P(Gatt, BlueZErrors, testing::ValuesIn(gatt_cases));

const Case connect_cases[] = {
    {Request::connect, "org.bluez.Error.Failed", "le-connection-abort-by-local", ErrorCode::connection_failed},
    {Request::connect, "org.bluez.Error.Failed", "br-connection-canceled", ErrorCode::connection_failed},
    {Request::connect, "org.bluez.Error.Failed", "br-connection-key-missing", ErrorCode::bond_lost},
    {Request::connect, "org.bluez.Error.Failed", "le-connection-concurrent-connection-limit",
     ErrorCode::too_many_connections},
    {Request::connect, "org.bluez.Error.Failed", "Operation already in progress", ErrorCode::busy},
    {Request::connect, "org.bluez.Error.InProgress", "", ErrorCode::busy},
    {Request::connect, "org.bluez.Error.Failed", "Input/output error", ErrorCode::connection_failed},
    {Request::connect, "org.bluez.Error.Failed", "le-connection-not-supported", ErrorCode::not_supported},
    {Request::connect, "org.bluez.Error.NotAvailable", "br-connection-profile-unavailable",
     ErrorCode::connection_failed},
    {Request::connect, "org.bluez.Error.ConnectionAttemptFailed", "Page Timeout", ErrorCode::connection_failed},
    {Request::connect, "org.bluez.Error.DoesNotExist", "Does Not Exist", ErrorCode::device_not_found},
    {Request::connect, "org.freedesktop.DBus.Error.UnknownObject", "", ErrorCode::device_not_found},
    {Request::connect, "org.freedesktop.DBus.Error.Disconnected", "", ErrorCode::backend_lost},
    {Request::connect, "com.example.Odd", "", ErrorCode::failed},
    {Request::connect, "", "", ErrorCode::failed},
};
INSTANTIATE_TEST_SUITE_P(Connect, BlueZErrors, testing::ValuesIn(connect_cases));

struct Attempt {
  const char* name;
  const char* text;
  backend::Retry retry;
};

class BlueZRetry : public testing::TestWithParam<Attempt> {};

TEST_P(BlueZRetry, FollowsBlueZsWords) {
  const Attempt& attempt = GetParam();
  const auto result = to_connect_result(attempt.name, attempt.text);
  EXPECT_EQ(result.retry(), attempt.retry) << result.error().what();
  EXPECT_EQ(result.error().code(), to_error(Request::connect, attempt.name, attempt.text).code());
  EXPECT_EQ(result.error().native(), attempt.name);
}

const Attempt attempts[] = {
    {"org.bluez.Error.Failed", "le-connection-abort-by-local", backend::Retry::transient},
    {"org.bluez.Error.Failed", "br-connection-aborted-by-local", backend::Retry::transient},
    {"org.bluez.Error.Failed", "br-connection-canceled", backend::Retry::transient},
    {"org.bluez.Error.Failed", "Software caused connection abort", backend::Retry::transient},
    {"org.bluez.Error.Failed", "le-connection-timeout", backend::Retry::again},
    {"org.bluez.Error.Failed", "Operation already in progress", backend::Retry::again},
    {"org.bluez.Error.Failed", "Input/output error", backend::Retry::again},
    {"org.bluez.Error.Failed", "le-connection-busy", backend::Retry::again},
    {"org.bluez.Error.InProgress", "", backend::Retry::again},
    {"org.bluez.Error.ConnectionAttemptFailed", "Page Timeout", backend::Retry::again},
    {"org.freedesktop.DBus.Error.LimitsExceeded", "", backend::Retry::again},
    {"org.bluez.Error.Failed", "le-connection-concurrent-connection-limit", backend::Retry::out_of_slots},
    {"org.freedesktop.DBus.Error.UnknownObject", "", backend::Retry::vanished},
    {"org.bluez.Error.DoesNotExist", "Does Not Exist", backend::Retry::vanished},
    {"org.bluez.Error.Failed", "br-connection-key-missing", backend::Retry::never},
    {"org.bluez.Error.Failed", "le-connection-not-supported", backend::Retry::never},
    {"org.bluez.Error.Failed", "le-connection-invalid-arguments", backend::Retry::never},
    {"org.bluez.Error.Failed", "br-connection-invalid-argument", backend::Retry::never},
    {"org.bluez.Error.Failed", "br-connection-adapter-not-powered", backend::Retry::never},
    {"org.bluez.Error.NotReady", "", backend::Retry::never},
    {"org.freedesktop.DBus.Error.AccessDenied", "", backend::Retry::never},
    {"org.freedesktop.DBus.Error.Disconnected", "", backend::Retry::never},
};
INSTANTIATE_TEST_SUITE_P(Connect, BlueZRetry, testing::ValuesIn(attempts));

const Case pair_cases[] = {
    {Request::pair, "org.bluez.Error.AuthenticationFailed", "Authentication Failed", ErrorCode::pairing_failed},
    {Request::pair, "org.bluez.Error.AuthenticationTimeout", "", ErrorCode::pairing_timed_out},
    {Request::pair, "org.bluez.Error.Failed", "Device or resource busy", ErrorCode::busy},
    {Request::pair, "org.bluez.Error.NotReady", "Resource Not Ready", ErrorCode::disconnected},
    {Request::pair, "org.bluez.Error.DoesNotExist", "Does Not Exist", ErrorCode::disconnected},
    {Request::pair, "org.freedesktop.DBus.Error.UnknownObject", "", ErrorCode::disconnected},
    {Request::pair, "org.freedesktop.DBus.Error.ServiceUnknown", "", ErrorCode::backend_lost},
};
INSTANTIATE_TEST_SUITE_P(Pair, BlueZErrors, testing::ValuesIn(pair_cases));

const Case other_cases[] = {
    {Request::scan, "org.bluez.Error.InProgress", "Operation already in progress", ErrorCode::busy},
    {Request::scan, "org.bluez.Error.InvalidArguments", "", ErrorCode::invalid_argument},
    {Request::scan, "org.bluez.Error.Failed", "Something", ErrorCode::failed},
    {Request::scan, "org.bluez.Error.NotAuthorized", "", ErrorCode::access_denied},
    {Request::objects, "org.freedesktop.DBus.Error.AccessDenied", "Rejected send message", ErrorCode::access_denied},
    {Request::objects, "org.freedesktop.DBus.Error.AuthFailed", "", ErrorCode::access_denied},
    {Request::objects, "org.freedesktop.DBus.Error.NoReply", "", ErrorCode::backend_lost},
};
INSTANTIATE_TEST_SUITE_P(Other, BlueZErrors, testing::ValuesIn(other_cases));

struct Unavailable {
  const char* name;
  UnavailableReason reason;
};

class BlueZUnavailable : public testing::TestWithParam<Unavailable> {};

TEST_P(BlueZUnavailable, SaysWhyAndWhatToDo) {
  const Error error = to_error(Request::objects, GetParam().name, "words of the system");
  EXPECT_EQ(error.code(), ErrorCode::bluetooth_not_available);
  EXPECT_EQ(error.unavailable_reason(), GetParam().reason);
  EXPECT_NE(std::string(error.what()).find("words of the system"), std::string::npos);
}

const Unavailable unavailable_cases[] = {
    {"org.freedesktop.DBus.Error.ServiceUnknown", UnavailableReason::no_service},
    {"org.freedesktop.DBus.Error.NameHasNoOwner", UnavailableReason::no_service},
    {"org.freedesktop.DBus.Error.Spawn.ChildExited", UnavailableReason::no_service},
    {"org.freedesktop.DBus.Error.TimedOut", UnavailableReason::no_service},
    {"org.freedesktop.systemd1.NoSuchUnit", UnavailableReason::no_service},
    {"org.bluez.Error.NotReady", UnavailableReason::powered_off},
    {"org.bluez.Error.Blocked", UnavailableReason::blocked},
};
INSTANTIATE_TEST_SUITE_P(All, BlueZUnavailable, testing::ValuesIn(unavailable_cases));

TEST(BlueZAccess, DeniedSaysWhichGroupToJoin) {
  const Error error = to_error(Request::objects, "org.freedesktop.DBus.Error.AccessDenied", "");
  EXPECT_NE(std::string(error.what()).find("group bluetooth"), std::string::npos);
}

TEST(BlueZBus, NoSocketIsNoService) {
  const Error error = bus_error(ENOENT);
  EXPECT_EQ(error.code(), ErrorCode::bluetooth_not_available);
  EXPECT_EQ(error.unavailable_reason(), UnavailableReason::no_service);
  EXPECT_NE(std::string(error.what()).find("container"), std::string::npos);
  EXPECT_EQ(bus_error(EACCES).code(), ErrorCode::access_denied);
}

TEST(BlueZBus, EveryUnavailableReasonHasWords) {
  EXPECT_NE(std::string(unavailable_error(UnavailableReason::blocked, "hci0").what()).find("rfkill"),
            std::string::npos);
  EXPECT_NE(std::string(unavailable_error(UnavailableReason::powered_off, "hci0").what()).find("hci0"),
            std::string::npos);
  EXPECT_EQ(unavailable_error(UnavailableReason::no_adapter, "").unavailable_reason(), UnavailableReason::no_adapter);
}

}  // namespace
}  // namespace blau::detail::bluez

#endif
