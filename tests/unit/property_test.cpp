// Names of a characteristic's properties.

#include <blau/gatt.hpp>

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace blau {
namespace {

using Names = std::vector<std::string_view>;

TEST(Properties, HaveTheirNames) {
  EXPECT_EQ(property_names(Property::none), Names());
  EXPECT_EQ(property_names(Property::notify | Property::read), (Names{"read", "notify"}));
  EXPECT_EQ(property_names(static_cast<Property>(0xffff)),
            (Names{"broadcast", "read", "write_without_response", "write", "notify", "indicate",
                   "authenticated_signed_writes", "extended_properties", "reliable_write", "writable_auxiliaries"}));
}

}  // namespace
}  // namespace blau
