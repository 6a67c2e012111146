#pragma once

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>

#include <optional>

namespace blau::detail {

/// How often one `connect` tries: four real attempts and, counted apart since several in a row are common, nine transient errors. The deadline is not its business.
class RetryBudget {
 public:
  /// Counts a failure. @return how long to wait before the next attempt; absent: it was the last one
  [[nodiscard]] std::optional<Duration> pause_after(const Error& failure, backend::Retry retry) noexcept;

 private:
  unsigned attempts_ = 0;
  unsigned transient_ = 0;
};

}  // namespace blau::detail
