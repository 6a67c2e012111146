#include "gatt.hpp"

#include "client.hpp"
#include "errors.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail::bluez {

namespace {

constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";
constexpr const char* descriptor_interface = "org.bluez.GattDescriptor1";

const char* type_of(backend::WriteKind kind) noexcept {
  switch (kind) {
    case backend::WriteKind::without_response: return "command";
    case backend::WriteKind::reliable: return "reliable";
    default: return "request";
  }
}

}  // namespace

backend::GattDatabase build_database(const DeviceObject& device, const std::vector<Uuid>& wanted) {
  backend::GattDatabase database;
  std::map<std::uint16_t, std::size_t> index;
  for (const auto& [handle, service] : device.services) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), service.uuid) == wanted.end()) continue;
    index[handle] = database.services.size();
    backend::ServiceRecord& record = database.services.emplace_back();
    record.handle = handle;
    record.uuid = service.uuid;
    record.primary = service.primary;
    record.includes = service.includes;
  }
  for (const auto& [handle, characteristic] : device.characteristics) {
    const auto service = index.find(characteristic.service);
    if (service == index.end()) continue;
    backend::CharacteristicRecord& record = database.services[service->second].characteristics.emplace_back();
    record.handle = handle;
    record.uuid = characteristic.uuid;
    record.properties = characteristic.properties;
    // Descriptors follow their characteristic (Core Vol 3 Part G 3.3), so they lie between its handle and the next one's.
    for (auto d = device.descriptors.upper_bound(handle); d != device.descriptors.end(); ++d) {
      if (d->second.characteristic != handle) break;
      record.descriptors.push_back({d->first, d->second.uuid});
    }
  }
  return database;
}

std::optional<Attribute> find_characteristic(const DeviceObject& device, std::uint16_t handle) {
  const auto found = device.characteristics.find(handle);
  if (found == device.characteristics.end()) return std::nullopt;
  return Attribute{attribute_path(device.path, found->second.service, handle), characteristic_interface};
}

std::optional<Attribute> find_descriptor(const DeviceObject& device, std::uint16_t handle) {
  const auto found = device.descriptors.find(handle);
  if (found == device.descriptors.end()) return std::nullopt;
  return Attribute{attribute_path(device.path, found->second.service, found->second.characteristic, handle),
                   descriptor_interface};
}

Message make_read(Daemon& daemon, const Attribute& attribute) {
  Message call = daemon.new_call(attribute.path, attribute.interface, "ReadValue");
  call.append("a{sv}", 0);
  return call;
}

Message make_write(Daemon& daemon, const Attribute& attribute, ByteView value, std::optional<backend::WriteKind> kind) {
  Message call = daemon.new_call(attribute.path, attribute.interface, "WriteValue");
  call.append_bytes(value);
  if (!kind) return call.append("a{sv}", 0), call;
  call.append("a{sv}", 1, "type", "s", type_of(*kind));
  return call;
}

std::optional<ByteView> value_in(const Message& reply) {
  Reader reader(reply);
  const ByteView value = reader.bytes();
  if (reader.failed()) return std::nullopt;
  return value;
}

bool Notifications::is_current(std::uint16_t handle, const std::shared_ptr<Entry>& entry) const {
  const auto found = entries_.find(handle);
  return found != entries_.end() && found->second == entry;
}

void Notifications::subscribe(const std::shared_ptr<Session>& taker, std::uint16_t handle, const std::string& path,
                              backend::Done<void> done) {
  auto& slot = entries_[handle];
  const bool is_new = !slot;
  if (is_new) slot = std::make_shared<Entry>();
  const auto entry = slot;
  entry->takers.push_back(taker);
  if (entry->started) return done(Result<void>());
  entry->starting.push_back(std::move(done));
  if (!is_new) return;
  entry->path = path;
  start(handle, entry);
}

