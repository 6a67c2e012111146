// Every number and status of Windows that the backend knows, and those that it does not.

#include "backend/winrt/errors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace blau::detail::windows;
using blau::AttError;
using blau::Error;
using blau::ErrorCode;
using blau::UnavailableReason;
using ::winrt::Windows::Devices::Bluetooth::BluetoothError;
using ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile::GattCommunicationStatus;
using ::winrt::Windows::Devices::Bluetooth::GenericAttributeProfile::GattOpenStatus;
using ::winrt::Windows::Devices::Enumeration::DevicePairingResultStatus;
using ::winrt::Windows::Devices::Enumeration::DeviceUnpairingResultStatus;

Error of(std::uint32_t number) { return error_of(static_cast<std::int32_t>(number)); }

/// Looks at each value of an enumeration whose names end with `last`: its error's native text names it, one of its own each, and one past the end gives its number.
template <class Status, class... More>
void expect_all_named(const std::string& type, Status last, const std::set<Status>& successes, More... more) {
  std::set<std::string> natives;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto status = static_cast<Status>(i);
    const auto result = result_of(status, more...);
    EXPECT_EQ(result.has_value(), successes.contains(status)) << type << i;
    if (result) continue;
    EXPECT_TRUE(result.error().native().starts_with(type + "::")) << result.error().native();
    EXPECT_TRUE(natives.insert(result.error().native()).second) << result.error().native();
    EXPECT_NE(std::string(result.error().what()), "");
  }
  const int unknown = static_cast<int>(last) + 1;
  const auto result = result_of(static_cast<Status>(unknown), more...);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::failed);
  EXPECT_EQ(result.error().native(), type + " " + std::to_string(unknown));
}

TEST(WinRtErrors, AttErrorsOfTheirFacility) {
  const auto error = of(0x80650005);
  EXPECT_EQ(error.code(), ErrorCode::att);
  EXPECT_EQ(error.att(), AttError::insufficient_authentication);
  EXPECT_EQ(error.native(), "0x80650005");
  EXPECT_EQ(of(0x80650080).att(), static_cast<AttError>(0x80));
  EXPECT_EQ(of(0x80651000).code(), ErrorCode::failed);
  EXPECT_EQ(of(0x80651000).native(), "0x80651000");
}

