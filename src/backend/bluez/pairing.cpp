#include "client.hpp"
#include "errors.hpp"
#include "session_requests.hpp"
#include "system.hpp"

#include <string>
#include <utility>

/// @file
/// What a session has to do with the bond of its device.

namespace blau::detail::bluez {

namespace {

// As often as one connect tries: a link that is hardly heard may end at once as well, but not so often in a row.
constexpr unsigned surely_no_chance = 9;

}  // namespace

void Client::pair(const backend::PairRequest& request, backend::Done<void> done) {
  hold()->pair(request, std::move(done));
}

void Client::cancel_pair() { hold()->cancel_pair(); }

void Client::unpair(backend::Done<void> done) { hold()->unpair(std::move(done)); }

void Session::pair(const backend::PairRequest& wanted, backend::Done<void> done) {
  const auto system = system_.lock();
  const auto request = make_request<void>(0, std::move(done));
  const DeviceObject* device = linked_device(request);
  if (!device) return;
  if (device->has_bond()) return finish<void>(request, Result<void>());
  system->pairings.begin(shared_from_this(), device->path, wanted,
                         [self = shared_from_this(), request](const Result<void>& result) {
                           if (result) return self->finish<void>(request, Result<void>());
                           self->fail_after_look(request, result.error());
                         });
}

void Session::cancel_pair() {
  if (const auto system = system_.lock()) system->pairings.cancel(shared_from_this());
}

void Session::ask(const backend::PairingQuestion& question, backend::Done<backend::PairingAnswer> done) {
  if (events_) events_->on_pairing_question(question, std::move(done));
}

void Session::question_withdrawn() {
  if (events_) events_->on_pairing_question_withdrawn();
}

/// bluetoothd pairs by itself where the peripheral refuses a request until then, or begins it, and may ask: also while the link comes up.
void Session::stand_by(System& system, const std::string& path, unique_function<void()> standing) {
  const DeviceObject* device = system.daemon.objects().device(path);
  if (request_.answers.empty() || (device && device->has_bond())) return standing();
  const std::shared_ptr<Daemon> daemon(system_.lock(), &system.daemon);
  const auto agent = std::make_shared<Agent>(daemon, path, request_.answers, shared_from_this());
  agent->on_refusal([weak = weak_from_this()](const Error& why, bool) {
    if (const auto self = weak.lock()) self->bond_refused(why);
  });
  system.agents.stand_by(agent, std::move(standing));
}

bool Session::stand_down() noexcept {
  const auto system = system_.lock();
  return system && system->agents.stand_down(*this);
}

/// bluetoothd never answers a request that waits for a pairing which was refused: the link ends half a minute later (seen on 5.66).
void Session::bond_refused(const Error& why) {
  const auto requests = requests_;
  for (const auto& request : requests)
    if (request->attribute() != 0) fail(request, why);
}

/// Before 5.83 BlueZ does not tell that a device refuses the key of its bond: the link ends before Connect is answered, each time.
backend::ConnectResult Link::judged_by_bond(backend::ConnectResult result) {
  const DeviceObject* found = device();
  const bool is_suspect =
      seen_up_ && found && found->has_bond() && result.error().code() == ErrorCode::connection_failed;
  ended_at_once_ = is_suspect ? ended_at_once_ + 1 : 0;
  if (ended_at_once_ < surely_no_chance) return result;
  std::string words(
      "each link ends as soon as it is up: the peripheral has forgotten the bond, it seems; unpair and pair again (");
  words.append(result.error().what()).append(")");
  return Error(ErrorCode::bond_lost, words, result.error().native());
}

void Links::tell_bond_to(const std::shared_ptr<Session>& session, const std::string& path) {
  std::erase_if(bond_users_, [&session](const auto& entry) {
    const auto user = entry.second.lock();
    return !user || user == session;
  });
  bond_users_.emplace(path, session);
}

void Links::tell_bond(const std::string& path, bool bonded) const {
  const auto [first, last] = bond_users_.equal_range(path);
  std::vector<std::weak_ptr<Session>> users;
  for (auto entry = first; entry != last; ++entry) users.push_back(entry->second);
  for (const auto& user : users)
    if (const auto session = user.lock()) session->bond_is(bonded);
}

void Session::bond_is(bool bonded) {
  const bool was_asking = bonded && stand_down();
  if (std::exchange(bonded_, bonded) != bonded && events_) events_->on_bond_changed(bonded);
  // bluetoothd takes back no question that needs no answer, such as a passkey that is shown.
  if (was_asking) question_withdrawn();
}

void Session::unpair(backend::Done<void> done) {
  const auto system = system_.lock();
  if (!system) return done(lost_error());
  cancel_pair();
  system->daemon.when_ready([self = shared_from_this(), done = std::move(done)](const Result<void>& ready) mutable {
    const auto whole = self->system_.lock();
    if (!whole || !self->events_) return;
    if (!ready) return done(ready.error());
    self->remove_bond(*whole, std::move(done));
  });
}

void Session::remove_bond(System& system, backend::Done<void> done) {
  const auto path = find_device(system);
  if (!path && path.error().code() != ErrorCode::device_not_found) return done(path.error());
  const DeviceObject* device = path ? system.daemon.objects().device(*path) : nullptr;
  // Without a bond the device stays in BlueZ's list: only the link is to end.
  if (!device || (!device->has_bond() && !device->paired))
    return disconnect(backend::ReleaseKind::explicit_disconnect, std::move(done));
  backend::Done<void> when_removed = [self = shared_from_this(),
                                      done = std::move(done)](const Result<void>& result) mutable {
    if (result) self->bond_is(false);
    if (self->events_) done(result);
  };
  system.links.of_device(*path)->remove_device(std::move(when_removed));
}

}  // namespace blau::detail::bluez
