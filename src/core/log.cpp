#include "log_internal.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>

namespace blau {
namespace detail {
namespace {

constexpr std::array<std::string_view, 4> names{"error", "warning", "info", "debug"};

std::optional<LogLevel> level_of_environment() {
  const char* wanted = std::getenv("BLAU_LOG");
  if (!wanted) return std::nullopt;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == wanted) return static_cast<LogLevel>(i);
  return LogLevel::info;  // set, but to no level: somebody wants to see something
}

void write_to_standard_error(LogLevel level, std::string_view component, std::string_view message) {
  std::string line("blau ");
  line.append(to_string(level)).append(" [").append(component).append("] ").append(message).append("\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

struct Log {
  Log() {
    const auto level = level_of_environment();
    if (!level) return;
    sink = &write_to_standard_error;
    threshold = static_cast<int>(*level);
  }
  std::mutex mutex;
  LogSink sink;
  std::atomic<int> threshold{-1};
};

// Never destroyed: the background loop may write while the process ends.
Log& the_log() {
  static Log& log = *new Log;
  return log;
}

}  // namespace

bool log_enabled(LogLevel level) noexcept { return static_cast<int>(level) <= the_log().threshold.load(); }

void log(LogLevel level, std::string_view component, std::string_view message) noexcept {
  if (!log_enabled(level)) return;
  auto& log = the_log();
  try {
    const std::lock_guard lock(log.mutex);
    if (log.sink) log.sink(level, component, message);
  } catch (...) {  // NOLINT: a sink that throws has nowhere to tell it
  }
}

void log_exception(std::string_view what, const std::exception_ptr& exception) noexcept {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    try {
      log(LogLevel::error, "loop", std::string(what) + ": " + error.what());
    } catch (...) {
      log(LogLevel::error, "loop", what);
    }
  } catch (...) {
    log(LogLevel::error, "loop", what);
  }
}

}  // namespace detail

void set_log_sink(LogSink sink, LogLevel most_detailed) {
  auto& log = detail::the_log();
  const std::lock_guard lock(log.mutex);
  log.threshold = sink ? static_cast<int>(most_detailed) : -1;
  log.sink.swap(sink);  // the old one ends after the lock
}

std::string_view to_string(LogLevel level) noexcept {
  const auto index = static_cast<std::size_t>(level);
  return index < detail::names.size() ? detail::names[index] : "unknown";
}

}  // namespace blau
