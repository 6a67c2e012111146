// A scan that goes on: after the adapter was off, after bluetoothd ended, after a silence.

#include "connect_turns.hpp"
#include "log_internal.hpp"
#include "scanner_core.hpp"

#include <string>
#include <utility>

namespace blau::detail {

namespace {

/// What a start that nobody asked for may be tried again after.
bool may_pass(const Error& error, const std::string& adapter) noexcept {
  return waits_for_adapter(error, adapter) || error.code() == ErrorCode::busy || error.code() == ErrorCode::failed;
}

}  // namespace

void ScannerCore::interrupted(const Error& error) {
  state_ = State::interrupted;
  scanning_ = false;
  log(LogLevel::warning, "scanner", std::string("interrupted, waits to resume: ") + error.what());
  adapter_return_ = std::make_unique<AdapterReturn>(*loop_, backend_, options_.adapter, [this] { resume(); });
  tell_interrupted(error);
}

/// Who waits for advertisements goes on waiting.
void ScannerCore::begin_instead() noexcept {
  adapter_return_.reset();
  if (coroutine_callback_) coroutine_callback_->stop();
  state_ = State::idle;
}

void ScannerCore::end_interruption() noexcept {
  begin_instead();
  end_streams(std::nullopt);
}

void ScannerCore::resume() {
  adapter_return_.reset();
  state_ = State::resuming;
  port_->start(request(), [weak = weak_from_this()](const Result<void>& result) {
    const auto self = weak.lock();
    if (self && self->state_ == State::resuming) self->resumed(result);
  });
}

void ScannerCore::resumed(const Result<void>& result) {
  state_ = State::scanning;
  if (!result) {
    if (starters_.empty() && options_.resume && may_pass(result.error(), options_.adapter)) {
      interrupted(result.error());
    } else {
      tell_interrupted(result.error());  // nobody asked for this start: without it callbacks would only fall silent
      ended_for_good(result.error());
    }
  } else {
    scanning_ = true;
    watch_for_silence();
  }
  answer_starters(state_ == State::scanning ? Result<void>() : result);
  stop_for_stoppers();
}

void ScannerCore::ended_for_good(const Error& error) {
  state_ = State::idle;
  scanning_ = false;
  end_streams(error);
}

void ScannerCore::tell_interrupted(const Error& error) {
  if (!options_.on_interrupted) return;
  loop_->post([weak = weak_from_this(), error] {
    const auto self = weak.lock();
    if (!self || self->dead_) return;
    const auto callback = self->options_.on_interrupted;
    callback(error);
  });
}

/// Systems lose scans without a word. Passive ones are silent wherever nothing changes, so only active ones are watched.
void ScannerCore::watch_for_silence() {
  if (options_.mode != ScanMode::active || options_.silence_limit <= Duration::zero()) return;
  heard_at_ = loop_->now();
  silence_.start_after(*loop_, options_.silence_limit, [this] { silent(); });
}

void ScannerCore::silent() {
  const auto limit = std::chrono::duration_cast<Clock::duration>(options_.silence_limit);
  const auto due = heard_at_ + limit;
  if (due > loop_->now()) {
    silences_ = 0;
    return silence_.start_at(*loop_, due, [this] { silent(); });
  }
  // A new scan would disturb a connect that is under way; but one to a device that is far away may be so for ever.
  if (loop_->now() < due + limit && ConnectTurns::in_use(*loop_, backend_))
    return silence_.start_after(*loop_, ConnectTurns::longest_turn, [this] { silent(); });
  if (++silences_ > 1) {
    const Error error(ErrorCode::timed_out,
                      "the scan hears nothing although it was begun anew; is the adapter in order?");
    log(LogLevel::warning, "scanner", error.what());
    tell_interrupted(error);
  }
  renew();
}

void ScannerCore::renew() {
  log(LogLevel::info, "scanner", "nothing was heard for long: the scan is begun anew");
  state_ = State::renewing;
  port_->stop([weak = weak_from_this()](const Result<void>&) {
    const auto self = weak.lock();
    if (self && self->state_ == State::renewing) self->resume();
  });
}

}  // namespace blau::detail
