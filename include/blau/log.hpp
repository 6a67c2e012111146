#pragma once

#include <blau/export.hpp>

#include <functional>
#include <string_view>

namespace blau {

/// How much a line of the log matters.
enum class LogLevel {
  error,    ///< something failed and nobody else may hear of it
  warning,  ///< something is odd and was dealt with
  info,     ///< links, scans, adapters
  debug,    ///< every request and answer
};

/// Takes a line of the log. Called on any thread, one call at a time; must not call the library.
using LogSink = std::function<void(LogLevel level, std::string_view component, std::string_view message)>;

/// Where the log goes from now on; an empty function: nowhere, as it is at the start.
///
/// If no sink was set and the environment variable `BLAU_LOG` holds a level (`error`, `warning`, `info`, `debug`), lines up to that level go to standard error.
/// Any thread.
BLAU_API void set_log_sink(LogSink sink, LogLevel most_detailed = LogLevel::debug);

/// `error` and so on.
[[nodiscard]] BLAU_API std::string_view to_string(LogLevel level) noexcept;

}  // namespace blau
