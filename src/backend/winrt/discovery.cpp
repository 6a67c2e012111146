#include "discovery.hpp"

#include "errors.hpp"
#include "values.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace blau::detail::windows {
namespace {

using ::winrt::Windows::Foundation::IAsyncOperation;

// Bleak and Chromium found it enough.
constexpr Duration pause_before_retry = std::chrono::seconds(1);

std::optional<bluetooth::BluetoothCacheMode> to_system(std::optional<CacheMode> mode) noexcept {
  if (!mode) return std::nullopt;
  return *mode == CacheMode::cached ? bluetooth::BluetoothCacheMode::Cached : bluetooth::BluetoothCacheMode::Uncached;
}

template <class R>
void require_success(const R& result) {
  const auto status = result_of(result.Status(), to_optional(result.ProtocolError()));
  if (!status) throw Error(status.error());
}

backend::ServiceRecord record_of(const profile::GattDeviceService& service) {
  backend::ServiceRecord record;
  record.handle = service.AttributeHandle();
  record.uuid = to_uuid(service.Uuid());
  return record;
}

backend::CharacteristicRecord record_of(const profile::GattCharacteristic& characteristic) {
  backend::CharacteristicRecord record;
  record.handle = characteristic.AttributeHandle();
  record.uuid = to_uuid(characteristic.Uuid());
  // The same bits, the extended ones included (Core Vol 3 Part G 3.3.1.1, 3.3.3.1).
  record.properties = static_cast<Property>(static_cast<std::uint32_t>(characteristic.CharacteristicProperties()));
  return record;
}

/// Puts what a result holds into the tree.
std::vector<backend::ServiceRecord> take_services(NativeTree& tree, const profile::GattDeviceServicesResult& result) {
  require_success(result);
  std::vector<backend::ServiceRecord> records;
  for (const auto& service : result.Services()) {
    records.push_back(record_of(service));
    tree.services.push_back(service);
  }
  return records;
}

std::vector<backend::CharacteristicRecord> take_characteristics(NativeTree& tree,
                                                                const profile::GattCharacteristicsResult& result) {
  require_success(result);
  std::vector<backend::CharacteristicRecord> records;
  for (const auto& characteristic : result.Characteristics()) {
    records.push_back(record_of(characteristic));
    tree.characteristics[records.back().handle].object = characteristic;
  }
  return records;
}

std::vector<backend::DescriptorRecord> take_descriptors(NativeTree& tree,
                                                        const profile::GattDescriptorsResult& result) {
  require_success(result);
  std::vector<backend::DescriptorRecord> records;
  for (const auto& descriptor : result.Descriptors()) {
    records.push_back({descriptor.AttributeHandle(), to_uuid(descriptor.Uuid())});
    tree.descriptors.insert_or_assign(records.back().handle, descriptor);
  }
  return records;
}

/// Windows lists primary services; a secondary one is only to be had from those that include it. @param known the handles of those that the tree holds
std::vector<backend::ServiceRecord> take_includes(NativeTree& tree, const profile::GattDeviceServicesResult& result,
                                                  const std::vector<std::uint16_t>& known, bool adopts) {
  require_success(result);
  std::vector<backend::ServiceRecord> records;
  for (const auto& service : result.Services()) {
    records.push_back(record_of(service));
    records.back().primary = false;
    const bool is_known = std::find(known.begin(), known.end(), records.back().handle) != known.end();
    (adopts && !is_known ? tree.services : tree.spare).push_back(service);
  }
  return records;
}

}  // namespace

Discovery::~Discovery() {
  pause_.stop();
  if (!tree_) return;
  auto take = [tree = std::move(tree_)] {
    Closing::Steps steps;
    tree->add_closing_to(steps);
    return steps;
  };
  Closing::begin(system_, std::move(take), [] {});
}

template <class R>
unique_function<void(Result<R>)> Discovery::guarded(void (Discovery::*next)(Result<R>)) {
  return [weak = weak_from_this(), next](Result<R> result) {
    if (const auto self = weak.lock()) (self.get()->*next)(std::move(result));
  };
}

void Discovery::begin(Then then) {
  then_ = std::move(then);
  ask_services();
}

std::string Discovery::waits_for() const {
  const auto known = std::to_string(database_.services.size());
  if (unreachable_) return "Windows says that the device cannot be reached: " + known + " services are known so far";
  return "Windows has told " + std::to_string(service_) + " of " + known + " services";
}

/// All services, or those of the next type that is wanted.
void Discovery::ask_services() {
  if (!request_.services.empty() && wanted_ == request_.services.size()) return next_service();
  const auto mode = to_system(request_.service_cache_mode);
  std::optional<::winrt::guid> type;
  if (!request_.services.empty()) type = to_guid(request_.services[wanted_]);
  auto start = [natives = natives_, mode, type]() -> IAsyncOperation<profile::GattDeviceServicesResult> {
    const auto& device = natives->open_device();
    if (!type) return mode ? device.GetGattServicesAsync(*mode) : device.GetGattServicesAsync();
    return mode ? device.GetGattServicesForUuidAsync(*type, *mode) : device.GetGattServicesForUuidAsync(*type);
  };
  auto read = [tree = tree_](const profile::GattDeviceServicesResult& result) { return take_services(*tree, result); };
  asked_ = ask_for<Records, profile::GattDeviceServicesResult>(
      system_, std::move(start), std::move(read), guarded(&Discovery::got_services), &close_unwanted_services);
}

void Discovery::got_services(Result<Records> records) {
  if (!records) {
    if (!retries(records.error(), &Discovery::ask_services)) finish(records.error());
    return;
  }
  unreachable_ = false;
  for (auto& record : *records) database_.services.push_back(std::move(record));
  if (request_.services.empty()) return next_service();
  ++wanted_;
  ask_services();
}

