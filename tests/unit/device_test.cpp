#include <blau/device.hpp>

#include <gtest/gtest.h>

#include <type_traits>

namespace {

using blau::Address;
using blau::AddressType;
using blau::Device;

static_assert(!std::is_convertible_v<Address, Device>);
static_assert(std::is_nothrow_default_constructible_v<Device> && std::is_copy_constructible_v<Device>);

TEST(Device, KnowsWhatItWasGiven) {
  const Device device(Address("C4:11:22:33:44:55"), "Strap", "/org/bluez/hci0/dev_C4", "hci0");
  EXPECT_EQ(device.address(), Address("C4:11:22:33:44:55"));
  EXPECT_EQ(device.name(), "Strap");
  EXPECT_EQ(device.id(), "/org/bluez/hci0/dev_C4");
  EXPECT_EQ(device.adapter(), "hci0");
}

TEST(Device, NeedsNoMoreThanAnAddress) {
  const Device device{Address("C4:11:22:33:44:55")};
  EXPECT_EQ(device.name(), std::nullopt);
  EXPECT_TRUE(device.id().empty());
  EXPECT_TRUE(device.adapter().empty());
}

TEST(Device, IsItsAddressOnItsAdapter) {
  const Address address("C4:11:22:33:44:55");
  const Device device(address, "Strap", "a", "hci0");
  EXPECT_EQ(device, Device(address, std::nullopt, "b", "hci0"));
  EXPECT_NE(device, Device(address, "Strap", "a", "hci1"));
  EXPECT_NE(device, Device(Address("C4:11:22:33:44:56"), "Strap", "a", "hci0"));
  EXPECT_NE(Device(Address(1, AddressType::random)), Device(Address(1, AddressType::public_)));
  EXPECT_EQ(Device(Address(1, AddressType::random)), Device(Address(1)));
}

}  // namespace
