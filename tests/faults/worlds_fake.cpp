// Worlds on the imitated bluetoothd, in real time.

#include "support.hpp"
#include "worlds.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace blau::faults {

namespace {

std::chrono::steady_clock::time_point begun;

/// The daemon forgets every device, and begins another world.
void load(json request) {
  try {
    arm({{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "remove"}});
  } catch (const std::runtime_error&) {
    // A case that failed may have left it out.
  }
  arm({{"fault", "adapter"}, {"adapter", "hci0"}, {"action", "add"}});
  request["command"] = "load";
  begun = std::chrono::steady_clock::now();  // a little before: what is to come at a time does not come earlier
  (void)tell(request);
}

/// Back to the world of all other cases.
struct Restored {
  ~Restored() { load({{"world", BLAU_CONFORMANCE_WORLD}}); }
};

}  // namespace

void play(const std::string& world, Task<> (*body)()) {
  const Restored restored;
  load({{"text", world}, {"name", "world"}});
  blau::run(body(), RunOptions{.limit = 2min});
}

std::chrono::nanoseconds elapsed() { return std::chrono::steady_clock::now() - begun; }

namespace {

// What only a bluetoothd can have, in a file.

const std::string tag_only = R"({"blau_world": 1, "peripherals": [{"address": "C4:B1:A1:00:00:01", "services": [
    {"uuid": "fff0", "characteristics": [{"uuid": "fff1", "properties": ["read"], "value": "2a"}]}]}], "bluez_faults": [)";

Task<> read_twice() {
  Client client{"C4:B1:A1:00:00:01"};
  co_await client.connect();
  const auto refused = co_await client.read_gatt_char(Uuid{0xfff1}).as_result();
  expect_error(refused, ErrorCode::failed);
  const auto read = co_await client.read_gatt_char(Uuid{0xfff1});
  EXPECT_EQ(read, bytes(0x2a));
  co_await client.disconnect();
}

TEST(WorldsOfBluetoothd, ItsFaultsAreArmedWithTheWorld) {
  play(tag_only + R"({"fault": "reply", "method": "ReadValue", "error": "org.bluez.Error.Failed"}]})", &read_twice);
}

TEST(WorldsOfBluetoothd, WrongFaultsAreRefusedWithTheirPlace) {
  const Restored restored;
  try {
    load({{"text",
           tag_only +
               R"({"fault": "name", "lost_ms": 5}, {"fault": "reply", "method": "ReedValue", "never": true}]})"}});
    FAIL() << "the world was taken";
  } catch (const std::runtime_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("bluez_faults[1].method: bluetoothd has no method of this name"),
              std::string::npos)
        << refused.what();
  }
}

}  // namespace
}  // namespace blau::faults
