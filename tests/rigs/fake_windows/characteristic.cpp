// GattCharacteristic.

#include "factory.hpp"
#include "services.hpp"
#include "values.hpp"

#include <utility>

namespace fake_windows {

using namespace gatt;
using bluetooth::BluetoothCacheMode;
using foundation::IAsyncOperation;

namespace {

class DescriptorsResult : public winrt::implements<DescriptorsResult, IGattDescriptorsResult> {
 public:
  DescriptorsResult(const Outcome& outcome, std::vector<GattDescriptor> objects)
      : outcome_(outcome), objects_(winrt::single_threaded_vector<GattDescriptor>(std::move(objects)).GetView()) {}
  GattCommunicationStatus Status() const noexcept { return outcome_.status; }
  foundation::IReference<std::uint8_t> ProtocolError() const { return boxed<std::uint8_t>(outcome_.att); }
  foundation::Collections::IVectorView<GattDescriptor> Descriptors() const { return objects_; }

 private:
  const Outcome outcome_;
  const foundation::Collections::IVectorView<GattDescriptor> objects_;
};

class ReadResult : public winrt::implements<ReadResult, IGattReadResult, IGattReadResult2> {
 public:
  explicit ReadResult(const blau::Result<blau::Bytes>& value) {
    if (value)
      value_ = buffer_of(*value);
    else
      outcome_ = outcome_of(value.error());
  }
  GattCommunicationStatus Status() const noexcept { return outcome_.status; }
  streams::IBuffer Value() const { return value_; }
  foundation::IReference<std::uint8_t> ProtocolError() const { return boxed<std::uint8_t>(outcome_.att); }

 private:
  Outcome outcome_;
  streams::IBuffer value_ = nullptr;
};

class WriteResult : public winrt::implements<WriteResult, IGattWriteResult> {
 public:
  explicit WriteResult(const blau::Result<void>& done) {
    if (!done) outcome_ = outcome_of(done.error());
  }
  GattCommunicationStatus Status() const noexcept { return outcome_.status; }
  foundation::IReference<std::uint8_t> ProtocolError() const { return boxed<std::uint8_t>(outcome_.att); }

