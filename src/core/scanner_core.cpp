#include "scanner_core.hpp"

#include "backends.hpp"

#include <blau/event_loop.hpp>

#include <algorithm>
#include <utility>

namespace blau::detail {

ScannerCore::ScannerCore(ScannerOptions options)
    : loop_(options.loop ? options.loop->loop() : Loop::current_or_background()), options_(std::move(options)) {}

/// One a scan: what an earlier scan heard is not delivered any more.
void ScannerCore::make_coroutine_callback() {
  if (!options_.on_detection.is_coroutine()) return;
  std::erase_if(retired_callbacks_, [](const auto& queue) { return queue->idle(); });
  if (coroutine_callback_ && !coroutine_callback_->idle()) retired_callbacks_.push_back(coroutine_callback_);
  auto begin = [callback = options_.on_detection](const Advertisement& seen) mutable {
    return callback.begin(seen.device, seen.data);
  };
  coroutine_callback_ = std::make_shared<CallbackQueue<Advertisement>>(*loop_, StreamOptions(), std::move(begin));
}

ScannerCore::~ScannerCore() = default;

void ScannerCore::start(Completer<void> done) {
  if (dead_) return done(Error(ErrorCode::canceled, "the scanner was destroyed"));
  if (state_ == State::scanning) return done(Result<void>());
  if (!backend_) backend_ = resolve_backend(*loop_, options_.backend);
  if (!std::exchange(joined_, true)) join(*loop_);
  const bool stop_comes_first = !stoppers_.empty() && state_ != State::stopping;
  (stop_comes_first ? restarters_ : starters_).push_back(std::move(done));
  if (state_ == State::interrupted) begin_instead();
  if (state_ == State::idle) begin();  // else when the start or the stop that is under way has ended
}

void ScannerCore::begin() {
  state_ = State::starting;
  silences_ = 0;
  ended_by_.reset();
  make_coroutine_callback();
  {
    const std::lock_guard lock(mutex_);
    seen_.clear();
  }
  if (!port_) port_ = backend_->make_scanner(*this);
  port_->start(request(), [weak = weak_from_this()](const Result<void>& result) {
    if (const auto self = weak.lock()) self->started(result);
  });
}

backend::ScanRequest ScannerCore::request() const {
  backend::ScanRequest request;
  request.adapter = options_.adapter;
  request.mode = options_.mode;
  request.service_uuids = options_.service_uuids;
  request.bluez = options_.bluez;
  request.winrt = options_.winrt;
  return request;
}

void ScannerCore::started(const Result<void>& result) {
  if (state_ != State::starting) return;
  state_ = result ? State::scanning : State::idle;
  scanning_ = result.has_value();
  if (result)
    watch_for_silence();
  else
    end_streams(result.error());
  const bool wanted = std::any_of(starters_.begin(), starters_.end(), [](const auto& done) { return done.pending(); });
  answer_starters(result);
  if (result && !wanted && stoppers_.empty()) return stop(Completer<void>());  // every start was taken back
  stop_for_stoppers();
}

void ScannerCore::answer_starters(const Result<void>& result) {
  for (auto& done : std::exchange(starters_, {})) done(result);
}

/// What was asked for while a start was under way, in its order: stops, and starts after them.
void ScannerCore::stop_for_stoppers() {
  auto stoppers = std::exchange(stoppers_, {});
  auto restarters = std::exchange(restarters_, {});
  for (auto& done : stoppers) stop(std::move(done));
  for (auto& done : restarters) starters_.push_back(std::move(done));
  if (state_ == State::idle && !starters_.empty()) begin();  // else when it has stopped
}

void ScannerCore::stop(Completer<void> done) {
  if (state_ == State::interrupted) end_interruption();
  if (state_ == State::idle) return done(Result<void>());
  const Error overtaken(ErrorCode::canceled, "the scan was stopped before it began");
  if (state_ == State::stopping) answer_starters(overtaken);
  for (auto& restarter : std::exchange(restarters_, {})) restarter(overtaken);
  stoppers_.push_back(std::move(done));
  if (state_ != State::scanning) return;
  state_ = State::stopping;
  silence_.stop();
  scanning_ = false;
  end_streams(std::nullopt);
  if (coroutine_callback_) coroutine_callback_->stop();
  port_->stop([weak = weak_from_this()](const Result<void>&) {
    if (const auto self = weak.lock()) self->stopped();
  });
}

void ScannerCore::await_end(Completer<void> done) {
  if (state_ != State::scanning) return done(ended_by_ ? Result<void>(*ended_by_) : Result<void>());
  end_waiters_.push_back(std::move(done));
}

void ScannerCore::stopped() {
  if (state_ != State::stopping) return;
  state_ = State::idle;
  for (auto& done : std::exchange(stoppers_, {})) done(Result<void>());
  std::erase_if(starters_, [](const auto& done) { return !done.pending(); });
  if (!starters_.empty()) begin();
}

void ScannerCore::on_scan_ended(const Error& error) {
  if (state_ != State::scanning) return;
  scanning_ = false;
  silence_.stop();
  if (options_.resume && waits_for_adapter(error, options_.adapter)) return interrupted(error);
  ended_for_good(error);
}

void ScannerCore::end_streams(const std::optional<Error>& reason) {
  ended_by_ = reason;
  for (const auto& weak : std::exchange(channels_, {}))
    if (const auto channel = weak.lock()) channel->end(reason);
  for (auto& waiter : std::exchange(end_waiters_, {})) waiter(reason ? Result<void>(*reason) : Result<void>());
}

void ScannerCore::shut_down() noexcept {
  if (std::exchange(dead_, true)) return;
  const auto self = shared_from_this();
  leave();
  const Error canceled(ErrorCode::canceled, "the scanner was destroyed");
  answer_starters(canceled);
  for (auto* waiting : {&stoppers_, &restarters_})
    for (auto& done : std::exchange(*waiting, {})) done(canceled);
  end_streams(std::nullopt);
  if (coroutine_callback_) coroutine_callback_->destroy();
  for (const auto& queue : std::exchange(retired_callbacks_, {})) queue->destroy();
  state_ = State::idle;
  scanning_ = false;
  silence_.stop();
  adapter_return_.reset();
  const auto port = std::move(port_);
  backend_.reset();
}

Stream<Advertisement> ScannerCore::advertisements(const StreamOptions& options) {
  auto channel = std::make_shared<Channel<Advertisement>>(loop_, options);
  loop_->run_and_wait([&] {
    if (dead_) return channel->end(std::nullopt);
    std::erase_if(channels_, [](const auto& weak) { return weak.expired(); });
    channels_.push_back(channel);
  });
  return Stream<Advertisement>(std::move(channel));
}

void ScannerCore::set_filters(std::optional<SignalStrengthFilter> signal_strength,
                              std::optional<AdvertisementFilter> advertisement) {
  if (signal_strength) options_.winrt.signal_strength_filter = std::move(signal_strength);
  if (advertisement) options_.winrt.advertisement_filter = std::move(advertisement);
}

bool ScannerCore::passes(const AdvertisementData& data) const {
  const auto& wanted = options_.service_uuids;
  if (wanted.empty()) return true;
  return std::any_of(wanted.begin(), wanted.end(), [&data](const Uuid& uuid) {
    return std::find(data.service_uuids.begin(), data.service_uuids.end(), uuid) != data.service_uuids.end();
  });
}

void ScannerCore::on_advertisement(const Device& device, const AdvertisementData& data) {
  if (state_ != State::scanning && state_ != State::starting && state_ != State::resuming) return;
  heard_at_ = loop_->now();
  if (!passes(data)) return;
  remember(device, data);
  tell(device, data);
}

void ScannerCore::remember(const Device& device, const AdvertisementData& data) {
  // A system that scans passively may tell of a device once, and then of its changes.
  const bool tells_each = options_.mode == ScanMode::active;
  const auto forget_after = tells_each ? options_.forget_after : std::chrono::nanoseconds::zero();
  const std::lock_guard lock(mutex_);
  seen_.note(device, data, heard_at_, forget_after);
}

void ScannerCore::tell(const Device& device, const AdvertisementData& data) {
  for (std::size_t i = 0; i < channels_.size(); ++i)
    if (const auto channel = channels_[i].lock()) channel->push({device, data});
  if (coroutine_callback_) return coroutine_callback_->push({device, data});
  if (!options_.on_detection) return;
  const auto self = shared_from_this();  // the callback may destroy the scanner
  try {
    options_.on_detection.call(device, data);
  } catch (...) {
    loop_->unhandled(std::current_exception());  // not through the backend
  }
}

std::vector<Advertisement> ScannerCore::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_.list();
}

}  // namespace blau::detail
