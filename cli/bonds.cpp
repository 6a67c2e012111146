#include "bonds.hpp"

#include <blau/adapter.hpp>
#include <blau/error.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "text.hpp"

namespace blau::cli {
namespace {

bool is_called(const Adapter& adapter, const std::string& name) {
  const auto address = Address::parse(name);
  return adapter.id() == name || (address && adapter.address() == *address);
}

Adapter the_one(const std::vector<Adapter>& adapters, const std::string& name) {
  for (const auto& adapter : adapters)
    if (is_called(adapter, name)) return adapter;
  throw Error(ErrorCode::invalid_argument, "no adapter is called " + in_quotes(name) + ": `blau adapters` lists them");
}

}  // namespace

Task<std::vector<Device>> bonded_devices(const Session& session) {
  AdapterOptions options;
  options.backend = session.backend;
  auto listing = Adapter::all(options);
  auto adapters = co_await std::move(listing);
  if (session.options.adapter.empty()) {
    // Says why, where none can be used.
    auto asking = Adapter::get_default(options);
    const auto first = co_await std::move(asking);
    std::erase_if(adapters, [&first](const Adapter& each) { return each.unusable() && each.id() != first.id(); });
  } else {
    adapters = {the_one(adapters, session.options.adapter)};
  }
  std::vector<Device> found;
  for (std::size_t i = 0; i < adapters.size(); ++i) {
    auto asking = adapters[i].bonded_devices();
    const auto bonded = co_await std::move(asking);
    found.insert(found.end(), bonded.begin(), bonded.end());
  }
  co_return found;
}

std::vector<Device> find_bonded(const std::vector<Device>& bonded, const DeviceArgument& wanted) {
  const auto* const address = std::get_if<Address>(&wanted);
  std::vector<Device> found;
  std::string addresses;
  for (const auto& device : bonded) {
    if (address ? device.address() != *address : device.name() != std::get<std::string>(wanted)) continue;
    const auto is_same = [&device](const Device& other) { return other.address() == device.address(); };
    if (std::none_of(found.begin(), found.end(), is_same))
      addresses.append(addresses.empty() ? "" : ", ").append(device.address().to_string());
    found.push_back(device);
  }
  if (addresses.find(',') != std::string::npos)
    throw Error(ErrorCode::failed,
                "several devices are called " + to_text(wanted) + ": name one by its address, " + addresses);
  return found;
}

}  // namespace blau::cli
