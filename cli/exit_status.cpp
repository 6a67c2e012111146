#include "exit_status.hpp"

#include "output.hpp"

namespace blau::cli {

ExitStatus exit_status(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::invalid_argument: return ExitStatus::usage;
    case ErrorCode::device_not_found:
    case ErrorCode::attribute_not_found: return ExitStatus::not_found;
    case ErrorCode::timed_out:
    case ErrorCode::pairing_timed_out: return ExitStatus::timed_out;
    case ErrorCode::bluetooth_not_available:
    case ErrorCode::access_denied:
    case ErrorCode::backend_lost: return ExitStatus::no_bluetooth;
    default: return ExitStatus::failed;
  }
}

std::string describe(const Error& error) {
  std::string message = error.what();
  const bool wants_advice = error.code() == ErrorCode::timed_out && message.find("--") == std::string::npos;
  if (wants_advice) message += "; give it longer with --timeout";
  const bool says_it = error.native().empty() || message.find(error.native()) != std::string::npos;
  return says_it ? message : message + " [" + error.native() + "]";
}

ExitStatus report(const std::exception_ptr& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (const OutputClosed&) {
    return ExitStatus::done;  // as `blau scan | head -1` should
  } catch (const Error& error) {
    complain(describe(error));
    return exit_status(error);
  } catch (const std::exception& error) {
    complain(error.what());
  } catch (...) {
    complain("something unknown went wrong");
  }
  return ExitStatus::failed;
}

}  // namespace blau::cli
