#include "bonds.hpp"

#include <blau/adapter.hpp>
#include <blau/error.hpp>

#include <string>
#include <utility>

#include "text.hpp"

namespace blau::cli {
namespace {

bool is_called(const Adapter& adapter, const std::string& name) {
  const auto address = Address::parse(name);
  return adapter.id() == name || (address && adapter.address() == *address);
}

Task<Adapter> chosen_adapter(const Session& session) {
  AdapterOptions options;
  options.backend = session.backend;
  const auto& name = session.options.adapter;
  if (name.empty()) {
    auto asking = Adapter::get_default(std::move(options));
    co_return co_await std::move(asking);
  }
  auto listing = Adapter::all(std::move(options));
  const auto adapters = co_await std::move(listing);
  for (const auto& adapter : adapters)
    if (is_called(adapter, name)) co_return adapter;
  throw Error(ErrorCode::invalid_argument, "no adapter is called " + in_quotes(name) + ": `blau adapters` lists them");
}

}  // namespace

Task<std::vector<Device>> bonded_devices(const Session& session) {
  auto choosing = chosen_adapter(session);
  const auto adapter = co_await std::move(choosing);
  auto listing = adapter.bonded_devices();
  co_return co_await std::move(listing);
}

std::optional<Device> find_bonded(const std::vector<Device>& bonded, const DeviceArgument& wanted) {
  const auto* const address = std::get_if<Address>(&wanted);
  std::optional<Device> found;
  std::string addresses;
  for (const auto& device : bonded) {
    if (address ? device.address() != *address : device.name() != std::get<std::string>(wanted)) continue;
    found = device;
    addresses.append(addresses.empty() ? "" : ", ").append(device.address().to_string());
  }
  if (addresses.find(',') != std::string::npos)
    throw Error(ErrorCode::failed,
                "several devices are called " + to_text(wanted) + ": name one by its address, " + addresses);
  return found;
}

}  // namespace blau::cli
