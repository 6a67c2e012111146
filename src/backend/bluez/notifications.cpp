#include "notifications.hpp"

#include "client.hpp"
#include "errors.hpp"
#include "interfaces.hpp"
#include "notify_socket.hpp"

#include "core/log_internal.hpp"

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace blau::detail::bluez {

namespace {

/// What AcquireNotify answers where StartNotify will do: somebody has called that (InProgress); before 5.80, a
/// characteristic that only indicates (NotSupported); before 5.46, always.
bool only_signals_are_possible(std::string_view error) noexcept {
  return error == "org.bluez.Error.InProgress" || error == "org.bluez.Error.NotSupported" ||
         error == "org.freedesktop.DBus.Error.UnknownMethod";
}

/// What StartNotify answers while services change, or while BlueZ is at an earlier call for the same characteristic.
bool may_pass(const Reply& reply) noexcept {
  return reply.error_name() == "org.bluez.Error.InProgress" ||
         reply.error_text() == "Failed to register notify session";
}

// Each one is a round trip: BlueZ tells by nothing else when it is through.
constexpr int most_refusals = 3;

/// The socket in the answer to AcquireNotify, as a descriptor of its own; -1 if there is none.
int descriptor_in(const Message& reply) noexcept {
  Reader reader(reply);
  const int descriptor = reader.descriptor();
  return reader.failed() ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

}  // namespace

bool Notifications::is_current(std::uint16_t handle, const std::shared_ptr<Entry>& entry) const {
  const auto found = entries_.find(handle);
  return found != entries_.end() && found->second == entry;
}

void Notifications::add_taker(Entry& entry, const std::shared_ptr<Session>& taker) {
  if (std::find(entry.takers.begin(), entry.takers.end(), taker) == entry.takers.end()) entry.takers.push_back(taker);
}

void Notifications::subscribe(const std::shared_ptr<Session>& taker, const Source& source, bool by_socket,
                              backend::Done<void> done) {
  auto& slot = entries_[source.handle];
  const bool is_new = !slot;
  if (is_new) slot = std::make_shared<Entry>();
  const auto entry = slot;
  add_taker(*entry, taker);
  if (entry->started) return done(Result<void>());
  entry->starting.push_back(std::move(done));
  if (!is_new) return;
  entry->path = source.path;
  entry->uuid = source.uuid;
  entry->service = source.service;
  entry->by_socket = by_socket;
  start(source.handle, entry);
}

void Notifications::restore(const DeviceObject& device) {
  for (const auto& [handle, entry] : std::exchange(lost_, {})) {
    const auto back = device.characteristics.find(handle);
    if (back == device.characteristics.end() || back->second.uuid != entry->uuid) continue;
    if (entry->takers.empty() || device.service_uuid(back->second) != entry->service) continue;
    if (attribute_path(device.path, back->second.service, handle) == entry->path) restart(handle, *entry);
  }
}

void Notifications::restart(std::uint16_t handle, const Entry& lost) {
  auto& slot = entries_[handle];
  const bool is_new = !slot;
  if (is_new) slot = std::make_shared<Entry>();
  const auto entry = slot;
  for (const auto& taker : lost.takers) add_taker(*entry, taker);
  if (!is_new) return;
  entry->path = lost.path;
  entry->uuid = lost.uuid;
  entry->service = lost.service;
  entry->by_socket = lost.by_socket;
  entry->started = true;  // for those who take it
  start(handle, entry);
}

Bus::ReplyHandler Notifications::guarded(std::uint16_t handle, const std::shared_ptr<Entry>& entry,
                                         void (Notifications::*next)(std::uint16_t, const std::shared_ptr<Entry>&,
                                                                     const Reply&)) {
  return [self = weak_from_this(), pin = pin_, handle, entry, next](const Reply& reply) {
    const auto whole = pin.lock();
    const auto notifications = self.lock();
    if (whole && notifications && notifications->is_current(handle, entry))
      ((*notifications).*next)(handle, entry, reply);
  };
}

void Notifications::start(std::uint16_t handle, const std::shared_ptr<Entry>& entry) {
  if (!entry->by_socket) return start_by_signals(handle, entry);
  entry->asked = true;
  Message call = daemon_.new_call(entry->path, characteristic_interface, "AcquireNotify");
  call.append("a{sv}", 0);
  daemon_.call(std::move(call), guarded(handle, entry, &Notifications::acquired));
}

void Notifications::start_by_signals(std::uint16_t handle, const std::shared_ptr<Entry>& entry) {
  entry->by_socket = false;
  entry->asked = true;
  daemon_.call(entry->path, characteristic_interface, "StartNotify", guarded(handle, entry, &Notifications::started));
}

void Notifications::acquired(std::uint16_t handle, const std::shared_ptr<Entry>& entry, const Reply& reply) {
  if (!reply.ok() && !only_signals_are_possible(reply.error_name())) return started(handle, entry, reply);
  if (reply.ok()) entry->socket = open_socket(handle, entry, descriptor_in(reply.message()));
  if (entry->socket) return started(handle, entry, reply);
  log(LogLevel::debug, "BlueZ", "signals, as there is no socket for the values of " + entry->path);
  // Else BlueZ would take this program's own socket, which could not be opened, for somebody else's.
  if (reply.ok()) daemon_.send(daemon_.new_call(entry->path, characteristic_interface, "StopNotify"));
  start_by_signals(handle, entry);
}

/// Null if this program has no room for it.
std::shared_ptr<NotifySocket> Notifications::open_socket(std::uint16_t handle, const std::shared_ptr<Entry>& entry,
                                                         int descriptor) {
  if (descriptor < 0) return nullptr;
  const std::weak_ptr<Entry> known = entry;
  const auto on_value = [known, handle](ByteView value) {
    if (const auto taken = known.lock()) deliver(taken, handle, value);
  };
  const auto on_end = [self = weak_from_this(), known, handle] {
    const auto notifications = self.lock();
    const auto ended = known.lock();
    if (notifications && ended && notifications->is_current(handle, ended)) notifications->socket_ended(handle, ended);
  };
  try {
    return std::make_shared<NotifySocket>(daemon_.loop(), descriptor, on_value, on_end);
  } catch (const std::exception& error) {
    log(LogLevel::warning, "BlueZ", std::string("a socket could not be watched: ") + error.what());
    return nullptr;
  }
}

/// Anybody's StopNotify closes the socket, and so does bluetoothd when the link ends, of which it tells afterwards.
void Notifications::socket_ended(std::uint16_t handle, const std::shared_ptr<Entry>& entry) {
  entry->socket.reset();
  log(LogLevel::debug, "BlueZ", "signals from now on, as the socket was closed with the values of " + entry->path);
  start_by_signals(handle, entry);
}

void Notifications::started(std::uint16_t handle, const std::shared_ptr<Entry>& entry, const Reply& reply) {
  // Whoever has it already would lose it without having done anything.
  if (entry->started && !entry->takers.empty() && may_pass(reply) && ++entry->refusals <= most_refusals)
    return start(handle, entry);
  auto starting = std::move(entry->starting);
  entry->starting.clear();
  entry->asked = false;
  if (!reply.ok()) {
    entries_.erase(handle);
    const Error error = to_error(Request::subscribe, reply.error_name(), reply.error_text());
    if (entry->started) end_started(handle, entry, error);
    for (auto& done : starting) done(error);
    for (auto& done : std::exchange(entry->stopping, {})) done(Result<void>());
    return;
  }
  entry->started = true;
  entry->refusals = 0;
  if (entry->takers.empty()) return stop(handle, entry);
  for (auto& done : starting) done(Result<void>());
}

/// Its socket was closed or its characteristic was taken away for a while, and now it is refused.
void Notifications::end_started(std::uint16_t handle, const std::shared_ptr<Entry>& entry, const Error& error) {
  log(LogLevel::warning, "BlueZ", "no more values of " + entry->path + ": " + error.what());
  for (const auto& taker : std::exchange(entry->takers, {})) taker->subscription_ended(handle, error);
}

void Notifications::unsubscribe(const std::shared_ptr<Session>& taker, std::uint16_t handle, backend::Done<void> done) {
  if (const auto lost = lost_.find(handle); lost != lost_.end()) std::erase(lost->second->takers, taker);
  const auto found = entries_.find(handle);
  if (found == entries_.end()) return done(Result<void>());
  const auto entry = found->second;
  std::erase(entry->takers, taker);
  if (!entry->takers.empty()) return done(Result<void>());
  entry->stopping.push_back(std::move(done));
  if (entry->started) return stop(handle, entry);
  // BlueZ has not answered StartNotify yet: it is stopped when it has. It may never answer AcquireNotify.
  if (!entry->by_socket) return;
  auto starting = std::exchange(entry->starting, {});
  stop(handle, entry);
  for (auto& given_up : starting) given_up(Error(ErrorCode::canceled, "nobody wants the values any more"));
}

void Notifications::stop(std::uint16_t handle, const std::shared_ptr<Entry>& entry) {
  entries_.erase(handle);
  if (entry->socket) entry->socket->close();
  // Whatever BlueZ says: "No notify session started" means the same. A socket that is closed alone would be found so only later.
  daemon_.call(entry->path, characteristic_interface, "StopNotify", [entry](const Reply&) {
    for (auto& done : std::exchange(entry->stopping, {})) done(Result<void>());
  });
}

void Notifications::leave(const std::shared_ptr<Session>& taker) {
  for (const auto& [handle, entry] : lost_) std::erase(entry->takers, taker);
  std::vector<std::uint16_t> handles;
  for (const auto& [handle, entry] : entries_)
    if (std::find(entry->takers.begin(), entry->takers.end(), taker) != entry->takers.end()) handles.push_back(handle);
  for (const std::uint16_t handle : handles) unsubscribe(taker, handle, [](const Result<void>&) {});
}

void Notifications::end_all() noexcept {
  for (const auto& [handle, entry] : entries_)
    if (!entry->socket) daemon_.send(daemon_.new_call(entry->path, characteristic_interface, "StopNotify"));
  entries_.clear();
  lost_.clear();
  // Their answers belong to a link that is over.
  reads_.clear();
  held_.reset();
}

void Notifications::retire() noexcept {
  for (const auto& [handle, entry] : entries_)
    if (entry->socket) entry->socket->close();
  entries_.clear();
  lost_.clear();
}

void Notifications::forget(std::uint16_t handle) {
  release_held();
  if (const auto gone = entries_.extract(handle); !gone.empty()) forget(handle, gone.mapped());
  // BlueZ does not answer what was asked of a removed object.
  std::erase_if(reads_, [handle](const OpenRead& read) { return read.handle == handle; });
}

void Notifications::forget(std::uint16_t handle, const std::shared_ptr<Entry>& entry) {
  if (entry->started) lost_[handle] = entry;
  if (const auto socket = std::exchange(entry->socket, nullptr)) return socket->drain();
  // What was asked for a moment ago bluetoothd may do on an object of the same path that takes its place.
  if (entry->asked) daemon_.send(daemon_.new_call(entry->path, characteristic_interface, "StopNotify"));
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
  if (entry->socket) return;  // the echo of a read
  if (!is_being_read(handle)) return deliver(entry, handle, value);
  held_ = Held{entry, handle, Bytes(value.begin(), value.end())};
  ask(entry->path);
}

void Notifications::ask(const std::string& path) {
  // The answer to an earlier question will do: it has not come, so it comes after this value's own answer, if there is one.
  if (std::exchange(asked_, true)) return;
  Message question = daemon_.new_call(path, properties_interface, "Get");
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

void Notifications::flush() {
  release_held();
  const auto entries = entries_;
  for (const auto& [handle, entry] : entries)
    if (const auto socket = entry->socket) socket->drain();
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
