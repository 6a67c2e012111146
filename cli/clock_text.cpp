#include "clock_text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace blau::cli {
namespace {

struct Split {
  std::time_t seconds;
  long microseconds;
};

Split split(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(time - whole);
  return {std::chrono::system_clock::to_time_t(whole), static_cast<long>(rest.count())};
}

std::tm parts_of(std::time_t seconds, bool local) {
  std::tm parts{};
#ifdef _WIN32
  local ? localtime_s(&parts, &seconds) : gmtime_s(&parts, &seconds);
#else
  local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts);
#endif
  return parts;
}

}  // namespace

std::string utc_time(std::chrono::system_clock::time_point time) {
  const auto [seconds, microseconds] = split(time);
  const auto parts = parts_of(seconds, false);
  std::array<char, 24> day{};
  std::array<char, 48> text{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data(), text.size(), "%s.%06ldZ", day.data(), microseconds);
  return text.data();
}

std::string local_time_of_day(std::chrono::system_clock::time_point time) {
  const auto [seconds, microseconds] = split(time);
  const auto parts = parts_of(seconds, true);
  std::array<char, 16> clock{};
  std::array<char, 48> text{};
  std::strftime(clock.data(), clock.size(), "%H:%M:%S", &parts);
  std::snprintf(text.data(), text.size(), "%s.%03ld", clock.data(), microseconds / 1000);
  return text.data();
}

}  // namespace blau::cli
