// What a client does after a try that failed: once more, or no more.

#include "client_core.hpp"

#include "log_internal.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace blau::detail {
namespace {

using namespace std::chrono_literals;

// So long is listened for a device that the system has forgotten.
constexpr Duration reappearance_patience = 4s;

}  // namespace

Error ClientCore::told_with_attempts(const Error& error) const {
  const auto attempts = attempts_.load();
  const auto& last = attempt_->failure;
  std::string more = attempts > 1 ? std::to_string(attempts) + " attempts" : "";
  if (last && std::string_view(last->what()) != error.what())
    more.append(more.empty() ? "" : "; ").append("the last failure: ").append(last->what());
  if (more.empty()) return error;
  const std::string message = std::string(error.what()) + " (" + more + ")";
  if (error.code() == ErrorCode::bluetooth_not_available) return {error.unavailable_reason(), message, error.native()};
  return {error.code(), message, error.native().empty() && last ? last->native() : error.native()};
}

void ClientCore::try_failed(const Error& error, backend::Retry retry) {
  attempt_->failure = error;
  const auto pause = attempt_->budget.pause_after(error, retry);
  if (!pause || ends_before(*pause, retry)) return fail_attempt(told_with_attempts(error));
  log(LogLevel::info, "client", std::string("connect is tried again: ") + error.what());
  attempt_->number = ++attempt_number_;  // answers of this try do not count any more
  attempt_->discovery_limit.stop();
  attempt_->pairing_limit.stop();
  attempt_->device_pairs = attempt_->waits_for_pairing = false;
  attempt_->retry = retry;
  attempt_->pause = pause;
  suspend_subscriptions();
  if (link_ == Link::down) return continue_attempt();
  release_link();
}

/// Whether the deadline comes before the next try would: then waiting is of no use.
bool ClientCore::ends_before(Duration pause, backend::Retry retry) const {
  if (!attempt_->limit.running() || retry == backend::Retry::vanished) return false;
  return attempt_->limit.when() <= loop_->now() + pause;
}

/// No link is there, or none any more.
void ClientCore::continue_attempt() {
  if (!attempt_->pause) return begin_attempt();
  if (attempt_->pausing.running()) return;
  if (attempt_->retry == backend::Retry::vanished) return await_reappearance();
  attempt_->pausing.start_after(*loop_, *attempt_->pause, [this] { try_link(); });
}

void ClientCore::await_reappearance() {
  attempt_->pausing.start_after(*loop_, reappearance_patience,
                                [this] { fail_attempt(told_with_attempts(*attempt_->failure)); });
  scan_for_device();
}

void ClientCore::fail_attempt(const Error& error) {
  const auto attempt = std::move(attempt_);
  const bool of_policy = !attempt->done;
  attempt->done(error);
  suspend_subscriptions();
  if (of_policy)
    reconnect_failed(error);
  else
    end_reconnect(error);
  release_link();
}

void ClientCore::abort_attempt() noexcept {
  attempt_.reset();
  suspend_subscriptions();
  end_reconnect(Error(ErrorCode::canceled, "connect was taken back"));
  release_link();
}

}  // namespace blau::detail
