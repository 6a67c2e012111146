#include "monitors.hpp"

#include "errors.hpp"
#include "interfaces.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail::bluez {

namespace {

// bluetoothd sizes the kernel's command in eight bits (adv_monitor.c, merged_pattern_send_add_pattern): the eighth pattern of one monitor overruns its memory.
constexpr std::size_t most_in_one_monitor = 7;
// A kernel has 32 monitors for all programs together (HCI_MAX_ADV_MONITOR_NUM_HANDLES); a scan gets half of them.
constexpr std::size_t most_patterns = 16 * most_in_one_monitor;

Error no_monitors() {
  return {ErrorCode::not_supported,
          "this bluetoothd offers no passive scans: start it with -E (--experimental), 5.56 or newer, on Linux 5.10 or "
          "newer; or use ScanMode::active"};
}

Result<void> check_for_passive(const BlueZScanOptions& options) {
  const std::size_t count = options.or_patterns.size();
  if (count == 0)
    return Error(ErrorCode::invalid_argument,
                 "BlueZ scans passively only for given bytes: fill bluez.or_patterns, or use ScanMode::active");
  if (count > most_patterns)
    return Error(ErrorCode::invalid_argument, "a passive scan takes at most " + std::to_string(most_patterns) +
                                                  " or-patterns, not " + std::to_string(count));
  if (options.discoverable)
    return Error(ErrorCode::invalid_argument, "bluez.discoverable belongs to active scans: leave it out");
  return {};
}

/// What bluetoothd says where there is no such interface, in the words of its versions.
bool says_no_interface(std::string_view error) noexcept {
  return error == SD_BUS_ERROR_INVALID_ARGS || error == SD_BUS_ERROR_UNKNOWN_INTERFACE ||
         error == SD_BUS_ERROR_UNKNOWN_METHOD;
}

bool contains(Reader& reader, std::string_view wanted) {
  bool found = false;
  if (!reader.enter_variant("as")) return reader.skip("v"), false;
  reader.each_text('s', [&](std::string_view text) { found |= text == wanted; });
  reader.leave();
  return found;
}

}  // namespace

Monitor::Monitor(Daemon& daemon, std::weak_ptr<Daemon> pin, std::string adapter, std::string path,
                 std::vector<OrPattern> patterns, std::shared_ptr<Scan> scan)
    : daemon_(daemon),
      pin_(std::move(pin)),
      adapter_(std::move(adapter)),
      path_(std::move(path)),
      patterns_(std::move(patterns)),
      scan_(std::move(scan)) {}

std::size_t Monitor::count() const noexcept {
  return (patterns_.size() + most_in_one_monitor - 1) / most_in_one_monitor;
}

std::string Monitor::object_path(std::size_t number) const { return path_ + '/' + std::to_string(number); }

/// An answer counts only while the scan goes on.
Bus::ReplyHandler Monitor::guarded(void (Monitor::*next)(const Reply&)) {
  return [self = weak_from_this(), pin = pin_, next](const Reply& reply) {
    const auto whole = pin.lock();
    const auto monitor = self.lock();
    if (whole && monitor && !monitor->ended()) (monitor.get()->*next)(reply);
  };
}

/// Asked each time: bluetoothd does not signal when it has learnt what the controller can do.
void Monitor::begin() {
  Message call = daemon_.new_call(adapter_, properties_interface, "GetAll");
  call.append("s", monitor_manager_interface);
  daemon_.call(std::move(call), guarded(&Monitor::asked));
}

void Monitor::asked(const Reply& reply) {
  bool takes_patterns = false;
  if (reply.ok())
    read_manager(reply.message(), takes_patterns);
  else if (!says_no_interface(reply.error_name()))
    return end(to_error(Request::scan, reply.error_name(), reply.error_text()));
  if (!takes_patterns) return end(no_monitors());
  enlist();
}

void Monitor::read_manager(const Message& reply, bool& takes_patterns) {
  Reader reader(reply);
  reader.each_property([&](std::string_view name) {
    if (name == "SupportedMonitorTypes") return takes_patterns = contains(reader, "or_patterns"), true;
    if (name == "SupportedFeatures") return offloaded_ = contains(reader, "controller-patterns"), true;
    return false;
  });
}

void Monitor::enlist() {
  state_ = State::registering;
  serve();
  Message call = daemon_.new_call(adapter_, monitor_manager_interface, "RegisterMonitor");
  call.append("o", path_.c_str());
  daemon_.call(std::move(call), guarded(&Monitor::registered));
}