TEST(WinRtErrors, NumbersThatAreKnown) {
  EXPECT_EQ(of(0x80000013).code(), ErrorCode::not_connected);
  EXPECT_EQ(of(0x80070005).code(), ErrorCode::access_denied);
  EXPECT_EQ(of(0x800704c7).code(), ErrorCode::canceled);
  EXPECT_EQ(of(0x80004004).code(), ErrorCode::canceled);
  EXPECT_EQ(of(0x80004001).code(), ErrorCode::not_supported);
  EXPECT_EQ(of(0x80070057).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(of(0x80070490).code(), ErrorCode::device_not_found);
  EXPECT_EQ(of(0x8007048f).code(), ErrorCode::disconnected);
  EXPECT_EQ(of(0x800700aa).code(), ErrorCode::busy);
  EXPECT_EQ(of(0x80070079).code(), ErrorCode::timed_out);
  EXPECT_EQ(of(0x800706ba).code(), ErrorCode::backend_lost);
}

TEST(WinRtErrors, ReasonsWhyThereIsNoBluetooth) {
  const auto reason = [](std::uint32_t number) {
    EXPECT_EQ(of(number).code(), ErrorCode::bluetooth_not_available);
    return of(number).unavailable_reason();
  };
  EXPECT_EQ(reason(0x80040154), UnavailableReason::no_service);
  EXPECT_EQ(reason(0x800401f0), UnavailableReason::no_service);
  EXPECT_EQ(reason(0x80070422), UnavailableReason::no_service);
  EXPECT_EQ(reason(0x800710df), UnavailableReason::powered_off);
  EXPECT_EQ(reason(0x800704ec), UnavailableReason::denied);
  EXPECT_EQ(unavailable(of(0x80070005)).unavailable_reason(), UnavailableReason::denied);
  EXPECT_EQ(unavailable(of(0x80070005)).native(), "0x80070005");
  EXPECT_EQ(unavailable(of(0x80070079)).code(), ErrorCode::timed_out);
}

TEST(WinRtErrors, UnknownNumbersKeepTheNumberAndWindowsWords) {
  const auto error = error_of(static_cast<std::int32_t>(0x8badf00d), "the cat sat on it");
  EXPECT_EQ(error.code(), ErrorCode::failed);
  EXPECT_EQ(error.native(), "0x8badf00d");
  EXPECT_NE(std::string(error.what()).find("the cat sat on it"), std::string::npos);
}

TEST(WinRtErrors, ExceptionsOfAnyKind) {
  const auto thrown = [](auto exception) {
    try {
      throw exception;
    } catch (...) {
      return current_error();
    }
  };
  EXPECT_EQ(thrown(::winrt::hresult_access_denied()).code(), ErrorCode::access_denied);
  EXPECT_EQ(thrown(::winrt::hresult_error(static_cast<::winrt::hresult>(0x80650003))).att(),
            AttError::write_not_permitted);
  EXPECT_EQ(thrown(Error(ErrorCode::busy, "words")).code(), ErrorCode::busy);
  EXPECT_STREQ(thrown(std::runtime_error("words")).what(), "words");
  EXPECT_EQ(thrown(17).code(), ErrorCode::failed);
}

TEST(WinRtErrors, BluetoothErrors) {
  expect_all_named("BluetoothError", BluetoothError::TransportNotSupported, {BluetoothError::Success});
  for (const auto denied :
       {BluetoothError::DisabledByUser, BluetoothError::DisabledByPolicy, BluetoothError::ConsentRequired})
    EXPECT_EQ(result_of(denied).error().unavailable_reason(), UnavailableReason::denied);
  EXPECT_EQ(result_of(BluetoothError::RadioNotAvailable).error().code(), ErrorCode::bluetooth_not_available);
}

TEST(WinRtErrors, CommunicationStatuses) {
  using Status = GattCommunicationStatus;
  expect_all_named("GattCommunicationStatus", Status::AccessDenied, {Status::Success}, std::optional<std::uint8_t>());
  EXPECT_EQ(result_of(Status::ProtocolError, 0x0e).error().att(), AttError::unlikely_error);
  EXPECT_EQ(result_of(Status::ProtocolError, std::nullopt).error().code(), ErrorCode::failed);
  EXPECT_EQ(result_of(Status::Unreachable, std::nullopt).error().code(), ErrorCode::disconnected);
  EXPECT_EQ(result_of(Status::AccessDenied, std::nullopt).error().code(), ErrorCode::access_denied);
}

TEST(WinRtErrors, OpenStatuses) {
  using Status = GattOpenStatus;
  expect_all_named("GattOpenStatus", Status::AccessDenied, {Status::Success, Status::AlreadyOpened});
  EXPECT_EQ(result_of(Status::AccessDenied).error().code(), ErrorCode::access_denied);
  EXPECT_EQ(result_of(Status::SharingViolation).error().code(), ErrorCode::busy);
}

TEST(WinRtErrors, AllTwentyPairingStatuses) {
  using Status = DevicePairingResultStatus;
  expect_all_named("DevicePairingResultStatus", Status::Failed, {Status::Paired, Status::AlreadyPaired});
  EXPECT_EQ(result_of(Status::AuthenticationTimeout).error().code(), ErrorCode::pairing_timed_out);
  EXPECT_EQ(result_of(Status::PairingCanceled).error().code(), ErrorCode::pairing_canceled);
  EXPECT_EQ(result_of(Status::RejectedByHandler).error().code(), ErrorCode::pairing_rejected);
  EXPECT_EQ(result_of(Status::AuthenticationFailure).error().code(), ErrorCode::pairing_failed);
  EXPECT_EQ(result_of(Status::OperationAlreadyInProgress).error().code(), ErrorCode::busy);
}

TEST(WinRtErrors, AllFiveUnpairingStatuses) {
  using Status = DeviceUnpairingResultStatus;
  expect_all_named("DeviceUnpairingResultStatus", Status::Failed, {Status::Unpaired, Status::AlreadyUnpaired});
  EXPECT_EQ(result_of(Status::AccessDenied).error().code(), ErrorCode::access_denied);
}

}  // namespace
