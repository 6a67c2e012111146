// 1. Who is near?
#include <blau/blau.hpp>
#include <iostream>
using namespace std::chrono_literals;

blau::Task<> who_is_near() {
  for (const auto& [device, advertisement] : co_await blau::Scanner::discover(5s))
    std::cout << device.address() << ' ' << advertisement.rssi << " dBm " << device.name().value_or("(no name)")
              << '\n';
}
int main() { blau::run(who_is_near()); }