void Monitor::serve() {
  objects_.push_back(daemon_.serve(path_, object_manager_interface, [self = weak_from_this()](const Message& call) {
    const auto monitor = self.lock();
    if (!monitor) return;
    Message reply = Message::reply_to(call);
    if (reply) monitor->append_objects(reply);
    monitor->daemon_.send(std::move(reply));
  }));
  for (std::size_t i = 0; i < count(); ++i)
    objects_.push_back(
        daemon_.serve(object_path(i), monitor_interface, [self = weak_from_this(), i](const Message& call) {
          if (const auto monitor = self.lock()) monitor->called(i, call);
        }));
}

void Monitor::append_objects(Message& reply) const {
  reply.open('a', "{oa{sa{sv}}}");
  for (std::size_t i = 0; i < count(); ++i) {
    reply.open('e', "oa{sa{sv}}").append("o", object_path(i).c_str()).open('a', "{sa{sv}}");
    reply.open('e', "sa{sv}").append("s", monitor_interface).open('a', "{sv}");
    reply.append("{sv}", "Type", "s", "or_patterns");
    reply.open('e', "sv").append("s", "Patterns").open('v', "a(yyay)");
    append_patterns(reply, i);
    reply.close().close().close().close().close().close();
  }
  reply.close();
}

/// Those of one object.
void Monitor::append_patterns(Message& reply, std::size_t number) const {
  const std::size_t first = number * most_in_one_monitor;
  reply.open('a', "(yyay)");
  for (std::size_t i = first; i < std::min(first + most_in_one_monitor, patterns_.size()); ++i) {
    const OrPattern& pattern = patterns_[i];
    reply.open('r', "yyay");
    reply.append("yy", static_cast<int>(pattern.offset), static_cast<int>(pattern.ad_type));
    reply.append_bytes(pattern.content).close();
  }
  reply.close();
}

void Monitor::registered(const Reply& reply) {
  if (!reply.ok()) {
    if (says_no_interface(reply.error_name())) return end(no_monitors());
    return end(to_error(Request::scan, reply.error_name(), reply.error_text()));
  }
  answered_ = true;
  begin_if_ready();
}

void Monitor::called(std::size_t number, const Message& call) {
  daemon_.send(Message::reply_to(call));
  if (ended() || released_) return;
  const std::string_view member = call.member();
  if (member == "Release") return released();
  if (member == "Activate") {
    active_.insert(number);
    return begin_if_ready();
  }
  Reader reader(call);
  const std::string_view device = reader.object_path();
  if (member == "DeviceFound") found(device);
  if (member == "DeviceLost")
    if (const auto lost = found_.find(device); lost != found_.end()) found_.erase(lost);
}

void Monitor::begin_if_ready() {
  if (state_ != State::registering || released_ || !answered_ || active_.size() < count()) return;
  state_ = State::running;
  const auto self = shared_from_this();
  scan_->finish_start(Result<void>());
  report();
}

/// The kernel did not take the patterns, or has thrown them away; or the adapter went. bluetoothd tells the latter after this, but before its answer to another question.
void Monitor::released() {
  released_ = true;
  fresh_.clear();
  Message call = daemon_.new_call(adapter_, properties_interface, "Get");
  call.append("ss", adapter_interface, "Powered");
  daemon_.call(std::move(call), [self = weak_from_this(), pin = pin_](const Reply&) {
    const auto whole = pin.lock();
    const auto monitor = self.lock();
    if (!whole || !monitor || monitor->ended()) return;
    monitor->end(
        monitor->state_ == State::running
            ? Error(ErrorCode::failed,
                    "the kernel has thrown the or-patterns of this scan away: start it again, or use "
                    "ScanMode::active")
            : Error(ErrorCode::failed,
                    "the kernel did not take the or-patterns: it must be Linux 5.10 or newer, and has room for "
                    "32 monitors of all programs; use fewer patterns, or ScanMode::active"));
  });
}

void Monitor::found(std::string_view path) {
  if (offloaded_) found_.emplace(path);
  heard(path);
}

void Monitor::device_changed(const DeviceObject& device) {
  if (found_.count(device.path) != 0) heard(device.path);
}

void Monitor::heard(std::string_view path) {
  if (released_) return;
  if (std::find(fresh_.begin(), fresh_.end(), path) == fresh_.end()) fresh_.emplace_back(path);
  if (std::exchange(report_due_, true)) return;
  // The change of a device and DeviceFound, and what several monitors say of it, come in one turn.
  daemon_.loop().post([self = weak_from_this(), pin = pin_] {
    const auto whole = pin.lock();
    const auto monitor = self.lock();
    if (!whole || !monitor) return;
    monitor->report_due_ = false;
    monitor->report();
  });
}

void Monitor::report() {
  if (state_ != State::running) return;
  const auto self = shared_from_this();
  for (const std::string& path : std::exchange(fresh_, {})) {
    const DeviceObject* device = daemon_.objects().device(path);
    const bool goes_on = state_ == State::running && scan_->running && scan_->events;
    if (goes_on && device && device->has_address() && passes(scan_->filter, *device))
      scan_->events->on_advertisement(device->identity, device->advertised);
  }
}

