#include "scanner.hpp"

#include "adapter.hpp"
#include "scan_watcher.hpp"
#include "sightings.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace blau::detail::windows {

using ::winrt::Windows::Devices::Bluetooth::BluetoothError;

namespace {

// Windows tells nobody when a watcher has started: five seconds of looks, each after twice the time.
constexpr Duration first_pause = std::chrono::milliseconds(10);
constexpr int most_looks = 9;
// It says that it stops, and may never say that it has.
constexpr Duration patience_with_stop = std::chrono::seconds(5);

/// One scan from its start to its end; a new one has a new object. The system's closures keep it, so its end may come after its port's.
class Scan : public std::enable_shared_from_this<Scan> {
 public:
  using Status = ScanWatcher::Status;

  Scan(System& system, backend::ScannerEvents& events) : system_(system), events_(&events) {}

  void start(const backend::ScanRequest& request, backend::Done<void> done);
  void stop(backend::Done<void> done);
  /// The port goes.
  void abandon() noexcept;

 private:
  enum class State { choosing, launching, settling, running, over };

  void launch(const backend::ScanRequest& request, const Result<backend::AdapterState>& adapter);
  [[nodiscard]] ScanWatcher::Handlers handlers();
  void launched(const Result<Status>& status);
  void judge(Status status);
  void look_later();
  void look();
  void started();
  void refused(const Error& error);

  void heard(Heard heard);
  void stopped(BluetoothError why);
  /// It ended without having been asked to.
  void broke_off(const Error& error);
  void tell_end(const Error& error);

  void halt();
  void halted();
  void forget() noexcept;

