#include "scanner.hpp"

#include "errors.hpp"
#include "interfaces.hpp"
#include "system.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace blau::detail::bluez {

namespace {

using namespace std::chrono_literals;

// The kernel goes on with the discovery of a bluetoothd that was killed, up to 10.24 s, and the next bluetoothd is refused meanwhile.
constexpr Duration first_pause = 500ms;
constexpr Duration longest_pause = 8s;

}  // namespace

void Scan::finish_start(const Result<void>& result) {
  auto done = std::move(starting);
  starting.reset();
  running = result.has_value();
  if (done && events) done(result);
}

DiscoveryFilter Discovery::merged() const {
  std::vector<DiscoveryFilter> filters;
  for (const auto& scan : scans_) filters.push_back(scan->filter);
  return merge(filters);
}

/// An answer counts only for the attempt that asked, and while the whole is there.
Bus::ReplyHandler Discovery::guarded(void (Discovery::*next)(const Reply&), void (Discovery::*in_vain)()) {
  return [self = weak_from_this(), pin = pin_, next, in_vain, generation = generation_](const Reply& reply) {
    const auto whole = pin.lock();
    const auto discovery = self.lock();
    if (!whole || !discovery) return;
    if (discovery->generation_ == generation) return (discovery.get()->*next)(reply);
    if (in_vain && reply.ok()) (discovery.get()->*in_vain)();
  };
}

void Discovery::set_filter(Bus::ReplyHandler handler) {
  sent_ = merged();
  Message call = daemon_.new_call(adapter_, adapter_interface, "SetDiscoveryFilter");
  append_filter(call, sent_);
  daemon_.call(std::move(call), std::move(handler));
}

void Discovery::add(const std::shared_ptr<Scan>& scan) {
  scans_.push_back(scan);
  if (state_ == State::idle) return begin();
  if (state_ != State::running) return;  // answered with those who wait already
  update_filter();
  scan->finish_start(Result<void>());
}

void Discovery::begin() {
  state_ = State::starting;
  ++generation_;
  next_pause_ = first_pause;
  start_filtered();
}

/// The filter lasts until the adapter is switched off; who knows what happened meanwhile.
void Discovery::start_filtered() {
  is_filtered_ = false;
  set_filter([self = weak_from_this(), pin = pin_, generation = generation_](const Reply& reply) {
    const auto whole = pin.lock();
    const auto discovery = self.lock();
    if (!whole || !discovery || discovery->generation_ != generation) return;
    if (!reply.ok()) return discovery->started(reply);
    discovery->is_filtered_ = true;
    discovery->start();
  });
}

void Discovery::start() {
  daemon_.call(adapter_, adapter_interface, "StartDiscovery",
               guarded(&Discovery::started, &Discovery::started_in_vain));
}

/// BlueZ has carried out after a power-on what it was asked before it. Where there is a new attempt, that one clears it away.
void Discovery::started_in_vain() {
  if (state_ == State::idle) daemon_.send(daemon_.new_call(adapter_, adapter_interface, "StopDiscovery"));
}

void Discovery::start_again_later() {
  pause_.start_after(daemon_.loop(), std::exchange(next_pause_, next_pause_ * 2),
                     [self = weak_from_this(), pin = pin_] {
                       const auto whole = pin.lock();
                       const auto discovery = self.lock();
                       if (whole && discovery) discovery->clear();
                     });
}

// What is in progress may be this program's own: a StartDiscovery that BlueZ took before the adapter was switched off, carried out after it was on
// again, and answered when the answer did not count any more.
void Discovery::clear() { daemon_.call(adapter_, adapter_interface, "StopDiscovery", guarded(&Discovery::cleared)); }

void Discovery::cleared(const Reply&) {
  if (scans_.empty()) return stopped();
  is_filtered_ ? start() : start_filtered();
}

void Discovery::started(const Reply& reply) {
  if (reply.error_name() == "org.bluez.Error.InProgress" && !scans_.empty() && next_pause_ <= longest_pause)
    return start_again_later();
  if (!reply.ok()) {
    state_ = State::idle;
    return end(to_error(Request::scan, reply.error_name(), reply.error_text()));
  }
  state_ = State::running;
  if (scans_.empty()) return stop();
  update_filter();
  settle_starts(Result<void>());
  report();
}

