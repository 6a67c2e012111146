#include "gatt.hpp"

#include "client.hpp"
#include "errors.hpp"
#include "interfaces.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail::bluez {

namespace {

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
  // Their answers belong to a link that is over.
  reads_.clear();
  held_.reset();
}

void Notifications::forget(std::uint16_t handle) {
  release_held();
  entries_.erase(handle);
  // BlueZ does not answer what was asked of a removed object.
  std::erase_if(reads_, [handle](const OpenRead& read) { return read.handle == handle; });
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

// Which changed values are notifications? bluetoothd announces what a ReadValue brought as a changed Value, the echo, and then
// answers everybody who had asked for it, all in one go (gatt-client.c, chrc_read_cb). What it may send in between is what waited for the
// next answer (gdbus/object.c, g_dbus_send_message): other properties, never a Value, which does not wait. And messages of one sender
// keep their order. So, while a read is open,
// - a value that is followed by another one, or by the answer to a question other than a read, is a notification, whatever its bytes;
// - a value that is followed by the read's answer is the echo.
// One question to bluetoothd decides within a round trip, however long the read hangs. The end of the loop's turn would decide nothing:
// the bus passes echo and answer on one by one.
//
// The echo of a read by another connection, another program's for instance, cannot be told from a notification, and comes as one.

void Notifications::value_changed(std::uint16_t handle, ByteView value) {
  release_held();
  const auto found = entries_.find(handle);
  if (found == entries_.end()) return;
  const auto entry = found->second;
  if (!is_being_read(handle)) return deliver(entry, handle, value);
  held_ = Held{entry, handle, Bytes(value.begin(), value.end())};
  ask(entry->path);
}

void Notifications::ask(const std::string& path) {
  // The answer to an earlier question will do: it has not come, so it comes after this value's own answer, if there is one.
  if (std::exchange(asked_, true)) return;
  Message question = daemon_.new_call(path, "org.freedesktop.DBus.Properties", "Get");
  question.append("ss", characteristic_interface, "UUID");
  daemon_.call(std::move(question), [self = weak_from_this(), pin = pin_](const Reply&) {
    const auto whole = pin.lock();
    const auto notifications = self.lock();
    if (!whole || !notifications) return;
    notifications->asked_ = false;
    notifications->release_held();
  });
}

void Notifications::release_held() {
  const auto held = std::exchange(held_, std::nullopt);
  // Who unsubscribed meanwhile wants it no more.
  if (held && is_current(held->handle, held->entry)) deliver(held->entry, held->handle, held->value);
}

bool Notifications::is_being_read(std::uint16_t handle) const {
  return std::any_of(reads_.begin(), reads_.end(), [handle](const OpenRead& read) { return read.handle == handle; });
}

std::uint64_t Notifications::read_begins(std::uint16_t handle) {
  reads_.push_back(OpenRead{++last_read_, handle});
  return last_read_;
}

void Notifications::read_ends(std::uint64_t read, std::optional<ByteView> result) {
  const auto found = std::find_if(reads_.begin(), reads_.end(), [read](const OpenRead& r) { return r.number == read; });
  if (found == reads_.end()) return;
  const std::uint16_t handle = found->handle;
  reads_.erase(found);
  const bool is_echo = held_ && held_->handle == handle && result &&
                       std::equal(held_->value.begin(), held_->value.end(), result->begin(), result->end());
  if (is_echo) return held_.reset();
  release_held();
}

}  // namespace blau::detail::bluez
