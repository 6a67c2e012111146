// The link of a client: attempt, discovery, loss, disconnect.

#include "backends.hpp"
#include "client_core.hpp"

#include <blau/event_loop.hpp>

#include <sstream>
#include <string>
#include <utility>

namespace blau::detail {
namespace {

std::string in_seconds(std::chrono::nanoseconds time) {
  std::ostringstream out;
  out << std::chrono::duration<double>(time).count() << " s";
  return out.str();
}

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

ClientCore::ClientCore(Device device, ClientOptions options)
    : loop_(options.loop ? options.loop->loop() : Loop::current_or_background()),
      options_(std::move(options)),
      on_disconnected_(options_.on_disconnected),
      by_address_(device.id().empty()),
      device_(std::move(device)) {}

ClientCore::~ClientCore() = default;

void ClientCore::join_loop() {
  if (!dead_ && !std::exchange(joined_, true)) join(*loop_);
}

void ClientCore::connect(const ConnectOptions& options, Completer<void> done) {
  if (dead_) return done(Error(ErrorCode::canceled, "the client was destroyed"));
  if (link_ == Link::connected) return done(Result<void>());
  if (attempt_) return done(Error(ErrorCode::busy, "a connect is under way already; await that one"));
  if (!backend_) backend_ = resolve_backend(*loop_, options_.backend);
  join_loop();
  attempt_ = std::make_unique<Attempt>();
  attempt_->done = std::move(done);
  attempt_->timeout = options.timeout.value_or(options_.timeout);
  attempt_->number = ++attempt_number_;
  attempt_->done.on_early_end([this] { abort_attempt(); });
  attempts_ = 1;
  if (link_ == Link::down) return begin_attempt();
  limit_attempt("was still being disconnected", ErrorCode::timed_out);  // begins when the last link is down
}

void ClientCore::begin_attempt() {
  if (by_address_) return look_up();
  begin_link();
}

// A device of which only the address is known: the system may know it, else a scan finds it.
void ClientCore::look_up() {
  limit_attempt("was not seen", ErrorCode::device_not_found);
  const auto number = attempt_->number;
  const auto wanted = device().address();
  backend_->find_known_device(options_.adapter, wanted,
                              [weak = weak_from_this(), number](Result<std::optional<Device>> known) {
                                const auto self = weak.lock();
                                if (!self || !self->attempt_ || self->attempt_->number != number) return;
                                if (!known) return self->fail_attempt(known.error());
                                if (*known) return self->found(std::move(**known));
                                self->scan_for_device();
                              });
}

void ClientCore::scan_for_device() {
  auto on_found = [weak = weak_from_this(), number = attempt_->number](Result<Device> result) {
    const auto self = weak.lock();
    if (!self || !self->attempt_ || self->attempt_->number != number) return;
    if (!result) return self->fail_attempt(result.error());
    self->found(std::move(*result));
  };
  attempt_->scan = ImplicitScan::look_for(*loop_, backend_, options_.adapter, device().address(), std::move(on_found));
}

void ClientCore::found(Device found) {
  if (found.id() != device().id()) port_.reset();
  {
    const std::lock_guard lock(mutex_);
    device_ = std::move(found);
  }
  begin_link();
}

void ClientCore::begin_link() {
  limit_attempt("did not connect", ErrorCode::timed_out);
  if (!port_) {
    backend::ClientRequest request;
    request.device = device();
    request.adapter = options_.adapter;
    request.winrt_address_type = options_.winrt.address_type;
    request.bluez_release_only = options_.bluez.release_only;
    port_ = backend_->make_client(request, *this);
  }
  link_ = Link::connecting;
  const auto number = attempt_->number;
  port_->connect([weak = weak_from_this(), number](const backend::ConnectResult& result) {
    if (const auto self = weak.lock()) self->link_answered(number, result);
  });
}

void ClientCore::link_answered(std::uint32_t number, const backend::ConnectResult& result) {
  if (link_ == Link::aborting || !attempt_ || attempt_->number != number) {
    if (!result) {
      link_ = Link::down;
      return link_is_down();
    }
    link_ = Link::preparing;  // came up in spite of the abort
    return release_link();
  }
  if (!result) {
    link_ = Link::down;
    return fail_attempt(result.error());
  }
  link_ = Link::preparing;
  prepare_link();
}

void ClientCore::prepare_link() {
  if (!options_.pair) return begin_discovery();
  auto then = [weak = weak_from_this(), number = attempt_->number](const Result<void>& result) {
    const auto self = weak.lock();
    if (!self || !self->attempt_ || self->attempt_->number != number) return;
    if (!result) return self->fail_attempt(result.error());
    self->begin_discovery();
  };
  port_->pair(pair_request({}), std::move(then));
}

backend::DiscoverRequest ClientCore::discover_request(const DiscoveryOptions& options) const {
  backend::DiscoverRequest request;
  request.services = options_.services;
  if (options_.winrt.use_cached_services) {
    request.service_cache_mode = *options_.winrt.use_cached_services ? CacheMode::cached : CacheMode::uncached;
    request.cache_mode = request.service_cache_mode;
  }
  if (options.service_cache_mode) request.service_cache_mode = options.service_cache_mode;
  if (options.cache_mode) request.cache_mode = options.cache_mode;
  return request;
}

void ClientCore::begin_discovery() {
  const auto number = attempt_->number;
  port_->discover(discover_request({}), [weak = weak_from_this(), number](Result<backend::GattDatabase> database) {
    const auto self = weak.lock();
    if (!self || !self->attempt_ || self->attempt_->number != number) return;
    self->discovered(std::move(database));
  });
}

void ClientCore::discovered(Result<backend::GattDatabase> database) {
  mtu_->store(port_->mtu());
  auto tree = make_tree(std::move(database));
  if (!tree) return fail_attempt(tree.error());
  attempt_succeeded(std::move(*tree));
}

void ClientCore::attempt_succeeded(GattTree::Pointer tree) {
  publish(std::move(tree));
  link_ = Link::connected;
  reported_ = true;
  connected_ = true;
  const auto attempt = std::move(attempt_);
  attempt->done(Result<void>());
}

// The user's own limit over everything replaces the two defaults.
void ClientCore::limit_attempt(const char* what, ErrorCode code) {
  if (attempt_->done.has_own_timeout()) return;
  attempt_->limit.start_after(*loop_, attempt_->timeout, [this, what, code] {
    fail_attempt({code, "the device " + device().address().to_string() + " " + what + " within " +
                            in_seconds(attempt_->timeout) +
                            "; is it on, in reach and not connected to something else?"});
  });
}

void ClientCore::fail_attempt(const Error& error) {
  const auto attempt = std::move(attempt_);
  attempt->done(error);
  release_link();
}

void ClientCore::abort_attempt() noexcept {
  attempt_.reset();
  release_link();
}

void ClientCore::release_link() {
  if (link_ == Link::connecting) {
    link_ = Link::aborting;
    return port_->abort_connect();
  }
  if (link_ == Link::down) return link_is_down();
  if (link_ != Link::preparing) return;
  link_ = Link::closing;
  port_->disconnect(backend::ReleaseKind::implicit_release, [weak = weak_from_this()](const Result<void>&) {
    const auto self = weak.lock();
    if (!self || self->link_ != Link::closing) return;
    self->link_ = Link::down;
    self->link_is_down();
  });
}

void ClientCore::link_is_down(const Result<void>& outcome) {
  mtu_->store(0);
  auto waiters = std::exchange(disconnect_waiters_, {});
  for (auto& waiter : waiters) waiter(outcome);
  if (attempt_ && link_ == Link::down) begin_attempt();
}

void ClientCore::disconnect(Completer<void> done) {
  if (auto attempt = std::move(attempt_)) {
    attempt->done(canceled_by_disconnect());
    release_link();
  }
  if (link_ == Link::down) return done(Result<void>());
  disconnect_waiters_.push_back(std::move(done));
  if (link_ != Link::connected) return;
  link_ = Link::closing;
  connected_ = false;
  auto then = [weak = weak_from_this(), under_way = DisconnectUnderWay(loop_)](const Result<void>& result) {
    const auto self = weak.lock();
    if (!self || self->link_ != Link::closing) return;
    self->link_ = Link::down;
    self->link_lost(DisconnectReason::local, {});
    self->link_is_down(result);
  };
  port_->disconnect(backend::ReleaseKind::explicit_disconnect, std::move(then));
}

void ClientCore::on_disconnected(DisconnectReason reason, const std::string& native) {
  if (link_ == Link::preparing) {
    link_ = Link::down;
    std::string message("the link ended during discovery: ");
    message += to_string(reason);
    if (attempt_) fail_attempt({ErrorCode::connection_failed, message, native});
    return;
  }
  const bool asked_for = link_ == Link::closing;
  if (link_ == Link::connected) link_ = Link::down;
  link_lost(asked_for ? DisconnectReason::local : reason, native);
  if (link_ == Link::down) link_is_down();
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
  queues_.fail_all(error);
  for (auto& [handle, sink] : std::exchange(subscriptions_, {})) retire(std::move(sink), error);
  Disconnection disconnection{device(), reason, native};
  loop_->post([weak = weak_from_this(), disconnection = std::move(disconnection)]() mutable {
    if (const auto self = weak.lock()) self->tell_disconnected(std::move(disconnection));
  });
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
  for (auto& waiter : std::exchange(disconnect_waiters_, {})) waiter(canceled);
  queues_.fail_all(canceled);
  for (auto& [handle, sink] : std::exchange(subscriptions_, {})) sink->destroy();
  for (auto& sink : std::exchange(retired_, {})) sink->destroy();
  for (auto& weak : mtu_streams_)
    if (const auto channel = weak.lock()) channel->end(std::nullopt);
  for (auto& weak : service_streams_)
    if (const auto channel = weak.lock()) channel->end(std::nullopt);
  connected_ = false;
  reported_ = false;
  link_ = Link::down;
  mtu_->store(0);
  publish(nullptr);
  if (const auto asking = std::move(asking_)) asking->stop();
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
