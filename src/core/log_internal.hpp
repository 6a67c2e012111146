#pragma once

#include <blau/log.hpp>

#include <exception>
#include <string_view>

namespace blau::detail {

/// True if somebody listens at this level: ask before building a costly message.
[[nodiscard]] bool log_enabled(LogLevel level) noexcept;
void log(LogLevel level, std::string_view component, std::string_view message) noexcept;
/// What was thrown, with what was going on.
void log_exception(std::string_view what, const std::exception_ptr& exception) noexcept;

}  // namespace blau::detail
