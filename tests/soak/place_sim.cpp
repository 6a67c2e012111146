#include "place_sim.hpp"

#include <blau/blau.hpp>

namespace blau::soak {

using namespace std::chrono_literals;

Task<> SimPlace::trouble(std::uint64_t choice) {
  auto& peripheral = *world_.peripherals().at(choice / 8 % 2);
  const std::chrono::milliseconds length(choice / 16 % 1500);
  switch (choice % 8) {
    case 0:
    case 1: peripheral.drop_link(); break;
    case 2: peripheral.vanish(); break;
    case 3: peripheral.stall(); break;
    case 4: peripheral.refuse_connections(true); break;
    case 5: world_.adapter().set_powered(false); break;
    case 6: world_.adapter().unplug(); break;
    default: peripheral.characteristic(0x2a38).set_read_error(AttError::unlikely_error); break;
  }
  co_await sleep_for(length);
  co_await calm();
}

Task<> SimPlace::calm() {
  world_.adapter().plug_in();
  world_.adapter().set_powered(true);
  for (auto* peripheral : world_.peripherals()) {
    peripheral->resume();
    peripheral->appear();
    peripheral->refuse_connections(false);
  }
  for (auto* peripheral : {world_.peripherals().at(0), world_.peripherals().at(1)}) {
    peripheral->characteristic(0x2a38).set_read_error(std::nullopt);
    // The simulator keeps what was written, for tests.
    peripheral->characteristic(0x2a39).clear_writes();
  }
  co_return;
}

Task<> SimPlace::settle() { co_await sleep_for(2s); }

}  // namespace blau::soak