  System& system_;
  backend::ScannerEvents* events_;  // null: the port is gone
  State state_ = State::choosing;
  bool wanted_ = true;            // nobody stopped it
  bool stop_told_ = false;        // Windows has said that the watcher stands
  backend::Done<void> starting_;  // not yet answered
  backend::Done<void> stopping_;  // not yet answered
  std::vector<Uuid> services_;    // of the advertisement filter
  bool has_signal_filter_ = false;
  std::optional<Sightings> sightings_;
  std::shared_ptr<ScanWatcher> watcher_ = std::make_shared<ScanWatcher>();
  Timer pause_;
  int looks_ = 0;
};

void Scan::start(const backend::ScanRequest& request, backend::Done<void> done) {
  starting_ = std::move(done);
  if (request.winrt.advertisement_filter) services_ = request.winrt.advertisement_filter->service_uuids;
  has_signal_filter_ = request.winrt.signal_strength_filter.has_value();
  choose_adapter(system_, request.adapter,
                 [self = shared_from_this(), request](const Result<backend::AdapterState>& adapter) {
                   self->launch(request, adapter);
                 });
}

void Scan::launch(const backend::ScanRequest& request, const Result<backend::AdapterState>& adapter) {
  if (!wanted_) return halted();
  if (!adapter) return refused(adapter.error());
  state_ = State::launching;
  sightings_.emplace(adapter->id);
  auto begin = [watcher = watcher_, orders = ScanWatcher::Orders{request.mode, request.winrt}, handlers = handlers()] {
    return watcher->start(orders, handlers);
  };
  system_.call<Status>(std::move(begin),
                       [self = shared_from_this()](const Result<Status>& status) { self->launched(status); });
}

ScanWatcher::Handlers Scan::handlers() {
  auto on_heard = [weak = weak_from_this(), handle = system_.handle()](Heard heard) {
    handle.post([weak, heard = std::move(heard)]() mutable {
      if (const auto self = weak.lock()) self->heard(std::move(heard));
    });
  };
  auto on_stopped = [weak = weak_from_this(), handle = system_.handle()](BluetoothError why) {
    handle.post([weak, why] {
      if (const auto self = weak.lock()) self->stopped(why);
    });
  };
  return {std::move(on_heard), std::move(on_stopped)};
}

void Scan::launched(const Result<Status>& status) {
  if (state_ == State::over) return;
  if (!wanted_) return halt();
  if (status) return judge(*status);
  const auto error = unavailable(status.error());
  if (error.code() != ErrorCode::invalid_argument || !has_signal_filter_) return refused(error);
  refused({ErrorCode::invalid_argument,
           "Windows does not take the signal strength filter: -127 to 20 dBm, a time-out of 1 to 60 s",
           error.native()});
}

void Scan::judge(Status status) {
  if (state_ == State::running || state_ == State::over) return;
  state_ = State::settling;
  switch (status) {
    case Status::Created: return look_later();
    case Status::Started: return started();
    case Status::Aborted: return broke_off({ErrorCode::failed, "Windows broke the scan off; try again", "Aborted"});
    default: return broke_off({ErrorCode::failed, "Windows ended the scan at once; try again", "Stopped"});
  }
}

void Scan::look_later() {
  if (++looks_ > most_looks)
    return broke_off({ErrorCode::failed, "Windows did not start the scan; switch Bluetooth off and on", "Created"});
  pause_.start_after(system_.loop(), first_pause * (1 << (looks_ - 1)), [self = shared_from_this()] { self->look(); });
}

void Scan::look() {
  system_.call<Status>([watcher = watcher_] { return watcher->status(); },
                       [self = shared_from_this()](const Result<Status>& status) {
                         if (!self->wanted_ || self->state_ != State::settling) return;
                         status ? self->judge(*status) : self->broke_off(status.error());
                       });
}

void Scan::started() {
  state_ = State::running;
  pause_.stop();
  if (auto starting = std::exchange(starting_, nullptr)) starting(Result<void>());
}

void Scan::refused(const Error& error) {
  state_ = State::over;
  if (auto starting = std::exchange(starting_, nullptr)) starting(error);
}

void Scan::heard(Heard heard) {
  if (!wanted_ || (state_ != State::running && state_ != State::settling)) return;
  if (state_ == State::settling) started();
  if (!wanted_ || !events_) return;
  const auto& [device, data] = sightings_->hear(std::move(heard));
  const auto has = [&own = data.service_uuids](const Uuid& wanted) {
    return std::find(own.begin(), own.end(), wanted) != own.end();
  };
  if (std::all_of(services_.begin(), services_.end(), has)) events_->on_advertisement(device, data);
}

void Scan::stopped(BluetoothError why) {
  stop_told_ = true;
  if (state_ == State::over) return;
  if (!wanted_) {
    if (pause_.running()) halted();  // else the answer to the stop itself is still to come
    return;
  }
  const auto result = result_of(why);
  broke_off(result ? Error(ErrorCode::failed, "Windows ended the scan; begin it again", "BluetoothError::Success")
                   : unavailable(result.error()));
}

// The adapter itself tells more: off, or gone.
void Scan::broke_off(const Error& error) {
  state_ = State::over;
  pause_.stop();
  forget();
  choose_adapter(system_, std::string(),
                 [self = shared_from_this(), error](const Result<backend::AdapterState>& adapter) {
                   const bool denied = error.code() == ErrorCode::bluetooth_not_available &&
                                       error.unavailable_reason() == UnavailableReason::denied;
                   self->tell_end(adapter || denied ? error : adapter.error());
                 });
}

void Scan::tell_end(const Error& error) {
  if (!wanted_ || !events_) return;
  if (auto starting = std::exchange(starting_, nullptr)) return starting(error);
  events_->on_scan_ended(error);
}

void Scan::stop(backend::Done<void> done) {
  const auto self = shared_from_this();
  if (!std::exchange(wanted_, false)) return done(Result<void>());
  stopping_ = std::move(done);
  pause_.stop();
  if (auto starting = std::exchange(starting_, nullptr))
    starting(Error(ErrorCode::canceled, "the scan was stopped before it began"));
  if (state_ == State::over) return halted();
  if (state_ == State::settling || state_ == State::running) halt();
}

void Scan::halt() {
  system_.call<Status>([watcher = watcher_] { return watcher->stop(); },
                       [self = shared_from_this()](const Result<Status>& status) {
                         if (!status || *status != Status::Stopping || self->stop_told_) return self->halted();
                         self->pause_.start_after(self->system_.loop(), patience_with_stop, [self] { self->halted(); });
                       });
}

void Scan::halted() {
  state_ = State::over;
  pause_.stop();
  forget();
  if (auto stopping = std::exchange(stopping_, nullptr)) stopping(Result<void>());
}

void Scan::forget() noexcept {
  system_.apartment().run([watcher = watcher_] { watcher->forget(); });
}

void Scan::abandon() noexcept {
  events_ = nullptr;
  wanted_ = false;
  starting_.reset();
  stopping_.reset();
  pause_.stop();
  if (std::exchange(state_, State::over) == State::over) return;
  // After a launch that is under way: the apartment does one thing after the other.
  system_.apartment().run([watcher = watcher_] { watcher->stop(); });
  forget();
}

class Scanner final : public backend::ScannerPort {
 public:
  Scanner(std::shared_ptr<System> system, backend::ScannerEvents& events)
      : system_(std::move(system)), events_(events) {}
  ~Scanner() override {
    if (scan_) scan_->abandon();
  }

  void start(const backend::ScanRequest& request, backend::Done<void> done) override {
    if (scan_) scan_->abandon();
    scan_ = std::make_shared<Scan>(*system_, events_);
    scan_->start(request, std::move(done));
  }
  void stop(backend::Done<void> done) override {
    if (!scan_) return done(Result<void>());
    scan_->stop(std::move(done));
  }

 private:
  std::shared_ptr<System> system_;
  backend::ScannerEvents& events_;
  std::shared_ptr<Scan> scan_;
};

}  // namespace

std::unique_ptr<backend::ScannerPort> make_scanner(const std::shared_ptr<System>& system,
                                                   backend::ScannerEvents& events) {
  return std::make_unique<Scanner>(system, events);
}

}  // namespace blau::detail::windows