void Discovery::settle_starts(const Result<void>& result) {
  const auto scans = scans_;
  for (const auto& scan : scans)
    if (scan->starting) scan->finish_start(result);
}

/// Who joins or leaves may change what the session has to let through.
void Discovery::update_filter() {
  if (state_ == State::running && !scans_.empty() && merged() != sent_) set_filter([](const Reply&) {});
}

void Discovery::remove(const std::shared_ptr<Scan>& scan, backend::Done<void> done) {
  std::erase(scans_, scan);
  scan->running = false;
  if (!scans_.empty() || state_ == State::idle) {
    update_filter();
    return done(Result<void>());
  }
  stopping_.push_back(std::move(done));
  if (state_ == State::running) return stop();
  // Between two attempts there is nothing to be stopped.
  if (state_ == State::starting && pause_.running()) stopped();
}

void Discovery::stop() {
  state_ = State::stopping;
  fresh_.clear();
  // Whatever BlueZ says, the discovery is over: it may have stopped by itself, or lost its adapter.
  daemon_.call(adapter_, adapter_interface, "StopDiscovery",
               [self = weak_from_this(), pin = pin_, generation = generation_](const Reply&) {
                 const auto whole = pin.lock();
                 const auto discovery = self.lock();
                 if (whole && discovery && discovery->generation_ == generation) discovery->stopped();
               });
}

void Discovery::stopped() {
  state_ = State::idle;
  pause_.stop();
  auto done = std::move(stopping_);
  stopping_.clear();
  if (!scans_.empty()) begin();
  for (auto& call : done) call(Result<void>());
}

void Discovery::end(const Error& error) {
  const auto self = shared_from_this();
  state_ = State::idle;
  pause_.stop();
  ++generation_;
  fresh_.clear();
  // Who is told may stop any of them, and start it anew.
  std::vector<std::pair<std::shared_ptr<Scan>, unsigned>> ended;
  for (auto& scan : std::exchange(scans_, {})) ended.emplace_back(scan, scan->attempt);
  for (auto& done : std::exchange(stopping_, {})) done(Result<void>());
  for (const auto& [scan, attempt] : ended) {
    if (scan->attempt != attempt) continue;
    if (scan->starting)
      scan->finish_start(error);
    else if (std::exchange(scan->running, false) && scan->events)
      scan->events->on_scan_ended(error);
  }
}

void Discovery::heard(const DeviceObject& device) {
  if (state_ != State::running && state_ != State::starting) return;
  if (std::find(fresh_.begin(), fresh_.end(), &device) == fresh_.end()) fresh_.push_back(&device);
  if (std::exchange(report_due_, true)) return;
  // Advertisement and scan response often come as two signals of one turn.
  daemon_.loop().post([self = weak_from_this(), pin = pin_] {
    const auto whole = pin.lock();
    const auto discovery = self.lock();
    if (!whole || !discovery) return;
    discovery->report_due_ = false;
    discovery->report();
  });
}

void Discovery::forget(const DeviceObject& device) noexcept { std::erase(fresh_, &device); }

bool Discovery::holds(const std::shared_ptr<Scan>& scan) const noexcept {
  return std::find(scans_.begin(), scans_.end(), scan) != scans_.end();
}

void Discovery::report() {
  if (state_ != State::running) return;
  const auto self = shared_from_this();
  const auto fresh = std::exchange(fresh_, {});
  const auto scans = scans_;
  for (const DeviceObject* device : fresh)
    for (const auto& scan : scans)
      if (scan->running && scan->events && passes(scan->filter, *device))
        scan->events->on_advertisement(device->identity, device->advertised);
}

Discoveries::Discoveries(Daemon& daemon, Adapters& adapters) : daemon_(daemon), adapters_(adapters) {
  daemon.add_observer(*this);
  daemon.objects().add_observer(*this);
}

Discoveries::~Discoveries() {
  for (const auto& [path, discovery] : discoveries_) discovery->retire();
}

