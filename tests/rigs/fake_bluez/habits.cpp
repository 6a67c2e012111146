#include "habits.hpp"

#include <array>

namespace blau::fake {

namespace {

struct Version {
  std::string_view name;
  int minor;
};
constexpr std::array versions{Version{"5.66", 66}, Version{"5.82", 82}, Version{"5.87", 87}};

}  // namespace

std::optional<Habits> Habits::of(std::string_view version, bool experimental) {
  int minor = 0;
  for (const Version& known : versions)
    if (known.name == version) minor = known.minor;
  if (minor == 0) return std::nullopt;
  Habits habits;
  habits.version = version;
  habits.experimental = experimental;
  habits.monitors = experimental;
  habits.handle_property = minor >= 69;
  habits.transport_is_no_filter = minor >= 82;
  habits.power_state = minor >= 73 || experimental;
  habits.replies_before_down = minor <= 78;
  habits.hides_claimed_services = minor <= 79;
  habits.acquire_needs_notify = minor <= 79;
  habits.second_connect_in_progress = minor >= 81;
  habits.tells_reasons = minor >= 83;
  habits.tells_missing_keys = minor >= 83;
  habits.failed_pairing_disconnects = minor >= 83;
  habits.acquire_error_unanswered = minor <= 83;
  habits.dies_of_uuid_filter = minor >= 87;
  return habits;
}

Pace::Pace(double scale) noexcept {
  const auto scaled = [scale](double milliseconds) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(milliseconds * scale * 1e6));
  };
  disconnect = scaled(2000);
  absent = scaled(42000);
  temporary = scaled(30000);
  supervision = scaled(420);
  transaction = scaled(30000);
  security_manager = scaled(30000);
  agent = scaled(60000);
  discovery_command = scaled(10);
  power_command = scaled(20);
}

}  // namespace blau::fake
