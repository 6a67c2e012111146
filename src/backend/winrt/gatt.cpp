#include "gatt.hpp"

#include "errors.hpp"
#include "values.hpp"

#include <string>
#include <thread>

namespace blau::detail::windows {
namespace {

Error closed_error() { return {ErrorCode::disconnected, "the link has been closed: connect again"}; }

}  // namespace

Error gone_error() { return {ErrorCode::attribute_gone, "this attribute is not there any more: discover again"}; }

void NativeCharacteristic::deafen() noexcept {
  if (const auto token = std::exchange(values, std::nullopt); token && object) object.ValueChanged(*token);
}

void NativeTree::add_closing_to(Closing::Steps& steps) {
  auto attributes = std::make_shared<NativeTree>();
  attributes->characteristics.swap(characteristics);
  attributes->descriptors.swap(descriptors);
  steps.push_back([attributes] {
    for (auto& [handle, characteristic] : attributes->characteristics) characteristic.deafen();
  });
  steps.push_back([attributes] {
    attributes->characteristics.clear();
    attributes->descriptors.clear();
  });
  auto all = std::exchange(services, {});
  for (auto& service : std::exchange(spare, {})) all.push_back(std::move(service));
  for (auto& service : all)
    if (service) steps.push_back([service = std::move(service)] { service.Close(); });
}

const bluetooth::BluetoothLEDevice& Natives::open_device() const {
  if (!device) throw closed_error();
  return device;
}

const profile::GattSession& Natives::open_session() const {
  if (!session) throw closed_error();
  return session;
}

NativeCharacteristic& Natives::characteristic(std::uint16_t handle) {
  const auto found = tree.characteristics.find(handle);
  if (found == tree.characteristics.end()) throw gone_error();
  return found->second;
}

const profile::GattDescriptor& Natives::descriptor(std::uint16_t handle) const {
  const auto found = tree.descriptors.find(handle);
  if (found == tree.descriptors.end()) throw gone_error();
  return found->second;
}

Closing::Steps Natives::take_closing() {
  Closing::Steps steps;
  Closing::Steps tree_steps;
  tree.add_closing_to(tree_steps);
  // Handlers first, the values' among them.
  steps.push_back(std::move(tree_steps.front()));
  tree_steps.pop_front();
  for (auto& revoker : std::exchange(revokers, {})) steps.push_back(std::move(revoker));
  for (auto& step : tree_steps) steps.push_back(std::move(step));
  if (auto open = std::exchange(session, nullptr)) steps.push_back([open = std::move(open)] { open.Close(); });
  if (auto open = std::exchange(device, nullptr)) steps.push_back([open = std::move(open)] { open.Close(); });
  return steps;
}

Bytes value_of(const profile::GattReadResult& result) {
  const auto status = result_of(result.Status(), to_optional(result.ProtocolError()));
  if (!status) throw Error(status.error());
  return to_bytes(result.Value());
}

void check(const profile::GattWriteResult& result) {
  const auto status = result_of(result.Status(), to_optional(result.ProtocolError()));
  if (!status) throw Error(status.error());
}

::winrt::Windows::Foundation::IAsyncOperation<profile::GattWriteResult> start_reliable_write(
    const profile::GattCharacteristic& characteristic, const Bytes& value) {
  try {
    const profile::GattReliableWriteTransaction transaction;
    transaction.WriteValue(characteristic, to_buffer(value));
    return transaction.CommitWithResultAsync();
  } catch (const ::winrt::hresult_class_not_registered&) {
    throw Error(ErrorCode::not_supported, "this Windows cannot write reliably: leave out WriteOptions::reliable");
  } catch (const ::winrt::hresult_no_interface&) {
    throw Error(ErrorCode::not_supported, "this Windows cannot write reliably: leave out WriteOptions::reliable");
  }
}

void close_unwanted_services(const profile::GattDeviceServicesResult& result) {
  try {
    std::thread([result] {
      try {
        for (const auto& service : result.Services()) service.Close();
      } catch (...) {  // NOLINT: closed already
      }
    }).detach();
  } catch (...) {  // NOLINT: they are closed with their last reference
  }
}

}  // namespace blau::detail::windows
