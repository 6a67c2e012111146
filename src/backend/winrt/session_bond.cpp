#include "adapter.hpp"
#include "client.hpp"
#include "session_requests.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// @file
/// What a session has to do with the bond of its device.

namespace blau::detail::windows {
namespace {

const std::string bond_users_name("blau: who is told of bonds on Windows");

/// The sessions of one loop. Windows tells a program nothing of the bonds that it makes itself.
struct BondUsers {
  std::vector<std::weak_ptr<Session>> sessions;
};

std::shared_ptr<BondUsers> bond_users_of(Loop& loop) {
  if (auto known = loop.find_service(bond_users_name)) return std::static_pointer_cast<BondUsers>(known);
  auto made = std::make_shared<BondUsers>();
  loop.add_service(bond_users_name, made);
  return made;
}

}  // namespace

void Session::join_bond_users() {
  auto& sessions = bond_users_of(system_->loop())->sessions;
  std::erase_if(sessions, [](const auto& session) { return session.expired(); });
  sessions.push_back(weak_from_this());
}

/// Made or removed by this session, or found to be there: the same for all sessions of the device.
void Session::bond_became(bool bonded) {
  const auto sessions = bond_users_of(system_->loop())->sessions;
  for (const auto& weak : sessions) {
    const auto session = weak.lock();
    if (session && session->request_.device.address().number() == request_.device.address().number())
      session->bond_is(bonded);
  }
}

void Session::ask(const backend::PairingQuestion& question, backend::Done<backend::PairingAnswer> done) {
  if (events_) events_->on_pairing_question(question, std::move(done));
}

void Session::pair(const backend::PairRequest& wanted, backend::Done<void> done) {
  const auto request = make_request<void>(std::move(done));
  after_pairing([weak = weak_from_this(), request, wanted] {
    if (const auto self = weak.lock()) self->begin_pairing(wanted, request);
  });
}

/// Windows cannot pair while it ends an earlier pairing.
void Session::after_pairing(unique_function<void()> then) {
  if (!pairing_) return then();
  pairing_waiters_.push_back(std::move(then));
}

void Session::begin_pairing(const backend::PairRequest& wanted, const Request<void>& request) {
  if (!can_ask(request)) return;
  const auto pairing = pairing_ = std::make_shared<PairingProcedure>(system_, weak_from_this(), wanted);
  auto device_id = [natives = link_->natives()] { return natives->open_device().DeviceId(); };
  auto over = [weak = weak_from_this(), request](const Result<void>& result) {
    if (const auto self = weak.lock()) self->pairing_over(request, result);
  };
  pairing->begin(std::move(device_id), std::move(over));
}

void Session::pairing_over(const Request<void>& request, const Result<void>& result) {
  const auto self = shared_from_this();
  pairing_.reset();
  if (result) {
    bond_became(true);
    finish<void>(request, result);
  } else {
    fail_after_look(request, result.error());
  }
  auto waiters = std::exchange(pairing_waiters_, {});
  for (auto& waiter : waiters) after_pairing(std::move(waiter));
}

void Session::cancel_pair() {
  if (const auto pairing = pairing_) pairing->cancel();
}

void Session::unpair(backend::Done<void> done) {
  cancel_pair();
  auto found = [weak = weak_from_this(), done = std::move(done)](const Result<backend::AdapterState>& adapter) mutable {
    const auto self = weak.lock();
    if (!self || !self->events_) return;
    if (!adapter) return done(adapter.error());
    self->after_pairing([weak, done = std::move(done)]() mutable {
      if (const auto session = weak.lock()) session->remove_bond(std::move(done));
    });
  };
  find_adapter(*system_, request_.adapter, std::move(found));
}

void Session::remove_bond(backend::Done<void> done) {
  unpairing_ = std::make_shared<UnpairingProcedure>(system_);
  auto removed = [weak = weak_from_this(), done = std::move(done)](const Result<void>& result) mutable {
    if (const auto self = weak.lock()) self->bond_removed(result, std::move(done));
  };
  unpairing_->begin(request_.device.address(), request_.winrt_address_type, std::move(removed));
}

void Session::bond_removed(const Result<void>& result, backend::Done<void> done) {
  unpairing_.reset();
  if (!events_) return;
  if (!result) return done(result);
  const auto self = shared_from_this();
  bond_became(false);
  if (events_) disconnect(std::move(done));
}

}  // namespace blau::detail::windows
