#include "retry_budget.hpp"

namespace blau::detail {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_attempts = 4;
constexpr unsigned most_transient = 9;

// A fault that the system names comes from its own book-keeping, which needs longer to settle than the air does.
Duration short_pause(const Error& failure) noexcept {
  const bool of_system = !failure.native().empty() || failure.code() == ErrorCode::timed_out;
  return of_system ? 250ms : 100ms;
}

}  // namespace

std::optional<Duration> RetryBudget::pause_after(const Error& failure, backend::Retry retry) noexcept {
  if (retry == backend::Retry::never) return std::nullopt;
  const bool transient = retry == backend::Retry::transient;
  if (++(transient ? transient_ : attempts_) >= (transient ? most_transient : most_attempts)) return std::nullopt;
  if (retry == backend::Retry::out_of_slots || retry == backend::Retry::vanished) return 4s;
  return short_pause(failure);
}

}  // namespace blau::detail
