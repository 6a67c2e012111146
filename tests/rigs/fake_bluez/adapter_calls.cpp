// What clients ask of an adapter, but for discovery.

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <utility>

namespace blau::fake {

void Adapter::get_discovery_filters(const Call& call) {
  call.reply([](Message& to) {
    to.append("as", 7, "UUIDs", "RSSI", "Pathloss", "Transport", "DuplicateData", "Discoverable", "Pattern");
  });
}

void Adapter::remove_device(const Call& call) {
  Reader reader = call.reader();
  const std::string path(reader.object_path());
  for (const auto& [address, device] : devices_) {
    if (device->path() != path) continue;
    if (!powered_) return call.error(errors::not_ready());
    return device->remove(call);
  }
  call.error(errors::does_not_exist());
}

/// Without a scan. Without AddressType it means BR/EDR, which is not there.
void Adapter::connect_device(const Call& call) {
  if (!powered_) return call.error(errors::not_ready());
  std::optional<Address> address;
  std::optional<AddressType> type;
  Reader reader = call.reader();
  reader.each_property([&](std::string_view name) {
    std::string_view text;
    if ((name != "Address" && name != "AddressType") || !reader.variant(text)) return false;
    if (name == "Address") address = Address::parse(text);
    if (text == "random") type = AddressType::random;
    if (text == "public") type = AddressType::public_;
    return true;
  });
  if (reader.failed() || !address) return call.error(errors::invalid_arguments());
  if (find(*address)) return call.error(errors::already_exists());
  if (!type) return call.error({"org.bluez.Failed", ""});
  unseen_.begin(call, Address(address->number(), type));
}

void Adapter::put_powered(Adapter& adapter, Reader&, const Call& call) {
  const bool on = read_flag(call);
  if (on && adapter.blocked_) return call.error(errors::failed("Blocked through rfkill"));
  if (on == adapter.powered_) return call.reply();
  adapter.switching_ = true;
  adapter.daemon_.tree().changed(adapter, "PowerState");
  auto timer = std::make_unique<Timer>();
  Timer* started = timer.get();
  adapter.power_timers_.push_back(std::move(timer));
  started->start(adapter.daemon_.loop(), adapter.daemon_.pace().power_command, [&adapter, started, on, call] {
    call.reply();
    adapter.switching_ = false;
    adapter.set_powered(on);
    std::erase_if(adapter.power_timers_, [&](const auto& other) { return other.get() == started; });
  });
}

void Adapter::put_alias(Adapter& adapter, Reader& value, const Call& call) {
  adapter.alias_ = value.text();
  adapter.daemon_.tree().changed(adapter, "Alias");
  call.reply();
}

void Adapter::put_discoverable(Adapter& adapter, Reader&, const Call& call) {
  adapter.discoverable_ = read_flag(call);
  adapter.daemon_.tree().changed(adapter, "Discoverable");
  call.reply();
}

void Adapter::put_pairable(Adapter& adapter, Reader&, const Call& call) {
  adapter.pairable_ = read_flag(call);
  adapter.daemon_.tree().changed(adapter, "Pairable");
  call.reply();
}

}  // namespace blau::fake