void Notifications::start(std::uint16_t handle, const std::shared_ptr<Entry>& entry) {
  daemon_.call(entry->path, characteristic_interface, "StartNotify",
               [self = weak_from_this(), pin = pin_, handle, entry](const Reply& reply) {
                 const auto whole = pin.lock();
                 const auto notifications = self.lock();
                 if (whole && notifications && notifications->is_current(handle, entry))
                   notifications->started(handle, entry, reply);
               });
}

void Notifications::started(std::uint16_t handle, const std::shared_ptr<Entry>& entry, const Reply& reply) {
  auto starting = std::move(entry->starting);
  entry->starting.clear();
  if (!reply.ok()) {
    entries_.erase(handle);
    const Error error = to_error(Request::subscribe, reply.error_name(), reply.error_text());
    for (auto& done : starting) done(error);
    for (auto& done : std::exchange(entry->stopping, {})) done(Result<void>());
    return;
  }
  entry->started = true;
  if (entry->takers.empty()) return stop(handle, entry);
  for (auto& done : starting) done(Result<void>());
}

void Notifications::unsubscribe(const std::shared_ptr<Session>& taker, std::uint16_t handle, backend::Done<void> done) {
  const auto found = entries_.find(handle);
  if (found == entries_.end()) return done(Result<void>());
  const auto entry = found->second;
  std::erase(entry->takers, taker);
  if (!entry->takers.empty()) return done(Result<void>());
  entry->stopping.push_back(std::move(done));
  // BlueZ has not answered StartNotify yet: it is stopped when it has.
  if (entry->started) stop(handle, entry);
}

void Notifications::stop(std::uint16_t handle, const std::shared_ptr<Entry>& entry) {
  entries_.erase(handle);
  // Whatever BlueZ says: "No notify session started" means the same.
  daemon_.call(entry->path, characteristic_interface, "StopNotify", [entry](const Reply&) {
    for (auto& done : std::exchange(entry->stopping, {})) done(Result<void>());
  });
}

void Notifications::leave(const std::shared_ptr<Session>& taker) {
  std::vector<std::uint16_t> handles;
  for (const auto& [handle, entry] : entries_)
    if (std::find(entry->takers.begin(), entry->takers.end(), taker) != entry->takers.end()) handles.push_back(handle);
  for (const std::uint16_t handle : handles) unsubscribe(taker, handle, [](const Result<void>&) {});
}

void Notifications::end_all() noexcept {
  for (const auto& [handle, entry] : entries_)
    daemon_.send(daemon_.new_call(entry->path, characteristic_interface, "StopNotify"));
  entries_.clear();
}

void Notifications::deliver(const std::shared_ptr<Entry>& entry, std::uint16_t handle, ByteView value) {
  // Takers may leave inside, the last one usually being the only one.
  if (entry->takers.size() == 1) {
    const auto taker = entry->takers.front();
    return taker->deliver(handle, value);
  }
  const auto takers = entry->takers;
  for (const auto& taker : takers)
    if (std::find(entry->takers.begin(), entry->takers.end(), taker) != entry->takers.end())
      taker->deliver(handle, value);
}

void Notifications::value_changed(std::uint16_t handle, ByteView value) {
  const auto found = entries_.find(handle);
  if (found == entries_.end()) return;
  const auto entry = found->second;
  if (entry->reads == 0) return deliver(entry, handle, value);
  auto before = std::exchange(entry->held, Bytes(value.begin(), value.end()));
  if (before) deliver(entry, handle, *before);
}

void Notifications::read_begins(std::uint16_t handle) {
  if (const auto found = entries_.find(handle); found != entries_.end()) ++found->second->reads;
}

void Notifications::read_ends(std::uint16_t handle, std::optional<ByteView> result) {
  const auto found = entries_.find(handle);
  // A subscription that began after the read knows nothing of it.
  if (found == entries_.end() || found->second->reads == 0) return;
  const auto entry = found->second;
  --entry->reads;
  const auto held = std::exchange(entry->held, std::nullopt);
  if (!held) return;
  const bool is_of_read = result && std::equal(held->begin(), held->end(), result->begin(), result->end());
  if (!is_of_read) deliver(entry, handle, *held);
}

}  // namespace blau::detail::bluez
