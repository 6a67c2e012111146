// What bluetoothd says of a link by signals, beside the objects of the cache: values, the MTU, the reason of its end.

#include "client.hpp"
#include "interfaces.hpp"
#include "link.hpp"

#include <string_view>

namespace blau::detail::bluez {

namespace {

constexpr const char* characteristic_changes =
    "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',arg0='org.bluez.GattCharacteristic1'";

}  // namespace

std::unique_ptr<Subscription> Link::subscribe_to(const std::string& rule, void (Link::*next)(const Message&)) {
  return daemon_.subscribe(rule, [self = weak_from_this(), pin = pin_, next](const Message& signal) {
    const auto whole = pin.lock();
    const auto link = self.lock();
    if (whole && link) (link.get()->*next)(signal);
  });
}

/// Reasons come only for devices that somebody here is linked to.
void Link::watch() {
  if (reasons_) return;
  told_reason_.clear();  // of an earlier link
  reasons_ =
      subscribe_to("path='" + path_ + "',interface='org.bluez.Device1',member='Disconnected'", &Link::reason_told);
}

// Of all characteristics only where values are wanted: bluetoothd announces what each ReadValue brought, and to take that announcement
// costs more than the answer itself.
void Link::watch_values() {
  if (values_) return;
  values_ = subscribe_to("path_namespace='" + path_ + "'," + characteristic_changes, &Link::value_changed);
}

void Link::watch_mtu(const std::string& characteristic) {
  if (mtu_ && mtu_told_at_ == characteristic) return;
  mtu_told_at_ = characteristic;
  mtu_ = subscribe_to("path='" + characteristic + "'," + characteristic_changes, &Link::mtu_changed);
}

void Link::watch_nothing() noexcept {
  reasons_.reset();
  values_.reset();
  mtu_.reset();
}

void Link::value_changed(const Message& signal) {
  const auto parsed = parse_path(signal.path());
  if (!parsed || parsed->characteristic == 0) return;
  Reader reader(signal);
  reader.skip("s");  // the interface
  reader.each_property([&](std::string_view name) {
    ByteView value;
    if (name != "Value" || !reader.variant(value)) return false;
    notifications_->value_changed(parsed->characteristic, value);
    return true;
  });
}

void Link::mtu_changed(const Message& signal) {
  Reader reader(signal);
  reader.skip("s");  // the interface
  reader.each_property([&](std::string_view name) {
    std::uint16_t mtu = 0;
    if (name != "MTU" || !reader.variant(mtu)) return false;
    const auto holders = holders_;
    for (const auto& session : holders) session->mtu_told(mtu);
    return true;
  });
}

DisconnectReason Link::reason_of_drop() const {
  if (removing_) return DisconnectReason::local;
  const auto ends_with = [this](std::string_view end) {
    return told_reason_.size() >= end.size() &&
           std::string_view(told_reason_).substr(told_reason_.size() - end.size()) == end;
  };
  if (ends_with(".Timeout")) return DisconnectReason::timeout;
  if (ends_with(".Remote")) return DisconnectReason::remote;
  if (ends_with(".Authentication")) return DisconnectReason::authentication;
  if (ends_with(".Suspend")) return DisconnectReason::suspend;
  const auto parsed = parse_path(path_);
  const AdapterObject* adapter = parsed ? daemon_.objects().adapter(parsed->adapter) : nullptr;
  if (!adapter || !adapter->powered || adapter->power_state == "on-disabling") return DisconnectReason::adapter_off;
  // This program's own Disconnect is not awaited here.
  if (ends_with(".Local")) return DisconnectReason::other_program;
  return DisconnectReason::unknown;
}

void Link::reason_told(const Message& signal) {
  Reader reader(signal);
  told_reason_ = reader.text();
}

}  // namespace blau::detail::bluez
