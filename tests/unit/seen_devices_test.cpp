// What a scanner remembers of what it heard, and for how long.

#include "core/seen_devices.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace blau::detail {
namespace {

using namespace std::chrono_literals;

class SeenDevicesTest : public testing::Test {
 protected:
  void hear(std::uint64_t address, std::chrono::seconds at, std::int16_t rssi = -50) {
    AdvertisementData data;
    data.rssi = rssi;
    seen_.note(Device(Address(address)), data, TimePoint(at), forget_after_);
  }
  [[nodiscard]] std::vector<std::uint64_t> listed() const {
    std::vector<std::uint64_t> addresses;
    for (const auto& seen : seen_.list()) addresses.push_back(seen.device.address().number());
    return addresses;
  }

  Duration forget_after_ = 60s;
  SeenDevices seen_;
};

TEST_F(SeenDevicesTest, ListsEachOnceInOrderOfFirstSighting) {
  hear(1, 0s);
  hear(2, 1s);
  hear(1, 2s, -40);
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(seen_.list()[0].data.rssi, -40);
}

TEST_F(SeenDevicesTest, DropsWhoWasSilentForLonger) {
  hear(1, 0s);
  hear(2, 1s);
  hear(3, 60s);
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{1, 2, 3})) << "not longer";
  hear(3, 61s);
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{2, 3}));
  hear(3, 200s);
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{3}));
}

TEST_F(SeenDevicesTest, KeepsWhoWasHeardAgain) {
  hear(1, 0s);
  hear(2, 1s);
  hear(1, 50s);
  hear(3, 100s);
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{1, 3})) << "and its place";
}

TEST_F(SeenDevicesTest, WhoComesBackIsNew) {
  hear(1, 0s);
  hear(2, 50s);
  hear(2, 100s);
  hear(1, 101s);
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{2, 1}));
}

TEST_F(SeenDevicesTest, ForgetsNobodyWhereNobodyIsToBeForgotten) {
  forget_after_ = 0s;
  hear(1, 0s);
  hear(2, std::chrono::seconds(1000h));
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(SeenDevicesTest, TheSystemsIdentifierTellsThemApart) {
  AdvertisementData data;
  seen_.note(Device(Address(1), std::nullopt, "a"), data, TimePoint(0s), forget_after_);
  seen_.note(Device(Address(1), std::nullopt, "b"), data, TimePoint(0s), forget_after_);
  seen_.note(Device(Address(2), std::nullopt, "a"), data, TimePoint(100s), forget_after_);
  ASSERT_EQ(seen_.list().size(), 1U);
  EXPECT_EQ(seen_.list()[0].device.address().number(), 2U) << "the same device by another address";
}

TEST_F(SeenDevicesTest, TheClearedBeginsAnew) {
  hear(1, 0s);
  seen_.clear();
  EXPECT_TRUE(listed().empty());
  hear(1, 1s);
  EXPECT_EQ(listed(), (std::vector<std::uint64_t>{1}));
}

}  // namespace
}  // namespace blau::detail
