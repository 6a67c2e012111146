#pragma once

#include "operation.hpp"
#include "platform.hpp"
#include "remote.hpp"

#include <blau/error.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace fake_windows {

/// How a request over GATT went.
struct Outcome {
  gatt::GattCommunicationStatus status = gatt::GattCommunicationStatus::Success;
  std::optional<std::uint8_t> att;
};

[[nodiscard]] Outcome outcome_of(const blau::Error& error);
[[nodiscard]] inline bool is_cached(const std::optional<bluetooth::BluetoothCacheMode>& mode) {
  return mode != bluetooth::BluetoothCacheMode::Uncached;
}

/// Gives the device's services, or those of a type; on the air.
void give_services(const std::shared_ptr<Remote>& remote, std::optional<bluetooth::BluetoothCacheMode> mode,
                   std::optional<blau::Uuid> type, const OperationRef<gatt::GattDeviceServicesResult>& operation);

/// What is below a service; on the air. @param owner kept as long as the characteristic
[[nodiscard]] gatt::GattCharacteristic make_characteristic(const std::shared_ptr<Remote>& remote,
                                                           const std::shared_ptr<ServiceState>& service,
                                                           const blau::backend::CharacteristicRecord& record,
                                                           const gatt::GattDeviceService& owner);
/// What is below a characteristic.
[[nodiscard]] gatt::GattDescriptor make_descriptor(const std::shared_ptr<Remote>& remote,
                                                   const std::shared_ptr<ServiceState>& service,
                                                   const blau::backend::DescriptorRecord& record,
                                                   const gatt::GattDeviceService& owner);

/// As on a closed object.
template <class T>
void fail_closed(const OperationRef<T>& operation) {
  operation->fail(static_cast<winrt::hresult>(0x80000013));
}

/// Whether requests to what is below this service can be made; else the operation has failed.
template <class T>
[[nodiscard]] bool is_open(const ServiceState& service, const OperationRef<T>& operation) {
  if (!service.closed) return true;
  fail_closed(operation);
  return false;
}

/// The factory of GattReliableWriteTransaction.
[[nodiscard]] foundation::IInspectable reliable_write_factory();

// How requests end. What is gone answers like what is closed.

void answer_read(const OperationRef<gatt::GattReadResult>& operation, const blau::Result<blau::Bytes>& value);
void answer_write(const OperationRef<gatt::GattWriteResult>& operation, const blau::Result<void>& done);

}  // namespace fake_windows
