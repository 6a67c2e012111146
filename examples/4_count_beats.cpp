// 4. Notifications by callback. The whole program is single-threaded: `beats` needs no lock.
#include "4_count_beats.hpp"

#include <blau/blau.hpp>
#include <iostream>
using namespace std::chrono_literals;

blau::Task<int> count_beats(std::string address) {
  int beats = 0;
  blau::ClientOptions options;
  options.on_disconnected = [](const blau::Disconnection& d) { std::cout << "gone: " << d.reason << '\n'; };
  blau::Client client{address, options};  // an address: scans first
  co_await client.connect();
  auto on_value = [&beats](const blau::Characteristic&, blau::ByteView) { ++beats; };
  co_await client.start_notify(blau::assigned::heart_rate_measurement, on_value);
  co_await blau::sleep_for(30s);
  co_await client.stop_notify(blau::assigned::heart_rate_measurement);
  co_return beats;
}
