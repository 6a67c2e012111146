// GattDeviceService, and how requests over GATT end.

#include "services.hpp"

#include "values.hpp"

#include <algorithm>
#include <string>

namespace fake_windows {

using namespace gatt;
using bluetooth::BluetoothCacheMode;
using foundation::IAsyncOperation;

namespace {

/// What the three kinds of lists have in common.
template <class Derived, class Interface, class Object>
class ListBase : public winrt::implements<Derived, Interface> {
 public:
  ListBase(const Outcome& outcome, std::vector<Object> objects)
      : outcome_(outcome), objects_(winrt::single_threaded_vector<Object>(std::move(objects)).GetView()) {}
  GattCommunicationStatus Status() const noexcept { return outcome_.status; }
  foundation::IReference<std::uint8_t> ProtocolError() const { return boxed<std::uint8_t>(outcome_.att); }

 protected:
  using View = foundation::Collections::IVectorView<Object>;
  const Outcome outcome_;
  const View objects_;
};

class ServicesResult : public ListBase<ServicesResult, IGattDeviceServicesResult, GattDeviceService> {
 public:
  using ListBase::ListBase;
  View Services() const { return objects_; }
};

class CharacteristicsResult : public ListBase<CharacteristicsResult, IGattCharacteristicsResult, GattCharacteristic> {
 public:
  using ListBase::ListBase;
  View Characteristics() const { return objects_; }
};

class Service : public winrt::implements<Service, IGattDeviceService, IGattDeviceService3, foundation::IClosable> {
 public:
  Service(std::shared_ptr<Remote> remote, std::shared_ptr<ServiceState> state)
      : remote_(std::move(remote)), host_(remote_->host().shared_from_this()), state_(std::move(state)) {}
  ~Service() { leave(); }

  foundation::Collections::IVectorView<GattCharacteristic> GetCharacteristics(const winrt::guid&) { not_offered(); }
  foundation::Collections::IVectorView<GattDeviceService> GetIncludedServices(const winrt::guid&) { not_offered(); }
  winrt::hstring DeviceId() const { return remote_->id(); }
  winrt::guid Uuid() const { return guid_of(open().record.uuid); }
  std::uint16_t AttributeHandle() const { return open().record.handle; }

  enumeration::DeviceAccessInformation DeviceAccessInformation() const { not_offered(); }
  GattSession Session() const { not_offered(); }
  GattSharingMode SharingMode() const noexcept { return GattSharingMode::SharedReadAndWrite; }
  IAsyncOperation<enumeration::DeviceAccessStatus> RequestAccessAsync() { not_offered(); }
  IAsyncOperation<GattOpenStatus> OpenAsync(GattSharingMode) {
    (void)open();
    auto work = [self = get_strong()](const OperationRef<GattOpenStatus>& operation) {
      if (!is_open(*self->state_, operation)) return;
      operation->succeed(self->is_denied() ? GattOpenStatus::AccessDenied : GattOpenStatus::Success);
    };
    return begin<GattOpenStatus>(host_, "GattDeviceService.OpenAsync", Pace::prompt, work);
  }

  using Characteristics = IAsyncOperation<GattCharacteristicsResult>;
  Characteristics GetCharacteristicsAsync() { return characteristics({}, {}); }
  Characteristics GetCharacteristicsAsync(BluetoothCacheMode mode) { return characteristics(mode, {}); }
  Characteristics GetCharacteristicsForUuidAsync(const winrt::guid& type) { return characteristics({}, uuid_of(type)); }
  Characteristics GetCharacteristicsForUuidAsync(const winrt::guid& type, BluetoothCacheMode mode) {
    return characteristics(mode, uuid_of(type));
  }
  using Services = IAsyncOperation<GattDeviceServicesResult>;
  Services GetIncludedServicesAsync() { return included({}); }
  Services GetIncludedServicesAsync(BluetoothCacheMode) { return included({}); }
  Services GetIncludedServicesForUuidAsync(const winrt::guid& type) { return included(uuid_of(type)); }
  Services GetIncludedServicesForUuidAsync(const winrt::guid& type, BluetoothCacheMode) {
    return included(uuid_of(type));
  }

  void Close() {
    leave();
    if (host_->habits().close_hangs) host_->hang();
  }

