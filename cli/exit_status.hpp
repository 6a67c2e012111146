#pragma once

#include <blau/error.hpp>

#include <exception>
#include <string>

namespace blau::cli {

/// What the program ends with; part of its interface.
enum class ExitStatus : int {
  done = 0,
  failed = 1,
  usage = 2,      ///< the command line is wrong
  not_found = 3,  ///< no such device or attribute
  timed_out = 4,
  no_bluetooth = 5,   ///< no service, no adapter, switched off, or not allowed
  interrupted = 130,  ///< by SIGINT or SIGTERM
};

/// The status that an error ends the program with.
[[nodiscard]] ExitStatus exit_status(const Error& error) noexcept;

/// What to say about an error, on one line: its message, and the system's own code where it adds something.
[[nodiscard]] std::string describe(const Error& error);

/// Says what went wrong on standard error and gives the status to end with.
[[nodiscard]] ExitStatus report(const std::exception_ptr& failure) noexcept;

}  // namespace blau::cli