void Discoveries::start(const std::shared_ptr<Scan>& scan, const backend::ScanRequest& request) {
  daemon_.when_ready(
      [self = weak_self(), scan, attempt = scan->attempt, adapter = request.adapter](const Result<void>& ready) {
        const auto discoveries = self.lock();
        if (!discoveries || !scan->starting || scan->attempt != attempt) return;
        if (!ready) return scan->finish_start(ready.error());
        discoveries->start_on(scan, adapter);
      });
}

void Discoveries::start_on(const std::shared_ptr<Scan>& scan, const std::string& adapter) {
  const auto chosen = adapters_.choose(adapter);
  if (!chosen) return scan->finish_start(chosen.error());
  auto& discovery = discoveries_[(*chosen)->path];
  if (!discovery)
    discovery =
        std::make_shared<Discovery>(daemon_, std::shared_ptr<Daemon>(weak_self().lock(), &daemon_), (*chosen)->path);
  discovery->add(scan);
}

void Discoveries::stop(const std::shared_ptr<Scan>& scan, backend::Done<void> done) {
  for (const auto& [path, discovery] : discoveries_)
    if (discovery->holds(scan)) return discovery->remove(scan, std::move(done));
  done(Result<void>());
}

std::shared_ptr<Discovery> Discoveries::of_adapter(std::string_view path) const {
  const auto found = discoveries_.find(path);
  return found == discoveries_.end() ? nullptr : found->second;
}

void Discoveries::adapter_changed(const AdapterObject& adapter) {
  const auto discovery = of_adapter(adapter.path);
  if (!discovery || adapter.powered) return;
  discovery->end(unavailable_error(*unusable(adapter), std::string(adapter_id(adapter.path))));
}

void Discoveries::adapter_removed(const AdapterObject& adapter) {
  if (const auto discovery = of_adapter(adapter.path))
    discovery->end(unavailable_error(UnavailableReason::no_adapter, std::string(adapter_id(adapter.path))));
}

void Discoveries::device_changed(const DeviceObject& device, DeviceChange change) {
  if (!is_sighting(device, change)) return;
  const auto parsed = parse_path(device.path);
  if (!parsed) return;
  if (const auto discovery = of_adapter(parsed->adapter)) discovery->heard(device);
}

void Discoveries::device_removed(const DeviceObject& device) {
  for (const auto& [path, discovery] : discoveries_) discovery->forget(device);
}

void Discoveries::daemon_lost(const std::string& native) {
  const auto discoveries = discoveries_;
  for (const auto& [path, discovery] : discoveries) discovery->end(lost_error(native));
}

Scanner::Scanner(std::weak_ptr<System> system, backend::ScannerEvents& events)
    : system_(std::move(system)), scan_(std::make_shared<Scan>()) {
  scan_->events = &events;
}

Scanner::~Scanner() {
  scan_->events = nullptr;
  scan_->starting.reset();
  if (const auto system = system_.lock()) stop(*system, scan_, [](const Result<void>&) {});
}

void Scanner::stop(System& system, const std::shared_ptr<Scan>& scan, backend::Done<void> done) {
  if (system.monitors.holds(scan)) return system.monitors.stop(scan, std::move(done));
  system.discoveries.stop(scan, std::move(done));
}

void Scanner::start(const backend::ScanRequest& request, backend::Done<void> done) {
  const auto system = system_.lock();
  if (!system) return done(lost_error());
  scan_->starting = std::move(done);
  ++scan_->attempt;
  // By value: the port may be destroyed inside.
  const auto scan = scan_;
  auto filter = filter_of(request.bluez);
  if (!filter) return scan->finish_start(filter.error());
  scan->filter = *std::move(filter);
  if (request.mode == ScanMode::passive) return system->monitors.start(scan, request);
  system->discoveries.start(scan, request);
}

void Scanner::stop(backend::Done<void> done) {
  const auto system = system_.lock();
  if (!system) return done(Result<void>());
  const auto scan = scan_;
  scan->finish_start(Error(ErrorCode::canceled, "the scan was stopped before it began"));
  // The port may be destroyed inside, which has stopped the scan; and the answer of `stop` is for a port that lives.
  if (!scan->events) return;
  auto guarded = [scan, done = std::move(done)](const Result<void>& result) mutable {
    if (scan->events) done(result);
  };
  stop(*system, scan, std::move(guarded));
}

}  // namespace blau::detail::bluez