void Monitor::withdraw(backend::Done<void> done) {
  const bool is_known = state_ == State::registering || state_ == State::running;
  state_ = State::ended;
  scan_->running = false;
  // Until bluetoothd has answered it calls Release.
  auto objects = std::move(objects_);
  objects_.clear();
  if (!is_known || !daemon_.ready()) return done(Result<void>());
  Message call = daemon_.new_call(adapter_, monitor_manager_interface, "UnregisterMonitor");
  call.append("o", path_.c_str());
  daemon_.call(std::move(call),
               [objects = std::move(objects), done = std::move(done), pin = pin_](const Reply&) mutable {
                 const auto whole = pin.lock();
                 objects.clear();
                 if (whole) done(Result<void>());
               });
}

void Monitor::end(const Error& error) {
  if (ended()) return;
  const auto self = shared_from_this();
  const bool was_running = scan_->running;
  withdraw([](const Result<void>&) {});
  if (scan_->starting) return scan_->finish_start(error);
  if (was_running && scan_->events) scan_->events->on_scan_ended(error);
}

Monitors::Monitors(Daemon& daemon, Adapters& adapters) : daemon_(daemon), adapters_(adapters) {
  daemon.add_observer(*this);
  daemon.objects().add_observer(*this);
}

void Monitors::start(const std::shared_ptr<Scan>& scan, const backend::ScanRequest& request) {
  if (const auto valid = check_for_passive(request.bluez); !valid) return scan->finish_start(valid.error());
  daemon_.when_ready([self = weak_self(), scan, attempt = scan->attempt, adapter = request.adapter,
                      patterns = request.bluez.or_patterns](const Result<void>& ready) {
    const auto monitors = self.lock();
    if (!monitors || !scan->starting || scan->attempt != attempt) return;
    if (!ready) return scan->finish_start(ready.error());
    monitors->start_on(scan, adapter, patterns);
  });
}

void Monitors::start_on(const std::shared_ptr<Scan>& scan, const std::string& adapter,
                        std::vector<OrPattern> patterns) {
  const auto chosen = adapters_.choose(adapter);
  if (!chosen) return scan->finish_start(chosen.error());
  forget_ended();
  const auto pin = std::shared_ptr<Daemon>(weak_self().lock(), &daemon_);
  const auto monitor = std::make_shared<Monitor>(
      daemon_, pin, (*chosen)->path, "/blau/monitors/" + std::to_string(++last_), std::move(patterns), scan);
  monitors_.push_back(monitor);
  monitor->begin();
}

void Monitors::forget_ended() noexcept {
  std::erase_if(monitors_, [](const auto& monitor) { return monitor->ended(); });
}

bool Monitors::holds(const std::shared_ptr<Scan>& scan) const noexcept {
  return std::any_of(monitors_.begin(), monitors_.end(), [&](const auto& monitor) { return monitor->is_for(scan); });
}

void Monitors::stop(const std::shared_ptr<Scan>& scan, backend::Done<void> done) {
  const auto found =
      std::find_if(monitors_.begin(), monitors_.end(), [&](const auto& monitor) { return monitor->is_for(scan); });
  if (found == monitors_.end()) return done(Result<void>());
  const auto monitor = *found;
  monitors_.erase(found);
  monitor->withdraw(std::move(done));
}

/// Who is told may stop any of them, and start others.
void Monitors::end_on(const std::string& adapter, const Error& error) {
  const auto monitors = monitors_;
  for (const auto& monitor : monitors)
    if (monitor->adapter() == adapter) monitor->end(error);
}

void Monitors::adapter_changed(const AdapterObject& adapter) {
  if (adapter.powered) return;
  end_on(adapter.path, unavailable_error(*unusable(adapter), std::string(adapter_id(adapter.path))));
}

void Monitors::adapter_removed(const AdapterObject& adapter) {
  end_on(adapter.path, unavailable_error(UnavailableReason::no_adapter, std::string(adapter_id(adapter.path))));
}

void Monitors::device_changed(const DeviceObject& device, DeviceChange change) {
  if (monitors_.empty() || !is_sighting(device, change)) return;
  for (const auto& monitor : monitors_) monitor->device_changed(device);
}

void Monitors::device_removed(const DeviceObject& device) {
  for (const auto& monitor : monitors_) monitor->forget(device);
}

void Monitors::daemon_lost(const std::string& native) {
  const auto monitors = monitors_;
  for (const auto& monitor : monitors) monitor->end(lost_error(native));
}

}  // namespace blau::detail::bluez