void Discovery::next_service() {
  if (service_ == database_.services.size()) return finish(std::nullopt);
  characteristic_ = 0;
  open_service();
}

/// Without it Windows opens a service for the first request, and tells of a refusal then.
void Discovery::open_service() {
  auto start = [tree = tree_, index = service_] {
    return tree->services[index].OpenAsync(profile::GattSharingMode::SharedReadAndWrite);
  };
  auto then = [weak = weak_from_this()](Result<profile::GattOpenStatus> status) {
    const auto self = weak.lock();
    if (self) self->opened(status ? result_of(*status) : Result<void>(status.error()));
  };
  asked_ = system_->ask<profile::GattOpenStatus>(std::move(start), std::move(then));
}

void Discovery::opened(const Result<void>& result) {
  const bool is_refused =
      !result && (result.error().code() == ErrorCode::access_denied || result.error().code() == ErrorCode::busy);
  if (is_refused) return service_denied();
  // Whatever else is wrong shows with the next request.
  ask_characteristics();
}

void Discovery::ask_characteristics() {
  auto start = [tree = tree_, index = service_, mode = to_system(request_.cache_mode)] {
    const auto& service = tree->services[index];
    return mode ? service.GetCharacteristicsAsync(*mode) : service.GetCharacteristicsAsync();
  };
  auto read = [tree = tree_](const profile::GattCharacteristicsResult& result) {
    return take_characteristics(*tree, result);
  };
  asked_ = ask_for<std::vector<backend::CharacteristicRecord>, profile::GattCharacteristicsResult>(
      system_, std::move(start), std::move(read), guarded(&Discovery::got_characteristics));
}

void Discovery::got_characteristics(Result<std::vector<backend::CharacteristicRecord>> records) {
  if (!records) {
    if (records.error().code() == ErrorCode::access_denied) return service_denied();
    if (!retries(records.error(), &Discovery::ask_characteristics)) finish(records.error());
    return;
  }
  unreachable_ = false;
  service().characteristics = std::move(*records);
  ask_descriptors();
}

void Discovery::ask_descriptors() {
  if (characteristic_ == service().characteristics.size()) return ask_includes();
  const auto handle = service().characteristics[characteristic_].handle;
  auto start = [tree = tree_, handle, mode = to_system(request_.cache_mode)] {
    const auto& characteristic = tree->characteristics.at(handle).object;
    return mode ? characteristic.GetDescriptorsAsync(*mode) : characteristic.GetDescriptorsAsync();
  };
  auto read = [tree = tree_](const profile::GattDescriptorsResult& result) { return take_descriptors(*tree, result); };
  asked_ = ask_for<std::vector<backend::DescriptorRecord>, profile::GattDescriptorsResult>(
      system_, std::move(start), std::move(read), guarded(&Discovery::got_descriptors));
}

void Discovery::got_descriptors(Result<std::vector<backend::DescriptorRecord>> records) {
  if (records) {
    unreachable_ = false;
    service().characteristics[characteristic_].descriptors = std::move(*records);
  } else if (records.error().code() != ErrorCode::access_denied) {
    if (!retries(records.error(), &Discovery::ask_descriptors)) finish(records.error());
    return;
  }
  ++characteristic_;
  ask_descriptors();
}

void Discovery::ask_includes() {
  std::vector<std::uint16_t> known;
  for (const auto& record : database_.services) known.push_back(record.handle);
  auto start = [tree = tree_, index = service_, mode = to_system(request_.cache_mode)] {
    const auto& service = tree->services[index];
    return mode ? service.GetIncludedServicesAsync(*mode) : service.GetIncludedServicesAsync();
  };
  auto read = [tree = tree_, known = std::move(known),
               adopts = request_.services.empty()](const profile::GattDeviceServicesResult& result) {
    return take_includes(*tree, result, known, adopts);
  };
  asked_ = ask_for<Records, profile::GattDeviceServicesResult>(
      system_, std::move(start), std::move(read), guarded(&Discovery::got_includes), &close_unwanted_services);
}

void Discovery::got_includes(Result<Records> records) {
  if (!records && retries(records.error(), &Discovery::ask_includes)) return;
  if (records) {
    unreachable_ = false;
    const auto owner = service_;
    const auto before = database_.services.size();
    for (auto& record : *records) {
      database_.services[owner].includes.push_back(record.handle);
      const auto is_it = [&record](const backend::ServiceRecord& other) { return other.handle == record.handle; };
      const auto known = database_.services.begin() + static_cast<std::ptrdiff_t>(before);
      if (std::none_of(database_.services.begin(), known, is_it) && request_.services.empty())
        database_.services.push_back(std::move(record));
    }
  }
  // Without them the rest is of use all the same.
  ++service_;
  next_service();
}

void Discovery::service_denied() {
  service().access_denied = true;
  auto& apartment = system_->apartment();
  apartment.run([&apartment, tree = tree_, index = service_] {
    auto denied = std::exchange(tree->services[index], nullptr);
    if (denied) apartment.run_aside([denied = std::move(denied)] { denied.Close(); });
  });
  ++service_;
  next_service();
}

/// While the link comes up Windows may not reach the device yet, for seconds.
bool Discovery::retries(const Error& error, void (Discovery::*step)()) {
  if (error.code() != ErrorCode::disconnected) return false;
  unreachable_ = true;
  pause_.start_after(system_->loop(), pause_before_retry, [this, step] { (this->*step)(); });
  return true;
}

void Discovery::finish(const std::optional<Error>& error) {
  const auto self = shared_from_this();
  auto then = std::move(then_);
  if (error) return then(*error);
  then(Found{std::move(tree_), std::move(database_)});
}

}  // namespace blau::detail::windows
