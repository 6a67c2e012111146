// GattDescriptor.

#include "services.hpp"
#include "values.hpp"

#include <utility>

namespace fake_windows {

using namespace gatt;
using bluetooth::BluetoothCacheMode;
using foundation::IAsyncOperation;

namespace {

class Descriptor : public winrt::implements<Descriptor, IGattDescriptor, IGattDescriptor2> {
 public:
  Descriptor(std::shared_ptr<Remote> remote, std::shared_ptr<ServiceState> service,
             const blau::backend::DescriptorRecord& record, GattDeviceService owner)
      : remote_(std::move(remote)),
        host_(remote_->host().shared_from_this()),
        service_(std::move(service)),
        record_(record),
        owner_(std::move(owner)) {}

  GattProtectionLevel ProtectionLevel() const noexcept { return GattProtectionLevel::Plain; }
  void ProtectionLevel(GattProtectionLevel) { not_offered(); }
  winrt::guid Uuid() const { return guid_of(open().uuid); }
  std::uint16_t AttributeHandle() const { return open().handle; }
  /// Without a mode it is the cached value.
  IAsyncOperation<GattReadResult> ReadValueAsync() { return ReadValueAsync(BluetoothCacheMode::Cached); }
  IAsyncOperation<GattReadResult> ReadValueAsync(BluetoothCacheMode mode) {
    (void)open();
    auto work = [self = get_strong(), mode](const OperationRef<GattReadResult>& operation) {
      if (!is_open(*self->service_, operation)) return;
      self->remote_->values().read(self->record_.handle, true, mode == BluetoothCacheMode::Cached,
                                   [operation](const auto& value) { answer_read(operation, value); });
    };
    return begin<GattReadResult>(host_, "GattDescriptor.ReadValueAsync", Pace::slow, work);
  }
  IAsyncOperation<GattCommunicationStatus> WriteValueAsync(const streams::IBuffer&) { not_offered(); }
  IAsyncOperation<GattWriteResult> WriteValueWithResultAsync(const streams::IBuffer& value) {
    (void)open();
    auto work = [self = get_strong(), bytes = bytes_of(value)](const OperationRef<GattWriteResult>& operation) {
      if (!is_open(*self->service_, operation)) return;
      self->remote_->port().write_descriptor(self->record_.handle, bytes,
                                             [operation](const auto& done) { answer_write(operation, done); });
    };
    return begin<GattWriteResult>(host_, "GattDescriptor.WriteValueWithResultAsync", Pace::slow, work);
  }

 private:
  [[nodiscard]] const blau::backend::DescriptorRecord& open() const {
    if (service_->closed) closed();
    return record_;
  }

  const std::shared_ptr<Remote> remote_;
  const std::shared_ptr<Host> host_;
  const std::shared_ptr<ServiceState> service_;
  const blau::backend::DescriptorRecord record_;
  const GattDeviceService owner_;
};

}  // namespace

GattDescriptor make_descriptor(const std::shared_ptr<Remote>& remote, const std::shared_ptr<ServiceState>& service,
                               const blau::backend::DescriptorRecord& record, const GattDeviceService& owner) {
  return winrt::make<Descriptor>(remote, service, record, owner).as<GattDescriptor>();
}

}  // namespace fake_windows
