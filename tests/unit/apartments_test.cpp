// blau/winrt.hpp on a thread that nothing has put into an apartment: the same on every system.

#include <blau/winrt.hpp>

#include <gtest/gtest.h>

namespace {

TEST(Apartments, NothingIsInTheWayOnAPlainThread) {
  EXPECT_NO_THROW(blau::assert_mta());
  EXPECT_NO_THROW(blau::uninitialize_sta());
  EXPECT_NO_THROW(blau::assert_pumped().get());
}

}  // namespace