 private:
  Outcome outcome_;
};

std::optional<RemoteValues::Kind> kind_of(GattClientCharacteristicConfigurationDescriptorValue value) {
  using Value = GattClientCharacteristicConfigurationDescriptorValue;
  switch (value) {
    case Value::None: return RemoteValues::Kind(std::nullopt);
    case Value::Notify: return blau::backend::SubscribeKind::notify;
    case Value::Indicate: return blau::backend::SubscribeKind::indicate;
  }
  return std::nullopt;
}

class Characteristic
    : public winrt::implements<Characteristic, IGattCharacteristic, IGattCharacteristic2, IGattCharacteristic3> {
 public:
  Characteristic(std::shared_ptr<Remote> remote, std::shared_ptr<CharacteristicState> state, GattDeviceService owner)
      : remote_(std::move(remote)),
        host_(remote_->host().shared_from_this()),
        state_(std::move(state)),
        owner_(std::move(owner)) {}

  foundation::Collections::IVectorView<GattDescriptor> GetDescriptors(const winrt::guid&) { not_offered(); }
  foundation::Collections::IVectorView<GattDescriptor> GetAllDescriptors() { not_offered(); }
  GattDeviceService Service() const { return owner_; }
  GattCharacteristicProperties CharacteristicProperties() const {
    return static_cast<GattCharacteristicProperties>(open().record.properties);
  }
  GattProtectionLevel ProtectionLevel() const noexcept { return GattProtectionLevel::Plain; }
  void ProtectionLevel(GattProtectionLevel) { not_offered(); }
  winrt::hstring UserDescription() const { return {}; }
  winrt::guid Uuid() const { return guid_of(open().record.uuid); }
  std::uint16_t AttributeHandle() const { return open().record.handle; }
  foundation::Collections::IVectorView<GattPresentationFormat> PresentationFormats() const { not_offered(); }

  using Descriptors = IAsyncOperation<GattDescriptorsResult>;
  Descriptors GetDescriptorsAsync() { return descriptors({}, {}); }
  Descriptors GetDescriptorsAsync(BluetoothCacheMode mode) { return descriptors(mode, {}); }
  Descriptors GetDescriptorsForUuidAsync(const winrt::guid& type) { return descriptors({}, uuid_of(type)); }
  Descriptors GetDescriptorsForUuidAsync(const winrt::guid& type, BluetoothCacheMode mode) {
    return descriptors(mode, uuid_of(type));
  }

  /// Without a mode it is the cached value.
  IAsyncOperation<GattReadResult> ReadValueAsync() { return ReadValueAsync(BluetoothCacheMode::Cached); }
  IAsyncOperation<GattReadResult> ReadValueAsync(BluetoothCacheMode mode);
  IAsyncOperation<GattCommunicationStatus> WriteValueAsync(const streams::IBuffer&) { not_offered(); }
  IAsyncOperation<GattCommunicationStatus> WriteValueAsync(const streams::IBuffer&, GattWriteOption) { not_offered(); }
  IAsyncOperation<GattWriteResult> WriteValueWithResultAsync(const streams::IBuffer& value) {
    return WriteValueWithResultAsync(value, GattWriteOption::WriteWithResponse);
  }
  IAsyncOperation<GattWriteResult> WriteValueWithResultAsync(const streams::IBuffer& value, GattWriteOption option);
  IAsyncOperation<GattReadClientCharacteristicConfigurationDescriptorResult>
  ReadClientCharacteristicConfigurationDescriptorAsync() {
    not_offered();
  }
  using Configuration = GattClientCharacteristicConfigurationDescriptorValue;
  IAsyncOperation<GattCommunicationStatus> WriteClientCharacteristicConfigurationDescriptorAsync(Configuration) {
    not_offered();
  }
  IAsyncOperation<GattWriteResult> WriteClientCharacteristicConfigurationDescriptorWithResultAsync(Configuration value);

  winrt::event_token ValueChanged(const CharacteristicState::Handler& handler) {
    (void)open();
    return state_->value_changed.add(handler);
  }
  void ValueChanged(winrt::event_token token) noexcept { state_->value_changed.remove(token); }

  // For a transaction.

  [[nodiscard]] const std::shared_ptr<Remote>& remote() const noexcept { return remote_; }
  [[nodiscard]] const std::shared_ptr<CharacteristicState>& state() const noexcept { return state_; }

 private:
  [[nodiscard]] const CharacteristicState& open() const {
    if (state_->service->closed) closed();
    return *state_;
  }
  Descriptors descriptors(std::optional<BluetoothCacheMode> mode, std::optional<blau::Uuid> type);

  const std::shared_ptr<Remote> remote_;
  const std::shared_ptr<Host> host_;
  const std::shared_ptr<CharacteristicState> state_;
  const GattDeviceService owner_;
};

Characteristic::Descriptors Characteristic::descriptors(std::optional<BluetoothCacheMode> mode,
                                                        std::optional<blau::Uuid> type) {
  (void)open();
  auto work = [self = get_strong(), mode, type](const OperationRef<GattDescriptorsResult>& operation) {
    if (!is_open(*self->state_->service, operation)) return;
    Outcome outcome;
    if (!self->remote_->is_up() && !is_cached(mode)) outcome.status = GattCommunicationStatus::Unreachable;
    std::vector<GattDescriptor> found;
    if (outcome.status == GattCommunicationStatus::Success)
      for (const auto& record : self->state_->record.descriptors)
        if (!type || record.uuid == *type)
          found.push_back(make_descriptor(self->remote_, self->state_->service, record, self->owner_));
    operation->succeed(winrt::make<DescriptorsResult>(outcome, std::move(found)).as<GattDescriptorsResult>());
  };
  return begin<GattDescriptorsResult>(host_, "GattCharacteristic.GetDescriptorsAsync", Pace::prompt, work);
}

IAsyncOperation<GattReadResult> Characteristic::ReadValueAsync(BluetoothCacheMode mode) {
  (void)open();
  auto work = [self = get_strong(), mode](const OperationRef<GattReadResult>& operation) {
    if (!is_open(*self->state_->service, operation)) return;
    self->remote_->values().read(self->state_->record.handle, false, mode == BluetoothCacheMode::Cached,
                                 [operation](const auto& value) { answer_read(operation, value); });
  };
  return begin<GattReadResult>(host_, "GattCharacteristic.ReadValueAsync", Pace::slow, work);
}

IAsyncOperation<GattWriteResult> Characteristic::WriteValueWithResultAsync(const streams::IBuffer& value,
                                                                           GattWriteOption option) {
  (void)open();
  auto work = [self = get_strong(), bytes = bytes_of(value), option](const OperationRef<GattWriteResult>& operation) {
    if (!is_open(*self->state_->service, operation)) return;
    const auto kind = option == GattWriteOption::WriteWithResponse ? blau::backend::WriteKind::with_response
                                                                   : blau::backend::WriteKind::without_response;
    self->remote_->port().write_characteristic(self->state_->record.handle, bytes, kind,
                                               [operation](const auto& done) { answer_write(operation, done); });
  };
  return begin<GattWriteResult>(host_, "GattCharacteristic.WriteValueWithResultAsync", Pace::slow, work);
}

IAsyncOperation<GattWriteResult> Characteristic::WriteClientCharacteristicConfigurationDescriptorWithResultAsync(
    Configuration value) {
  (void)open();
  const auto kind = kind_of(value);
  if (!kind) throw winrt::hresult_invalid_argument();
  auto work = [self = get_strong(), kind = *kind](const OperationRef<GattWriteResult>& operation) {
    if (!is_open(*self->state_->service, operation)) return;
    self->remote_->values().configure(self->state_, kind,
                                      [operation](const auto& done) { answer_write(operation, done); });
  };
  return begin<GattWriteResult>(
      host_, "GattCharacteristic.WriteClientCharacteristicConfigurationDescriptorWithResultAsync", Pace::slow, work);
}

/// Of one value.
class ReliableWrite
    : public winrt::implements<ReliableWrite, IGattReliableWriteTransaction, IGattReliableWriteTransaction2> {
 public:
  void WriteValue(const GattCharacteristic& characteristic, const streams::IBuffer& value) {
    if (target_) not_offered();
    target_ = winrt::get_self<Characteristic>(characteristic.as<IGattCharacteristic>())->get_strong();
    value_ = bytes_of(value);
  }
  IAsyncOperation<GattCommunicationStatus> CommitAsync() { not_offered(); }
  IAsyncOperation<GattWriteResult> CommitWithResultAsync() {
    auto work = [target = target_, value = value_](const OperationRef<GattWriteResult>& operation) {
      const auto& state = *target->state();
      if (!is_open(*state.service, operation)) return;
      target->remote()->port().write_characteristic(state.record.handle, value, blau::backend::WriteKind::reliable,
                                                    [operation](const auto& done) { answer_write(operation, done); });
    };
    return begin<GattWriteResult>(Host::current(), "GattReliableWriteTransaction.CommitWithResultAsync", Pace::slow,
                                  work);
  }

 private:
  winrt::com_ptr<Characteristic> target_;
  blau::Bytes value_;
};

}  // namespace

foundation::IInspectable reliable_write_factory() {
  return winrt::make<PlainFactory<ReliableWrite>>().as<foundation::IInspectable>();
}

void answer_read(const OperationRef<GattReadResult>& operation, const blau::Result<blau::Bytes>& value) {
  if (!value && value.error().code() == blau::ErrorCode::attribute_gone) return fail_closed(operation);
  operation->succeed(winrt::make<ReadResult>(value).as<GattReadResult>());
}

void answer_write(const OperationRef<GattWriteResult>& operation, const blau::Result<void>& done) {
  if (!done && done.error().code() == blau::ErrorCode::attribute_gone) return fail_closed(operation);
  operation->succeed(winrt::make<WriteResult>(done).as<GattWriteResult>());
}

GattCharacteristic make_characteristic(const std::shared_ptr<Remote>& remote,
                                       const std::shared_ptr<ServiceState>& service,
                                       const blau::backend::CharacteristicRecord& record,
                                       const GattDeviceService& owner) {
  auto state = std::make_shared<CharacteristicState>();
  state->service = service;
  state->record = record;
  const auto made = winrt::make<Characteristic>(remote, state, owner).as<GattCharacteristic>();
  state->self = winrt::make_weak(made);
  remote->values().add(state);
  return made;
}

}  // namespace fake_windows
