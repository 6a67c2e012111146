#include "unpairing.hpp"

#include "closing.hpp"
#include "errors.hpp"
#include "gatt.hpp"
#include "link.hpp"

#include <utility>

namespace blau::detail::windows {

namespace enumeration = ::winrt::Windows::Devices::Enumeration;

UnpairingProcedure::~UnpairingProcedure() {
  auto take = [objects = std::move(objects_)] {
    Closing::Steps steps;
    objects->information = nullptr;
    if (objects->device) steps.push_back([objects] { std::exchange(objects->device, nullptr).Close(); });
    return steps;
  };
  Closing::begin(system_, std::move(take), [] {});
}

void UnpairingProcedure::begin(const Address& address, std::optional<AddressType> type,
                               unique_function<void(Result<void>)> then) {
  then_ = std::move(then);
  auto start = [number = address.number(), type] { return start_device(number, type); };
  auto got = [weak = weak_from_this()](Result<bluetooth::BluetoothLEDevice> device) {
    if (const auto self = weak.lock()) self->got_device(std::move(device));
  };
  asked_ = system_->ask<bluetooth::BluetoothLEDevice>(std::move(start), std::move(got), &close_unwanted_device);
}

void UnpairingProcedure::got_device(Result<bluetooth::BluetoothLEDevice> device) {
  if (!device) return finish(device.error());
  if (!*device) return finish(Result<void>());
  auto start = [objects = objects_, found = std::move(*device)] {
    objects->device = found;
    return enumeration::DeviceInformation::CreateFromIdAsync(found.DeviceId());
  };
  auto got = [weak = weak_from_this()](Result<enumeration::DeviceInformation> information) {
    if (const auto self = weak.lock()) self->got_information(std::move(information));
  };
  asked_ = system_->ask<enumeration::DeviceInformation>(std::move(start), std::move(got));
}

void UnpairingProcedure::got_information(Result<enumeration::DeviceInformation> information) {
  if (!information) return finish(information.error());
  auto work = [objects = objects_, found = std::move(*information)] {
    objects->information = found;
    return found.Pairing().IsPaired();
  };
  auto then = [weak = weak_from_this()](const Result<bool>& paired) {
    const auto self = weak.lock();
    if (!self) return;
    if (!paired) return self->finish(paired.error());
    *paired ? self->unpair() : self->finish(Result<void>());
  };
  system_->call<bool>(std::move(work), std::move(then));
}

void UnpairingProcedure::unpair() {
  using Status = enumeration::DeviceUnpairingResultStatus;
  auto start = [objects = objects_] { return objects->information.Pairing().UnpairAsync(); };
  auto read = [](const enumeration::DeviceUnpairingResult& result) { return result.Status(); };
  auto then = [weak = weak_from_this()](const Result<Status>& status) {
    const auto self = weak.lock();
    if (self) self->finish(status ? result_of(*status) : Result<void>(status.error()));
  };
  asked_ =
      ask_for<Status, enumeration::DeviceUnpairingResult>(system_, std::move(start), std::move(read), std::move(then));
}

void UnpairingProcedure::finish(const Result<void>& result) {
  const auto self = shared_from_this();
  auto then = std::exchange(then_, nullptr);
  if (then) then(result);
}

}  // namespace blau::detail::windows
