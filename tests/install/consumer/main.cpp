// A program of somebody else's: uses library and simulator through what was installed.
#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <iostream>

blau::Task<int> read_level(std::string address) {
  blau::Client client{address};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(blau::assigned::battery_level);
  co_await client.disconnect();
  co_return value.at(0);
}

/// Names each backend that this build should hold: what is missing throws.
void name_backends() {
  (void)blau::backend_from("sim");
#ifdef __linux__
  (void)blau::backend_from("bluez");
#endif
}

#ifdef CONSUMER_ASIO
bool is_read_by_asio(int level);  // asio.cpp
#endif

int main() {
  name_backends();
  try {
    (void)blau::Address("no address");
    return 1;
  } catch (const blau::Error& error) {  // thrown inside the library, caught here: one type on both sides
    if (error.code() != blau::ErrorCode::invalid_argument) return 1;
  }
  auto world = blau::sim::World::default_world();
  const int level = world.run(read_level("C0:FF:EE:00:00:01"));
#ifdef CONSUMER_ASIO
  if (!is_read_by_asio(level)) return 1;
#endif
  std::cout << level << " %\n";
  return level == 87 ? 0 : 1;
}
