// The public face of a scanner, and the one-line helpers.

#include <blau/scanner.hpp>

#include "hex.hpp"
#include "scanner_core.hpp"

#include <blau/event_loop.hpp>

#include <utility>

namespace blau {

using detail::Completer;
using detail::make_operation;
using detail::ScannerCore;

namespace {

/// @throws Error `invalid_argument` that names the pattern
void check_pattern(const OrPattern& pattern) {
  constexpr std::size_t longest = 31;  // bluetoothd's BT_AD_MAX_DATA_LEN
  const std::size_t size = pattern.content.size();
  if (size != 0 && pattern.offset + size <= longest) return;
  std::string text = "the or-pattern of AD type 0x";
  detail::append_hex(text, pattern.ad_type);
  text += " at offset " + std::to_string(pattern.offset);
  text += size == 0 || size > longest
              ? " must hold 1 to 31 bytes, not " + std::to_string(size)
              : " reaches to byte " + std::to_string(pattern.offset + size) + ", beyond byte 31: shorten it";
  throw Error(ErrorCode::invalid_argument, text);
}

}  // namespace

Scanner::Scanner(ScannerOptions options) {
  for (const auto& pattern : options.bluez.or_patterns) check_pattern(pattern);
  core_ = std::make_shared<ScannerCore>(std::move(options));
}

Scanner::Scanner(Scanner&&) noexcept = default;

Scanner& Scanner::operator=(Scanner&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Scanner::~Scanner() {
  if (!core_) return;
  core_->loop()->run_and_wait([core = core_] { core->shut_down(); });
}

Operation<void> Scanner::start() {
  auto begin = [core = core_](Completer<void> done) { core->start(std::move(done)); };
  return make_operation<void>(core_->loop(), "start", std::chrono::seconds(10), std::move(begin));
}

Operation<void> Scanner::stop() {
  auto begin = [core = core_](Completer<void> done) { core->stop(std::move(done)); };
  return make_operation<void>(core_->loop(), "stop", std::chrono::seconds(10), std::move(begin));
}

bool Scanner::is_scanning() const noexcept { return core_->is_scanning(); }
Stream<Advertisement> Scanner::advertisements(StreamOptions options) { return core_->advertisements(options); }
std::vector<Advertisement> Scanner::discovered_devices() const { return core_->seen(); }

std::map<std::string, Advertisement> Scanner::seen_devices() const {
  std::map<std::string, Advertisement> by_identifier;
  for (auto& seen : core_->seen()) {
    auto key = detail::identifier(seen.device);
    by_identifier.insert_or_assign(std::move(key), std::move(seen));
  }
  return by_identifier;
}

void Scanner::set_scanning_filter(std::optional<SignalStrengthFilter> signal_strength,
                                  std::optional<AdvertisementFilter> advertisement) {
  core_->loop()->run_and_wait([&] { core_->set_filters(std::move(signal_strength), std::move(advertisement)); });
}

/// What the helpers need beyond the public face.
struct detail::ScannerAccess {
  /// Ends with the scan.
  static Operation<void> end_of(const Scanner& scanner) {
    auto begin = [core = scanner.core_](Completer<void> done) { core->await_end(std::move(done)); };
    return make_operation<void>(scanner.core_->loop(), "scan", std::nullopt, std::move(begin));
  }
};

namespace {

using Wanted = std::function<bool(const Device&, const AdvertisementData&)>;

std::shared_ptr<detail::Loop> loop_of(const ScannerOptions& options) {
  return options.loop ? options.loop->loop() : nullptr;
}

Task<std::vector<Advertisement>> discover_for(std::chrono::nanoseconds time, ScannerOptions options) {
  options.resume = false;
  options.forget_after = std::chrono::nanoseconds(0);  // it ends by itself
  Scanner scanner(std::move(options));
  co_await scanner.start();
  const auto end = co_await detail::ScannerAccess::end_of(scanner).timeout(time).as_result();
  const bool time_is_up = !end && end.error().code() == ErrorCode::timed_out && scanner.is_scanning();
  co_await scanner.stop();
  if (!time_is_up) throw end ? Error(ErrorCode::canceled, "the scan was stopped") : Error(end.error());
  co_return scanner.discovered_devices();
}

/// The first sighting that is wanted. @throws the reason if the scan ends by itself
Task<Device> first_wanted(Stream<Advertisement>& sightings, const Wanted& wanted) {
  for (;;) {
    auto seen = co_await sightings.next();
    if (!seen) break;
    if (wanted(seen->device, seen->data)) co_return seen->device;
  }
  const auto reason = sightings.end_reason();
  throw Error(reason ? *reason : Error(ErrorCode::failed, "the scan ended"));
}

Task<std::optional<Device>> find(std::chrono::nanoseconds time, ScannerOptions options, Wanted wanted) {
  options.resume = false;
  Scanner scanner(std::move(options));
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  std::optional<Device> found;
  std::exception_ptr failure;
  try {
    found = co_await first_wanted(sightings, wanted).timeout(time);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::timed_out) failure = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await scanner.stop();
  if (failure) std::rethrow_exception(failure);
  co_return found;
}

Task<std::optional<Device>> find_address(std::string text, std::chrono::nanoseconds time, ScannerOptions options) {
  const Address address{text};
  Wanted wanted = [address](const Device& device, const AdvertisementData&) { return device.address() == address; };
  co_return co_await find(time, std::move(options), std::move(wanted));
}

Operation<std::optional<Device>> start_find(std::chrono::nanoseconds time, ScannerOptions options, Wanted wanted) {
  auto loop = loop_of(options);
  return detail::make_task_operation(std::move(loop), find(time, std::move(options), std::move(wanted)));
}

}  // namespace

Operation<std::vector<Advertisement>> Scanner::discover(std::chrono::nanoseconds timeout, ScannerOptions options) {
  auto loop = loop_of(options);
  return detail::make_task_operation(std::move(loop), discover_for(timeout, std::move(options)));
}

Operation<std::optional<Device>> Scanner::find_device_by_address(std::string address, std::chrono::nanoseconds timeout,
                                                                 ScannerOptions options) {
  auto loop = loop_of(options);
  return detail::make_task_operation(std::move(loop), find_address(std::move(address), timeout, std::move(options)));
}

Operation<std::optional<Device>> Scanner::find_device_by_name(std::string name, std::chrono::nanoseconds timeout,
                                                              ScannerOptions options) {
  auto wanted = [name = std::move(name)](const Device& device, const AdvertisementData& data) {
    return data.local_name == name || (!data.local_name && device.name() == name);
  };
  return start_find(timeout, std::move(options), std::move(wanted));
}

Operation<std::optional<Device>> Scanner::find_device_by_filter(Wanted wanted, std::chrono::nanoseconds timeout,
                                                                ScannerOptions options) {
  return start_find(timeout, std::move(options), std::move(wanted));
}

}  // namespace blau
