// What the contract says of a failed attempt to connect.

#include <blau/backend.hpp>

#include <utility>

namespace blau::backend {

Retry retry_of(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::connection_failed: return Retry::transient;
    case ErrorCode::busy:
    case ErrorCode::timed_out:
    case ErrorCode::failed: return Retry::again;
    case ErrorCode::too_many_connections: return Retry::out_of_slots;
    case ErrorCode::device_not_found: return Retry::vanished;
    default: return Retry::never;
  }
}

ConnectResult::ConnectResult(Error error) : ConnectResult(Result<void>(std::move(error))) {}

ConnectResult::ConnectResult(Error error, Retry retry) : Result<void>(std::move(error)), retry_(retry) {}

ConnectResult::ConnectResult(Result<void> result)
    : Result<void>(std::move(result)), retry_(has_value() ? Retry::never : retry_of(this->error())) {}

}  // namespace blau::backend
