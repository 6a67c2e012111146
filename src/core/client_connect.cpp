// The link of a client: attempt, discovery, loss, disconnect.

#include "backends.hpp"
#include "client_core.hpp"

#include <blau/event_loop.hpp>

#include <sstream>
#include <string>
#include <utility>

namespace blau::detail {
namespace {

using namespace std::chrono_literals;

// Not an end of the whole: the device may be slow to answer, and a second discovery finds it ready.
constexpr Duration discovery_patience = 10s;

std::string in_seconds(std::chrono::nanoseconds time) {
  std::ostringstream out;
  out << std::chrono::duration<double>(time).count() << " s";
  return out.str();
}

}  // namespace

ClientCore::ClientCore(Device device, ClientOptions options)
    : loop_(options.loop ? options.loop->loop() : Loop::current_or_background()),
      options_(std::move(options)),
      on_disconnected_(options_.on_disconnected),
      by_address_(device.id().empty()),
      written_type_(by_address_ ? device.address().type() : std::nullopt),
      device_(std::move(device)) {}

ClientCore::~ClientCore() = default;

void ClientCore::join_loop() {
  if (!dead_ && !std::exchange(joined_, true)) join(*loop_);
}

void ClientCore::connect(const ConnectOptions& options, Completer<void> done) {
  if (dead_) return done(Error(ErrorCode::canceled, "the client was destroyed"));
  if (link_ == Link::connected) return done(Result<void>());
  if (attempt_ && attempt_->done) return done(Error(ErrorCode::busy, "a connect is under way already; await that one"));
  if (unpairing_) return done(Error(ErrorCode::busy, "the bond is being removed; await unpair() first"));
  use_backend();
  const bool takes_over = attempt_ != nullptr;  // what the reconnect policy has begun
  if (!takes_over) attempt_ = std::make_unique<Attempt>();
  attempt_->done = std::move(done);
  attempt_->timeout = options.timeout.value_or(options_.timeout);
  attempt_->done.on_early_end([this] { abort_attempt(); });
  reconnect_pause_.stop();
  adapter_return_.reset();
  if (takes_over) return limit_attempt("did not connect", ErrorCode::timed_out, true);
  attempts_ = 0;
  if (link_ == Link::down) return begin_attempt();
  limit_attempt("was still being disconnected", ErrorCode::timed_out, true);  // begins when the last link is down
}

void ClientCore::use_backend() {
  if (!backend_) backend_ = resolve_backend(*loop_, options_.backend);
  join_loop();
}

void ClientCore::begin_attempt() {
  attempt_->number = ++attempt_number_;
  if (by_address_) return look_up();
  begin_link();
}

// A device of which only the address is known: the system may know it, else a scan finds it.
void ClientCore::look_up() {
  limit_attempt("was not seen", ErrorCode::device_not_found, false);
  const auto number = attempt_->number;
  const auto wanted = device().address();
  backend_->find_known_device(options_.adapter, wanted,
                              [weak = weak_from_this(), number](Result<std::optional<Device>> known) {
                                const auto self = weak.lock();
                                if (!self || !self->attempt_ || self->attempt_->number != number) return;
                                if (!known) return self->fail_attempt(known.error());
                                if (*known) return self->found(std::move(**known));
                                self->look_unseen();
                              });
}

/// Some systems can connect to what nobody has heard, where the user wants that.
void ClientCore::look_unseen() {
  if (!options_.bluez.connect_device) return scan_for_device();
  auto then = [weak = weak_from_this(), number = attempt_->number](const Result<bool>& can) {
    const auto self = weak.lock();
    if (!self || !self->attempt_ || self->attempt_->number != number) return;
    if (!can) return self->fail_attempt(can.error());
    *can ? self->begin_link() : self->scan_for_device();
  };
  backend_->can_connect_unseen(options_.adapter, device().address(), std::move(then));
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
  learn(std::move(found));
  if (attempt_->failure) return try_link();  // found again: the limit goes on
  begin_link();
}

void ClientCore::begin_link() {
  limit_attempt("did not connect", ErrorCode::timed_out, by_address_);
  try_link();
}

void ClientCore::learn(Device known) {
  if (known.id() != device().id()) port_.reset();
  const std::lock_guard lock(mutex_);
  device_ = std::move(known);
}

backend::ClientPort& ClientCore::ensure_port() {
  if (port_) return *port_;
  backend::ClientRequest request;
  request.device = device();
  request.adapter = options_.adapter;
  request.winrt_address_type = options_.winrt.address_type ? options_.winrt.address_type : written_type_;
  request.bluez_release_only = options_.bluez.release_only;
  request.bluez_connect_device = options_.bluez.connect_device;
  if (options_.bluez.default_agent && has_agent()) request.answers = pair_request({}).answers;
  on_bond_changed(false);  // until it tells otherwise
  port_ = backend_->make_client(request, *this);
  return *port_;
}

void ClientCore::try_link() {
  attempt_->pause.reset();
  attempt_->pausing.stop();
  turn_ = ConnectTurns::line_up(*loop_, backend_, ensure_port().adapter());
  turn_.then([this] { ask_for_link(); });  // forgotten with the turn
}

void ClientCore::ask_for_link() {
  link_ = Link::connecting;
  ++attempts_;
  const auto number = attempt_->number = ++attempt_number_;
  port_->connect([weak = weak_from_this(), number](const backend::ConnectResult& result) {
    if (const auto self = weak.lock()) self->link_answered(number, result);
  });
}

void ClientCore::link_answered(std::uint32_t number, const backend::ConnectResult& result) {
  turn_ = {};
  remains_limit_.stop();
  if (link_ == Link::aborting || !attempt_ || attempt_->number != number) {
    if (!result) {
      link_ = Link::down;
      return link_is_down();
    }
    link_ = Link::preparing;  // came up in spite of the abort
    return release_link();
  }
  link_ = result ? Link::preparing : Link::down;
  if (!result) return try_failed(result.error(), result.retry());
  ImplicitScan::connected(*loop_, backend_, options_.adapter, device());
  attempt_->scan = {};  // it would take the radio's time from the discovery
  prepare_link();
}

void ClientCore::prepare_link() {
  if (!options_.pair) return begin_discovery();
  auto then = [weak = weak_from_this(), number = attempt_->number](const Result<void>& result) {
    const auto self = weak.lock();
    if (!self || !self->attempt_ || self->attempt_->number != number) return;
    self->withdraw_question();
    if (!result) return self->try_failed(result.error(), backend::Retry::never);
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
  attempt_->discovery_limit.start_after(*loop_, discovery_patience, [this] {
    const Error error(ErrorCode::timed_out, "the device " + device().address().to_string() +
                                                " did not tell its services within " + in_seconds(discovery_patience) +
                                                told_missing());
    try_failed(error, backend::Retry::again);
  });
  port_->discover(discover_request({}), [weak = weak_from_this(), number](Result<backend::GattDatabase> database) {
    const auto self = weak.lock();
    if (!self || !self->attempt_ || self->attempt_->number != number) return;
    self->discovered(std::move(database));
  });
}

/// What the discovery that is under way waits for, to go on a sentence.
std::string ClientCore::told_missing() const {
  if (link_ != Link::preparing) return {};
  const auto missing = port_->discovery_waits_for();
  return missing.empty() ? missing : " (" + missing + ")";
}

void ClientCore::discovered(Result<backend::GattDatabase> database) {
  attempt_->discovery_limit.stop();
  on_mtu_changed(port_->mtu());
  auto tree = make_tree(std::move(database));
  if (!tree) return try_failed(tree.error(), backend::retry_of(tree.error()));
  attempt_->tree = std::move(*tree);
  restore_subscriptions();
}

void ClientCore::attempt_succeeded() {
  if (attempt_->device_pairs) {
    attempt_->limit.stop();  // people need time, and the pairing has a limit of its own
    attempt_->waits_for_pairing = true;
    await_device_pairing();
    return;
  }
  const auto attempt = std::move(attempt_);
  publish(std::move(attempt->tree));
  link_ = Link::connected;
  linked_at_ = loop_->now();
  reported_ = true;
  connected_ = true;
  const bool of_policy = !attempt->done;
  attempt->done(Result<void>());
  if (of_policy) tell_reconnected();
  end_dropped_subscriptions();
  if (attempt->services_changed) on_services_changed();
}

// The user's own limit over everything replaces the two defaults. One that runs goes on, under another name: waiting for the last link's
// end does not give the rest more time.
void ClientCore::limit_attempt(const char* what, ErrorCode code, bool afresh) {
  attempt_->limited = what;
  attempt_->limit_code = code;
  if (attempt_->done.has_own_timeout()) return attempt_->limit.stop();
  if (!afresh && attempt_->limit.running()) return;
  attempt_->limit.start_after(*loop_, attempt_->timeout, [this] {
    const bool between_tries = attempt_->pause && link_ == Link::down;
    if (between_tries) return fail_attempt(told_with_attempts(*attempt_->failure));
    const Error error(attempt_->limit_code, "the device " + device().address().to_string() + " " + attempt_->limited +
                                                " within " + in_seconds(attempt_->timeout) + told_missing() +
                                                "; is it on, in reach and not connected to something else?");
    fail_attempt(told_with_attempts(error));
  });
}

}  // namespace blau::detail
