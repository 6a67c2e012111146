// The end of a client's link: disconnect, loss, destruction.

#include "client_core.hpp"

#include <string>
#include <utility>

namespace blau::detail {
namespace {

// So long is waited for the end of what a failed attempt left.
constexpr std::chrono::seconds remains_patience{5};

/// Keeps the process waiting for a disconnect, see `EventLoop::background`, until it is answered or dropped.
class DisconnectUnderWay {
 public:
  explicit DisconnectUnderWay(std::shared_ptr<Loop> loop) noexcept : loop_(std::move(loop)) {
    loop_->disconnect_begins();
  }
  DisconnectUnderWay(DisconnectUnderWay&&) noexcept = default;
  DisconnectUnderWay& operator=(DisconnectUnderWay&&) = delete;
  ~DisconnectUnderWay() {
    if (loop_) loop_->disconnect_ends();
  }

 private:
  std::shared_ptr<Loop> loop_;
};

Error canceled_by_disconnect() { return {ErrorCode::canceled, "disconnect() was called while connecting"}; }

}  // namespace

void ClientCore::release_link() {
  if (link_ == Link::connecting) {
    link_ = Link::aborting;
    limit_remains();
    return port_->abort_connect();
  }
  if (link_ == Link::down) {
    turn_ = {};  // it waited in line
    return link_is_down();
  }
  if (link_ != Link::preparing) return;
  link_ = Link::closing;
  withdraw_question();
  limit_remains();
  port_->disconnect(backend::ReleaseKind::implicit_release, [weak = weak_from_this()](const Result<void>&) {
    const auto self = weak.lock();
    if (!self || self->link_ != Link::closing) return;
    self->remains_limit_.stop();
    self->link_ = Link::down;
    self->link_is_down();
  });
}

/// A system that does not tell the end of a link must not keep the next attempt from beginning.
void ClientCore::limit_remains() {
  remains_limit_.start_after(*loop_, remains_patience, [this] {
    port_.reset();
    turn_ = {};
    link_ = Link::down;
    link_is_down();
  });
}

void ClientCore::link_is_down(const Result<void>& outcome) {
  mtu_->store(0);
  auto waiters = std::exchange(disconnect_waiters_, {});
  for (auto& waiter : waiters) waiter(outcome);
  if (attempt_ && link_ == Link::down) continue_attempt();
}

void ClientCore::disconnect(Completer<void> done) {
  if (auto attempt = std::move(attempt_)) {
    attempt->done(canceled_by_disconnect());
    suspend_subscriptions();
    release_link();
  }
  if (link_ != Link::connected) end_reconnect(canceled_by_disconnect());
  if (link_ == Link::down) return done(Result<void>());
  disconnect_waiters_.push_back(std::move(done));
  if (link_ != Link::connected) return;
  link_ = Link::closing;
  connected_ = false;
  withdraw_question();
  remains_limit_.start_after(*loop_, options_.timeout, [this] {  // the operation has told of it
    port_.reset();
    link_ = Link::down;
    link_lost(DisconnectReason::local, {});
    link_is_down(Error(ErrorCode::timed_out, "the system does not tell the end of the link"));
  });
  auto then = [weak = weak_from_this(), under_way = DisconnectUnderWay(loop_)](const Result<void>& result) {
    const auto self = weak.lock();
    if (!self || self->link_ != Link::closing) return;
    self->remains_limit_.stop();
    self->link_ = Link::down;
    self->link_lost(DisconnectReason::local, {});
    self->link_is_down(result);
  };
  port_->disconnect(backend::ReleaseKind::explicit_disconnect, std::move(then));
}

void ClientCore::on_disconnected(DisconnectReason reason, const std::string& native) {
  withdraw_question();
  if (link_ == Link::preparing) {
    link_ = Link::down;
    std::string message("the link ended during discovery: ");
    message += to_string(reason);
    if (attempt_) try_failed({ErrorCode::connection_failed, message, native}, backend::Retry::transient);
    return;
  }
  if (link_ == Link::closing) return link_lost(DisconnectReason::local, native);
  if (link_ != Link::connected) return;
  link_ = Link::down;
  link_lost(reason, native);
  link_is_down();
}

// Once a reported link: everything that needs it ends before the user is told.
void ClientCore::link_lost(DisconnectReason reason, const std::string& native) {
  connected_ = false;
  if (!std::exchange(reported_, false)) return;
  std::string message("the link ended: ");
  message += to_string(reason);
  const Error error(ErrorCode::disconnected, message, native);
  mtu_->store(0);
  services_changed_ = false;  // what was to be discovered again went with the link
  publish(nullptr);
  queues_.fail_linked(error);
  suspend_subscriptions();
  Disconnection disconnection{device(), reason, native};
  loop_->post([weak = weak_from_this(), disconnection = std::move(disconnection)]() mutable {
    if (const auto self = weak.lock()) self->tell_disconnected(std::move(disconnection));
  });
  if (keeps_link_up(reason)) return reconnect_after(reason);
  end_reconnect(error);
}

void ClientCore::tell_disconnected(Disconnection disconnection) {
  if (dead_ || !on_disconnected_) return;
  const auto callback = on_disconnected_;  // which may replace itself
  callback(disconnection);
}

void ClientCore::set_on_disconnected(std::function<void(const Disconnection&)> callback) {
  on_disconnected_ = std::move(callback);
}

void ClientCore::shut_down() noexcept {
  if (std::exchange(dead_, true)) return;
  const auto self = shared_from_this();
  leave();
  const Error canceled(ErrorCode::canceled, "the client was destroyed");
  on_disconnected_ = nullptr;
  if (auto attempt = std::move(attempt_)) attempt->done(canceled);
  turn_ = {};
  remains_limit_.stop();
  reconnect_pause_.stop();
  adapter_return_.reset();
  for (auto& waiter : std::exchange(disconnect_waiters_, {})) waiter(canceled);
  queues_.fail_all(canceled);
  suspend_subscriptions();
  for (auto& [handle, subscribed] : std::exchange(suspended_, {})) subscribed.sink->destroy();
  for (auto& sink : std::exchange(retired_, {})) sink->destroy();
  end(mtu_streams_);
  end(bond_streams_);
  end(service_streams_);
  connected_ = false;
  reported_ = false;
  link_ = Link::down;
  mtu_->store(0);
  publish(nullptr);
  if (const auto asking = std::move(asking_)) asking->stop();
  for (const auto& asking : std::exchange(withdrawn_, {})) asking->stop();
  if (port_) port_->release();
  const auto port = std::move(port_);
  backend_.reset();
}

Device ClientCore::device() const {
  const std::lock_guard lock(mutex_);
  return device_;
}

GattTree::Pointer ClientCore::tree() const {
  const std::lock_guard lock(mutex_);
  return tree_;
}

void ClientCore::publish(GattTree::Pointer tree) {
  ++tree_version_;
  const std::lock_guard lock(mutex_);
  tree_ = std::move(tree);
}

}  // namespace blau::detail