 private:
  [[nodiscard]] const ServiceState& open() const {
    if (state_->closed) closed();
    return *state_;
  }
  [[nodiscard]] bool is_denied() const { return host_->habits().denied.contains(state_->record.uuid); }
  void leave() noexcept {
    state_->closed = true;
    if (left_.exchange(true)) return;
    host_->on_air([remote = remote_, state = state_] {
      remote->values().forget(state);
      remote->unuse();
    });
  }
  Characteristics characteristics(std::optional<BluetoothCacheMode> mode, std::optional<blau::Uuid> type);
  Services included(std::optional<blau::Uuid> type);
  [[nodiscard]] Outcome outcome(std::optional<BluetoothCacheMode> mode) const {
    if (is_denied() || host_->habits().denied_by_user) return {GattCommunicationStatus::AccessDenied, {}};
    if (!remote_->is_up() && !is_cached(mode)) return {GattCommunicationStatus::Unreachable, {}};
    return {};
  }

  const std::shared_ptr<Remote> remote_;
  const std::shared_ptr<Host> host_;
  const std::shared_ptr<ServiceState> state_;
  std::atomic<bool> left_ = false;
};

/// On the air.
GattDeviceService make_service(const std::shared_ptr<Remote>& remote, const blau::backend::ServiceRecord& record) {
  auto state = std::make_shared<ServiceState>();
  state->record = record;
  state->link = remote->link();
  remote->use();
  remote->add(state);
  return winrt::make<Service>(remote, state).as<GattDeviceService>();
}

Service::Characteristics Service::characteristics(std::optional<BluetoothCacheMode> mode,
                                                  std::optional<blau::Uuid> type) {
  (void)open();
  auto work = [self = get_strong(), mode, type](const OperationRef<GattCharacteristicsResult>& operation) {
    if (!is_open(*self->state_, operation)) return;
    const Outcome outcome = self->outcome(mode);
    std::vector<GattCharacteristic> found;
    if (outcome.status == GattCommunicationStatus::Success)
      for (const auto& record : self->state_->record.characteristics)
        if (!type || record.uuid == *type)
          found.push_back(make_characteristic(self->remote_, self->state_, record, self.as<GattDeviceService>()));
    operation->succeed(winrt::make<CharacteristicsResult>(outcome, std::move(found)).as<GattCharacteristicsResult>());
  };
  return begin<GattCharacteristicsResult>(host_, "GattDeviceService.GetCharacteristicsAsync", Pace::prompt, work);
}

Service::Services Service::included(std::optional<blau::Uuid> type) {
  (void)open();
  auto work = [self = get_strong(), type](const OperationRef<GattDeviceServicesResult>& operation) {
    if (!is_open(*self->state_, operation)) return;
    const Outcome outcome = self->outcome(BluetoothCacheMode::Cached);
    const auto* database = self->remote_->database();
    const auto& includes = self->state_->record.includes;
    std::vector<GattDeviceService> found;
    if (database && outcome.status == GattCommunicationStatus::Success)
      for (const auto& record : database->services)
        if (std::ranges::find(includes, record.handle) != includes.end() && (!type || record.uuid == *type))
          found.push_back(make_service(self->remote_, record));
    operation->succeed(winrt::make<ServicesResult>(outcome, std::move(found)).as<GattDeviceServicesResult>());
  };
  return begin<GattDeviceServicesResult>(host_, "GattDeviceService.GetIncludedServicesAsync", Pace::prompt, work);
}

}  // namespace

Outcome outcome_of(const blau::Error& error) {
  if (error.att()) return {GattCommunicationStatus::ProtocolError, static_cast<std::uint8_t>(*error.att())};
  if (error.code() == blau::ErrorCode::access_denied) return {GattCommunicationStatus::AccessDenied, {}};
  return {GattCommunicationStatus::Unreachable, {}};
}

void give_services(const std::shared_ptr<Remote>& remote, std::optional<BluetoothCacheMode> mode,
                   std::optional<blau::Uuid> type, const OperationRef<GattDeviceServicesResult>& operation) {
  auto give = [operation](const Outcome& outcome, std::vector<GattDeviceService> found) {
    operation->succeed(winrt::make<ServicesResult>(outcome, std::move(found)).template as<GattDeviceServicesResult>());
  };
  Host& host = remote->host();
  if (host.habits().denied_by_user) return give({GattCommunicationStatus::AccessDenied, {}}, {});
  if (host.take_turn(&Habits::unreachable)) return give({GattCommunicationStatus::Unreachable, {}}, {});
  const auto waiter = remote->discover(is_cached(mode), [remote, type, give](const auto& database) {
    if (!database) return give(outcome_of(database.error()), {});
    std::vector<GattDeviceService> found;
    for (const auto& record : (*database)->services)
      if (type ? record.uuid == *type : record.primary) found.push_back(make_service(remote, record));
    give({}, std::move(found));
  });
  operation->on_cancel = [weak = std::weak_ptr(remote), waiter] {
    if (const auto remote = weak.lock()) remote->forget(waiter);
  };
}

}  // namespace fake_windows
