// 11. Your application, tested without a radio, in virtual time. `count_beats` is the function of 4_count_beats.cpp, unchanged.
#include <gtest/gtest.h>
#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include "4_count_beats.hpp"
using namespace std::chrono_literals;

TEST(CountBeats, CountsForThirtySeconds) {
  blau::sim::World world;
  auto& strap = world.add_peripheral({.address = "C0:FF:EE:00:00:01", .name = "Strap"});
  auto& rate = strap.add_service(0x180d).add_characteristic({.uuid = 0x2a37, .properties = blau::Property::notify});
  rate.notify_every(1s, [] { return blau::bytes(0, 64); });
  strap.drop_link_after(90s);
  EXPECT_EQ(world.run(count_beats("C0:FF:EE:00:00:01")), 30);  // takes a millisecond
}
