// A Windows without classes for Bluetooth LE: Wine itself.

#include <blau/blau.hpp>

#include <gtest/gtest.h>

namespace {

using namespace blau;

template <class T>
void expect_no_bluetooth(const Result<T>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::bluetooth_not_available) << result.error().what();
  EXPECT_NE(result.error().unavailable_reason(), UnavailableReason::unknown) << result.error().native();
}

TEST(WinRtAbsent, EverythingSaysThatThereIsNoBluetooth) {
  run([]() -> Task<> {
    const auto chosen = co_await Adapter::get_default().as_result();
    expect_no_bluetooth(chosen);
    Scanner scanner;
    const auto scan = co_await scanner.start().as_result();
    expect_no_bluetooth(scan);
    EXPECT_FALSE(scanner.is_scanning());
    Client client("C0:FF:EE:00:00:01");
    const auto connected = co_await client.connect().as_result();
    expect_no_bluetooth(connected);
    const auto unpaired = co_await client.unpair().as_result();
    expect_no_bluetooth(unpaired);
  });
}

}  // namespace
