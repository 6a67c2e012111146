#pragma once

#include <chrono>
#include <string>

namespace blau::cli {

/// `2026-03-01T12:00:00.123456Z`
[[nodiscard]] std::string utc_time(std::chrono::system_clock::time_point time);
/// `13:00:00.123`, in the time zone of this machine.
[[nodiscard]] std::string local_time_of_day(std::chrono::system_clock::time_point time);

}  // namespace blau::cli
