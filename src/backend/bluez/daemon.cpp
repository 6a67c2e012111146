#include "daemon.hpp"

#include "errors.hpp"
#include "interfaces.hpp"

#include <utility>

namespace blau::detail::bluez {

namespace {

constexpr const char* service = "org.bluez";
constexpr const char* from_bluez = "type='signal',sender='org.bluez',";

}  // namespace

Daemon::Daemon(Loop& loop, BusOpener opener) : loop_(loop), opener_(std::move(opener)) {}

Daemon::~Daemon() {
  subscriptions_.clear();
  if (bus_) bus_->close();
}

void Daemon::when_ready(backend::Done<void> done) {
  if (state_ == State::ready) return done(Result<void>());
  waiting_.push_back(std::move(done));
  if (state_ == State::loading) return;
  if (state_ == State::closed) return open();
  load();
}

void Daemon::open() {
  int error = 0;
  bus_ = open_sd_bus(loop_, opener_, error);
  if (!bus_) return finish(bus_error(-error));
  bus_->on_lost([self = weak_self()] {
    if (const auto daemon = self.lock()) daemon->lost(SD_BUS_ERROR_DISCONNECTED, State::closed);
  });
  subscribe_all();
  load();
}

/// Before the question, so that nothing is missed between its answer and the first signal.
void Daemon::subscribe_all() {
  subscriptions_.push_back(bus_->subscribe(
      "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
      "member='NameOwnerChanged',arg0='org.bluez'",
      [self = weak_self()](const Message& signal) {
        if (const auto daemon = self.lock()) daemon->owner_changed(signal);
      }));
  const std::string manager = std::string(from_bluez) + "path='/',interface='" + object_manager_interface + "',member=";
  subscriptions_.push_back(watch(manager + "'InterfacesAdded'", &Objects::interfaces_added));
  subscriptions_.push_back(watch(manager + "'InterfacesRemoved'", &Objects::interfaces_removed));
  // Characteristics are left out: their values are for those who subscribed.
  const std::string properties = std::string(from_bluez) +
                                 "path_namespace='/org/bluez',interface='org.freedesktop.DBus.Properties',"
                                 "member='PropertiesChanged',arg0=";
  subscriptions_.push_back(watch(properties + "'org.bluez.Adapter1'", &Objects::properties_changed));
  subscriptions_.push_back(watch(properties + "'org.bluez.Device1'", &Objects::properties_changed));
}

std::unique_ptr<Subscription> Daemon::watch(const std::string& rule, bool (Objects::*apply)(const Message&)) {
  return bus_->subscribe(rule, [self = weak_self(), apply](const Message& signal) {
    // What comes before the answer of GetManagedObjects is in that answer.
    if (const auto daemon = self.lock(); daemon && daemon->ready()) (daemon->objects_.*apply)(signal);
  });
}

void Daemon::load() {
  state_ = State::loading;
  Target target{service, "/", object_manager_interface, "GetManagedObjects"};
  target.activates = true;
  bus_->call(bus_->new_call(target), [self = weak_self(), generation = ++generation_](const Reply& reply) {
    const auto daemon = self.lock();
    if (daemon && daemon->generation_ == generation) daemon->loaded(reply);
  });
}

void Daemon::loaded(const Reply& reply) {
  if (!reply.ok()) {
    if (state_ == State::loading) state_ = State::absent;
    return finish(to_error(Request::objects, reply.error_name(), reply.error_text()));
  }
  if (!objects_.load(reply.message())) {
    objects_.clear();
    state_ = State::absent;
    return finish(Error(ErrorCode::failed, "bluetoothd's list of objects is malformed: is it the real bluetoothd?"));
  }
  state_ = State::ready;
  owner_ = reply.message().sender();
  for (std::size_t i = 0; i < observers_.size(); ++i) observers_[i]->daemon_ready();
  finish(Result<void>());
}

void Daemon::owner_changed(const Message& signal) {
  Reader reader(signal);
  reader.skip("s");  // the name itself
  const bool had_owner = !reader.text().empty();
  const bool has_owner = !reader.text().empty();
  if (reader.failed()) return;
  if (had_owner && state_ == State::ready) lost("org.freedesktop.DBus.Error.NameHasNoOwner", State::absent);
  // One that was replaced lists nothing any more; one that the question itself has started will.
  const bool asked_another = had_owner && state_ == State::loading;
  if (has_owner && bus_ && (state_ == State::absent || asked_another)) load();
}

void Daemon::lost(const std::string& native, State next) {
  const bool was_ready = std::exchange(state_, next) == State::ready;
  const unsigned generation = ++generation_;
  if (next == State::closed) {
    subscriptions_.clear();
    bus_.reset();
  }
  if (was_ready) {
    for (std::size_t i = 0; i < observers_.size(); ++i) observers_[i]->daemon_lost(native);
    // An observer's user may have asked for a new connection; its answer cannot have come yet.
    objects_.clear();
  }
  if (generation == generation_) finish(lost_error(native));
}

void Daemon::finish(const Result<void>& result) {
  if (!result)
    for (std::size_t i = 0; i < observers_.size(); ++i) observers_[i]->daemon_absent();
  const auto waiting = std::make_shared<std::vector<backend::Done<void>>>(std::move(waiting_));
  waiting_.clear();
  const auto alive = weak_self();
  for (auto& done : *waiting) {
    if (alive.expired()) return;
    done(result);
  }
}

Message Daemon::new_call(const std::string& path, const char* interface, const char* member) {
  return bus_ ? bus_->new_call(Target{service, path.c_str(), interface, member}) : Message();
}

void Daemon::call(Message message, Bus::ReplyHandler handler) {
  if (bus_) return bus_->call(std::move(message), std::move(handler));
  loop_.post([handler = std::move(handler)]() mutable { handler(Reply::lost()); });
}

void Daemon::call(const std::string& path, const char* interface, const char* member, Bus::ReplyHandler handler) {
  call(new_call(path, interface, member), std::move(handler));
}

void Daemon::send(Message message) noexcept {
  if (bus_) bus_->send(std::move(message));
}

void Daemon::flush() noexcept {
  if (bus_) bus_->flush();
}

std::unique_ptr<Subscription> Daemon::subscribe(const std::string& rule, Bus::MessageHandler handler) {
  return bus_ ? bus_->subscribe(std::string(from_bluez) + rule, std::move(handler)) : nullptr;
}

std::unique_ptr<Subscription> Daemon::serve(const std::string& path, const char* interface,
                                            Bus::MessageHandler handler) {
  if (!bus_) return nullptr;
  return bus_->serve(path, interface, [self = weak_self(), handler = std::move(handler)](const Message& call) mutable {
    const auto daemon = self.lock();
    if (!daemon) return;
    if (call.sender() == daemon->owner_) return handler(call);
    daemon->send(Message::error_to(call, SD_BUS_ERROR_ACCESS_DENIED, "This object is for bluetoothd alone"));
  });
}

}  // namespace blau::detail::bluez
