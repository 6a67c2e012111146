#include "input.hpp"

#include "../../src/backend/sim/attribute_server.hpp"
#include "../../src/backend/sim/core.hpp"
#include "../../src/backend/sim/world_file.hpp"

#include <blau/advertisement.hpp>
#include <blau/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "../../src/core/text.hpp"

/// Any text as a world file: a world that can be built, or an error with a line that the text has.

namespace {

using namespace blau::sim::detail;

using blau::fuzz::require;

void check_error(const blau::Error& error, std::string_view text) {
  const std::string_view message = error.what();
  require(error.code() == blau::ErrorCode::invalid_argument && message.starts_with("w:"));
  require(blau::detail::to_valid_utf8(message) == message);
  const std::size_t lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  const std::size_t line = std::strtoul(message.data() + 2, nullptr, 10);
  require(line >= 1 && line <= lines);
}

/// What the file says can be done, too: each fault finds what it names.
void begin(const WorldSpec& world) {
  if (world.bluez_faults) return;
  try {
    std::make_shared<WorldCore>(world.seed, false)->fill(world);
  } catch (const blau::Error& error) {
    require(error.code() == blau::ErrorCode::invalid_argument);  // an adapter's address that another thing has
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto world = parse_world(text, "w");
  if (!world) {
    check_error(world.error(), text);
    return 0;
  }
  for (const PeripheralSpec& peripheral : world->peripherals) {
    require(build_table(peripheral).has_value());
    const AdvertisingBytes sent = advertising_bytes(peripheral);
    require(sent.data.size() <= max_advertising_size && sent.scan_response.size() <= max_advertising_size);
  }
  begin(*world);
  return 0;
}
